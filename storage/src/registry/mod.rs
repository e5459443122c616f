//! The registry: people, venues, facts, cases, audit and what else the back office keeps, over rows in an
//! embedded store beside the journal or on a CQL cluster. Every write is on disk when its call returns. Names,
//! phones and document numbers lie encrypted; trails and colours are elsewhere and know ids alone.

mod audit;
mod budgets;
mod cases;
mod changes;
mod copy;
mod count;
mod facts;
mod guardians;
mod held_lists;
mod papers;
mod people;
mod policies;
mod rows;
mod sealed;
mod settings;
mod test_sites;
mod upstream;
mod venues;

pub use audit::{Act, AuditChainError, AuditEntry};
pub use cases::{Case, NewCase};
pub use changes::{Change, ChangeEntry};
pub use copy::{RegistryCopy, RowCursor, RowsSum};
pub use count::Counts;
pub use held_lists::{HeldList, HeldListKind, NewHeldList};
pub use people::{Person, RegisteredPerson};
pub use policies::StoredPolicy;
pub use test_sites::NewTestSite;
pub use upstream::Upstream;
pub use venues::NewVenue;

use crate::cql::{Cluster, ClusterError};
use aws_lc_rs::rand;
use rows::{EmbeddedRows, RegistryTable, Row, Rows, ScyllaRows};
use scangate_core::keys::Secret;
use sealed::{DocumentIndex, Seal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Why the registry did not answer.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The store could not read or write. Nothing of the call was kept.
    #[error("the registry's store: {0}")]
    Store(#[from] fjall::Error),
    /// The cluster could not read or write. Of a call with several rows some may have been kept.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A value is not of a format that this version reads. Nothing was changed.
    #[error("a row of the registry's {0} is damaged or of a later format")]
    Damaged(&'static str),
    /// A sealed value does not open: it was sealed under another deployment's secret, or changed.
    #[error("a sealed row does not open with this deployment's secret")]
    Sealed,
    /// The system gave no randomness.
    #[error("no randomness")]
    Random,
}

type Result<T> = std::result::Result<T, RegistryError>;

/// The registry. Clones are of one store.
#[derive(Clone)]
pub struct Registry(Arc<RegistryState>);

struct RegistryState {
    rows: Box<dyn Rows>,
    seal: Seal,
    documents_by: DocumentIndex,
    /// The number of an audit entry that is known to be there: the last one is not before it.
    audited: AtomicU64,
}

impl Registry {
    /// Opens the registry of a folder, or makes one.
    pub fn embedded(folder: &Path, secret: &Secret) -> Result<Self> {
        Self::over(Box::new(EmbeddedRows::open(folder)?), secret)
    }

    /// The registry of a cluster, which several gateways share. Nothing is asked of it yet.
    pub fn clustered(cluster: Arc<Cluster>, secret: &Secret) -> Result<Self> {
        Self::over(Box::new(ScyllaRows::new(cluster)), secret)
    }

    fn over(rows: Box<dyn Rows>, secret: &Secret) -> Result<Self> {
        Ok(Self(Arc::new(RegistryState {
            rows,
            seal: seal(secret)?,
            documents_by: DocumentIndex::new(&secret.purpose("registry index")),
            audited: AtomicU64::new(0),
        })))
    }

    /// Whether other gateways write here, too.
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

    /// Adds one row unless its key is taken. Returns what the key had.
    fn claim(&self, row: Row) -> Result<Option<Vec<u8>>> {
        Ok(self.rows().claim(&[row])?.pop().flatten())
    }

    /// Puts a value where the key has what was read of it, this or nothing. Returns whether it had.
    fn put_over(&self, table: RegistryTable, key: &[u8], read: Option<&[u8]>, value: &[u8]) -> Result<bool> {
        match read {
            Some(read) => self.rows().swap(table, key, read, Some(value)),
            None => Ok(self.claim(Row::new(table, key, value))?.is_none()),
        }
    }

    /// The values of a group, in order of their keys.
    fn group<T: DeserializeOwned>(&self, table: RegistryTable, group: &[u8]) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.rows().groups(table, &[group.to_vec()], &mut |_, _, value| {
            found.push(unpack(table, value)?);
            Ok(())
        })?;
        Ok(found)
    }
}

/// What personal fields are sealed with.
fn seal(secret: &Secret) -> Result<Seal> {
    Seal::new(&secret.purpose("registry fields"))
}

/// The first byte of every value that is JSON: the format.
const FORMAT: u8 = 1;

fn pack(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    serde_json::to_writer(&mut bytes, value).expect("rows hold nothing that JSON cannot");
    bytes
}

fn unpack<T: DeserializeOwned>(table: RegistryTable, bytes: &[u8]) -> Result<T> {
    let json = bytes.strip_prefix(&[FORMAT]).ok_or(RegistryError::Damaged(table.name()))?;
    serde_json::from_slice(json).map_err(|_| RegistryError::Damaged(table.name()))
}

fn number(table: RegistryTable, bytes: &[u8]) -> Result<u64> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| RegistryError::Damaged(table.name()))
}

/// A random number to be an id. 0 is left out, since it looks like a mistake; that two are drawn alike is not
/// to be expected in the life of a city.
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
