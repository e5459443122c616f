//! Writes rows to a new store.

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::collections::BTreeMap;
use std::path::Path;

/// A new store that is being filled. Nothing of it is durable before [`RawFill::finish`].
pub struct RawFill {
    database: Database,
    /// The settings of a table.
    options: fn(&str) -> KeyspaceCreateOptions,
    tables: BTreeMap<String, Keyspace>,
}

impl RawFill {
    /// Makes a store in a folder.
    pub(crate) fn create(folder: &Path, options: fn(&str) -> KeyspaceCreateOptions) -> fjall::Result<Self> {
        let database = Database::builder(folder).open()?;
        Ok(Self { database, options, tables: BTreeMap::new() })
    }

    /// Writes a row to a table, which is made if it is missing.
    pub fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> fjall::Result<()> {
        let keyspace = match self.tables.get(table) {
            Some(keyspace) => keyspace,
            None => {
                let keyspace = self.database.keyspace(table, || (self.options)(table))?;
                self.tables.entry(table.to_owned()).or_insert(keyspace)
            }
        };
        keyspace.insert(key, value)
    }

    /// Makes everything durable.
    pub fn finish(self) -> fjall::Result<()> {
        self.database.persist(PersistMode::SyncAll)
    }
}
