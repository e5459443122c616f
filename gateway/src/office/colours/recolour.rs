//! Recolouring: computes a person's standing again when a fact is added or withdrawn, here or at another
//! gateway. It also runs when a pack comes into force and when time alone changes a standing. Only this
//! module writes the colour table.

use super::cpu_throttle::CpuThrottle;
use crate::clock;
use crate::office::{Office, PEOPLE_AT_ONCE};
use crate::tables::districts::BegunColour;
use scangate_core::colour::Colour;
use scangate_core::evidence::Evidence;
use scangate_core::id::PersonId;
use scangate_core::paper::Review;
use scangate_core::person::PackedHolder;
use scangate_core::policy::{Judgement, Policy};
use scangate_core::time::Timestamp;
use scangate_storage::registry::{Person, RegistryError};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// The interval between two looks for due standings.
const TICK: Duration = Duration::from_millis(500);
/// The shards of the locks that serialise the recolouring of one person: of two facts, the later judgement
/// sees both.
const SHARDS: usize = 64;
/// The delay before a failed recolouring is tried again.
const DUE_PAUSE_MS: u64 = 1_000;

/// The times at which standings change by themselves. Each person has at most one entry more than facts.
pub(in crate::office) struct RecolourSchedule {
    times: Mutex<BTreeSet<(Timestamp, PersonId)>>,
    shards: [Mutex<()>; SHARDS],
    /// Held while every person is recoloured.
    full_run: Mutex<()>,
    /// The persons who were recoloured singly while a full recolouring runs: their rows were read later.
    recoloured_singly: Mutex<Option<HashSet<PersonId>>>,
}

impl Default for RecolourSchedule {
    fn default() -> Self {
        Self {
            times: Mutex::default(),
            shards: std::array::from_fn(|_| Mutex::default()),
            full_run: Mutex::default(),
            recoloured_singly: Mutex::default(),
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

    /// Locks the shards of these people. All callers lock in the same order, so they cannot deadlock.
    fn lock_shards(&self, people: &[PersonId]) -> Vec<MutexGuard<'_, ()>> {
        let shards: BTreeSet<usize> = people.iter().map(|&person| Self::shard(person)).collect();
        shards.into_iter().map(|shard| lock(&self.shards[shard])).collect()
    }

    /// Removes and returns the people whose time has come.
    fn take(&self, now: Timestamp) -> Vec<PersonId> {
        let mut times = lock(&self.times);
        let later = times.split_off(&(now.plus_ms(1), PersonId(0)));
        std::mem::replace(&mut *times, later).into_iter().map(|(_, person)| person).collect()
    }

    fn note(&self, person: PersonId) {
        if let Some(noted) = &mut *lock(&self.recoloured_singly) {
            noted.insert(person);
        }
    }

    fn is_noted(&self, person: PersonId) -> bool {
        lock(&self.recoloured_singly).as_ref().is_some_and(|noted| noted.contains(&person))
    }
}

impl Office {
    /// Computes people's standings again and puts them into the table. Unregistered people are removed from
    /// it.
    pub(in crate::office) fn recolour(&self, people: &[PersonId]) -> Result<(), RegistryError> {
        // A list may name one person many times.
        let people: Vec<PersonId> = people.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        for people in people.chunks(PEOPLE_AT_ONCE) {
            let _locked = self.schedule.lock_shards(people);
            // Noted before the pack in force is read: a person noted too late is only recoloured twice.
            people.iter().for_each(|&person| self.schedule.note(person));
            let evidence = self.registry.evidence_of_registered(people)?;
            let mut watched = Vec::new();
            for (&id, registered) in people.iter().zip(evidence) {
                let Some((person, evidence)) = registered else {
                    self.remove(id);
                    continue;
                };
                self.put(id, &evidence);
                self.tables.colours.set_holder(id, PackedHolder::of(&person.personal));
                if self.tables.colours.standing(id).colour > Colour::Green {
                    watched.push(person);
                }
            }
            self.place_in_queues(watched)?;
        }
        Ok(())
    }

    fn remove(&self, person: PersonId) {
        self.tables.colours.remove(person);
        self.tables.districts.remove(person);
    }

    fn put(&self, person: PersonId, evidence: &Evidence) {
        let now = clock::now();
        let published = self.tables.policies.in_force();
        let judgement = published.policy.judge(evidence, now);
        if let Some(at) = judgement.changes_at {
            lock(&self.schedule.times).insert((at, person));
        }
        let before = self.tables.colours.standing(person).colour;
        self.tables.colours.put(person, judgement.standing);
        let colour = judgement.standing.colour;
        if colour > Colour::Green {
            let since = published.policy.colour_since(evidence, now);
            self.tables.districts.put(person, BegunColour { colour, since });
        } else {
            self.tables.districts.remove(person);
        }
        self.note_turn(person, before, colour);
    }

    fn judge_by(&self, evidence: &Evidence) -> Judgement {
        self.tables.policies.in_force().policy.judge(evidence, clock::now())
    }

    /// The judgement of the pack in force about a person now.
    pub(in crate::office) fn judge(&self, person: PersonId) -> Result<Judgement, RegistryError> {
        Ok(self.judge_by(&self.registry.evidence_of(person)?))
    }

    /// Recolours every person under the pack in force. People with evidence come first, so none of them keeps
    /// a colour that the pack denies. The others have no evidence but, where that counts, the registration.
    /// People who are not registered are removed.
    pub(in crate::office) fn recolour_all(&self) -> Result<(), RegistryError> {
        let _full_run = lock(&self.schedule.full_run);
        *lock(&self.schedule.recoloured_singly) = Some(HashSet::new());
        let recoloured = self.recolour_each();
        *lock(&self.schedule.recoloured_singly) = None;
        recoloured
    }

