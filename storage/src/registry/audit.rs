//! The audit: who did what, in a chain of hashes, so that an entry that is changed or taken out is found.
//!
//! **Shape**: numbers from 1; an entry's hash is SHA-256 over the hash before it (32 zeros before the first)
//! and the act as JSON, both as text.

use super::{Registry, Result, number, pack, unpack};
use aws_lc_rs::digest;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

const TABLE: &str = "audit";

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who, by the token's subject.
    pub subject: String,
    /// As what.
    pub role: String,
    /// What, such as `case-opened`.
    pub act: String,
    /// To what: an id.
    pub object: String,
    /// What else there is to say. Never a name or a document number.
    pub detail: serde_json::Value,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audited {
    /// Its number, from 1.
    pub number: u64,
    /// The act.
    pub act: Act,
    /// The hash of the entry before, in hexadecimal.
    pub previous: String,
    /// Its own.
    pub hash: String,
}

/// The chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("audit entry {number} is missing or was changed")]
pub struct AuditBroken {
    /// At this entry.
    pub number: u64,
}

impl Registry {
    /// Writes an entry. It is on disk when this returns: only then may what it speaks of be done.
    pub fn audit(&self, act: &Act) -> Result<u64> {
        let mut write = self.write()?;
        let last = self.last()?;
        let previous = last.as_ref().map_or_else(|| "0".repeat(64), |last| last.hash.clone());
        let number = last.map_or(0, |last| last.number) + 1;
        let hash = hash(&previous, act);
        let entry = Audited { number, act: act.clone(), previous, hash };
        write.batch.insert(&write.tables.audit, number.to_be_bytes(), pack(&entry));
        write.commit()?;
        Ok(number)
    }

    fn last(&self) -> Result<Option<Audited>> {
        let Some(entry) = self.tables()?.audit.last_key_value() else { return Ok(None) };
        unpack(TABLE, &entry.value()?).map(Some)
    }

    /// Entries from a number on, so many at most.
    pub fn audited(&self, from: u64, max: usize) -> Result<Vec<Audited>> {
        let entries = self.tables()?.audit.range(from.to_be_bytes()..).take(max);
        entries.map(|entry| unpack(TABLE, &entry.value()?)).collect()
    }

    /// Follows the whole chain. Returns how long it is, or where it is broken. An end that was cut off is
    /// not seen: keep the last hash elsewhere.
    pub fn verify_audit(&self) -> Result<std::result::Result<u64, AuditBroken>> {
        let mut previous = "0".repeat(64);
        let mut expected = 0;
        for entry in self.tables()?.audit.iter() {
            expected += 1;
            let (key, value) = entry.into_inner()?;
            let entry: Audited = unpack(TABLE, &value)?;
            let is_whole = number(TABLE, &key)? == expected
                && entry.number == expected
                && entry.previous == previous
                && entry.hash == hash(&previous, &entry.act);
            if !is_whole {
                return Ok(Err(AuditBroken { number: expected }));
            }
            previous = entry.hash;
        }
        Ok(Ok(expected))
    }

    /// Replaces an entry, as somebody with a hand on the disk would.
    #[cfg(test)]
    pub(super) fn forge(&self, entry: &Audited) -> Result<()> {
        Ok(self.tables()?.audit.insert(entry.number.to_be_bytes(), pack(entry))?)
    }

    /// Takes an entry out.
    #[cfg(test)]
    pub(super) fn drop_entry(&self, number: u64) -> Result<()> {
        Ok(self.tables()?.audit.remove(number.to_be_bytes())?)
    }
}

fn hash(previous: &str, act: &Act) -> String {
    let act = serde_json::to_vec(act).expect("an act holds nothing that JSON cannot");
    let whole = digest::digest(&digest::SHA256, &[previous.as_bytes(), &act].concat());
    whole.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
