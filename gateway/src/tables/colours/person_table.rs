//! A table from persons to sixteen bytes each. Open addressing in many small shards, each of which grows by
//! an eighth: a person costs 27 to 30 bytes whatever their number. A table that doubles costs up to twice
//! that.

use super::PersonEntry;
use super::person_slots::{PersonSlot, PersonSlots, VACANT};
use scangate_core::id::PersonId;
use std::hash::BuildHasher as _;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Shards. With 10 M persons a shard has some 10,000 and 280 KiB: a scan never waits for more to be moved.
const SHARDS: usize = 1_024;
/// The greatest part of a shard's slots that is occupied. A look-up then reads 5 slots on average, that is
/// two or three cache lines. One of an unknown person reads 50, one after the other.
const LOAD: (usize, usize) = (9, 10);
/// A shard grows by one of these parts, an eighth on average. With different ones the shards grow at
/// different times, whatever the number of persons.
const GROWTH_PARTS: [usize; 5] = [6, 7, 8, 9, 10];

/// The table. **Cost**: a look-up is one shard lock taken shared, and a probe.
pub(super) struct PersonTable {
    shards: Box<[RwLock<PersonShard>]>,
    hasher: foldhash::quality::RandomState,
}

struct PersonShard {
    slots: PersonSlots,
    /// The part by which it grows.
    growth: usize,
    occupied: usize,
    /// The record of the person whose number marks a vacant slot.
    spare: Option<PersonEntry>,
}

impl Default for PersonTable {
    fn default() -> Self {
        let shard = |number| RwLock::new(PersonShard::new(GROWTH_PARTS[number % GROWTH_PARTS.len()]));
        Self { shards: (0..SHARDS).map(shard).collect(), hasher: Default::default() }
    }
}

impl PersonTable {
    /// The record of a person.
    pub(super) fn get(&self, person: PersonId) -> Option<PersonEntry> {
        let hash = self.hasher.hash_one(person.0);
        self.read(hash).get(person.0, hash)
    }

    /// Changes the record of a person, which is none before it is put, and none to remove it. Returns the
    /// record before.
    pub(super) fn change(
        &self,
        person: PersonId,
        change: impl FnOnce(Option<PersonEntry>) -> Option<PersonEntry>,
    ) -> Option<PersonEntry> {
        let hash = self.hasher.hash_one(person.0);
        let home = |slot: &PersonSlot| self.hasher.hash_one(slot.person);
        self.write(hash).change(person.0, hash, change, home)
    }

    /// All records, in no order. A record that changes meanwhile may be the one before or after. No shard is
    /// locked while the caller works.
    pub(super) fn all(&self) -> impl Iterator<Item = (PersonId, PersonEntry)> {
        self.shards.iter().flat_map(|shard| {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let spare = shard.spare.map(|entry| (PersonId(VACANT), entry));
            let occupied = shard.slots.all().iter().filter(|slot| slot.person != VACANT);
            let all: Vec<_> =
                occupied.map(|slot| (PersonId(slot.person), slot.entry())).chain(spare).collect();
            all
        })
    }

    /// The number of records.
    pub(super) fn len(&self) -> usize {
        let count = |shard: &RwLock<PersonShard>| {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            shard.occupied + usize::from(shard.spare.is_some())
        };
        self.shards.iter().map(count).sum()
    }

    fn read(&self, hash: u64) -> RwLockReadGuard<'_, PersonShard> {
        self.shards[shard_of(hash)].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, hash: u64) -> RwLockWriteGuard<'_, PersonShard> {
        self.shards[shard_of(hash)].write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The shard comes from the low bits of a hash, the place in the shard from the high ones.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash % SHARDS as u64).expect("there are few shards")
}

impl PersonShard {
    fn new(growth: usize) -> Self {
        Self { slots: PersonSlots::default(), growth, occupied: 0, spare: None }
    }

    fn get(&self, person: u64, hash: u64) -> Option<PersonEntry> {
        if person == VACANT {
            return self.spare;
        }
        self.find(person, hash).ok().map(|at| self.slots.all()[at].entry())
    }

    /// The slot of a person, or else the vacant one where the search ended; 0 in a shard without slots.
    fn find(&self, person: u64, hash: u64) -> Result<usize, usize> {
        let slots = self.slots.all();
        if slots.is_empty() {
            return Err(0);
        }
        let mut at = home(hash, slots.len());
        loop {
            match slots[at].person {
                found if found == person => return Ok(at),
                VACANT => return Err(at),
                _ => at = next(at, slots.len()),
            }
        }
    }

    /// Changes the record of a person, as [`PersonTable::change`] does, with one search.
    fn change(
        &mut self,
        person: u64,
        hash: u64,
        change: impl FnOnce(Option<PersonEntry>) -> Option<PersonEntry>,
        hash_of: impl Fn(&PersonSlot) -> u64,
    ) -> Option<PersonEntry> {
        if person == VACANT {
            let before = self.spare;
            self.spare = change(before);
            return before;
        }
        let found = self.find(person, hash);
        let before = found.ok().map(|at| self.slots.all()[at].entry());
        match (found, change(before)) {
            (Ok(at), Some(entry)) => self.slots.all_mut()[at] = PersonSlot::of(person, entry),
            (Ok(at), None) => self.remove(at, hash_of),
            (Err(at), Some(entry)) => self.insert(at, PersonSlot::of(person, entry), hash, hash_of),
            (Err(_), None) => {}
        }
        before
    }

