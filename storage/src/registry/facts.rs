//! Facts, by person and then fact. A withdrawn fact stays on record: its withdrawal is a row of its own behind
//! it, so that nothing that was written is ever written over.

use super::changes::Change;
use super::rows::{Key, Row, Table, Unit};
use super::{Registry, RegistryError, Result, draw, number, pack, unpack};
use scangate_core::fact::{Fact, Force};
use scangate_core::id::{FactId, PersonId};
use std::collections::BTreeSet;

/// The byte that a withdrawal's key has behind its fact's.
const WITHDRAWAL: u8 = 1;
const FACT_KEY_BYTES: usize = 16;

fn key(person: PersonId, fact: FactId) -> [u8; FACT_KEY_BYTES] {
    (u128::from(person.0) << 64 | u128::from(fact.0)).to_be_bytes()
}

fn withdrawal_key(person: PersonId, fact: FactId) -> Vec<u8> {
    [&key(person, fact)[..], &[WITHDRAWAL]].concat()
}

/// Puts the facts of one person together from rows that come in order.
#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        if key.len() == FACT_KEY_BYTES {
            self.0.push(unpack(Table::Facts, value)?);
        } else if let Some(fact) = self.0.last_mut() {
            fact.force = Force::Withdrawn(unpack(Table::Facts, value)?);
        }
        Ok(())
    }
}

impl Registry {
    /// An id for a fact.
    pub fn draw_fact_id(&self) -> Result<FactId> {
        draw().map(FactId)
    }

    /// Adds facts. In an embedded store all are added or none, by one sync; on a cluster each fact wholly or not
    /// at all.
    pub fn add_facts(&self, facts: &[Fact]) -> Result<()> {
        let units = facts.iter().map(|fact| {
            let fact_row = Row::new(Table::Facts, key(fact.person, fact.id), pack(fact));
            let owner = Row::new(Table::FactOwners, fact.id.0.to_be_bytes(), fact.person.0.to_be_bytes());
            vec![fact_row, owner].into()
        });
        let units: Vec<Unit> = units.collect();
        let people: BTreeSet<PersonId> = facts.iter().map(|fact| fact.person).collect();
        let changes: Vec<Change> = people.into_iter().map(Change::Person).collect();
        self.telling(&changes, || self.rows().write(&units))
    }

    /// A fact by id.
    pub fn fact(&self, id: FactId) -> Result<Option<Fact>> {
        let Some(person) = self.get(Table::FactOwners, &id.0.to_be_bytes())? else { return Ok(None) };
        let person = PersonId(number(Table::FactOwners, &person)?);
        Ok(self.facts_of(person)?.into_iter().find(|fact| fact.id == id))
    }

    /// All facts about somebody, withdrawn ones too.
    pub fn facts_of(&self, person: PersonId) -> Result<Vec<Fact>> {
        Ok(self.facts_of_each(&[person])?.pop().unwrap_or_default())
    }

    fn facts_of_each(&self, people: &[PersonId]) -> Result<Vec<Vec<Fact>>> {
        let groups: Vec<Key> = people.iter().map(|person| person.0.to_be_bytes().to_vec()).collect();
        let mut facts: Vec<Facts> = people.iter().map(|_| Facts::default()).collect();
        self.rows().groups(Table::Facts, &groups, &mut |at, key, value| facts[at].take(key, value))?;
        Ok(facts.into_iter().map(|facts| facts.0).collect())
    }

    /// What people's standings are made of: their facts, none for who is not registered.
    pub fn standings_of(&self, people: &[PersonId]) -> Result<Vec<Option<Vec<Fact>>>> {
        let registered = self.are_registered(people)?;
        let facts = self.facts_of_each(people)?.into_iter();
        Ok(facts.zip(registered).map(|(facts, is_registered)| is_registered.then_some(facts)).collect())
    }

    /// Withdraws a fact; none where there is no such fact. What was withdrawn before keeps its first reason.
    pub fn withdraw_fact(&self, id: FactId, reason: String) -> Result<Option<Fact>> {
        let Some(mut fact) = self.fact(id)? else { return Ok(None) };
        if fact.force == Force::InForce {
            let row = Row::new(Table::Facts, withdrawal_key(fact.person, id), pack(&reason));
            let first = self.telling(&[Change::Person(fact.person)], || self.claim(row))?;
            let first = first.map(|value| unpack(Table::Facts, &value)).transpose()?;
            fact.force = Force::Withdrawn(first.unwrap_or(reason));
        }
        Ok(Some(fact))
    }

    /// The rows of a fact, to be removed.
    pub(super) fn rows_of_fact(fact: &Fact) -> [(Table, Vec<u8>); 3] {
        [
            (Table::Facts, key(fact.person, fact.id).to_vec()),
            (Table::Facts, withdrawal_key(fact.person, fact.id)),
            (Table::FactOwners, fact.id.0.to_be_bytes().to_vec()),
        ]
    }

    /// Everybody who has facts, with them.
    pub fn facts(&self, mut each: impl FnMut(PersonId, &[Fact])) -> Result<()> {
        let mut run = Facts::default();
        self.rows().all(Table::Facts, &mut |key, value| {
            let person = key.first_chunk().map(|id| PersonId(u64::from_be_bytes(*id)));
            let person = person.ok_or(RegistryError::Damaged(Table::Facts.name()))?;
            if let Some(first) = run.0.first().filter(|first| first.person != person) {
                each(first.person, &run.0);
                run.0.clear();
            }
            run.take(key, value)
        })?;
        if let Some(first) = run.0.first() {
            each(first.person, &run.0);
        }
        Ok(())
    }
}
