//! Erasures: requests that wait until nothing stands against them, the removal of a person's rows, and the
//! tombstones of erased people. A tombstone is written before any row is removed. The request's row stays
//! until nothing of the person is left in any store, so that an interrupted erasure is completed.
//!
//! **Shape**: both tables are keyed by person (8).

use crate::registry::changes::Change;
use crate::registry::rows::{RegistryTable, Row, RowKey, WriteUnit};
use crate::registry::{Registry, Result, number, pack, unpack};
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The mark of an erased person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// The time of the erasure.
    pub erased: Timestamp,
    /// The newest kid at that time: the person has no key under a later one.
    pub kid: u8,
}

/// A person's erasure that is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The time at which the person asked.
    pub asked: Timestamp,
    /// The time at which the erasure began; none while something stands against it.
    pub begun: Option<Timestamp>,
}

fn key(person: PersonId) -> [u8; 8] {
    person.0.to_be_bytes()
}

impl Registry {
    /// Records a person's request to be erased. Returns the time of the first request.
    pub fn ask_for_erasure(&self, person: PersonId, now: Timestamp) -> Result<Timestamp> {
        let row = Erasure { asked: now, begun: None };
        match self.claim(Row::new(RegistryTable::Erasures, key(person), pack(&row)))? {
            None => Ok(now),
            Some(known) => Ok(unpack::<Erasure>(RegistryTable::Erasures, &known)?.asked),
        }
    }

    /// A person's erasure, until it is complete.
    pub fn erasure(&self, person: PersonId) -> Result<Option<Erasure>> {
        Ok(self.erasure_with_row(person)?.map(|(erasure, _)| erasure))
    }

    fn erasure_with_row(&self, person: PersonId) -> Result<Option<(Erasure, Vec<u8>)>> {
        let value = self.get(RegistryTable::Erasures, &key(person))?;
        value.map(|value| Ok((unpack(RegistryTable::Erasures, &value)?, value))).transpose()
    }

    /// Takes back a request. Returns whether one was waiting.
    pub fn take_back_erasure(&self, person: PersonId) -> Result<bool> {
        match self.erasure_with_row(person)? {
            Some((Erasure { begun: None, .. }, value)) => {
                self.rows().swap(RegistryTable::Erasures, &key(person), &value, None)
            }
            Some(_) | None => Ok(false),
        }
    }

    /// Every erasure that is not complete.
    pub fn erasures(&self) -> Result<Vec<(PersonId, Erasure)>> {
        let mut erasures = Vec::new();
        self.rows().groups(RegistryTable::Erasures, &[RowKey::new()], &mut |_, key, value| {
            let person = PersonId(number(RegistryTable::Erasures, key)?);
            erasures.push((person, unpack(RegistryTable::Erasures, value)?));
            Ok(())
        })?;
        Ok(erasures)
    }

    /// Begins the erasure for which a person asked. Returns false if the request was taken back.
    pub fn begin_erasure(&self, person: PersonId, now: Timestamp) -> Result<bool> {
        let Some((erasure, value)) = self.erasure_with_row(person)? else { return Ok(false) };
        let begun = pack(&Erasure { begun: Some(now), ..erasure });
        let is_begun = erasure.begun.is_some();
        Ok(is_begun || self.rows().swap(RegistryTable::Erasures, &key(person), &value, Some(&begun))?)
    }

    /// Records that nothing of an erased person is left.
    pub fn finish_erasure(&self, person: PersonId) -> Result<()> {
        let remove = vec![(RegistryTable::Erasures, key(person).to_vec())];
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])
    }

    /// Writes a person's tombstone and removes ties, facts, reports, papers, upstream colours, bookings, row
    /// and document. The audit and cases keep only the id. Returns the tombstone; none where the id is not
    /// registered.
    pub fn erase_person(&self, person: PersonId, kid: u8, now: Timestamp) -> Result<Option<Tombstone>> {
        if !self.is_registered(person)? {
            return Ok(None);
        }
        let new = Tombstone { erased: now, kid };
        let row = Row::new(RegistryTable::Tombstones, key(person), pack(&new));
        let known = self.announcing(&[Change::Erasure(person)], || self.claim(row))?;
        self.remove_person(person)?;
        let known = known.map(|known| unpack(RegistryTable::Tombstones, &known)).transpose()?;
        Ok(Some(known.unwrap_or(new)))
    }

    /// Removes every row of an erased person. The person's own row is removed last, because it has the
    /// document. Repeating the call completes an interrupted removal.
    pub fn remove_person(&self, person: PersonId) -> Result<()> {
        let mut remove = self.evidence_rows(person)?;
        remove.extend(self.paper_rows(person)?);
        remove.extend(self.upstream_rows(person)?);
        remove.extend(self.traced_rows(person)?);
        remove.push((RegistryTable::KeyHistories, key(person).to_vec()));
        self.untie_all(person)?;
        self.release_bookings(person)?;
        self.announcing(&[Change::Person(person)], || {
            self.rows().write(&[WriteUnit { put: Vec::new(), remove }])?;
            self.remove_registration(person)
        })
    }

    /// Visits every tombstone.
    pub fn tombstones(&self, mut each: impl FnMut(PersonId, Tombstone)) -> Result<()> {
        self.rows().all(RegistryTable::Tombstones, &mut |key, value| {
            let person = PersonId(number(RegistryTable::Tombstones, key)?);
            each(person, unpack(RegistryTable::Tombstones, value)?);
            Ok(())
        })
    }

    /// The tombstones of those among these people who were erased.
    pub fn tombstones_of(&self, people: &[PersonId]) -> Result<Vec<(PersonId, Tombstone)>> {
        let keys: Vec<RowKey> = people.iter().map(|&person| key(person).to_vec()).collect();
        let found = people.iter().zip(self.rows().get(RegistryTable::Tombstones, &keys)?);
        let found = found.filter_map(|(&person, value)| Some((person, value?)));
        found.map(|(person, value)| Ok((person, unpack(RegistryTable::Tombstones, &value)?))).collect()
    }

    /// Removes a tombstone.
    pub fn drop_tombstone(&self, person: PersonId) -> Result<()> {
        let remove = vec![(RegistryTable::Tombstones, key(person).to_vec())];
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])
    }
}
