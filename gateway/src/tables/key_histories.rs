//! When people's keys were renewed and their paper passes revoked. Most people are not in the table. The scan
//! path reads it for paper passes alone: the colour table has the generation of the present key. Late scans
//! are verified by the keys of their own time.

use dashmap::DashMap;
use scangate_core::id::PersonId;
use scangate_core::keys::{KeyHistory, KeyState};
use scangate_core::time::Timestamp;

/// The table.
#[derive(Default)]
pub struct KeyHistories(DashMap<PersonId, KeyHistory, foldhash::fast::RandomState>);

impl KeyHistories {
    /// The keys and passes of a person that were valid at a time.
    #[must_use]
    pub fn at(&self, person: PersonId, at: Timestamp) -> KeyState {
        self.0.get(&person).map_or_else(KeyState::default, |history| history.at(at))
    }

    /// Puts a person's history.
    pub fn put(&self, person: PersonId, history: KeyHistory) {
        if history != KeyHistory::default() {
            self.0.insert(person, history);
        }
    }

    /// Every person with a history, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<(PersonId, KeyHistory)> {
        self.0.iter().map(|entry| (*entry.key(), entry.value().clone())).collect()
    }
}
