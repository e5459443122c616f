//! People: registered persons, found by id or by document.

use super::answers::ANSWER_MS;
use super::changes::Change;
use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, RegistryError, Result, draw, number, pack, unpack};
use scangate_core::id::PersonId;
use scangate_core::person::{Document, Personal, PersonalChange};
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// A registered person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's id.
    pub id: PersonId,
    /// The kid of the person's last issued key.
    pub kid: u8,
    /// The time of registration.
    pub registered: Timestamp,
    /// Whether the person proved, by a code or a face, possession of the registered phone.
    pub proven: bool,
    /// The name, phone, document, class and district.
    pub personal: Personal,
    /// The last contact of the district's office with the person.
    pub contact: Option<DistrictContact>,
}

/// A contact of a district's office with a person who is not green.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistrictContact {
    /// The time of the contact.
    pub at: Timestamp,
    /// The office, by the subject of its token.
    pub by: String,
    /// The office's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The time at which the colour began that the contact was about.
    pub since: Timestamp,
}

impl DistrictContact {
    /// Whether it is about the colour that began at this time. A colour that began later is another one.
    #[must_use]
    pub fn is_about(&self, since: Timestamp) -> bool {
        self.since >= since
    }
}

/// The result of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredPerson {
    /// The person's id.
    pub person: PersonId,
    /// The kid of the person's key.
    pub kid: u8,
    /// Whether the document was unknown before, or registered by an earlier try of the same request.
    pub is_new: bool,
}

#[derive(Serialize, Deserialize)]
struct SealedFields {
    registered: Timestamp,
    /// The request with an idempotency key that registered the person, until the fields change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<[u8; 16]>,
    #[serde(default)]
    proven: bool,
    personal: Personal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<DistrictContact>,
}

impl SealedFields {
    /// The fields of a person who registers now.
    fn new(personal: &Personal, proven: bool, request: Option<[u8; 16]>, registered: Timestamp) -> Self {
        Self { registered, request, proven, personal: personal.clone(), contact: None }
    }

    /// The fields of a person whose row changes.
    fn of(person: &Person) -> Self {
        let Person { registered, proven, personal, contact, .. } = person.clone();
        Self { registered, request: None, proven, personal, contact }
    }
}

impl Registry {
    /// Registers people, in order. One document is one person, also within the list and across concurrent
    /// gateways. **Errors**: some may have been registered; repeating the list finds them as known.
    pub fn register(&self, people: &[Personal], kid: u8, now: Timestamp) -> Result<Vec<RegisteredPerson>> {
        let request = self.1.request();
        self.enter(people, kid, |one| SealedFields::new(one, false, request, now))
    }

    /// Registers people who proved possession of their phones. A person who is known already stays unchanged.
    pub fn register_proven(
        &self,
        people: &[Personal],
        kid: u8,
        now: Timestamp,
    ) -> Result<Vec<RegisteredPerson>> {
        let request = self.1.request();
        self.enter(people, kid, |one| SealedFields::new(one, true, request, now))
    }

    /// Claims each document for a random id first, then the id for its person. A registration that finds a
    /// document without its person completes the interrupted one.
    fn enter(
        &self,
        people: &[Personal],
        kid: u8,
        fields: impl Fn(&Personal) -> SealedFields,
    ) -> Result<Vec<RegisteredPerson>> {
        let documents: Vec<_> = people.iter().map(|one| self.0.documents_by.key(&one.document)).collect();
        let mut first: HashMap<[u8; 32], usize> = HashMap::new();
        for (at, document) in documents.iter().enumerate() {
            first.entry(*document).or_insert(at);
        }
        let mut firsts: Vec<usize> = first.values().copied().collect();
        firsts.sort_unstable();
        let ids = self.claim_documents(firsts.iter().map(|&at| &documents[at]))?;
        let people = firsts.iter().map(|&at| &people[at]).zip(ids);
        let registered = self.claim_people(people.collect(), kid, fields)?;
        let of: HashMap<usize, RegisteredPerson> = firsts.into_iter().zip(registered).collect();
        let answer = documents.iter().enumerate().map(|(at, document)| {
            let first = first[document];
            RegisteredPerson { is_new: of[&first].is_new && first == at, ..of[&first] }
        });
        Ok(answer.collect())
    }

