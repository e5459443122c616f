//! Published rule packs, numbered in the order they came into force.

use super::{Registry, RegistryError, Result, pack, unpack};
use scangate_core::check_in::PolicyNumber;
use serde::{Deserialize, Serialize};

const TABLE: &str = "policies";

/// A pack as it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPolicy {
    /// Its number, from 1.
    pub number: PolicyNumber,
    /// Name and version.
    pub label: String,
    /// The whole text.
    pub text: String,
}

impl Registry {
    /// Publishes a pack. The same text as the last one's is no new publication and gives its number.
    pub fn publish_policy(&self, label: &str, text: &str) -> Result<PolicyNumber> {
        let mut write = self.write()?;
        let last = self.policies()?.pop();
        if let Some(last) = last.as_ref().filter(|last| last.text == text) {
            return Ok(last.number);
        }
        let number = PolicyNumber(last.map_or(0, |last| last.number.0) + 1);
        let stored = StoredPolicy { number, label: label.to_owned(), text: text.to_owned() };
        write.batch.insert(&write.tables.policies, number.0.to_be_bytes(), pack(&stored));
        write.commit()?;
        Ok(number)
    }

    /// All packs that were ever in force, the oldest first.
    pub fn policies(&self) -> Result<Vec<StoredPolicy>> {
        let stored = self.tables()?.policies.iter().map(|entry| {
            let stored = unpack(TABLE, &entry.value()?)?;
            Ok::<_, RegistryError>(stored)
        });
        stored.collect()
    }
}
