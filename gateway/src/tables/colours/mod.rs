//! The colour table: every resident's standing in memory, sharded, so that a scan needs no other
//! component. The back office writes it when facts or time change a standing; the scan path only reads.
//! Each entry also has the generation of the person's keys and what staff compare with a document.
//! Erased people have a tombstone.
//! The table also records up to when it has the changes of the city's other gateways.

pub mod colour_counts;
mod person_slots;
mod person_table;

use colour_counts::{ByColour, ColourCounts};
use person_table::PersonTable;
use scangate_core::colour::{Colour, Reasons, Standing};
use scangate_core::id::PersonId;
use scangate_core::keys::Generation;
use scangate_core::person::{MaskedHolder, PackedHolder};
use scangate_core::time::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The record of a person in eight bytes.
///
/// **Shape**: the rules from bit 0, the mark of an erased person in bit 53, the key generation from bit 54,
/// the colour in the two highest bits. An unknown colour has no rules. Bit 0 says instead that the person's
/// application waits for its review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PackedPerson(pub u64);

const ERASED_SHIFT: u32 = 53;
const GENERATION_SHIFT: u32 = 54;
const COLOUR_SHIFT: u32 = 62;
const REASONS: u64 = (1 << ERASED_SHIFT) - 1;
const GENERATION: u64 = 0xff << GENERATION_SHIFT;
/// The bit of an unknown colour that waits for a review.
const UNREVIEWED: u64 = 1;
const COLOUR: u64 = 3 << COLOUR_SHIFT;
const _: () = assert!(scangate_core::limits::RULES_MAX <= ERASED_SHIFT as usize);
const _: () = assert!(REASONS | 1 << ERASED_SHIFT | GENERATION | COLOUR == u64::MAX);

impl PackedPerson {
    /// The tombstone of an erased person.
    const TOMBSTONE: Self = Self(1 << ERASED_SHIFT);

    /// The record of a visitor, who has a standing and no keys.
    #[must_use]
    pub const fn of(standing: Standing) -> Self {
        Self(0).with_standing(standing)
    }

    const fn with_generation(self, generation: Generation) -> Self {
        Self(self.0 & !GENERATION | (generation.0 as u64) << GENERATION_SHIFT)
    }

    const fn with_standing(self, standing: Standing) -> Self {
        let reasons = match standing.colour {
            Colour::Unknown => standing.reasons.has(Reasons::REVIEW) as u64,
            Colour::Green | Colour::Yellow | Colour::Red => standing.reasons.0 & REASONS,
        };
        Self(self.0 & GENERATION | reasons | (standing.colour as u64) << COLOUR_SHIFT)
    }

    /// The colour with its reasons.
    #[must_use]
    pub const fn standing(self) -> Standing {
        let colour = match self.0 >> COLOUR_SHIFT {
            1 => Colour::Green,
            2 => Colour::Yellow,
            3 => Colour::Red,
            _ if self.0 & UNREVIEWED != 0 => return Standing::UNREVIEWED,
            _ => return Standing::UNKNOWN,
        };
        Standing { colour, reasons: Reasons(self.0 & REASONS) }
    }

    /// The generation of the person's keys.
    #[must_use]
    pub const fn generation(self) -> Generation {
        Generation((self.0 >> GENERATION_SHIFT & 0xff) as u8)
    }

    /// Whether the person was erased.
    #[must_use]
    pub const fn is_erased(self) -> bool {
        self.0 >> ERASED_SHIFT & 1 == 1
    }
}

/// The table's entry of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PersonEntry {
    packed: PackedPerson,
    holder: PackedHolder,
}

impl PersonEntry {
    /// An entry without a standing, keys and a holder.
    const EMPTY: Self = Self { packed: PackedPerson(0), holder: PackedHolder::NONE };
}

/// The table. **Cost**: a read is one shard lock taken shared and one probe; a person is 27 to 30 bytes.
pub struct ColourTable {
    table: PersonTable,
    counts: ColourCounts,
    tombstones: AtomicUsize,
    loaded: AtomicBool,
    followed: AtomicU64,
    snapshot: AtomicU64,
}

impl Default for ColourTable {
    fn default() -> Self {
        let (followed, snapshot) = (AtomicU64::new(0), AtomicU64::new(0));
        let (tombstones, loaded) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (table, counts) = (PersonTable::default(), ColourCounts::default());
        Self { table, counts, tombstones, loaded, followed, snapshot }
    }
}

impl ColourTable {
    /// The person's record. A person without an entry has an unknown colour and the first generation of
    /// keys, whether the table is loaded yet or not.
    #[must_use]
    pub fn look_up(&self, person: PersonId) -> PackedPerson {
        self.table.get(person).map_or_else(PackedPerson::default, |entry| entry.packed)
    }

    /// The person as a terminal's staff see them, to compare with the document. `None` until it is loaded,
    /// and for a person without an entry.
    #[must_use]
    pub fn holder(&self, person: PersonId) -> Option<MaskedHolder> {
        self.table.get(person)?.holder.shown()
    }

