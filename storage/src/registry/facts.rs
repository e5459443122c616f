//! Facts, by person and then fact. A withdrawn fact stays on record.

use super::{Registry, RegistryError, Result, draw, number, pack, unpack};
use fjall::OwnedWriteBatch;
use scangate_core::fact::{Fact, Force};
use scangate_core::id::{FactId, PersonId};

const TABLE: &str = "facts";

fn key(person: PersonId, fact: FactId) -> [u8; 16] {
    (u128::from(person.0) << 64 | u128::from(fact.0)).to_be_bytes()
}

impl Registry {
    /// An id that no fact has.
    pub fn draw_fact_id(&self) -> Result<FactId> {
        draw(&self.0.fact_owners).map(FactId)
    }

    /// Adds facts, all or none. **Cost**: one sync for all.
    pub fn add_facts(&self, facts: &[Fact]) -> Result<()> {
        let mut batch = self.batch();
        for fact in facts {
            batch.insert(&self.0.facts, key(fact.person, fact.id), pack(fact));
            batch.insert(&self.0.fact_owners, fact.id.0.to_be_bytes(), fact.person.0.to_be_bytes());
        }
        Ok(batch.commit()?)
    }

    /// A fact by id.
    pub fn fact(&self, id: FactId) -> Result<Option<Fact>> {
        let Some(person) = self.0.fact_owners.get(id.0.to_be_bytes())? else { return Ok(None) };
        let person = PersonId(number("fact owners", &person)?);
        self.0.facts.get(key(person, id))?.map(|value| unpack(TABLE, &value)).transpose()
    }

    /// All facts about somebody, withdrawn ones too.
    pub fn facts_of(&self, person: PersonId) -> Result<Vec<Fact>> {
        let facts = self.0.facts.prefix(person.0.to_be_bytes());
        facts.map(|entry| unpack(TABLE, &entry.value()?)).collect()
    }

    /// Withdraws a fact; none where there is no such fact. What was withdrawn before keeps its first reason.
    pub fn withdraw_fact(&self, id: FactId, reason: String) -> Result<Option<Fact>> {
        let _writing = self.writing();
        let Some(mut fact) = self.fact(id)? else { return Ok(None) };
        if fact.force == Force::InForce {
            fact.force = Force::Withdrawn(reason);
            self.add_facts(std::slice::from_ref(&fact))?;
        }
        Ok(Some(fact))
    }

    pub(super) fn remove_fact(&self, batch: &mut OwnedWriteBatch, fact: &Fact) {
        batch.remove(&self.0.facts, key(fact.person, fact.id));
        batch.remove(&self.0.fact_owners, fact.id.0.to_be_bytes());
    }

    /// Everybody who has facts, with them.
    pub fn facts(&self, mut each: impl FnMut(PersonId, &[Fact])) -> Result<()> {
        let mut run: Vec<Fact> = Vec::new();
        for entry in self.0.facts.iter() {
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
