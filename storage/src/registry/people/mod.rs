//! People: registered persons, found by id, by document or by phone.

mod erasures;
mod guardians;
mod key_histories;
mod phones;
mod reviews;
mod sealed;

pub use erasures::{Erasure, Tombstone};
pub use phones::PhoneHolder;

pub(super) use sealed::{DocumentIndex, Seal};

use super::changes::Change;
use super::idempotency::ANSWER_MS;
use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, RegistryError, Result, draw, number, pack, unpack};
use scangate_core::id::PersonId;
use scangate_core::paper::Review;
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
    /// Whether the authority imported the person.
    pub imported: bool,
    /// The review of the person's application; none for a person who was not reviewed.
    pub review: Option<Review>,
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

#[derive(Clone, Serialize, Deserialize)]
struct SealedFields {
    registered: Timestamp,
    /// The request with an idempotency key that registered the person, until the fields change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<[u8; 16]>,
    #[serde(default)]
    proven: bool,
    #[serde(default)]
    imported: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review: Option<Review>,
    personal: Personal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<DistrictContact>,
}

impl SealedFields {
    /// The fields of a person whose row changes.
    fn of(person: &Person) -> Self {
        let Person { registered, proven, imported, review, personal, contact, .. } = person.clone();
        Self { registered, request: None, proven, imported, review, personal, contact }
    }
}

/// How people come into the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PersonSource {
    Application,
    ProvenApplication,
    Import,
}

/// Makes the review of a person before the registration; none in a city without reviews.
type Reviewer<'a> = dyn Fn(PersonId, &Personal) -> Result<Option<Review>> + 'a;

fn person_of(id: PersonId, kid: u8, fields: SealedFields) -> Person {
    let SealedFields { registered, proven, imported, review, personal, contact, .. } = fields;
    Person { id, kid, registered, proven, imported, review, personal, contact }
}

impl Registry {
    /// Registers people whom the authority imports, in order. One document is one person, also within the
    /// list and across concurrent gateways. A person who is known already stays unchanged. **Errors**: some
    /// may have been registered; repeating the list finds them as known.
    pub fn register(&self, people: &[Personal], kid: u8, now: Timestamp) -> Result<Vec<RegisteredPerson>> {
        self.enter(people, PersonSource::Import, kid, now, &|_, _| Ok(None))
    }

    /// Registers a person under review. `review` is called after the person is in the index of phones, and
    /// before the person is registered. Of two concurrent applications with one phone, at least one therefore
    /// sees the other.
    pub fn apply(
        &self,
        personal: &Personal,
        is_proven: bool,
        kid: u8,
        now: Timestamp,
        review: &dyn Fn(PersonId) -> Result<Option<Review>>,
    ) -> Result<RegisteredPerson> {
        let source = if is_proven { PersonSource::ProvenApplication } else { PersonSource::Application };
        let people = std::slice::from_ref(personal);
        let registered = self.enter(people, source, kid, now, &|person, _| review(person))?;
        Ok(registered[0])
    }

