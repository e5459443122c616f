//! Facts and daily reports: the evidence by which colours are judged. Rows are grouped by person, so one
//! slice returns all of a person's evidence. A withdrawn fact stays on record: its withdrawal is another row
//! behind it, so no row is ever overwritten. Reports of one identity (see [`FactIdentity`]) are one fact.
//!
//! **Shape** of a key: person (8), fact (8); a byte more for the fact's withdrawal; person (8), local day (4)
//! for a report. A withdrawal is an object of reason and time, or a reason alone.

mod held_lists;
mod upstream;

pub use held_lists::{HeldList, HeldListKind, NewHeldList};
pub use upstream::Upstream;

use super::changes::Change;
use super::rows::{RegistryTable, Row, RowKey, WriteUnit};
use super::{Person, Registry, RegistryError, Result, number, pack, unpack};
use scangate_core::evidence::Evidence;
use scangate_core::fact::{Fact, FactIdentity, Force, Withdrawal};
use scangate_core::id::{FactId, PersonId};
use scangate_core::report::Report;
use scangate_core::time::Timestamp;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// The byte that a withdrawal's key has behind its fact's.
const WITHDRAWAL: u8 = 1;
const FACT_KEY_BYTES: usize = 16;
const REPORT_KEY_BYTES: usize = 12;

fn key(person: PersonId, fact: FactId) -> [u8; FACT_KEY_BYTES] {
    (u128::from(person.0) << 64 | u128::from(fact.0)).to_be_bytes()
}

fn withdrawal_key(person: PersonId, fact: FactId) -> Vec<u8> {
    [&key(person, fact)[..], &[WITHDRAWAL]].concat()
}

fn report_key(person: PersonId, day: u32) -> Vec<u8> {
    [&person.0.to_be_bytes()[..], &day.to_be_bytes()].concat()
}

/// The kind of an evidence row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EvidenceKind {
    Fact,
    Withdrawal,
    DailyReport,
}

/// The kind of a row, by the length of its key.
pub(super) fn evidence_kind(key: &[u8]) -> EvidenceKind {
    match key.len() {
        FACT_KEY_BYTES => EvidenceKind::Fact,
        REPORT_KEY_BYTES => EvidenceKind::DailyReport,
        _ => EvidenceKind::Withdrawal,
    }
}

/// Builds the evidence about one person from rows in key order.
#[derive(Default)]
struct EvidenceBuilder(Evidence);

impl EvidenceBuilder {
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let Evidence { facts, reports, .. } = &mut self.0;
        match evidence_kind(key) {
            EvidenceKind::Fact => facts.push(unpack(RegistryTable::Facts, value)?),
            EvidenceKind::DailyReport => reports.push(unpack::<Report>(RegistryTable::Facts, value)?.at),
            EvidenceKind::Withdrawal => {
                if let Some(fact) = facts.last_mut() {
                    fact.force = Force::Withdrawn(unpack(RegistryTable::Facts, value)?);
                }
            }
        }
        Ok(())
    }
}

/// The answer to the report of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedFact {
    /// The id of the fact on record.
    pub id: FactId,
    /// Whether this report put the fact on record.
    pub report: FactReport,
}

/// How the report of a fact relates to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactReport {
    /// It is the first report, and put the fact on record.
    First,
    /// It repeats the fact on record, which may have been withdrawn since.
    Repeated,
    /// It repeats the fact on record, but says something else about its end or the fields of its kind. The
    /// record stays as it is.
    Differing,
}

impl Registry {
    /// Records facts, each once: a fact that is on record, or that an earlier one of the list repeats, is not
    /// written, and its answer has the id on record. An embedded store records all or none, with one sync.
    /// **Errors**: on a cluster some may have been recorded; a repeated call completes the rest.
    pub fn record_facts(&self, facts: &[Fact]) -> Result<Vec<RecordedFact>> {
        let recorded = self.match_facts(facts)?;
        let new = facts.iter().zip(&recorded).filter(|(_, recorded)| recorded.report == FactReport::First);
        self.add_facts(&new.map(|(fact, _)| fact).collect::<Vec<_>>())?;
        Ok(recorded)
    }

