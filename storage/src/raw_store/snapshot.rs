//! Reads all rows of a store as they were at one moment.

use fjall::{Database, Keyspace, KeyspaceCreateOptions, Readable as _, Snapshot};
use std::path::Path;

/// The rows of a store at one moment. Writers go on beside it. It holds the store's files, so a store that
/// stopped on a full disk opens again only once this is dropped.
pub struct RawSnapshot {
    snapshot: Snapshot,
    _database: Database,
    /// The tables with their names, in the order of the names.
    tables: Vec<(String, Keyspace)>,
}

impl RawSnapshot {
    /// All tables of a store, now. The caller makes sure that no table is made or deleted meanwhile. `open`
    /// opens a table that exists.
    pub(crate) fn of<E>(database: &Database, open: impl Fn(&str) -> Result<Keyspace, E>) -> Result<Self, E> {
        let mut names: Vec<String> =
            database.list_keyspace_names().iter().map(|name| name.to_string()).collect();
        names.sort_unstable();
        let tables = names.into_iter().map(|name| open(&name).map(|table| (name, table)));
        let tables = tables.collect::<Result<_, E>>()?;
        Ok(Self { tables, snapshot: database.snapshot(), _database: database.clone() })
    }

    /// Opens the store of a folder that no process has open, and reads its rows.
    pub fn open(folder: &Path) -> fjall::Result<Self> {
        let database = Database::builder(folder).open()?;
        // A table that exists keeps the settings with which it was made.
        Self::of(&database, |name| database.keyspace(name, KeyspaceCreateOptions::default))
    }

    /// Visits every row, table by table, in key order. A visitor's error ends the reading.
    pub fn rows<E: From<fjall::Error>>(
        &self,
        mut each: impl FnMut(&str, &[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for (name, table) in &self.tables {
            for entry in self.snapshot.iter(table) {
                let (key, value) = entry.into_inner()?;
                each(name, &key, &value)?;
            }
        }
        Ok(())
    }
}
