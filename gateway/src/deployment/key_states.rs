//! Key generations, pass revocations and tombstones, from the registry into the tables. They are loaded
//! before the gateway serves scans: a code must not open a door under a key that was invalidated.

use crate::tables::Tables;
use scangate_core::id::PersonId;
use scangate_core::keys::{Generation, KeyState};
use scangate_storage::registry::{Registry, RegistryError, Tombstone};

/// Loads all of them. **Cost**: a row for each person whose keys were renewed or who was erased.
pub fn load(registry: &Registry, tables: &Tables) -> Result<(), RegistryError> {
    registry.every_key_history(|person, history| put(tables, person, history.now()))?;
    registry.tombstones(|person, tombstone| bury(tables, person, tombstone))
}

/// Loads those of some people again.
pub fn reload(registry: &Registry, tables: &Tables, people: &[PersonId]) -> Result<(), RegistryError> {
    for (&person, history) in people.iter().zip(registry.key_histories(people)?) {
        put(tables, person, history.now());
    }
    for (person, tombstone) in registry.tombstones_of(people)? {
        bury(tables, person, tombstone);
    }
    Ok(())
}

fn put(tables: &Tables, person: PersonId, state: KeyState) {
    tables.colours.set_generation(person, state.generation);
    tables.pass_revocations.set(person, state.pass_revocations);
}

/// Puts a tombstone into the tables.
pub fn bury(tables: &Tables, person: PersonId, tombstone: Tombstone) {
    tables.pass_revocations.set(person, tombstone.pass_revocations);
    tables.colours.bury(person, Generation(tombstone.generation));
}
