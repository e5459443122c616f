//! The registry: people, venues, facts, cases, the audit and other back-office records, over rows in an
//! embedded store or on a CQL cluster. Every write is durable when its call returns. Names, phones and
//! document numbers are encrypted. Trails and colours are elsewhere and know only ids.

mod audit;
mod cases;
mod changes;
mod copy;
mod count;
mod facts;
mod idempotency;
mod papers;
mod people;
mod rows;
mod settings;
mod test_sites;
mod tokens;
mod venues;

pub use audit::{Act, AuditChainError, AuditEntry};
pub use cases::{Case, CaseApproval, CaseExtension, CaseNote, CaseUse, NewCase, TracedCase, TracedPlace};
pub use changes::{Change, ChangeEntry};
pub use copy::{RegistryCopy, RowCursor, RowsSum};
pub use count::Counts;
pub use facts::{FactReport, HeldList, HeldListKind, NewHeldList, RecordedFact, Upstream};
pub use idempotency::{AnswerClaim, ClaimResult, IdSource, RequestKey};
pub use people::{DistrictContact, Erasure, Person, PhoneHolder, RegisteredPerson, Tombstone};
pub use settings::{LabelUsed, NoticesFull, STORED_FORMAT, StoredAreas, StoredPolicy, check_label};
pub use test_sites::NewTestSite;
pub use tokens::{ListedToken, TokenRevocation};
pub use venues::NewVenue;

use crate::cql::{Cluster, ClusterError};
use crate::raw_store::{RawFill, RawSnapshot};
use aws_lc_rs::rand;
use fjall::KeyspaceCreateOptions;
use people::{DocumentIndex, Seal};
use rows::{EmbeddedRows, RegistryTable, Row, Rows, ScyllaRows};
use scangate_core::keys::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The error of a registry call.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The store failed to read or write. Nothing of the call was stored.
    #[error("the registry's store: {0}")]
    Store(#[from] fjall::Error),
    /// The cluster failed to read or write. Of a call with several rows, some may have been stored.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A value has a format that this version does not read. Nothing was changed.
    #[error("a row of the registry's {0} is damaged or of a later format")]
    Damaged(&'static str),
    /// A sealed value cannot be decrypted: it was sealed under another deployment's secret, or it was
    /// altered.
    #[error("a sealed row does not open with this deployment's secret")]
    Sealed,
    /// The system returned no randomness, or a random id collided.
    #[error("no randomness")]
    Random,
}

impl RegistryError {
    /// Whether a version other than this one wrote what was read.
    #[must_use]
    pub fn is_of_other_version(&self) -> bool {
        matches!(self, Self::Store(fjall::Error::InvalidVersion(_)))
    }
}

type Result<T> = std::result::Result<T, RegistryError>;

/// The registry. Clones share one store.
#[derive(Clone)]
pub struct Registry(Arc<RegistryState>, IdSource);

struct RegistryState {
    rows: Box<dyn Rows>,
    seal: Seal,
    documents_by: DocumentIndex,
    /// The number of an audit entry that is known to exist. The last entry has at least this number.
    audited: AtomicU64,
}

impl Registry {
    /// Opens the registry of a folder, or makes one.
    pub fn embedded(folder: &Path, secret: &Secret) -> Result<Self> {
        Self::over(Box::new(EmbeddedRows::open(folder)?), secret)
    }

    /// The registry of a cluster, which several gateways share. This sends no request yet.
    pub fn clustered(cluster: Arc<Cluster>, secret: &Secret) -> Result<Self> {
        Self::over(Box::new(ScyllaRows::new(cluster)), secret)
    }

    fn over(rows: Box<dyn Rows>, secret: &Secret) -> Result<Self> {
        let state = RegistryState {
            rows,
            seal: seal(secret)?,
            documents_by: DocumentIndex::new(&secret.purpose("registry index")),
            audited: AtomicU64::new(0),
        };
        Ok(Self(Arc::new(state), IdSource::default()))
    }

    /// The stored rows at this moment, for a backup. Sealed fields stay sealed. `None` for a registry on a
    /// cluster.
    pub fn snapshot(&self) -> Result<Option<RawSnapshot>> {
        self.rows().snapshot()
    }

    /// Begins a new embedded registry in a folder from stored rows.
    pub fn fill(folder: &Path) -> Result<RawFill> {
        Ok(RawFill::create(folder, |_| KeyspaceCreateOptions::default())?)
    }

    /// Whether other gateways also write to this store.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.rows.is_shared()
    }

    fn rows(&self) -> &dyn Rows {
        &*self.0.rows
    }

    fn get(&self, table: RegistryTable, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.rows().get(table, &[key.to_vec()])?.pop().flatten())
    }

    /// Adds one row unless its key exists. Returns the existing value.
    fn claim(&self, row: Row) -> Result<Option<Vec<u8>>> {
        Ok(self.rows().claim(&[row])?.pop().flatten())
    }

    /// Writes a value if the key still has the value that was read, or none if none was read. Returns whether
    /// it was written.
    fn put_over(&self, table: RegistryTable, key: &[u8], read: Option<&[u8]>, value: &[u8]) -> Result<bool> {
        match read {
            Some(read) => self.rows().swap(table, key, read, Some(value)),
            None => Ok(self.claim(Row::new(table, key, value))?.is_none()),
        }
    }

    /// The values of a group, in key order.
    fn group<T: DeserializeOwned>(&self, table: RegistryTable, group: &[u8]) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.rows().groups(table, &[group.to_vec()], &mut |_, _, value| {
            found.push(unpack(table, value)?);
            Ok(())
        })?;
        Ok(found)
    }
}

/// The key that seals personal fields.
fn seal(secret: &Secret) -> Result<Seal> {
    Seal::new(&secret.purpose("registry fields"))
}

/// The first byte of every JSON value: its format.
const FORMAT: u8 = 1;

fn pack(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    serde_json::to_writer(&mut bytes, value).expect("every row type serialises to JSON");
    bytes
}

fn unpack<T: DeserializeOwned>(table: RegistryTable, bytes: &[u8]) -> Result<T> {
    let json = bytes.strip_prefix(&[FORMAT]).ok_or(RegistryError::Damaged(table.name()))?;
    serde_json::from_slice(json).map_err(|_| RegistryError::Damaged(table.name()))
}

fn number(table: RegistryTable, bytes: &[u8]) -> Result<u64> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| RegistryError::Damaged(table.name()))
}

/// A random id. 0 is excluded, since it looks like a mistake. A collision is not expected in the life of a
/// city.
fn draw() -> Result<u64> {
    loop {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes).map_err(|_| RegistryError::Random)?;
        if bytes != [0; 8] {
            return Ok(u64::from_be_bytes(bytes));
        }
    }
}

#[cfg(test)]
mod tests;
