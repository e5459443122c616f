//! The registry: people, venues, facts, cases, audit and what else the back office keeps, in an embedded
//! store beside the journal. Every write is on disk when its call returns. Names, phones and document
//! numbers lie encrypted; trails and colours are elsewhere and know ids alone.

mod audit;
mod budgets;
mod cases;
mod facts;
mod held;
mod people;
mod policies;
mod sealed;
mod venues;

pub use audit::{Act, AuditBroken, Audited};
pub use cases::{Case, NewCase};
pub use held::{Held, HeldKind, NewHeld};
pub use people::{Person, Registered};
pub use policies::StoredPolicy;
pub use venues::NewVenue;

use aws_lc_rs::rand;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use scangate_core::keys::Secret;
use sealed::{DocumentIndex, Seal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why the registry did not answer.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The store could not read or write. Nothing of the call was kept.
    #[error("the registry's store: {0}")]
    Store(#[from] fjall::Error),
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
pub struct Registry(Arc<Tables>);

struct Tables {
    database: Database,
    people: Keyspace,
    documents: Keyspace,
    venues: Keyspace,
    facts: Keyspace,
    fact_owners: Keyspace,
    cases: Keyspace,
    cases_about: Keyspace,
    budgets: Keyspace,
    audit: Keyspace,
    held: Keyspace,
    policies: Keyspace,
    settings: Keyspace,
    seal: Seal,
    documents_by: DocumentIndex,
    /// What is read and then written is so by one at a time.
    writing: Mutex<()>,
}

impl Registry {
    /// Opens the registry of a folder, or makes one.
    pub fn open(folder: &Path, secret: &Secret) -> Result<Self> {
        let database = Database::builder(folder).open()?;
        let table = |name: &str| database.keyspace(name, KeyspaceCreateOptions::default);
        Ok(Self(Arc::new(Tables {
            people: table("people")?,
            documents: table("documents")?,
            venues: table("venues")?,
            facts: table("facts")?,
            fact_owners: table("fact-owners")?,
            cases: table("cases")?,
            cases_about: table("cases-about")?,
            budgets: table("budgets")?,
            audit: table("audit")?,
            held: table("held")?,
            policies: table("policies")?,
            settings: table("settings")?,
            seal: Seal::new(&secret.purpose("registry fields"))?,
            documents_by: DocumentIndex::new(&secret.purpose("registry index")),
            writing: Mutex::new(()),
            database,
        })))
    }

    /// A setting's value.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.0.settings.get(name)?.map(|value| value.to_vec()))
    }

    /// Sets a setting.
    pub fn set(&self, name: &str, value: &[u8]) -> Result<()> {
        let mut batch = self.batch();
        batch.insert(&self.0.settings, name, value);
        Ok(batch.commit()?)
    }

    /// A batch that is on disk when it is committed.
    fn batch(&self) -> OwnedWriteBatch {
        self.0.database.batch().durability(Some(PersistMode::SyncAll))
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first byte of every value that is JSON: the format.
const FORMAT: u8 = 1;

fn pack(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    serde_json::to_writer(&mut bytes, value).expect("rows hold nothing that JSON cannot");
    bytes
}

fn unpack<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T> {
    let json = bytes.strip_prefix(&[FORMAT]).ok_or(RegistryError::Damaged(table))?;
    serde_json::from_slice(json).map_err(|_| RegistryError::Damaged(table))
}

fn number(table: &'static str, bytes: &[u8]) -> Result<u64> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| RegistryError::Damaged(table))
}

/// A random number that is no key of a table yet. 0 is left out, since it looks like a mistake.
fn draw(table: &Keyspace) -> Result<u64> {
    loop {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes).map_err(|_| RegistryError::Random)?;
        if bytes != [0; 8] && !table.contains_key(bytes)? {
            return Ok(u64::from_be_bytes(bytes));
        }
    }
}

#[cfg(test)]
mod tests;
