//! Rows in an embedded store (fjall) of one gateway. Writes are serialised. A store that stopped on a full
//! disk is reopened once the disk has space.

use super::{GroupVisitor, KeyVisitor, RegistryTable, Row, RowKey, RowVisitor, Rows, WriteUnit};
use crate::disk_space;
use crate::raw_store::RawSnapshot;
use crate::registry::Result;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The open store.
struct OpenTables {
    database: Database,
    tables: Vec<Keyspace>,
}

impl OpenTables {
    fn open(folder: &Path) -> Result<Self> {
        let database = Database::builder(folder).open()?;
        let open = |table: RegistryTable| database.keyspace(table.name(), KeyspaceCreateOptions::default);
        let tables = RegistryTable::ALL.into_iter().map(open).collect::<fjall::Result<_>>()?;
        Ok(Self { tables, database })
    }

    fn of(&self, table: RegistryTable) -> &Keyspace {
        &self.tables[table as usize]
    }
}

/// The store.
pub(in crate::registry) struct EmbeddedRows {
    folder: PathBuf,
    /// None only after a failed reopening.
    tables: RwLock<Option<Arc<OpenTables>>>,
    /// Set when a write failed: the store then refuses writes until it is reopened.
    is_stopped: AtomicBool,
    /// Serialises read-modify-write.
    writing: Mutex<()>,
}

/// A write in progress. It holds the write lock.
struct WriteBatch<'a> {
    rows: &'a EmbeddedRows,
    tables: Arc<OpenTables>,
    batch: OwnedWriteBatch,
    alone: MutexGuard<'a, ()>,
}

impl WriteBatch<'_> {
    fn put(&mut self, row: &Row) {
        self.batch.insert(self.tables.of(row.table), row.key.as_slice(), row.value.as_slice());
    }

    /// Commits the write. **Errors**: the disk rejected it; the next write probes the disk and reopens the
    /// store.
    fn commit(self) -> Result<()> {
        let Self { rows, tables, batch, alone } = self;
        let committed = batch.commit();
        if committed.is_err() {
            rows.is_stopped.store(true, Ordering::Release);
        }
        drop((tables, alone));
        Ok(committed?)
    }
}

impl EmbeddedRows {
    /// Opens the store of a folder, or makes one.
    pub(in crate::registry) fn open(folder: &Path) -> Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            tables: RwLock::new(Some(Arc::new(OpenTables::open(folder)?))),
            is_stopped: AtomicBool::new(false),
            writing: Mutex::new(()),
        })
    }

    /// The rows behind a key: at most `rows_max`, and no more after `bytes_max` bytes.
    pub(in crate::registry) fn page(
        &self,
        table: RegistryTable,
        after: &[u8],
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Row>> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let behind = (Bound::Excluded(after), Bound::Unbounded);
        for entry in self.tables()?.of(table).range::<&[u8], _>(behind).take(rows_max) {
            let (key, value) = entry.into_inner()?;
            bytes += key.len() + value.len();
            rows.push(Row::new(table, key, value));
            if bytes >= bytes_max {
                break;
            }
        }
        Ok(rows)
    }

    fn tables(&self) -> Result<Arc<OpenTables>> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner).clone();
        tables.map_or_else(|| self.reopen(), Ok)
    }

    fn begin(&self) -> Result<WriteBatch<'_>> {
        let alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_stopped.load(Ordering::Acquire) {
            disk_space::probe(&self.folder).map_err(fjall::Error::Io)?;
            *self.tables.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
        let tables = self.tables()?;
        let batch = tables.database.batch().durability(Some(PersistMode::SyncAll));
        Ok(WriteBatch { rows: self, tables, batch, alone })
    }

    /// Reopens the store. The old store has released its folder, or its last reader releases it soon: until
    /// then this fails.
    fn reopen(&self) -> Result<Arc<OpenTables>> {
        let mut slot = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(tables) = &*slot {
            return Ok(Arc::clone(tables));
        }
        let tables = Arc::new(OpenTables::open(&self.folder)?);
        self.is_stopped.store(false, Ordering::Release);
        tracing::info!(event = "registry-reopened", "the registry's store is open again");
        Ok(Arc::clone(slot.insert(tables)))
    }
}

impl Rows for EmbeddedRows {
    fn is_shared(&self) -> bool {
        false
    }

    fn get(&self, table: RegistryTable, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>> {
        let tables = self.tables()?;
        keys.iter().map(|key| Ok(tables.of(table).get(key)?.map(|value| value.to_vec()))).collect()
    }

    fn groups(&self, table: RegistryTable, groups: &[RowKey], each: &mut GroupVisitor<'_>) -> Result<()> {
        let tables = self.tables()?;
        for (at, group) in groups.iter().enumerate() {
            for entry in tables.of(table).prefix(group) {
                let (key, value) = entry.into_inner()?;
                if table.group(&key) == group {
                    each(at, &key, &value)?;
                }
            }
        }
        Ok(())
    }

    fn all(&self, table: RegistryTable, each: &mut RowVisitor<'_>) -> Result<()> {
        for entry in self.tables()?.of(table).iter() {
            let (key, value) = entry.into_inner()?;
            each(&key, &value)?;
        }
        Ok(())
    }

    fn keys(&self, table: RegistryTable, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        for entry in self.tables()?.of(table).iter() {
            each(&entry.key()?)?;
        }
        Ok(())
    }

    fn every_key(&self, each: &mut KeyVisitor<'_>) -> Result<()> {
        RegistryTable::ALL
            .into_iter()
            .filter(|table| !table.has_ttl())
            .try_for_each(|table| self.keys(table, &mut |key| each(table.name(), key)))
    }

    fn write(&self, units: &[WriteUnit]) -> Result<()> {
        let mut write = self.begin()?;
        for unit in units {
            unit.put.iter().for_each(|row| write.put(row));
            for (table, key) in &unit.remove {
                write.batch.remove(write.tables.of(*table), key.as_slice());
            }
        }
        write.commit()
    }

    fn claim(&self, rows: &[Row]) -> Result<Vec<Option<Vec<u8>>>> {
        let mut write = self.begin()?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let taken = write.tables.of(row.table).get(&row.key)?.map(|value| value.to_vec());
            if taken.is_none() {
                write.put(row);
            }
            found.push(taken);
        }
        write.commit()?;
        Ok(found)
    }

    fn swap(&self, table: RegistryTable, key: &[u8], from: &[u8], to: Option<&[u8]>) -> Result<bool> {
        let mut write = self.begin()?;
        if write.tables.of(table).get(key)?.as_deref() != Some(from) {
            return Ok(false);
        }
        match to {
            Some(to) => write.batch.insert(write.tables.of(table), key, to),
            None => write.batch.remove(write.tables.of(table), key),
        }
        write.commit()?;
        Ok(true)
    }

    fn snapshot(&self) -> Result<Option<RawSnapshot>> {
        let tables = self.tables()?;
        let open = |name: &str| Ok(tables.database.keyspace(name, KeyspaceCreateOptions::default)?);
        RawSnapshot::of(&tables.database, open).map(Some)
    }
}
