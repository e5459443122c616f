//! The audit: who did what, in a chain of hashes, so that an entry that is changed or taken out is found.
//!
//! **Shape**: numbers from 1; an entry's hash is SHA-256 over the hash before it (32 zeros before the first)
//! and the act as JSON, both as text.

use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, Result, pack, unpack};
use aws_lc_rs::digest;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::sync::atomic::Ordering;

/// Entries that are read at once when the chain is followed.
const ENTRIES_AT_ONCE: u64 = 1_024;

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
pub struct AuditEntry {
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
pub struct AuditChainError {
    /// At this entry.
    pub number: u64,
}

impl Registry {
    /// Writes an entry. It is on disk when this returns: only then may what it speaks of be done. Of several who
    /// write at once, on whatever gateway, one goes behind the other. **Errors**: the entry may be there all the
    /// same; who repeats the call is in the audit twice.
    pub fn audit(&self, act: &Act) -> Result<u64> {
        loop {
            let (last, previous) = match self.last_audited()? {
                None => (0, "0".repeat(64)),
                Some(last) => (last.number, last.hash),
            };
            let number = last + 1;
            let hash = hash(&previous, act);
            let entry = AuditEntry { number, act: act.clone(), previous, hash };
            let row = Row::new(RegistryTable::Audit, number.to_be_bytes(), pack(&entry));
            let taken = self.claim(row)?;
            self.0.audited.fetch_max(number, Ordering::Relaxed);
            if taken.is_none() {
                return Ok(number);
            }
        }
    }

    /// The number of the last entry, 0 where there is none: numbers leave nothing out, so it is found by steps
    /// that double and then halve. **Cost**: two reads where nobody else has written since.
    fn last_number(&self) -> Result<u64> {
        let mut known = self.0.audited.load(Ordering::Relaxed);
        let mut step = 1;
        while self.is_audited(known + step)? {
            known += step;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if self.is_audited(known + step)? {
                known += step;
            }
        }
        self.0.audited.fetch_max(known, Ordering::Relaxed);
        Ok(known)
    }

    fn is_audited(&self, number: u64) -> Result<bool> {
        Ok(self.get(RegistryTable::Audit, &number.to_be_bytes())?.is_some())
    }

    /// Entries from a number on, so many at most.
    pub fn audited(&self, from: u64, max: u64) -> Result<Vec<AuditEntry>> {
        let keys: Vec<RowKey> =
            (from..from.saturating_add(max)).map(|number| number.to_be_bytes().to_vec()).collect();
        let found = self.rows().get(RegistryTable::Audit, &keys)?;
        found.iter().flatten().map(|value| unpack(RegistryTable::Audit, value)).collect()
    }

    /// The last entry, if there is one.
    pub fn last_audited(&self) -> Result<Option<AuditEntry>> {
        match self.last_number()? {
            0 => Ok(None),
            last => Ok(self.audited(last, 1)?.pop()),
        }
    }

    /// Follows the whole chain. Returns how long it is, or where it is broken. An end that was cut off is
    /// not seen: keep the last hash elsewhere.
    pub fn verify_audit(&self) -> Result<std::result::Result<u64, AuditChainError>> {
        let mut previous = "0".repeat(64);
        let mut expected = 0;
        loop {
            let entries = self.audited(expected + 1, ENTRIES_AT_ONCE)?;
            let is_end = entries.is_empty();
            for entry in entries {
                expected += 1;
                let is_whole = entry.number == expected
                    && entry.previous == previous
                    && entry.hash == hash(&previous, &entry.act);
                if !is_whole {
                    return Ok(Err(AuditChainError { number: expected }));
                }
                previous = entry.hash;
            }
            if is_end {
                return Ok(Ok(expected));
            }
        }
    }

    /// Replaces an entry, as somebody with a hand on the store would.
    #[cfg(test)]
    pub(super) fn forge(&self, entry: &AuditEntry) -> Result<()> {
        self.rows()
            .write(&[vec![Row::new(RegistryTable::Audit, entry.number.to_be_bytes(), pack(entry))].into()])
    }

    /// Takes an entry out.
    #[cfg(test)]
    pub(super) fn drop_entry(&self, number: u64) -> Result<()> {
        let remove = vec![(RegistryTable::Audit, number.to_be_bytes().to_vec())];
        self.rows().write(&[super::rows::WriteUnit { put: Vec::new(), remove }])
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