    /// Puts a person who is not there into the vacant slot where the search ended.
    fn insert(&mut self, at: usize, slot: PersonSlot, hash: u64, hash_of: impl Fn(&PersonSlot) -> u64) {
        if (self.occupied + 1) * LOAD.1 > self.slots.all().len() * LOAD.0 {
            self.grow(hash_of);
            return self.add(slot, hash);
        }
        self.slots.all_mut()[at] = slot;
        self.occupied += 1;
    }

    /// Adds a person who is not there. There must be room.
    fn add(&mut self, slot: PersonSlot, hash: u64) {
        if let Err(at) = self.find(slot.person, hash) {
            self.slots.all_mut()[at] = slot;
            self.occupied += 1;
        }
    }

    fn grow(&mut self, hash_of: impl Fn(&PersonSlot) -> u64) {
        let count = self.slots.all().len();
        let before =
            std::mem::replace(&mut self.slots, PersonSlots::at_least(count + count / self.growth + 1));
        self.occupied = 0;
        for slot in before.all().iter().filter(|slot| slot.person != VACANT) {
            self.add(*slot, hash_of(slot));
        }
    }

    /// Empties a slot, and moves the persons behind it who would no longer be found.
    fn remove(&mut self, mut gap: usize, hash_of: impl Fn(&PersonSlot) -> u64) {
        let slots = self.slots.all_mut();
        let mut at = next(gap, slots.len());
        while slots[at].person != VACANT {
            let home = home(hash_of(&slots[at]), slots.len());
            // The search from its home passes the gap before it reaches the slot.
            let passes = if gap <= at { home <= gap || home > at } else { home <= gap && home > at };
            if passes {
                slots[gap] = slots[at];
                gap = at;
            }
            at = next(at, slots.len());
        }
        slots[gap].clear();
        self.occupied -= 1;
    }
}

/// Where a search for this hash begins: the hash, scaled to the number of slots.
fn home(hash: u64, slots: usize) -> usize {
    let scaled = (u128::from(hash) * slots as u128) >> 64;
    usize::try_from(scaled).expect("it is less than the number of slots")
}

fn next(at: usize, slots: usize) -> usize {
    if at + 1 == slots { 0 } else { at + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::colours::PackedPerson;
    use proptest::prelude::*;
    use scangate_core::person::PackedHolder;
    use std::collections::HashMap;

    fn entry(packed: u64) -> PersonEntry {
        PersonEntry { packed: PackedPerson(packed), holder: PackedHolder::NONE }
    }

    /// A step: a person of few, and the record that it gets, if any.
    fn steps() -> impl Strategy<Value = Vec<(u64, Option<u64>)>> {
        let person = 0_u64..300;
        proptest::collection::vec((person, proptest::option::weighted(0.6, any::<u64>())), 0..2_000)
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in steps()) {
            let (table, mut oracle) = (PersonTable::default(), HashMap::new());
            for (person, packed) in steps {
                let before = table.change(PersonId(person), |_| packed.map(entry));
                let expected = match packed {
                    Some(packed) => oracle.insert(person, packed),
                    None => oracle.remove(&person),
                };
                prop_assert_eq!(before, expected.map(entry));
                prop_assert_eq!(table.len(), oracle.len());
            }
            for person in 0..300 {
                let expected = oracle.get(&person).copied().map(entry);
                prop_assert_eq!(table.get(PersonId(person)), expected);
            }
            let all: HashMap<u64, u64> = table.all().map(|(person, entry)| (person.0, entry.packed.0)).collect();
            prop_assert_eq!(all, oracle);
        }

        /// The same in one shard, where persons displace each other and the end meets the beginning.
        #[test]
        fn a_shard_is_a_map(steps in steps()) {
            let (mut shard, mut oracle) = (PersonShard::new(GROWTH_PARTS[0]), HashMap::new());
            // Few homes, all of them near the end.
            let hash = |person: u64| u64::MAX - ((person % 7) << 56);
            let hash_of = |slot: &PersonSlot| hash(slot.person);
            for (person, packed) in steps.into_iter().take(400) {
                let before = shard.change(person, hash(person), |_| packed.map(entry), hash_of);
                let expected = match packed {
                    Some(packed) => oracle.insert(person, packed),
                    None => oracle.remove(&person),
                };
                prop_assert_eq!(before, expected.map(entry));
            }
            for person in 0..300 {
                let expected = oracle.get(&person).copied().map(entry);
                prop_assert_eq!(shard.get(person, hash(person)), expected);
            }
        }
    }

    #[test]
    fn a_person_costs_at_most_31_bytes_of_slots() {
        let table = PersonTable::default();
        for number in 1..=1_000_000_u64 {
            table.change(PersonId(number), |_| Some(entry(1)));
        }
        let slots: usize = table.shards.iter().map(|shard| shard.read().unwrap().slots.all().len()).sum();
        assert!(slots * size_of::<PersonSlot>() <= 31 * 1_000_000, "{slots}");
    }
}
