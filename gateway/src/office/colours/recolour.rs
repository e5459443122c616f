//! Recolouring: a person's standing is worked out anew when a fact comes or goes, here or at another gateway, when
//! a pack comes into force, and when time alone changes it. No one else writes the colour table.

use super::cpu_throttle::CpuThrottle;
use crate::clock;
use crate::office::{Office, PEOPLE_AT_ONCE};
use scangate_core::evidence::Evidence;
use scangate_core::id::PersonId;
use scangate_core::policy::Judgement;
use scangate_core::time::Timestamp;
use scangate_storage::registry::RegistryError;
use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// How often what is due is looked for.
const TICK: Duration = Duration::from_millis(500);
/// Persons are recoloured one at a time a shard, so that of two facts the later judgement sees both.
const SHARDS: usize = 64;
/// How long after a failure what is due is tried again.
const DUE_PAUSE_MS: u64 = 1_000;

/// When whose standing changes by itself. One entry a person and time, at most one more than each has facts.
pub(in crate::office) struct RecolourSchedule {
    times: Mutex<BTreeSet<(Timestamp, PersonId)>>,
    shards: [Mutex<()>; SHARDS],
    /// Everybody is recoloured by one at a time.
    everybody: Mutex<()>,
    /// Who was recoloured alone while everybody is, by what was read later.
    alone_meanwhile: Mutex<Option<HashSet<PersonId>>>,
}

