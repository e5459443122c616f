//! The tables of the embedded store.

use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use std::path::Path;

/// The open store.
pub(super) struct Tables {
    pub(super) database: Database,
    pub(super) people: Keyspace,
    pub(super) documents: Keyspace,
    pub(super) venues: Keyspace,
    pub(super) facts: Keyspace,
    pub(super) fact_owners: Keyspace,
    pub(super) cases: Keyspace,
    pub(super) cases_about: Keyspace,
    pub(super) budgets: Keyspace,
    pub(super) audit: Keyspace,
    pub(super) held: Keyspace,
    pub(super) policies: Keyspace,
    pub(super) settings: Keyspace,
}

impl Tables {
    /// Opens the store of a folder, or makes one.
    pub(super) fn open(folder: &Path) -> Result<Self, fjall::Error> {
        let database = Database::builder(folder).open()?;
        let table = |name: &str| database.keyspace(name, KeyspaceCreateOptions::default);
        Ok(Self {
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
            database,
        })
    }
}
