//! The announced arrivals in memory, by which a scan at a gate of the city knows that the person is expected.

use crate::clock;
use crate::office::{Office, PEOPLE_AT_ONCE};
use crate::tables::announced::AnnouncedArrival;
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use scangate_storage::registry::RegistryError;
use std::collections::BTreeMap;

impl Office {
    /// Reads the announced arrivals of these people again.
    pub(in crate::office) fn follow_arrivals(&self, people: &[PersonId]) -> Result<(), RegistryError> {
        let published = self.tables.policies.in_force();
        for people in people.chunks(PEOPLE_AT_ONCE) {
            let mut expected: BTreeMap<PersonId, Vec<AnnouncedArrival>> =
                people.iter().map(|&person| (person, Vec::new())).collect();
            for filed in self.registry.papers_of_each(people)? {
                expected
                    .entry(filed.person)
                    .or_default()
                    .extend(AnnouncedArrival::of(&filed, published.policy.calendar()));
            }
            expected.into_iter().for_each(|(person, arrivals)| self.tables.announced.put(person, arrivals));
        }
        Ok(())
    }

    /// Loads the announced arrivals of all residents.
    pub(super) fn load_arrivals(&self) -> Result<(), RegistryError> {
        let (published, now) = (self.tables.policies.in_force(), clock::now());
        let mut people = Vec::new();
        self.registry.papers(|filed| {
            let announced = AnnouncedArrival::of(&filed, published.policy.calendar());
            people.extend(announced.filter(|arrival| is_ahead(arrival, now)).map(|_| filed.person));
        })?;
        people.sort_unstable();
        people.dedup();
        // Read again: a paper may have changed since.
        self.follow_arrivals(&people)?;
        self.tables.announced.set_loaded();
        Ok(())
    }
}

fn is_ahead(arrival: &AnnouncedArrival, now: Timestamp) -> bool {
    arrival.window.to > now
}