    /// Sets what staff compare with the document of a person who has an entry.
    pub fn set_holder(&self, person: PersonId, holder: PackedHolder) {
        self.table.change(person, |entry| {
            entry.map(|entry| if entry.packed.is_erased() { entry } else { PersonEntry { holder, ..entry } })
        });
    }

    /// The person's standing; unknown for a person who is not in the table.
    #[must_use]
    pub fn standing(&self, person: PersonId) -> Standing {
        self.look_up(person).standing()
    }

    /// Whether the person was erased. **Cost**: one load while no person was.
    #[must_use]
    pub fn is_erased(&self, person: PersonId) -> bool {
        self.has_tombstones() && self.look_up(person).is_erased()
    }

    /// Whether any person was erased.
    #[must_use]
    pub fn has_tombstones(&self) -> bool {
        self.tombstones.load(Ordering::Acquire) > 0
    }

    /// Puts a person's standing. An erased person stays erased.
    pub fn put(&self, person: PersonId, standing: Standing) {
        self.change(person, |packed| packed.with_standing(standing));
    }

    /// Sets the generation of a person's keys. An erased person stays erased.
    pub fn set_generation(&self, person: PersonId, generation: Generation) {
        self.change(person, |packed| packed.with_generation(generation));
    }

    fn change(&self, person: PersonId, change: impl FnOnce(PackedPerson) -> PackedPerson) {
        self.change_entry(person, |entry| {
            let entry = entry.unwrap_or(PersonEntry::EMPTY);
            let is_erased = entry.packed.is_erased();
            Some(if is_erased { entry } else { PersonEntry { packed: change(entry.packed), ..entry } })
        });
    }

    /// Changes an entry and counts the colours. Returns the entry before.
    fn change_entry(
        &self,
        person: PersonId,
        change: impl FnOnce(Option<PersonEntry>) -> Option<PersonEntry>,
    ) -> Option<PersonEntry> {
        self.table.change(person, |before| {
            let after = change(before);
            self.counts.change(before.map(|entry| entry.packed), after.map(|entry| entry.packed));
            after
        })
    }

    /// The people of each colour, without those who were erased.
    #[must_use]
    pub fn people(&self) -> ByColour {
        self.counts.people()
    }

    /// The people who turned to each colour from another one since the start.
    #[must_use]
    pub fn turns(&self) -> ByColour {
        self.counts.turns()
    }

    /// Puts a tombstone in the place of an erased person.
    pub fn bury(&self, person: PersonId) {
        self.put_packed(person, PackedPerson::TOMBSTONE);
    }

    /// All persons in the table, in no order. A person put or removed meanwhile may be among them
    /// or not.
    pub fn all(&self) -> impl Iterator<Item = (PersonId, PackedPerson)> {
        self.table.all().map(|(person, entry)| (person, entry.packed))
    }

    /// Puts a packed record, as [`Self::all`] returns it.
    pub fn put_packed(&self, person: PersonId, packed: PackedPerson) {
        let entry = PersonEntry { packed, ..PersonEntry::EMPTY };
        let before = self.change_entry(person, |_| Some(entry)).unwrap_or(PersonEntry::EMPTY).packed;
        match (before.is_erased(), packed.is_erased()) {
            (false, true) => self.tombstones.fetch_add(1, Ordering::AcqRel),
            (true, false) => self.tombstones.fetch_sub(1, Ordering::AcqRel),
            (false, false) | (true, true) => 0,
        };
    }

    /// Records that the table has every change that other gateways acknowledged before this time.
    pub fn set_followed(&self, through: Timestamp) {
        self.followed.fetch_max(through.0, Ordering::AcqRel);
    }

    /// The time up to which the table has the other gateways' changes; none where there are no other
    /// gateways.
    #[must_use]
    pub fn followed(&self) -> Option<Timestamp> {
        Some(Timestamp(self.followed.load(Ordering::Acquire))).filter(|through| through.0 > 0)
    }

    /// Records that the snapshot on disk has every change up to this time.
    pub fn set_snapshot(&self, through: Timestamp) {
        self.snapshot.fetch_max(through.0, Ordering::AcqRel);
    }

    /// The time up to which the snapshot has every change; none without a snapshot, of this run or of
    /// the start.
    #[must_use]
    pub fn snapshot(&self) -> Option<Timestamp> {
        Some(Timestamp(self.snapshot.load(Ordering::Acquire))).filter(|through| through.0 > 0)
    }

    /// Removes a person who is not registered. A tombstone stays.
    pub fn remove(&self, person: PersonId) {
        self.change_entry(person, |entry| entry.filter(|entry| entry.packed.is_erased()));
    }

