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
mod tables;
mod venues;
mod write;

pub use audit::{Act, AuditBroken, Audited};
pub use cases::{Case, NewCase};
pub use held::{Held, HeldKind, NewHeld};
pub use people::{Person, Registered};
pub use policies::StoredPolicy;
pub use venues::NewVenue;

use crate::room;
use aws_lc_rs::rand;
use fjall::{Keyspace, PersistMode};
use scangate_core::keys::Secret;
use sealed::{DocumentIndex, Seal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tables::Tables;
use write::Write;

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
pub struct Registry(Arc<Place>);

struct Place {
    folder: PathBuf,
    seal: Seal,
    documents_by: DocumentIndex,
    /// None only where opening the store anew has failed.
    tables: RwLock<Option<Arc<Tables>>>,
    /// The store refuses writes since one of them failed.
    is_stopped: AtomicBool,
    /// What is read and then written is so by one at a time.
    writing: Mutex<()>,
}

impl Registry {
    /// Opens the registry of a folder, or makes one.
    pub fn open(folder: &Path, secret: &Secret) -> Result<Self> {
        Ok(Self(Arc::new(Place {
            folder: folder.to_owned(),
            seal: Seal::new(&secret.purpose("registry fields"))?,
            documents_by: DocumentIndex::new(&secret.purpose("registry index")),
            tables: RwLock::new(Some(Arc::new(Tables::open(folder)?))),
            is_stopped: AtomicBool::new(false),
            writing: Mutex::new(()),
        })))
    }

    /// A setting's value.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.tables()?.settings.get(name)?.map(|value| value.to_vec()))
    }

    /// Sets a setting.
    pub fn set(&self, name: &str, value: &[u8]) -> Result<()> {
        let mut write = self.write()?;
        write.batch.insert(&write.tables.settings, name, value);
        write.commit()
    }

    fn tables(&self) -> Result<Arc<Tables>> {
        let tables = self.0.tables.read().unwrap_or_else(PoisonError::into_inner).clone();
        tables.map_or_else(|| self.open_anew(), Ok)
    }

    /// Begins a write, alone. A store that a full disk has stopped is opened anew once there is room.
    fn write(&self) -> Result<Write<'_>> {
        let alone = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.is_stopped.load(Ordering::Acquire) {
            room::probe(&self.0.folder).map_err(fjall::Error::Io)?;
            *self.0.tables.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
        let tables = self.tables()?;
        let batch = tables.database.batch().durability(Some(PersistMode::SyncAll));
        Ok(Write { place: &self.0, tables, batch, alone })
    }

    /// The old store has let go of its folder by now, or its last reader does in a moment: until then this
    /// fails.
    fn open_anew(&self) -> Result<Arc<Tables>> {
        let mut place = self.0.tables.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(tables) = &*place {
            return Ok(Arc::clone(tables));
        }
        let tables = Arc::new(Tables::open(&self.0.folder)?);
        self.0.is_stopped.store(false, Ordering::Release);
        tracing::info!("the registry's store is open again");
        Ok(Arc::clone(place.insert(tables)))
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