    /// The answer that [`Registry::record_facts`] would give. Nothing is written. **Cost**: reads the
    /// evidence about each person, because facts of earlier versions have random ids.
    pub fn match_facts(&self, facts: &[Fact]) -> Result<Vec<RecordedFact>> {
        let people: BTreeSet<PersonId> = facts.iter().map(|fact| fact.person).collect();
        let evidence = self.evidence_of_each(&people.into_iter().collect::<Vec<_>>())?;
        let (in_force, withdrawn): (Vec<&Fact>, Vec<&Fact>) = evidence
            .iter()
            .flat_map(|evidence| &evidence.facts)
            .partition(|fact| fact.force == Force::InForce);
        let mut known: HashMap<FactIdentity<'_>, &Fact> = HashMap::new();
        for fact in in_force.into_iter().chain(withdrawn) {
            known.entry(fact.identity()).or_insert(fact);
        }
        let report = |fact| match known.entry(Fact::identity(fact)) {
            Entry::Vacant(entry) => {
                entry.insert(fact);
                RecordedFact { id: fact.id, report: FactReport::First }
            }
            Entry::Occupied(entry) => {
                let is_same = entry.get().says_the_same(fact);
                let report = if is_same { FactReport::Repeated } else { FactReport::Differing };
                RecordedFact { id: entry.get().id, report }
            }
        };
        Ok(facts.iter().map(report).collect())
    }

    pub(super) fn add_facts(&self, facts: &[&Fact]) -> Result<()> {
        let units = facts.iter().map(|fact| {
            let owner =
                Row::new(RegistryTable::FactOwners, fact.id.0.to_be_bytes(), fact.person.0.to_be_bytes());
            let fact_row = Row::new(RegistryTable::Facts, key(fact.person, fact.id), pack(fact));
            // No reader finds an owner without its fact. A fact without its owner could not be withdrawn.
            vec![owner, fact_row].into()
        });
        let units: Vec<WriteUnit> = units.collect();
        let people: BTreeSet<PersonId> = facts.iter().map(|fact| fact.person).collect();
        let changes: Vec<Change> = people.into_iter().map(Change::Person).collect();
        self.announcing(&changes, || self.rows().write(&units))
    }

    /// A fact by id.
    pub fn fact(&self, id: FactId) -> Result<Option<Fact>> {
        let Some(person) = self.get(RegistryTable::FactOwners, &id.0.to_be_bytes())? else { return Ok(None) };
        let person = PersonId(number(RegistryTable::FactOwners, &person)?);
        Ok(self.facts_of(person)?.into_iter().find(|fact| fact.id == id))
    }

    /// All facts about a person, including withdrawn ones.
    pub fn facts_of(&self, person: PersonId) -> Result<Vec<Fact>> {
        Ok(self.evidence_of(person)?.facts)
    }

    /// All evidence about a person.
    pub fn evidence_of(&self, person: PersonId) -> Result<Evidence> {
        let mut evidence = self.evidence_of_each(&[person])?.pop().unwrap_or_default();
        let person = self.person(person)?;
        evidence.registered = person.as_ref().map(|person| person.registered);
        evidence.review = person.and_then(|person| person.review);
        Ok(evidence)
    }

    fn evidence_of_each(&self, people: &[PersonId]) -> Result<Vec<Evidence>> {
        let groups: Vec<RowKey> = people.iter().map(|person| person.0.to_be_bytes().to_vec()).collect();
        let mut gathered: Vec<EvidenceBuilder> = people.iter().map(|_| EvidenceBuilder::default()).collect();
        self.rows()
            .groups(RegistryTable::Facts, &groups, &mut |at, key, value| gathered[at].take(key, value))?;
        Ok(gathered.into_iter().map(|gathered| gathered.0).collect())
    }