impl Default for RecolourSchedule {
    fn default() -> Self {
        Self {
            times: Mutex::default(),
            shards: std::array::from_fn(|_| Mutex::default()),
            everybody: Mutex::default(),
            alone_meanwhile: Mutex::default(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecolourSchedule {
    fn shard(person: PersonId) -> usize {
        usize::try_from(person.0 % SHARDS as u64).expect("a small number")
    }

    /// Waits until nobody else recolours any of these. Shards are taken in one order, so that two who wait do
    /// not wait for each other.
    fn alone(&self, people: &[PersonId]) -> Vec<MutexGuard<'_, ()>> {
        let shards: BTreeSet<usize> = people.iter().map(|&person| Self::shard(person)).collect();
        shards.into_iter().map(|shard| lock(&self.shards[shard])).collect()
    }

    /// Takes everybody whose time has come.
    fn take(&self, now: Timestamp) -> Vec<PersonId> {
        let mut times = lock(&self.times);
        let later = times.split_off(&(now.plus_ms(1), PersonId(0)));
        std::mem::replace(&mut *times, later).into_iter().map(|(_, person)| person).collect()
    }

    fn note(&self, person: PersonId) {
        if let Some(noted) = &mut *lock(&self.alone_meanwhile) {
            noted.insert(person);
        }
    }

    fn is_noted(&self, person: PersonId) -> bool {
        lock(&self.alone_meanwhile).as_ref().is_some_and(|noted| noted.contains(&person))
    }
}

impl Office {
    /// Works people's standings out anew and puts them in the table; who is not registered goes out of it.
    pub(in crate::office) fn recolour(&self, people: &[PersonId]) -> Result<(), RegistryError> {
        for people in people.chunks(PEOPLE_AT_ONCE) {
            let _alone = self.schedule.alone(people);
            // Noted before the pack in force is looked up: what is noted too late is recoloured once more.
            people.iter().for_each(|&person| self.schedule.note(person));
            let evidence = self.registry.evidence_of_registered(people)?;
            for (&person, evidence) in people.iter().zip(evidence) {
                match evidence {
                    Some(evidence) => self.put(person, &evidence),
                    None => self.tables.colours.remove(person),
                }
            }
        }
        Ok(())
    }

    fn put(&self, person: PersonId, evidence: &Evidence) {
        let judgement = self.judge_by(evidence);
        if let Some(at) = judgement.changes_at {
            lock(&self.schedule.times).insert((at, person));
        }
        self.tables.colours.put(person, judgement.standing);
    }

    fn judge_by(&self, evidence: &Evidence) -> Judgement {
        self.tables.policies.in_force().policy.judge(evidence, clock::now())
    }

    /// What the pack in force says of a person now.
    pub(in crate::office) fn judge(&self, person: PersonId) -> Result<Judgement, RegistryError> {
        Ok(self.judge_by(&self.registry.evidence_of(person)?))
    }

    /// Recolours everybody under the pack in force: first those about whom there is evidence, so that nobody is
    /// shown a colour that it denies, then the rest, who all stand as somebody without. Who is not registered goes
    /// out.
    pub(in crate::office) fn recolour_all(&self) -> Result<(), RegistryError> {
        let _everybody = lock(&self.schedule.everybody);
        *lock(&self.schedule.alone_meanwhile) = Some(HashSet::new());
        let recoloured = self.recolour_everybody();
        *lock(&self.schedule.alone_meanwhile) = None;
        recoloured
    }

    fn recolour_everybody(&self) -> Result<(), RegistryError> {
        let was_empty = self.tables.colours.is_empty();
        // At a start nobody is served by colours that are there already.
        let mut throttle = if was_empty { CpuThrottle::off() } else { CpuThrottle::on() };
        let unless_noted = |person: PersonId, put: &dyn Fn()| {
            let _alone = lock(&self.schedule.shards[RecolourSchedule::shard(person)]);
            if !self.schedule.is_noted(person) {
                put();
            }
        };
        let mut with_evidence = HashSet::new();
        self.registry.evidence(|person, evidence| {
            with_evidence.insert(person);
            unless_noted(person, &|| self.put(person, evidence));
            throttle.pause();
        })?;
        let without = self.judge_by(&Evidence::default()).standing;
        let (mut gone, mut registered) = (with_evidence.clone(), 0);
        self.registry.people(|person| {
            gone.remove(&person);
            registered += 1;
            if !with_evidence.contains(&person) {
                unless_noted(person, &|| self.tables.colours.put(person, without));
            }
            throttle.pause();
        })?;
        // All who are registered are in the table now: more are there only if somebody has left it.
        if self.tables.colours.len() > registered {
            gone.extend(self.not_registered(&mut throttle)?);
        }
        for person in gone {
            unless_noted(person, &|| self.tables.colours.remove(person));
            throttle.pause();
        }
        Ok(())
    }

    /// Who is in the table and not registered.
    fn not_registered(&self, throttle: &mut CpuThrottle) -> Result<Vec<PersonId>, RegistryError> {
        let everybody: Vec<PersonId> = self.tables.colours.everybody().map(|(person, _)| person).collect();
        let mut gone = Vec::new();
        for people in everybody.chunks(PEOPLE_AT_ONCE) {
            let registered = self.registry.are_registered(people)?;
            let here = people.iter().zip(registered);
            gone.extend(here.filter(|(_, is_registered)| !is_registered).map(|(person, _)| *person));
            throttle.pause();
        }
        Ok(gone)
    }
}

/// Recolours people when their time comes, for as long as the gateway runs.
pub async fn recolour_when_due(office: Arc<Office>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let office = Arc::clone(&office);
        // A panic is logged by the one who hits it; the next tick tries the rest.
        let _ = crate::office::blocking(move || recolour_due(&office)).await;
    }
}

/// Recolours who had a fever at a door, for as long as the gateway runs.
pub async fn recolour_feverish(office: Arc<Office>, mut feverish: Receiver<Vec<PersonId>>) {
    while let Some(people) = feverish.recv().await {
        let office = Arc::clone(&office);
        let recoloured = crate::office::blocking(move || {
            let later = clock::now().plus_ms(DUE_PAUSE_MS);
            if let Err(error) = office.recolour(&people) {
                tracing::warn!(%error, "who had a fever at a door was not recoloured; trying again");
                lock(&office.schedule.times).extend(people.into_iter().map(|person| (later, person)));
            }
        });
        // A panic is logged by the one who hits it; the next list is another matter.
        let _ = recoloured.await;
    }
}

fn recolour_due(office: &Office) {
    let due = office.schedule.take(clock::now());
    if let Err(error) = office.recolour(&due) {
        tracing::warn!(%error, people = due.len(), "standings that are due were not worked out; trying again");
        let later = clock::now().plus_ms(DUE_PAUSE_MS);
        lock(&office.schedule.times).extend(due.into_iter().map(|person| (later, person)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_taken_once_and_what_is_not_stays() {
        let due = RecolourSchedule::default();
        for (at, person) in [(5, 1), (7, 2), (7, 1), (8, 3)] {
            lock(&due.times).insert((Timestamp(at), PersonId(person)));
        }
        assert_eq!(due.take(Timestamp(4)), []);
        assert_eq!(due.take(Timestamp(7)), [PersonId(1), PersonId(1), PersonId(2)]);
        assert_eq!(due.take(Timestamp(7)), []);
        assert_eq!(due.take(Timestamp(8)), [PersonId(3)]);
    }
}
