//! The colour table: every resident's standing in memory, sharded, so that a scan asks nobody else. The
//! back office writes it when facts or time change a standing; the scan path only reads. Beside it stands up to
//! when it holds what other gateways of the city were told.

use dashmap::DashMap;
use scangate_core::colour::{Colour, Reasons, Standing};
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A standing in eight bytes: the rules from bit 0, the colour in the two highest bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedStanding(pub u64);

const COLOUR_SHIFT: u32 = 62;
const _: () = assert!(scangate_core::limits::RULES_MAX < COLOUR_SHIFT as usize);

impl PackedStanding {
    fn of(standing: Standing) -> Self {
        Self(standing.reasons.0 | u64::from(standing.colour as u8) << COLOUR_SHIFT)
    }

    fn standing(self) -> Standing {
        let colour = match self.0 >> COLOUR_SHIFT {
            1 => Colour::Green,
            2 => Colour::Yellow,
            3 => Colour::Red,
            _ => Colour::Unknown,
        };
        Standing { colour, reasons: Reasons(self.0 & !(3 << COLOUR_SHIFT)) }
    }
}

/// The table. **Cost**: a read is one shard lock taken shared and one probe, about 0.2 us among 10 M; an
/// entry is 16 bytes and the table's slack.
pub struct ColourTable {
    table: DashMap<PersonId, PackedStanding, foldhash::fast::RandomState>,
    loaded: AtomicBool,
    followed: AtomicU64,
    snapshot: AtomicU64,
}

impl Default for ColourTable {
    fn default() -> Self {
        let (followed, snapshot) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { table: DashMap::default(), loaded: AtomicBool::new(false), followed, snapshot }
    }
}

impl ColourTable {
    /// The person's standing; unknown for who is not in the table, whether it is loaded yet or not.
    #[must_use]
    pub fn standing(&self, person: PersonId) -> Standing {
        self.table.get(&person).map_or(Standing::UNKNOWN, |packed| packed.standing())
    }

    /// Puts a person's standing.
    pub fn put(&self, person: PersonId, standing: Standing) {
        self.table.insert(person, PackedStanding::of(standing));
    }

    /// Everybody in the table, in no order. Who is put or removed meanwhile may be among them or not. **Cost**:
    /// whoever writes to a shard waits until it has been passed.
    pub fn everybody(&self) -> impl Iterator<Item = (PersonId, PackedStanding)> {
        self.table.iter().map(|entry| (*entry.key(), *entry.value()))
    }

    /// Puts what [`Self::everybody`] gave.
    pub fn put_packed(&self, person: PersonId, packed: PackedStanding) {
        self.table.insert(person, packed);
    }

    /// Says that every change which other gateways acknowledged before this is in the table.
    pub fn set_followed(&self, through: Timestamp) {
        self.followed.fetch_max(through.0, Ordering::AcqRel);
    }

    /// Up to when that is so; none where there are no other gateways.
    #[must_use]
    pub fn followed(&self) -> Option<Timestamp> {
        Some(Timestamp(self.followed.load(Ordering::Acquire))).filter(|through| through.0 > 0)
    }

    /// Says that the snapshot on disk has every change up to this.
    pub fn set_snapshot(&self, through: Timestamp) {
        self.snapshot.fetch_max(through.0, Ordering::AcqRel);
    }

    /// Up to when it has; none where there is no snapshot of this run or the one that it started with.
    #[must_use]
    pub fn snapshot(&self) -> Option<Timestamp> {
        Some(Timestamp(self.snapshot.load(Ordering::Acquire))).filter(|through| through.0 > 0)
    }

    /// Takes a person out.
    pub fn remove(&self, person: PersonId) {
        self.table.remove(&person);
    }

    /// Says that all residents are in.
    pub fn set_loaded(&self) {
        self.loaded.store(true, Ordering::Release);
    }

    /// Whether all residents are in.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// How many persons are in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_survives_packing() {
        let colours = ColourTable::default();
        for (number, colour) in [Colour::Green, Colour::Yellow, Colour::Red].into_iter().enumerate() {
            let standing = Standing { colour, reasons: Reasons::rule(number).and(Reasons::rule(55)) };
            colours.put(PersonId(7), standing);
            assert_eq!(colours.standing(PersonId(7)), standing);
        }
        colours.remove(PersonId(7));
        assert_eq!(colours.standing(PersonId(7)), Standing::UNKNOWN);
    }
}
