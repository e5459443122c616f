//! Key histories: when a person's keys were renewed and their paper passes revoked. Only people with such a
//! time have a row.

use crate::registry::changes::Change;
use crate::registry::rows::{RegistryTable, RowKey};
use crate::registry::{Registry, Result, number, pack, unpack};
use scangate_core::id::PersonId;
use scangate_core::keys::{KeyHistory, KeyState};
use scangate_core::time::Timestamp;

impl Registry {
    /// A person's key history.
    pub fn key_history(&self, person: PersonId) -> Result<KeyHistory> {
        Ok(self.key_histories(&[person])?.pop().unwrap_or_default())
    }

    /// The key history of each person. **Cost**: concurrent point reads.
    pub fn key_histories(&self, people: &[PersonId]) -> Result<Vec<KeyHistory>> {
        let keys: Vec<RowKey> = people.iter().map(|person| person.0.to_be_bytes().to_vec()).collect();
        let found = self.rows().get(RegistryTable::KeyHistories, &keys)?.into_iter();
        let histories = found
            .map(|row| row.map(|value| unpack(RegistryTable::KeyHistories, &value)).transpose())
            .map(|history| history.map(Option::unwrap_or_default));
        histories.collect()
    }

    /// Visits every key history.
    pub fn every_key_history(&self, mut each: impl FnMut(PersonId, KeyHistory)) -> Result<()> {
        self.rows().all(RegistryTable::KeyHistories, &mut |key, value| {
            let person = PersonId(number(RegistryTable::KeyHistories, key)?);
            each(person, unpack(RegistryTable::KeyHistories, value)?);
            Ok(())
        })
    }

    /// Begins a new generation of a person's keys, and returns it; none where the last one is in use. Two
    /// concurrent calls begin two generations.
    pub fn renew_key(&self, person: PersonId, now: Timestamp) -> Result<Option<KeyState>> {
        self.extend(person, |history| &mut history.renewed, now)
    }

    /// Revokes the paper passes that a person has; none where no further revocation can be counted.
    pub fn revoke_passes(&self, person: PersonId, now: Timestamp) -> Result<Option<KeyState>> {
        self.extend(person, |history| &mut history.passes_revoked, now)
    }

    fn extend(
        &self,
        person: PersonId,
        times: impl Fn(&mut KeyHistory) -> &mut Vec<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<KeyState>> {
        let key = person.0.to_be_bytes();
        loop {
            let row = self.get(RegistryTable::KeyHistories, &key)?;
            let known = row.as_deref().map(|row| unpack(RegistryTable::KeyHistories, row)).transpose()?;
            let mut history: KeyHistory = known.unwrap_or_default();
            let times = times(&mut history);
            if times.len() >= usize::from(u8::MAX) {
                return Ok(None);
            }
            times.push(now);
            let put = || self.put_over(RegistryTable::KeyHistories, &key, row.as_deref(), &pack(&history));
            if self.announcing(&[Change::KeyHistory(person)], put)? {
                return Ok(Some(history.now()));
            }
        }
    }
}