    /// Claims each document for a random id first, then the id for its person. A registration that finds a
    /// document without its person completes the interrupted one.
    fn enter(
        &self,
        people: &[Personal],
        source: PersonSource,
        kid: u8,
        now: Timestamp,
        review: &Reviewer<'_>,
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
        let request = self.1.request();
        let fields = |id: PersonId, one: &Personal| {
            let (proven, imported) =
                (source == PersonSource::ProvenApplication, source == PersonSource::Import);
            let (review, personal) = (review(id, one)?, one.clone());
            Ok(SealedFields { registered: now, request, proven, imported, review, personal, contact: None })
        };
        let registered = self.claim_people(people.collect(), kid, now, fields)?;
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
        now: Timestamp,
        fields: impl Fn(PersonId, &Personal) -> Result<SealedFields>,
    ) -> Result<Vec<RegisteredPerson>> {
        let keys: Vec<RowKey> = people.iter().map(|(_, id)| id.0.to_be_bytes().to_vec()).collect();
        let mut known = self.rows().get(RegistryTable::People, &keys)?;
        let missing: Vec<usize> = (0..people.len()).filter(|&at| known[at].is_none()).collect();
        let phones = missing.iter().map(|&at| self.phone_row(&people[at].0.phone, people[at].1));
        self.write_phones(phones.collect())?;
        let mut indexed = Vec::new();
        let rows = missing.iter().map(|&at| {
            let (personal, id) = people[at];
            let fields = fields(id, personal)?;
            indexed.extend(fields.review.as_ref().and_then(|review| reviews::index_row(review, id)));
            Ok(Row::new(RegistryTable::People, &keys[at], self.sealed(id, kid, &fields)?))
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        if !indexed.is_empty() {
            self.rows().write(&[indexed.into()])?;
        }
        let changes: Vec<Change> = missing.iter().map(|&at| Change::Person(people[at].1)).collect();
        let found = self.announcing(&changes, || self.rows().claim(&rows))?;
        for (&at, found) in missing.iter().zip(found) {
            known[at] = found;
        }
        let registered = people.iter().zip(known).map(|(&(_, person), known)| match known {
            None => Ok(RegisteredPerson { person, kid, is_new: true }),
            Some(row) => {
                let kid = *row.first().ok_or(RegistryError::Damaged(RegistryTable::People.name()))?;
                Ok(RegisteredPerson { person, kid, is_new: self.is_of_this_request(person, &row, now)? })
            }
        });
        registered.collect()
    }

    /// Whether this very request registered the person a short time ago: its first try lost its answer.
    fn is_of_this_request(&self, id: PersonId, value: &[u8], now: Timestamp) -> Result<bool> {
        let Some(request) = self.1.request() else { return Ok(false) };
        let (_, known) = self.fields(id, value)?;
        Ok(known.request == Some(request) && now.since_ms(known.registered) < ANSWER_MS)
    }

    /// Encodes a row: the kid, then the sealed fields.
    fn sealed(&self, id: PersonId, kid: u8, fields: &SealedFields) -> Result<Vec<u8>> {
        Ok([vec![kid], self.0.seal.seal(id.0, pack(fields))?].concat())
    }

    /// Decodes a row: the kid, and the opened fields.
    fn fields(&self, id: PersonId, value: &[u8]) -> Result<(u8, SealedFields)> {
        let (&kid, sealed) =
            value.split_first().ok_or(RegistryError::Damaged(RegistryTable::People.name()))?;
        Ok((kid, unpack(RegistryTable::People, &self.0.seal.open(id.0, sealed)?)?))
    }

    /// A person's row, decoded; none where the id is not registered.
    fn fields_of(&self, id: PersonId) -> Result<Option<(Vec<u8>, u8, SealedFields)>> {
        let Some(value) = self.get(RegistryTable::People, &id.0.to_be_bytes())? else { return Ok(None) };
        let (kid, fields) = self.fields(id, &value)?;
        Ok(Some((value, kid, fields)))
    }

    fn opened(&self, id: PersonId, value: &[u8]) -> Result<Person> {
        let (kid, fields) = self.fields(id, value)?;
        Ok(person_of(id, kid, fields))
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

    /// Registers a person again, after proof of holding the registered document: the fields and the review
    /// are the new ones, and the key is under this kid. A person keeps the district if the new fields have
    /// none. Returns the person as it was before, `None` for an unknown id.
    pub fn replace_person(
        &self,
        id: PersonId,
        kid: u8,
        personal: &Personal,
        review: Option<&Review>,
    ) -> Result<Option<Person>> {
        let replaced = self.rewrite_person(id, |person| {
            let district = personal.district.clone().or_else(|| person.personal.district.take());
            person.personal = Personal { district, ..personal.clone() };
            (person.kid, person.proven, person.review) = (kid, true, review.cloned());
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

    /// Rewrites a person's row, and announces it. On a concurrent change `rewrite` is called again. The row
    /// then names no request, because its fields differ from those of the registration. A phone or review
    /// that is new is in its index before, and an earlier one is removed after. Returns the person before
    /// and after it; none where the id is not registered.
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
            let has_moved = before.personal.phone != after.personal.phone;
            if has_moved {
                self.write_phones(vec![self.phone_row(&after.personal.phone, id)])?;
            }
            let index_row = |person: &Person| reviews::index_row(person.review.as_ref()?, id);
            let (old_review, new_review) = (index_row(&before), index_row(&after));
            let is_reviewed = old_review != new_review;
            if let Some(row) = new_review.filter(|_| is_reviewed) {
                self.rows().write(&[vec![row].into()])?;
            }
            let sealed = self.sealed(id, after.kid, &SealedFields::of(&after))?;
            let swap = || self.rows().swap(RegistryTable::People, &id.0.to_be_bytes(), &value, Some(&sealed));
            if self.announcing(&[Change::Person(id)], swap)? {
                if has_moved {
                    self.remove_phone(&before.personal.phone, id)?;
                }
                if let Some(earlier) = before.review.as_ref().filter(|_| is_reviewed) {
                    self.remove_review(earlier, id)?;
                }
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

    /// Removes a person's document, index entries and row. A concurrent change of the row is removed too.
    pub(super) fn remove_registration(&self, id: PersonId) -> Result<()> {
        while let Some(value) = self.get(RegistryTable::People, &id.0.to_be_bytes())? {
            let person = self.opened(id, &value)?;
            let document = self.0.documents_by.key(&person.personal.document);
            self.rows().swap(RegistryTable::Documents, &document, &id.0.to_be_bytes(), None)?;
            self.remove_phone(&person.personal.phone, id)?;
            if let Some(review) = &person.review {
                self.remove_review(review, id)?;
            }
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
