//! The index of phones: the people who are registered with each. The registry writes a row before the person
//! has the phone, and removes it after the person has another one. The index is therefore never short of a
//! person with the phone.
//!
//! **Shape**: a key is the phone's keyed hash (32) and person (8); the value is empty.

use super::Person;
use crate::registry::rows::{RegistryTable, Row, RowKey, WriteUnit};
use crate::registry::{Registry, Result, number};
use scangate_core::id::PersonId;

/// The setting that says that the people of earlier versions are in the index.
const INDEXED: &str = "phones-indexed";
/// The people who are added to the index at a time.
const PEOPLE_AT_ONCE: usize = 256;
/// The size of a phone's hash. **Units**: bytes.
const HASH_BYTES: usize = 32;

/// A person in the index of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneHolder {
    /// The person's id.
    pub id: PersonId,
    /// The registered person; none while the registration is not complete.
    pub person: Option<Person>,
}

impl Registry {
    fn phone_key(&self, phone: &str, person: PersonId) -> RowKey {
        [&self.0.documents_by.phone_key(phone)[..], &person.0.to_be_bytes()].concat()
    }

    pub(super) fn phone_row(&self, phone: &str, person: PersonId) -> Row {
        Row::new(RegistryTable::Phones, self.phone_key(phone, person), [])
    }

    pub(super) fn write_phones(&self, rows: Vec<Row>) -> Result<()> {
        let units: Vec<WriteUnit> = rows.into_iter().map(|row| vec![row].into()).collect();
        self.rows().write(&units)
    }

    pub(super) fn remove_phone(&self, phone: &str, person: PersonId) -> Result<()> {
        let remove = vec![(RegistryTable::Phones, self.phone_key(phone, person))];
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])
    }

    /// Removes a person from the index, as a gateway of an earlier format leaves it.
    #[cfg(test)]
    pub(in crate::registry) fn forget_phone(&self, phone: &str, person: PersonId) {
        self.remove_phone(phone, person).expect("the test's store is there");
    }

    /// The people who are registered with a phone, and those whose registration with it is not complete.
    pub fn phone_holders(&self, phone: &str) -> Result<Vec<PhoneHolder>> {
        let hash = self.0.documents_by.phone_key(phone);
        let (mut ids, group) = (Vec::new(), RegistryTable::Phones.group(&hash).to_vec());
        self.rows().groups(RegistryTable::Phones, &[group], &mut |_, key, _| {
            if let Some((_, person)) = key.split_at_checked(HASH_BYTES).filter(|(of, _)| *of == hash) {
                ids.push(PersonId(number(RegistryTable::Phones, person)?));
            }
            Ok(())
        })?;
        let persons = self.persons(&ids)?;
        let holders = ids.into_iter().zip(persons).map(|(id, person)| PhoneHolder { id, person });
        // The row of another phone is left over from a change that was interrupted.
        let has_phone =
            |holder: &PhoneHolder| holder.person.as_ref().is_none_or(|person| person.personal.phone == phone);
        Ok(holders.filter(has_phone).collect())
    }

    /// Adds the people of earlier formats to the index. **Cost**: reads every person.
    pub(in crate::registry) fn index_phones(&self) -> Result<()> {
        self.pass_over_earlier(INDEXED, || {
            let mut people = Vec::new();
            self.people(|person| people.push(person))?;
            people.chunks(PEOPLE_AT_ONCE).try_for_each(|people| {
                let persons = self.persons(people)?.into_iter().flatten();
                self.write_phones(persons.map(|one| self.phone_row(&one.personal.phone, one.id)).collect())
            })
        })
    }
}
