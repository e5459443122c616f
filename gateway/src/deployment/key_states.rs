//! Key histories and tombstones, from the registry into the tables. They are loaded before the gateway serves
//! scans: a code must not open a door under a key that was invalidated.

use crate::tables::Tables;
use scangate_core::id::PersonId;
use scangate_core::keys::KeyHistory;
use scangate_storage::registry::{Registry, RegistryError};

/// Loads all of them. **Cost**: a row for each person whose keys were renewed or who was erased.
pub fn load(registry: &Registry, tables: &Tables) -> Result<(), RegistryError> {
    registry.every_key_history(|person, history| put(tables, person, history))?;
    registry.tombstones(|person, _| tables.colours.bury(person))
}

/// Loads those of some people again.
pub fn reload(registry: &Registry, tables: &Tables, people: &[PersonId]) -> Result<(), RegistryError> {
    for (&person, history) in people.iter().zip(registry.key_histories(people)?) {
        put(tables, person, history);
    }
    for (person, _) in registry.tombstones_of(people)? {
        tables.colours.bury(person);
    }
    Ok(())
}

fn put(tables: &Tables, person: PersonId, history: KeyHistory) {
    tables.colours.set_generation(person, history.now().generation);
    tables.key_histories.put(person, history);
}
