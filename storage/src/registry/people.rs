//! People: who is registered, found by id or by document.

use super::write::Write;
use super::{Registry, RegistryError, Result, draw, number, unpack};
use scangate_core::id::PersonId;
use scangate_core::person::Personal;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const TABLE: &str = "people";

/// Somebody registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// Under which kid the person's key was given out last.
    pub kid: u8,
    /// Since when.
    pub registered: Timestamp,
    /// Name, phone, document.
    pub personal: Personal,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Who it is.
    pub person: PersonId,
    /// The kid of the person's key.
    pub kid: u8,
    /// Whether the document was not known before.
    pub is_new: bool,
}

#[derive(Serialize, Deserialize)]
struct Row {
    registered: Timestamp,
    personal: Personal,
}

impl Registry {
    /// Registers people, in order, all or none. One document is one person, also within the list. **Cost**:
    /// one sync for all.
    pub fn register(&self, people: &[Personal], kid: u8, now: Timestamp) -> Result<Vec<Registered>> {
        let mut write = self.write()?;
        let mut fresh = HashMap::new();
        let mut registered = Vec::with_capacity(people.len());
        for personal in people {
            let document = self.0.documents_by.key(&personal.document);
            let known = fresh.get(&document).copied();
            if let Some(known) = known.map_or_else(|| self.known(&document), |known| Ok(Some(known)))? {
                registered.push(Registered { is_new: false, ..known });
                continue;
            }
            let new = Registered { person: PersonId(draw(&self.tables()?.people)?), kid, is_new: true };
            self.put(&mut write, new.person, kid, &Row { registered: now, personal: personal.clone() })?;
            write.batch.insert(&write.tables.documents, document, new.person.0.to_be_bytes());
            fresh.insert(document, new);
            registered.push(new);
        }
        write.commit()?;
        Ok(registered)
    }

    fn known(&self, document: &[u8; 32]) -> Result<Option<Registered>> {
        let Some(id) = self.tables()?.documents.get(document)? else { return Ok(None) };
        let id = number("documents", &id)?;
        let row = self.tables()?.people.get(id.to_be_bytes())?.ok_or(RegistryError::Damaged("documents"))?;
        let kid = *row.first().ok_or(RegistryError::Damaged(TABLE))?;
        Ok(Some(Registered { person: PersonId(id), kid, is_new: false }))
    }

    /// A row is the kid and the sealed rest.
    fn put(&self, write: &mut Write<'_>, id: PersonId, kid: u8, row: &Row) -> Result<()> {
        let mut value = vec![kid];
        value.extend(self.0.seal.seal(id.0, super::pack(row))?);
        write.batch.insert(&write.tables.people, id.0.to_be_bytes(), value);
        Ok(())
    }

    /// Somebody by id.
    pub fn person(&self, id: PersonId) -> Result<Option<Person>> {
        let Some(value) = self.tables()?.people.get(id.0.to_be_bytes())? else { return Ok(None) };
        let (&kid, sealed) = value.split_first().ok_or(RegistryError::Damaged(TABLE))?;
        let Row { registered, personal } = unpack(TABLE, &self.0.seal.open(id.0, sealed)?)?;
        Ok(Some(Person { id, kid, registered, personal }))
    }

    /// Whether somebody of this id is registered. **Cost**: a point read; nothing is decrypted.
    pub fn is_registered(&self, id: PersonId) -> Result<bool> {
        Ok(self.tables()?.people.contains_key(id.0.to_be_bytes())?)
    }

    /// Changes name, phone or document; none for who is not registered.
    pub fn change_person(&self, id: PersonId, change: impl FnOnce(&mut Personal)) -> Result<Option<Person>> {
        let mut write = self.write()?;
        let Some(mut person) = self.person(id)? else { return Ok(None) };
        let before = self.0.documents_by.key(&person.personal.document);
        change(&mut person.personal);
        let after = self.0.documents_by.key(&person.personal.document);
        write.batch.remove(&write.tables.documents, before);
        write.batch.insert(&write.tables.documents, after, id.0.to_be_bytes());
        let row = Row { registered: person.registered, personal: person.personal.clone() };
        self.put(&mut write, id, person.kid, &row)?;
        write.commit()?;
        Ok(Some(person))
    }

    /// Erases somebody: row, document and facts. The audit and closed cases keep the id alone. Returns
    /// whether there was one.
    pub fn erase_person(&self, id: PersonId) -> Result<bool> {
        let mut write = self.write()?;
        let Some(person) = self.person(id)? else { return Ok(false) };
        write.batch.remove(&write.tables.people, id.0.to_be_bytes());
        write.batch.remove(&write.tables.documents, self.0.documents_by.key(&person.personal.document));
        for fact in self.facts_of(id)? {
            Self::remove_fact(&mut write, &fact);
        }
        write.commit()?;
        Ok(true)
    }

    /// Everybody's id, for loading the colour table. Nothing is decrypted.
    pub fn people(&self, mut each: impl FnMut(PersonId)) -> Result<()> {
        for entry in self.tables()?.people.iter() {
            each(PersonId(number(TABLE, &entry.key()?)?));
        }
        Ok(())
    }
}