    fn recolour_each(&self) -> Result<(), RegistryError> {
        // At a start the table serves no scans yet.
        let is_serving = self.tables.colours.is_loaded();
        let mut throttle = if is_serving { CpuThrottle::on() } else { CpuThrottle::off() };
        let unless_noted = |person: PersonId, put: &dyn Fn()| {
            let _locked = lock(&self.schedule.shards[RecolourSchedule::shard(person)]);
            if !self.schedule.is_noted(person) {
                put();
            }
        };
        let mut with_evidence = HashSet::new();
        let records = self.records_for(&self.tables.policies.in_force().policy)?;
        self.registry.evidence(|person, evidence| {
            with_evidence.insert(person);
            let evidence = records.with(evidence, person);
            unless_noted(person, &|| self.put(person, &evidence));
            throttle.pause();
        })?;
        let without = Evidence::default();
        let standing = self.judge_by(&without).standing;
        let (mut gone, mut registered) = (with_evidence.clone(), 0);
        self.registry.people(|person| {
            gone.remove(&person);
            registered += 1;
            if !with_evidence.contains(&person) {
                unless_noted(person, &|| match records.with(&without, person) {
                    Cow::Owned(evidence) => self.put(person, &evidence),
                    Cow::Borrowed(_) => self.tables.colours.put(person, standing),
                });
            }
            throttle.pause();
        })?;
        // Every registered person is in the table now. It has more entries only if someone was erased.
        if self.tables.colours.len() > registered {
            gone.extend(self.not_registered(&mut throttle)?);
        }
        for person in gone {
            unless_noted(person, &|| self.remove(person));
            throttle.pause();
        }
        self.place_all(&mut throttle)
    }

    /// Puts every red and yellow person into the queue of the district.
    fn place_all(&self, throttle: &mut CpuThrottle) -> Result<(), RegistryError> {
        let everybody = self.tables.colours.all();
        let watched = everybody.filter(|(_, packed)| packed.standing().colour > Colour::Green);
        let watched: Vec<PersonId> = watched.map(|(person, _)| person).collect();
        for people in watched.chunks(PEOPLE_AT_ONCE) {
            let _locked = self.schedule.lock_shards(people);
            self.place_in_queues(self.registry.persons(people)?.into_iter().flatten().collect())?;
            throttle.pause();
        }
        self.tables.districts.set_complete();
        Ok(())
    }

    /// Loads what terminals' staff compare with documents, for people who have an entry in the table.
    pub(super) fn load_holders(&self) -> Result<(), RegistryError> {
        self.registry.everybody(|Person { id, personal, .. }| {
            self.tables.colours.set_holder(id, PackedHolder::of(&personal));
        })
    }

    /// What counts in a pack beside facts and reports.
    pub(in crate::office) fn records_for(&self, policy: &Policy) -> Result<PeopleRecords, RegistryError> {
        let registered =
            if policy.expects_reports() { self.registry.registrations()? } else { HashMap::new() };
        let unapproved = self.registry.unapproved(None, usize::MAX, |_| true)?.into_iter();
        let reviews = unapproved.map(|(person, review)| (person.id, review)).collect();
        Ok(PeopleRecords { registered, reviews })
    }

    /// The people in the table who are not registered.
    fn not_registered(&self, throttle: &mut CpuThrottle) -> Result<Vec<PersonId>, RegistryError> {
        let everybody: Vec<PersonId> = self.tables.colours.all().map(|(person, _)| person).collect();
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

/// What counts for people beside facts and reports, where it counts at all.
pub(in crate::office) struct PeopleRecords {
    /// When each person registered, if that counts.
    pub(in crate::office) registered: HashMap<PersonId, Timestamp>,
    /// The reviews of the people whose application was not approved.
    reviews: HashMap<PersonId, Review>,
}

impl PeopleRecords {
    /// A person's evidence with registration and review.
    pub(in crate::office) fn with<'a>(&self, evidence: &'a Evidence, person: PersonId) -> Cow<'a, Evidence> {
        match (self.registered.get(&person), self.reviews.get(&person)) {
            (None, None) => Cow::Borrowed(evidence),
            (registered, review) => Cow::Owned(Evidence {
                registered: registered.copied(),
                review: review.cloned(),
                ..evidence.clone()
            }),
        }
    }
}

/// Recolours people when their time comes, for as long as the gateway runs.
pub async fn recolour_when_due(office: Arc<Office>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let office = Arc::clone(&office);
        // The panic was logged in `blocking`; the next tick recolours the rest.
        let _ = crate::office::blocking(move || recolour_due(&office)).await;
    }
}

/// Recolours people whom a door measured with a fever, for as long as the gateway runs.
pub async fn recolour_feverish(office: Arc<Office>, mut feverish: Receiver<Vec<PersonId>>) {
    while let Some(people) = feverish.recv().await {
        let office = Arc::clone(&office);
        let recoloured = crate::office::blocking(move || {
            let later = clock::now().plus_ms(DUE_PAUSE_MS);
            if let Err(error) = office.recolour(&people) {
                tracing::warn!(event = "fevers-unapplied", %error, "people with a fever at a door were not recoloured; trying again");
                lock(&office.schedule.times).extend(people.into_iter().map(|person| (later, person)));
            }
        });
        // The panic was logged in `blocking`; the next list is independent.
        let _ = recoloured.await;
    }
}

fn recolour_due(office: &Office) {
    let due = office.schedule.take(clock::now());
    if let Err(error) = office.recolour(&due) {
        tracing::warn!(event = "standings-uncomputed", %error, people = due.len(), "due standings were not computed; trying again");
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
