//! Published rule packs, numbered in the order they came into force. A published list of areas comes into
//! force under a number of its own, with the pack that was in force before.

use crate::registry::changes::Change;
use crate::registry::rows::{RegistryTable, Row};
use crate::registry::{Registry, Result, pack};
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
    /// The published list of areas that is in force with the pack; none before the first list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Option<StoredAreas>,
}

/// A list of areas and their risk, as the authority published it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAreas {
    /// The list as it was sent: a JSON object a line.
    pub text: String,
    /// The subject who sent the list.
    pub by: String,
    /// The time of its publication.
    pub at: Timestamp,
    /// The deployment's signature over time and text, as base64url. Readers verify it.
    pub signature: String,
}

/// A label that was used before: a pack's name and number stand for one text only, and numbers rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this label was published before: number {next} comes next for this name")]
pub struct LabelUsed {
    /// The lowest number that is free under the pack's name.
    pub next: u32,
}

/// A label's name and number.
fn name_and_number(label: &str) -> (&str, u32) {
    let parts = label.rsplit_once('/').and_then(|(name, number)| Some((name, number.parse().ok()?)));
    parts.unwrap_or((label, 0))
}

/// Whether a pack may be published after these packs. The highest pack of a name may come into force again
/// with the same text. **Errors**: another text, or a higher number of this name, was published before.
pub fn check_label(
    published: &[StoredPolicy],
    label: &str,
    text: &str,
) -> std::result::Result<(), LabelUsed> {
    let (name, number) = name_and_number(label);
    let numbered = published.iter().map(|stored| (name_and_number(&stored.label), &stored.text));
    let of_name = numbered.filter(|((of, _), _)| *of == name);
    // A deployment of an earlier version may have published several texts under one label.
    let highest = of_name.map(|((_, number), text)| (number, text)).max_by_key(|(number, _)| *number);
    let Some((highest, known)) = highest else { return Ok(()) };
    if number > highest || (number == highest && known == text) {
        Ok(())
    } else {
        Err(LabelUsed { next: highest.saturating_add(1) })
    }
}

impl Registry {
    /// Publishes a signed pack, in force from a time on, and returns its number. Publishing the last pack's
    /// text again returns the last number and keeps its time. Of two concurrent callers with one label and
    /// different texts, one succeeds. The published list of areas stays in force.
    pub fn publish_policy(
        &self,
        label: &str,
        text: &str,
        signature: &str,
        since: Timestamp,
    ) -> Result<std::result::Result<PolicyNumber, LabelUsed>> {
        loop {
            let published = self.policies()?;
            let last = published.last();
            if let Some(last) = last.filter(|last| last.text == text) {
                return Ok(Ok(last.number));
            }
            if let Err(used) = check_label(&published, label, text) {
                return Ok(Err(used));
            }
            let number = PolicyNumber(last.map_or(0, |last| last.number.0) + 1);
            let (label, text, signature) = (label.to_owned(), text.to_owned(), signature.to_owned());
            let areas = last.and_then(|last| last.areas.clone());
            if self.claim_policy(StoredPolicy { number, label, text, signature, since, areas })? {
                return Ok(Ok(number));
            }
        }
    }

    /// Publishes a deployment's first pack, unless it has one. Returns whether this pack is the first.
    pub fn publish_first_policy(
        &self,
        label: &str,
        text: &str,
        signature: &str,
        since: Timestamp,
    ) -> Result<bool> {
        let (label, text, signature) = (label.to_owned(), text.to_owned(), signature.to_owned());
        let (number, areas) = (PolicyNumber(1), None);
        self.claim_policy(StoredPolicy { number, label, text, signature, since, areas })
    }

    /// Publishes a list of areas in place of the one before, with the pack in force, and returns their
    /// number. None in a deployment without packs.
    pub fn publish_areas(&self, list: &StoredAreas) -> Result<Option<PolicyNumber>> {
        loop {
            let Some(last) = self.policies()?.pop() else { return Ok(None) };
            let number = PolicyNumber(last.number.0 + 1);
            if self.claim_policy(StoredPolicy {
                number,
                since: list.at,
                areas: Some(list.clone()),
                ..last
            })? {
                return Ok(Some(number));
            }
        }
    }

    fn claim_policy(&self, stored: StoredPolicy) -> Result<bool> {
        let row = Row::new(RegistryTable::Policies, stored.number.0.to_be_bytes(), pack(&stored));
        Ok(self.announcing(&[Change::Policy], || self.claim(row))?.is_none())
    }

    /// All packs that were ever in force, oldest first.
    pub fn policies(&self) -> Result<Vec<StoredPolicy>> {
        self.group(RegistryTable::Policies, &[])
    }
}