    /// Removes a tombstone that no code of the person needs any more.
    pub fn remove_tombstone(&self, person: PersonId) {
        let before = self.change_entry(person, |entry| entry.filter(|entry| !entry.packed.is_erased()));
        if before.is_some_and(|entry| entry.packed.is_erased()) {
            self.tombstones.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Records that all residents are loaded.
    pub fn set_loaded(&self) {
        self.loaded.store(true, Ordering::Release);
    }

    /// Whether all residents are loaded.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// The number of persons in the table, without those who were erased.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len().saturating_sub(self.tombstones.load(Ordering::Acquire))
    }

    /// Whether the table has no person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: PersonId = PersonId(7);

    fn standing(colour: Colour) -> Standing {
        Standing { colour, reasons: Reasons::rule(0).and(Reasons::rule(52)) }
    }

    #[test]
    fn standing_and_generation_do_not_touch_each_other() {
        let colours = ColourTable::default();
        for colour in [Colour::Green, Colour::Yellow, Colour::Red] {
            for generation in [Generation(0), Generation(1), Generation(255)] {
                colours.put(PERSON, standing(colour));
                colours.set_generation(PERSON, generation);
                colours.put(PERSON, standing(colour));
                let packed = colours.look_up(PERSON);
                assert_eq!((packed.standing(), packed.generation()), (standing(colour), generation));
                assert!(!packed.is_erased());
            }
        }
        colours.remove(PERSON);
        assert_eq!(colours.standing(PERSON), Standing::UNKNOWN);
        colours.set_generation(PERSON, Generation(3));
        let packed = colours.look_up(PERSON);
        assert_eq!((packed.standing(), packed.generation()), (Standing::UNKNOWN, Generation(3)));
    }

    #[test]
    fn hb_13_a_review_is_kept_beside_the_generation_and_is_no_rule() {
        let colours = ColourTable::default();
        colours.put(PERSON, standing(Colour::Red));
        colours.set_generation(PERSON, Generation(255));
        colours.put(PERSON, Standing::UNREVIEWED);
        let packed = colours.look_up(PERSON);
        assert_eq!((packed.standing(), packed.generation()), (Standing::UNREVIEWED, Generation(255)));
        assert!(!packed.is_erased());
        colours.put(PERSON, Standing::UNKNOWN);
        assert_eq!(colours.standing(PERSON), Standing::UNKNOWN);
        // The first rule has the same bit under another colour.
        let first = Standing { colour: Colour::Green, reasons: Reasons::rule(0) };
        colours.put(PERSON, first);
        assert_eq!(colours.standing(PERSON), first);
        colours.put(PERSON, Standing::UNREVIEWED);
        colours.bury(PERSON);
        assert_eq!(colours.standing(PERSON), Standing::UNKNOWN);
    }

    #[test]
    fn an_erased_person_stays_erased() {
        let colours = ColourTable::default();
        colours.put(PERSON, standing(Colour::Red));
        assert!(!colours.is_erased(PERSON) && colours.len() == 1);
        colours.bury(PERSON);
        colours.put(PERSON, standing(Colour::Green));
        colours.set_generation(PERSON, Generation(9));
        colours.remove(PERSON);
        colours.bury(PERSON);
        let packed = colours.look_up(PERSON);
        assert!(packed.is_erased() && colours.is_erased(PERSON) && colours.is_empty());
        assert_eq!((packed.standing(), packed.generation()), (Standing::UNKNOWN, Generation(0)));
        let copy = ColourTable::default();
        colours.all().for_each(|(person, packed)| copy.put_packed(person, packed));
        assert!(copy.is_erased(PERSON));
        copy.remove_tombstone(PERSON);
        copy.remove_tombstone(PERSON);
        assert!(!copy.is_erased(PERSON) && !copy.has_tombstones());
    }

    #[test]
    fn people_and_turns_are_counted_by_colour() {
        let colours = ColourTable::default();
        let counts = |by: ByColour| by.iter().map(|(_, count)| count).collect::<Vec<_>>();
        for person in 1..=4 {
            colours.put(PersonId(person), standing(Colour::Green));
        }
        colours.set_generation(PersonId(5), Generation(1));
        assert_eq!((counts(colours.people()), counts(colours.turns())), (vec![4, 0, 0, 1], vec![0; 4]));
        colours.put(PersonId(1), standing(Colour::Red));
        colours.put(PersonId(1), standing(Colour::Red));
        colours.put(PersonId(2), standing(Colour::Yellow));
        colours.put(PersonId(2), standing(Colour::Green));
        colours.put(PersonId(5), standing(Colour::Green));
        assert_eq!(counts(colours.people()), [4, 0, 1, 0]);
        assert_eq!(counts(colours.turns()), [1, 1, 1, 0]);
        colours.bury(PersonId(1));
        colours.put(PersonId(1), standing(Colour::Red));
        colours.remove(PersonId(2));
        assert_eq!(counts(colours.people()), [3, 0, 0, 0]);
        assert_eq!(counts(colours.turns()), [1, 1, 1, 0], "an end is not a turn");
        colours.remove_tombstone(PersonId(1));
        assert_eq!(counts(colours.people()), [3, 0, 0, 0]);
    }
}
