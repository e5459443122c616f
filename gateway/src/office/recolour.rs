//! Recolouring: a person's standing is worked out anew when a fact comes or goes, when a pack comes into
//! force, and when time alone changes it. No one else writes the colour table.

use super::Office;
use crate::clock;
use scangate_core::id::PersonId;
use scangate_core::policy::Judgement;
use scangate_core::time::Timestamp;
use scangate_storage::registry::RegistryError;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often what is due is looked for.
const TICK: Duration = Duration::from_millis(500);
/// Persons are recoloured one at a time a shard, so that of two facts the later judgement sees both.
const SHARDS: usize = 64;

/// When whose standing changes by itself. One entry a person and time, at most one more than each has facts.
pub(super) struct Due {
    times: Mutex<BTreeSet<(Timestamp, PersonId)>>,
    shards: [Mutex<()>; SHARDS],
}

impl Default for Due {
    fn default() -> Self {
        Self { times: Mutex::default(), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Due {
    fn times(&self) -> MutexGuard<'_, BTreeSet<(Timestamp, PersonId)>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alone(&self, person: PersonId) -> MutexGuard<'_, ()> {
        let shard = usize::try_from(person.0 % SHARDS as u64).expect("a small number");
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes everybody whose time has come.
    fn take(&self, now: Timestamp) -> Vec<PersonId> {
        let mut times = self.times();
        let later = times.split_off(&(now.plus_ms(1), PersonId(0)));
        std::mem::replace(&mut *times, later).into_iter().map(|(_, person)| person).collect()
    }
}

impl Office {
    /// Works a person's standing out anew and puts it in the table. None for who is not registered.
    pub(super) fn recolour(&self, person: PersonId) -> Result<Option<Judgement>, RegistryError> {
        let _alone = self.due.alone(person);
        if !self.registry.is_registered(person)? {
            self.gate.colours.remove(person);
            return Ok(None);
        }
        let judgement = self.judge(person)?;
        if let Some(at) = judgement.changes_at {
            self.due.times().insert((at, person));
        }
        self.gate.colours.put(person, judgement.standing);
        Ok(Some(judgement))
    }

    /// What the pack in force says of a person now.
    pub(super) fn judge(&self, person: PersonId) -> Result<Judgement, RegistryError> {
        let facts = self.registry.facts_of(person)?;
        Ok(self.gate.policies.in_force().policy.judge(&facts, clock::now()))
    }

    /// Recolours everybody under the pack in force: first who has facts, then the rest, who all stand as
    /// somebody without.
    pub(super) fn recolour_all(&self) -> Result<(), RegistryError> {
        let mut with_facts = BTreeSet::new();
        self.registry.facts(|person, _| {
            with_facts.insert(person);
        })?;
        for &person in &with_facts {
            self.recolour(person)?;
        }
        let without = self.gate.policies.in_force().policy.judge(&[], clock::now()).standing;
        self.registry.people(|person| {
            if !with_facts.contains(&person) {
                self.gate.colours.begin(person, without);
            }
        })
    }
}

/// Loads the colour table from the registry. Until it is loaded, whoever is not in it yet is `unknown`.
/// Who has facts comes first, so that nobody is shown a colour that a fact denies.
pub fn load(office: &Office) -> Result<(), RegistryError> {
    office.recolour_all()?;
    office.gate.colours.set_loaded();
    Ok(())
}

/// Recolours people when their time comes, for as long as the gateway runs.
pub async fn recolour_when_due(office: Arc<Office>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let office = Arc::clone(&office);
        // A panic is logged by the one who hits it; the next tick tries the rest.
        let _ = super::blocking(move || recolour_due(&office)).await;
    }
}

fn recolour_due(office: &Office) {
    for person in office.due.take(clock::now()) {
        if let Err(error) = office.recolour(person) {
            tracing::warn!(%error, "a standing that is due was not worked out; trying again");
            office.due.times().insert((clock::now().plus_ms(1_000), person));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_taken_once_and_what_is_not_stays() {
        let due = Due::default();
        for (at, person) in [(5, 1), (7, 2), (7, 1), (8, 3)] {
            due.times().insert((Timestamp(at), PersonId(person)));
        }
        assert_eq!(due.take(Timestamp(4)), []);
        assert_eq!(due.take(Timestamp(7)), [PersonId(1), PersonId(1), PersonId(2)]);
        assert_eq!(due.take(Timestamp(7)), []);
        assert_eq!(due.take(Timestamp(8)), [PersonId(3)]);
    }
}
