//! The contents of a deployment before it ends, as the report lists them: counts, and names of files and
//! tables. No id of a person is among them.

use scangate_core::time::{DAY_MS, Timestamp};
use scangate_storage::registry::{Counts, Registry, RegistryError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The contents of a deployment before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The name of the data folder, without its path.
    pub folder: String,
    /// The keyspace, if the stores were on a cluster and it had not been dropped before.
    pub keyspace: Option<Keyspace>,
    /// The contents of each store.
    pub held: Vec<StoreInventory>,
    /// The journal of the data folder.
    pub journal: JournalSummary,
    /// The files to be removed from the data folder.
    pub files: Vec<RemovedFile>,
    /// The parts that were links to files or folders elsewhere.
    pub links: Vec<String>,
    /// Files of the deployment outside the folder, which are not deleted.
    pub elsewhere: Vec<String>,
}

/// A keyspace and its cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyspace {
    /// The keyspace's name.
    pub name: String,
    /// The keyspace's tables.
    pub tables: Vec<String>,
    /// The number of nodes of the cluster.
    pub nodes: u64,
    /// The number of nodes that could not be reached.
    pub nodes_away: u64,
}

/// The contents of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreInventory {
    /// The kind of store: `embedded` or `cql`.
    pub store: String,
    /// Registered people.
    pub people: u64,
    /// Venues.
    pub venues: u64,
    /// Facts, including withdrawn ones.
    pub facts: u64,
    /// Withdrawals of facts.
    pub withdrawals: u64,
    /// Daily reports.
    pub daily_reports: u64,
    /// Cases.
    pub cases: u64,
    /// The state of the audit.
    pub audit: AuditSummary,
    /// Rows by table, including those counted above.
    pub rows: BTreeMap<String, u64>,
    /// Check-ins in the trails by UTC day.
    pub check_ins: BTreeMap<String, u64>,
}

/// The state of the audit, which is a hash chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSummary {
    /// The number of entries.
    pub entries: u64,
    /// The hash of the last one.
    pub last_hash: Option<String>,
    /// The entry at which the chain is broken, if it is.
    pub broken_at: Option<u64>,
}

/// The state of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalSummary {
    /// The number of records ever appended.
    pub records: u64,
    /// The number of records that had not been drained to the trails.
    pub undrained: u64,
}

/// A file to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedFile {
    /// The path in the data folder.
    pub name: String,
    /// The length.
    pub bytes: u64,
}

impl Inventory {
    /// The total length of the files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl StoreInventory {
    /// Counts a store. **Cost**: reads every key of the registry and the whole audit.
    pub(super) fn count(
        store: &str,
        registry: &Registry,
        check_ins: BTreeMap<u32, u64>,
    ) -> Result<Self, RegistryError> {
        let counts = registry.counts()?;
        let audit = AuditSummary::count(registry, &counts)?;
        Ok(Self {
            store: store.to_owned(),
            people: counts.people(),
            venues: counts.venues(),
            facts: counts.facts,
            withdrawals: counts.withdrawals,
            daily_reports: counts.daily_reports,
            cases: counts.cases(),
            audit,
            rows: counts.rows,
            check_ins: check_ins.into_iter().map(|(day, count)| (date(day), count)).collect(),
        })
    }
}

impl AuditSummary {
    fn count(registry: &Registry, counts: &Counts) -> Result<Self, RegistryError> {
        Ok(Self {
            entries: counts.audit_entries(),
            last_hash: registry.last_audited()?.map(|last| last.hash),
            broken_at: registry.verify_audit()?.err().map(|broken| broken.number),
        })
    }
}

/// The date of a day, counted from 1970-01-01.
fn date(day: u32) -> String {
    let text = Timestamp(u64::from(day) * DAY_MS).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_dates() {
        assert_eq!((date(0).as_str(), date(18_262).as_str()), ("1970-01-01", "2020-01-01"));
    }
}
