//! A backup's description of itself: the head before its contents, and the manifest after them.

use aws_lc_rs::digest::{SHA256, digest};
use scangate_core::keys::Secret;
use scangate_core::time::Timestamp;
use scangate_storage::journal::Sequence;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The bytes of a fingerprint: enough to tell the secrets of deployments apart, and useless to guess one.
const FINGERPRINT_BYTES: usize = 8;

/// The head of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupHead {
    /// The version of the gateway that made the backup.
    pub version: String,
    /// The time at which it was begun.
    pub taken: Timestamp,
    /// The stores of registry and trails: `embedded`, or the address of a cluster, which the backup does not
    /// hold.
    pub store: String,
    /// The fingerprint of the deployment's secret.
    pub secret: String,
}

/// The count and the digest of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSum {
    /// Records, rows, or 1 for a file.
    pub count: u64,
    /// SHA-256 over all of it, in hexadecimal.
    pub sha256: String,
}

/// The list of a backup's contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// The sequence before which the trails have every check-in.
    pub checkpoint: u64,
    /// The mark: every check-in that was acknowledged before this sequence is in the backup.
    pub mark: u64,
    /// Records between checkpoint and mark that were damaged in the journal already.
    pub damaged: u64,
    /// The parts, by name: `journal`, `file/NAME`, `registry/TABLE`, `trails/TABLE`.
    pub parts: BTreeMap<String, PartSum>,
}

impl BackupHead {
    /// The head of a backup that this gateway begins now.
    pub(super) fn new(store: String, secret: String, now: Timestamp) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), taken: now, store, secret }
    }
}

impl BackupManifest {
    /// The sequence from which on the backup has records.
    #[must_use]
    pub(super) fn from(&self) -> Sequence {
        Sequence(self.checkpoint)
    }

    /// The sequence after the last record.
    #[must_use]
    pub(super) fn to(&self) -> Sequence {
        Sequence(self.mark)
    }

    /// The number of parts and their entries, of those whose name begins so.
    pub(super) fn count(&self, prefix: &str) -> (usize, u64) {
        let parts = self.parts.iter().filter(|(name, _)| name.starts_with(prefix));
        parts.fold((0, 0), |(parts, entries), (_, sum)| (parts + 1, entries + sum.count))
    }
}

impl fmt::Display for BackupHead {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "taken       {} by gateway {}", self.taken, self.version)?;
        writeln!(out, "stores      {}", self.store)?;
        write!(out, "secret      {} (fingerprint)", self.secret)
    }
}

impl fmt::Display for BackupManifest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, records) = self.count("journal");
        writeln!(
            out,
            "journal     {records} records, from checkpoint {} to mark {}; {} damaged in the source",
            self.checkpoint, self.mark, self.damaged
        )?;
        for store in ["registry", "trails"] {
            let (tables, rows) = self.count(&format!("{store}/"));
            writeln!(out, "{store:<12}{rows} rows in {tables} tables")?;
        }
        write!(out, "files       {}", self.count("file/").0)
    }
}

/// The fingerprint of a secret.
#[must_use]
pub fn fingerprint(secret: &Secret) -> String {
    let digest = digest(&SHA256, &secret.purpose("backup fingerprint").0);
    hexadecimal(&digest.as_ref()[..FINGERPRINT_BYTES])
}

/// Bytes in hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