    /// The evidence about each person; none for an id that is not registered.
    pub fn evidence_of_registered(&self, people: &[PersonId]) -> Result<Vec<Option<(Person, Evidence)>>> {
        let registered = self.persons(people)?;
        let evidence = self.evidence_of_each(people)?.into_iter();
        let of = |(evidence, person): (Evidence, Option<Person>)| {
            let person = person?;
            let (registered, review) = (Some(person.registered), person.review.clone());
            let evidence = Evidence { registered, review, ..evidence };
            Some((person, evidence))
        };
        Ok(evidence.zip(registered).map(of).collect())
    }

    /// Adds a report of a local day, unless the day has one. Returns whether this report counts.
    pub fn add_report(&self, person: PersonId, day: u32, report: &Report) -> Result<bool> {
        let row = Row::new(RegistryTable::Facts, report_key(person, day), pack(report));
        Ok(self.announcing(&[Change::Person(person)], || self.claim(row))?.is_none())
    }

    /// A person's reports, earliest day first.
    pub fn reports_of(&self, person: PersonId) -> Result<Vec<Report>> {
        let mut reports = Vec::new();
        self.rows().groups(
            RegistryTable::Facts,
            &[person.0.to_be_bytes().to_vec()],
            &mut |_, key, value| {
                if evidence_kind(key) == EvidenceKind::DailyReport {
                    reports.push(unpack(RegistryTable::Facts, value)?);
                }
                Ok(())
            },
        )?;
        reports.sort_unstable_by_key(|report: &Report| report.at);
        Ok(reports)
    }

    /// Withdraws a fact; none where the fact does not exist. A repeated withdrawal keeps the first reason and
    /// time. Earlier versions could put a fact on record several times: one withdrawal withdraws all of them.
    pub fn withdraw_fact(&self, id: FactId, reason: String, now: Timestamp) -> Result<Option<Fact>> {
        let Some(fact) = self.fact(id)? else { return Ok(None) };
        let mut same = self.facts_of(fact.person)?;
        same.retain(|other| other.identity() == fact.identity());
        let withdrawal = Withdrawal { reason, at: Some(now) };
        let in_force = same.iter().filter(|fact| fact.force == Force::InForce);
        let key = |fact: &Fact| withdrawal_key(fact.person, fact.id);
        let rows = in_force.map(|fact| Row::new(RegistryTable::Facts, key(fact), pack(&withdrawal)));
        let rows: Vec<Row> = rows.collect();
        if !rows.is_empty() {
            self.announcing(&[Change::Person(fact.person)], || self.rows().claim(&rows))?;
        }
        self.fact(id)
    }

    /// Every evidence row about a person, for removal: the owners first, because only the facts lead to them.
    pub(super) fn evidence_rows(&self, person: PersonId) -> Result<Vec<(RegistryTable, RowKey)>> {
        let (mut owners, mut rows) = (Vec::new(), Vec::new());
        self.rows().groups(RegistryTable::Facts, &[person.0.to_be_bytes().to_vec()], &mut |_, key, _| {
            rows.push((RegistryTable::Facts, key.to_vec()));
            if evidence_kind(key) == EvidenceKind::Fact {
                owners.push((RegistryTable::FactOwners, key[8..].to_vec()));
            }
            Ok(())
        })?;
        owners.append(&mut rows);
        Ok(owners)
    }

    /// Visits every person who has facts or reports, with these. Registration and review are left out: see
    /// [`Registry::registrations`] and [`Registry::unapproved`].
    pub fn evidence(&self, mut each: impl FnMut(PersonId, &Evidence)) -> Result<()> {
        let mut run: Option<(PersonId, EvidenceBuilder)> = None;
        self.rows().all(RegistryTable::Facts, &mut |key, value| {
            let person = key.first_chunk().map(|id| PersonId(u64::from_be_bytes(*id)));
            let person = person.ok_or(RegistryError::Damaged(RegistryTable::Facts.name()))?;
            if let Some((before, gathered)) = run.take_if(|(before, _)| *before != person) {
                each(before, &gathered.0);
            }
            run.get_or_insert_with(|| (person, EvidenceBuilder::default())).1.take(key, value)
        })?;
        if let Some((last, gathered)) = run {
            each(last, &gathered.0);
        }
        Ok(())
    }
}
