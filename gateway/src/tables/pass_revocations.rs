//! How often each person's paper passes were revoked. Most people are not in the table: it has an entry for a
//! person only after a revocation. Scans of paper passes alone read it.

use dashmap::DashMap;
use scangate_core::id::PersonId;

/// The table.
#[derive(Default)]
pub struct PassRevocations(DashMap<PersonId, u8, foldhash::fast::RandomState>);

impl PassRevocations {
    /// The number of revocations of a person's passes.
    #[must_use]
    pub fn of(&self, person: PersonId) -> u8 {
        self.0.get(&person).map_or(0, |count| *count)
    }

    /// Sets the number of revocations of a person's passes. It never falls.
    pub fn set(&self, person: PersonId, count: u8) {
        if count > 0 {
            let mut known = self.0.entry(person).or_default();
            *known = count.max(*known);
        }
    }

    /// Every person with a revocation, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<(PersonId, u8)> {
        self.0.iter().map(|entry| (*entry.key(), *entry.value())).collect()
    }
}
