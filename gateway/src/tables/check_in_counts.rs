//! How many check-ins each person made in a step, so that a stolen or runaway phone cannot fill the journal.
//! A count sketch of fixed size: it never counts too few, and counts too many only where others share both
//! of a person's slots.

use scangate_core::id::PersonId;
use std::sync::atomic::{AtomicU8, Ordering};

/// Slots of a row, as a power of two.
const SLOT_BITS: u32 = 17;
const SLOTS: usize = 1 << SLOT_BITS;
/// An odd multiplier a row, which spreads neighbouring ids over it: the golden ratio's and the square root
/// of two's bits.
const SPREADS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0x6a09_e667_f3bc_c909];

/// The counts of one step. **Cost**: two cache lines a check-in; 256 KiB, which stay in the cache.
pub struct CheckInCounts {
    rows: [Box<[AtomicU8]>; SPREADS.len()],
}

impl Default for CheckInCounts {
    fn default() -> Self {
        Self { rows: SPREADS.map(|_| (0..SLOTS).map(|_| AtomicU8::new(0)).collect()) }
    }
}

impl CheckInCounts {
    /// How many check-ins the person made, or more.
    #[must_use]
    pub fn count(&self, person: PersonId) -> u8 {
        self.slots(person).map(|slot| slot.load(Ordering::Relaxed)).into_iter().min().unwrap_or(0)
    }

    /// Counts a check-in.
    pub fn add(&self, person: PersonId) {
        for slot in self.slots(person) {
            // Two workers may lose one of two counts here, which is cheaper than a locked instruction and
            // cannot wrap.
            slot.store(slot.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for slot in self.rows.iter().flat_map(|row| row.iter()) {
            slot.store(0, Ordering::Relaxed);
        }
    }

    fn slots(&self, person: PersonId) -> [&AtomicU8; SPREADS.len()] {
        let slot = |row: usize| (person.0.wrapping_mul(SPREADS[row]) >> (u64::BITS - SLOT_BITS)) as usize;
        [&self.rows[0][slot(0)], &self.rows[1][slot(1)]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_person_is_counted_in_full_and_hardly_anybody_with_them() {
        let counts = CheckInCounts::default();
        for person in 0..1_000 {
            for _ in 0..100 {
                counts.add(PersonId(person));
            }
        }
        assert!((0..1_000).all(|person| counts.count(PersonId(person)) >= 100));
        let blamed = (1_000..1_000_000).filter(|&person| counts.count(PersonId(person)) >= 100).count();
        assert!(blamed < 1_000, "{blamed} of a million share both slots with a busy person");
        counts.clear();
        assert_eq!(counts.count(PersonId(7)), 0);
    }
}
