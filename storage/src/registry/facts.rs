//! Facts, by person and then fact. A withdrawn fact stays on record.

use super::write::Write;
use super::{Registry, RegistryError, Result, draw, number, pack, unpack};
use scangate_core::fact::{Fact, Force};
use scangate_core::id::{FactId, PersonId};

const TABLE: &str = "facts";

fn key(person: PersonId, fact: FactId) -> [u8; 16] {
    (u128::from(person.0) << 64 | u128::from(fact.0)).to_be_bytes()
}

impl Registry {
    /// An id that no fact has.
    pub fn draw_fact_id(&self) -> Result<FactId> {
        draw(&self.tables()?.fact_owners).map(FactId)
    }

    /// Adds facts, all or none. **Cost**: one sync for all.
    pub fn add_facts(&self, facts: &[Fact]) -> Result<()> {
        let mut write = self.write()?;
        for fact in facts {
            write.batch.insert(&write.tables.facts, key(fact.person, fact.id), pack(fact));
            write.batch.insert(
                &write.tables.fact_owners,
                fact.id.0.to_be_bytes(),
                fact.person.0.to_be_bytes(),
            );
        }
        write.commit()
    }

    /// A fact by id.
    pub fn fact(&self, id: FactId) -> Result<Option<Fact>> {
        let Some(person) = self.tables()?.fact_owners.get(id.0.to_be_bytes())? else { return Ok(None) };
        let person = PersonId(number("fact owners", &person)?);
        self.tables()?.facts.get(key(person, id))?.map(|value| unpack(TABLE, &value)).transpose()
    }

    /// All facts about somebody, withdrawn ones too.
    pub fn facts_of(&self, person: PersonId) -> Result<Vec<Fact>> {
        let facts = self.tables()?.facts.prefix(person.0.to_be_bytes());
        facts.map(|entry| unpack(TABLE, &entry.value()?)).collect()
    }

    /// Withdraws a fact; none where there is no such fact. What was withdrawn before keeps its first reason.
    pub fn withdraw_fact(&self, id: FactId, reason: String) -> Result<Option<Fact>> {
        let mut write = self.write()?;
        let Some(mut fact) = self.fact(id)? else { return Ok(None) };
        if fact.force == Force::InForce {
            fact.force = Force::Withdrawn(reason);
            write.batch.insert(&write.tables.facts, key(fact.person, fact.id), pack(&fact));
            write.commit()?;
        }
        Ok(Some(fact))
    }

    pub(super) fn remove_fact(write: &mut Write<'_>, fact: &Fact) {
        write.batch.remove(&write.tables.facts, key(fact.person, fact.id));
        write.batch.remove(&write.tables.fact_owners, fact.id.0.to_be_bytes());
    }

    /// Everybody who has facts, with them.
    pub fn facts(&self, mut each: impl FnMut(PersonId, &[Fact])) -> Result<()> {
        let mut run: Vec<Fact> = Vec::new();
        for entry in self.tables()?.facts.iter() {
            let (key, value) = entry.into_inner()?;
            let person = key.first_chunk().map(|id| PersonId(u64::from_be_bytes(*id)));
            let person = person.ok_or(RegistryError::Damaged(TABLE))?;
            if let Some(first) = run.first().filter(|first| first.person != person) {
                each(first.person, &run);
                run.clear();
            }
            run.push(unpack(TABLE, &value)?);
        }
        if let Some(first) = run.first() {
            each(first.person, &run);
        }
        Ok(())
    }
}