    /// The person of each document. A document that is unknown gets a new id.
    fn claim_documents<'a>(&self, documents: impl Iterator<Item = &'a [u8; 32]>) -> Result<Vec<PersonId>> {
        let rows =
            documents.map(|document| Ok(Row::new(RegistryTable::Documents, document, draw()?.to_be_bytes())));
        let rows = rows.collect::<Result<Vec<Row>>>()?;
        let found = self.rows().claim(&rows)?;
        let ids = rows
            .iter()
            .zip(found)
            .map(|(row, found)| number(RegistryTable::Documents, &found.unwrap_or(row.value.clone())));
        ids.map(|id| id.map(PersonId)).collect()
    }

    fn claim_people(
        &self,
        people: Vec<(&Personal, PersonId)>,
        kid: u8,
        fields: impl Fn(&Personal) -> SealedFields,
    ) -> Result<Vec<RegisteredPerson>> {
        let keys: Vec<RowKey> = people.iter().map(|(_, id)| id.0.to_be_bytes().to_vec()).collect();
        let mut known = self.rows().get(RegistryTable::People, &keys)?;
        let missing: Vec<usize> = (0..people.len()).filter(|&at| known[at].is_none()).collect();
        let rows = missing.iter().map(|&at| {
            let (personal, id) = people[at];
            Ok(Row::new(RegistryTable::People, &keys[at], self.sealed(id, kid, &fields(personal))?))
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let changes: Vec<Change> = missing.iter().map(|&at| Change::Person(people[at].1)).collect();
        let found = self.announcing(&changes, || self.rows().claim(&rows))?;
        for (&at, found) in missing.iter().zip(found) {
            known[at] = found;
        }
        let registered = people.iter().zip(known).map(|(&(personal, person), known)| match known {
            None => Ok(RegisteredPerson { person, kid, is_new: true }),
            Some(row) => {
                let kid = *row.first().ok_or(RegistryError::Damaged(RegistryTable::People.name()))?;
                Ok(RegisteredPerson {
                    person,
                    kid,
                    is_new: self.is_of_this_request(person, &row, &fields(personal))?,
                })
            }
        });
        registered.collect()
    }

    /// Whether this very request registered the person a short time ago: its first try lost its answer.
    fn is_of_this_request(&self, id: PersonId, value: &[u8], new: &SealedFields) -> Result<bool> {
        let (Some(_), Some((_, sealed))) = (new.request, value.split_first()) else { return Ok(false) };
        let known: SealedFields = unpack(RegistryTable::People, &self.0.seal.open(id.0, sealed)?)?;
        Ok(known.request == new.request && new.registered.since_ms(known.registered) < ANSWER_MS)
    }

    /// Encodes a row: the kid, then the sealed fields.
    fn sealed(&self, id: PersonId, kid: u8, fields: &SealedFields) -> Result<Vec<u8>> {
        Ok([vec![kid], self.0.seal.seal(id.0, pack(fields))?].concat())
    }

    fn opened(&self, id: PersonId, value: &[u8]) -> Result<Person> {
        let (&kid, sealed) =
            value.split_first().ok_or(RegistryError::Damaged(RegistryTable::People.name()))?;
        let SealedFields { registered, proven, personal, contact, .. } =
            unpack(RegistryTable::People, &self.0.seal.open(id.0, sealed)?)?;
        Ok(Person { id, kid, registered, proven, personal, contact })
    }

    /// A person by id.
    pub fn person(&self, id: PersonId) -> Result<Option<Person>> {
        Ok(self.persons(&[id])?.pop().flatten())
    }

    /// People by id; none for an id that is not registered. **Cost**: concurrent point reads.
    pub fn persons(&self, ids: &[PersonId]) -> Result<Vec<Option<Person>>> {
        let keys: Vec<RowKey> = ids.iter().map(|id| id.0.to_be_bytes().to_vec()).collect();
        let values = self.rows().get(RegistryTable::People, &keys)?;
        let persons = ids.iter().zip(values);
        persons.map(|(&id, value)| value.map(|value| self.opened(id, &value)).transpose()).collect()
    }

    /// The person registered under each document.
    pub fn people_by_document(&self, documents: &[&Document]) -> Result<Vec<Option<PersonId>>> {
        let keys: Vec<RowKey> =
            documents.iter().map(|document| self.0.documents_by.key(document).to_vec()).collect();
        let found = self.rows().get(RegistryTable::Documents, &keys)?.into_iter();
        let ids =
            found.map(|row| row.map(|id| number(RegistryTable::Documents, &id).map(PersonId)).transpose());
        ids.collect()
    }

    /// Whether the id is registered. **Cost**: a point read; nothing is decrypted.
    pub fn is_registered(&self, id: PersonId) -> Result<bool> {
        Ok(self.get(RegistryTable::People, &id.0.to_be_bytes())?.is_some())
    }

    /// Whether each id is registered. **Cost**: concurrent point reads.
    pub fn are_registered(&self, people: &[PersonId]) -> Result<Vec<bool>> {
        let keys: Vec<RowKey> = people.iter().map(|person| person.0.to_be_bytes().to_vec()).collect();
        Ok(self.rows().get(RegistryTable::People, &keys)?.iter().map(Option::is_some).collect())
    }

    /// Changes a person's registered fields; none where the id is not registered.
    pub fn change_person(&self, id: PersonId, change: &PersonalChange) -> Result<Option<Person>> {
        let changed = self.rewrite_person(id, |person| change.apply(&mut person.personal))?;
        Ok(changed.map(|(_, person)| person))
    }

    /// Registers a person again, after proof of holding the registered document: the fields are the new ones,
    /// and the key is under this kid. A person keeps the district if the new fields have none. Returns the
    /// person as it was before, `None` for an unknown id.
    pub fn replace_person(&self, id: PersonId, kid: u8, personal: &Personal) -> Result<Option<Person>> {
        let replaced = self.rewrite_person(id, |person| {
            let district = personal.district.clone().or_else(|| person.personal.district.take());
            person.personal = Personal { district, ..personal.clone() };
            (person.kid, person.proven) = (kid, true);
        })?;
        Ok(replaced.map(|(before, _)| before))
    }

    /// Records a district's contact with a person. The first contact about a colour counts.
    /// Returns the contact that counts; none where the id is not registered.
    pub fn record_contact(&self, id: PersonId, new: &DistrictContact) -> Result<Option<DistrictContact>> {
        let recorded = self.rewrite_person(id, |person| {
            if !person.contact.as_ref().is_some_and(|known| known.is_about(new.since)) {
                person.contact = Some(new.clone());
            }
        })?;
        Ok(recorded.and_then(|(_, person)| person.contact))
    }

    /// Rewrites a person's row, and announces it. On a concurrent change `rewrite` is called again. Returns the
    /// person before and after it; none where the id is not registered.
    fn rewrite_person(
        &self,
        id: PersonId,
        rewrite: impl Fn(&mut Person),
    ) -> Result<Option<(Person, Person)>> {
        loop {
            let Some(value) = self.get(RegistryTable::People, &id.0.to_be_bytes())? else { return Ok(None) };
            let before = self.opened(id, &value)?;
            let mut after = before.clone();
            rewrite(&mut after);
            let sealed = self.sealed(id, after.kid, &SealedFields::of(&after))?;
            let swap = || self.rows().swap(RegistryTable::People, &id.0.to_be_bytes(), &value, Some(&sealed));
            if self.announcing(&[Change::Person(id)], swap)? {
                return Ok(Some((before, after)));
            }
        }
    }

    /// Records that a person's key is under this kid now. Returns whether the id is registered.
    pub fn move_to_kid(&self, id: PersonId, kid: u8) -> Result<bool> {
        loop {
            let Some(value) = self.get(RegistryTable::People, &id.0.to_be_bytes())? else { return Ok(false) };
            let mut moved = value.clone();
            *moved.first_mut().ok_or(RegistryError::Damaged(RegistryTable::People.name()))? = kid;
            if moved == value
                || self.rows().swap(RegistryTable::People, &id.0.to_be_bytes(), &value, Some(&moved))?
            {
                return Ok(true);
            }
        }
    }

    /// The number of people whose key is under each kid. **Cost**: reads the row of every person.
    pub fn people_by_kid(&self) -> Result<BTreeMap<u8, u64>> {
        let mut counts = BTreeMap::new();
        self.rows().all(RegistryTable::People, &mut |_, value| {
            let kid = *value.first().ok_or(RegistryError::Damaged(RegistryTable::People.name()))?;
            *counts.entry(kid).or_default() += 1;
            Ok(())
        })?;
        Ok(counts)
    }

    /// Removes a person's document and row. A concurrent change of the row is removed too.
    pub(super) fn remove_registration(&self, id: PersonId) -> Result<()> {
        while let Some(value) = self.get(RegistryTable::People, &id.0.to_be_bytes())? {
            let document = self.0.documents_by.key(&self.opened(id, &value)?.personal.document);
            self.rows().swap(RegistryTable::Documents, &document, &id.0.to_be_bytes(), None)?;
            self.rows().swap(RegistryTable::People, &id.0.to_be_bytes(), &value, None)?;
        }
        Ok(())
    }

    /// Visits the id of every registered person, for loading the colour table. Nothing is decrypted.
    pub fn people(&self, mut each: impl FnMut(PersonId)) -> Result<()> {
        self.rows().keys(RegistryTable::People, &mut |key| {
            each(PersonId(number(RegistryTable::People, key)?));
            Ok(())
        })
    }

    /// When each person registered. **Cost**: reads and decrypts every person, and some 30 bytes of memory
    /// for each.
    pub fn registrations(&self) -> Result<HashMap<PersonId, Timestamp>> {
        let mut registrations = HashMap::new();
        self.everybody(|person| {
            registrations.insert(person.id, person.registered);
        })?;
        Ok(registrations)
    }

    /// Visits every registered person. **Cost**: reads and decrypts every person.
    pub fn everybody(&self, mut each: impl FnMut(Person)) -> Result<()> {
        self.rows().all(RegistryTable::People, &mut |key, value| {
            let id = PersonId(number(RegistryTable::People, key)?);
            each(self.opened(id, value)?);
            Ok(())
        })
    }
}
