//! The audit: a hash chain of the acts of the back office, so that an altered or removed entry is detected.
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

/// Entries that one read returns while the chain is verified.
const ENTRIES_AT_ONCE: u64 = 1_024;

/// An act of a user of the back office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// The time of the act.
    pub at: Timestamp,
    /// The token's subject.
    pub subject: String,
    /// The role under which the subject acted.
    pub role: String,
    /// The kind of act, such as `case-opened`.
    pub act: String,
    /// The id of the object of the act.
    pub object: String,
    /// Further details. Never a name or a document number.
    pub detail: serde_json::Value,
}

/// An entry of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The entry's number, from 1.
    pub number: u64,
    /// The act.
    pub act: Act,
    /// The hash of the entry before, in hexadecimal.
    pub previous: String,
    /// The entry's own hash, in hexadecimal.
    pub hash: String,
}

/// The hash chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("audit entry {number} is missing or was changed")]
pub struct AuditChainError {
    /// The number of the first entry that is missing or altered.
    pub number: u64,
}

impl Registry {
    /// Appends an entry. It is durable when this returns; only then may the act be performed. Concurrent
    /// writers, on any gateway, are ordered one behind the other. **Errors**: the entry may still exist; a
    /// caller that retries is in the audit twice.
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

    /// The number of the last entry, 0 where there is none. Numbers have no gaps, so a galloping search finds
    /// it. **Cost**: two reads if no other writer has appended since.
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

    /// At most `max` entries, from a number on.
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

    /// Verifies the whole chain. Returns its length, or where it is broken. A truncated end is not detected:
    /// store the last hash elsewhere.
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

    /// Replaces an entry, as an attacker with access to the store would.
    #[cfg(test)]
    pub(super) fn forge(&self, entry: &AuditEntry) -> Result<()> {
        self.rows()
            .write(&[vec![Row::new(RegistryTable::Audit, entry.number.to_be_bytes(), pack(entry))].into()])
    }

    /// Removes an entry.
    #[cfg(test)]
    pub(super) fn drop_entry(&self, number: u64) -> Result<()> {
        let remove = vec![(RegistryTable::Audit, number.to_be_bytes().to_vec())];
        self.rows().write(&[super::rows::WriteUnit { put: Vec::new(), remove }])
    }
}

fn hash(previous: &str, act: &Act) -> String {
    let act = serde_json::to_vec(act).expect("an act serialises to JSON");
    let whole = digest::digest(&digest::SHA256, &[previous.as_bytes(), &act].concat());
    whole.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
