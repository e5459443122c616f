//! Published rule packs, numbered in the order they came into force.

use super::changes::Change;
use super::rows::{RegistryTable, Row};
use super::{Registry, Result, pack};
use scangate_core::check_in::PolicyNumber;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A published rule pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPolicy {
    /// The pack's number, from 1.
    pub number: PolicyNumber,
    /// The pack's name and version.
    pub label: String,
    /// The whole text of the pack.
    pub text: String,
    /// The deployment's signature over label and text, as base64url. Readers verify it.
    pub signature: String,
    /// The time from which the pack is in force; 1970 if a version that did not store the time published it.
    #[serde(default)]
    pub since: Timestamp,
}

impl Registry {
    /// Publishes a signed pack, in force from a time on, and returns its number. Publishing the last pack's
    /// text again returns the last number and keeps its time.
    pub fn publish_policy(
        &self,
        label: &str,
        text: &str,
        signature: &str,
        since: Timestamp,
    ) -> Result<PolicyNumber> {
        loop {
            let last = self.policies()?.pop();
            if let Some(last) = last.as_ref().filter(|last| last.text == text) {
                return Ok(last.number);
            }
            let number = PolicyNumber(last.map_or(0, |last| last.number.0) + 1);
            let (label, text, signature) = (label.to_owned(), text.to_owned(), signature.to_owned());
            let stored = StoredPolicy { number, label, text, signature, since };
            let row = Row::new(RegistryTable::Policies, number.0.to_be_bytes(), pack(&stored));
            if self.announcing(&[Change::Policy], || self.claim(row))?.is_none() {
                return Ok(number);
            }
        }
    }

    /// All packs that were ever in force, oldest first.
    pub fn policies(&self) -> Result<Vec<StoredPolicy>> {
        self.group(RegistryTable::Policies, &[])
    }
}
