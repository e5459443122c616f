//! What a deployment had before it ended, as the report says it: numbers, names of files and tables, and nobody's id.

use scangate_core::time::{DAY_MS, Timestamp};
use scangate_storage::registry::{Counts, Registry};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What there was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The name of the data folder, without its path.
    pub folder: String,
    /// The keyspace, where registry and trails were on a cluster; none where it had been dropped already.
    pub keyspace: Option<Keyspace>,
    /// The contents of each store.
    pub held: Vec<StoreInventory>,
    /// The journal of the data folder.
    pub journal: JournalSummary,
    /// The files to be removed from the data folder.
    pub files: Vec<RemovedFile>,
    /// Those of the files that were links: what they led to lies elsewhere.
    pub links: Vec<String>,
    /// What lies elsewhere and was left alone, though it belongs to the deployment.
    pub elsewhere: Vec<String>,
}

/// A keyspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyspace {
    /// Its name.
    pub name: String,
    /// Its tables.
    pub tables: Vec<String>,
    /// Nodes of its cluster.
    pub nodes: u64,
    /// Those that could not be reached.
    pub nodes_away: u64,
}

/// What a store held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreInventory {
    /// The kind of store: `embedded` or `cql`.
    pub store: String,
    /// People that were registered.
    pub people: u64,
    /// Venues.
    pub venues: u64,
    /// Facts, withdrawn ones too.
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
    /// Check-ins in the trails, by day in UTC.
    pub check_ins: BTreeMap<String, u64>,
}

/// The audit: a chain of hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSummary {
    /// The number of entries.
    pub entries: u64,
    /// The hash of the last one.
    pub last_hash: Option<String>,
    /// The entry at which the chain was found to be broken.
    pub broken_at: Option<u64>,
}

/// A journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalSummary {
    /// The number of records ever appended.
    pub records: u64,
    /// Those of them that were not in the trails yet.
    pub undrained: u64,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedFile {
    /// Its path in the data folder.
    pub name: String,
    /// Its length.
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
    ) -> anyhow::Result<Self> {
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
    fn count(registry: &Registry, counts: &Counts) -> anyhow::Result<Self> {
        Ok(Self {
            entries: counts.audit_entries(),
            last_hash: registry.last_audited()?.map(|last| last.hash),
            broken_at: registry.verify_audit()?.err().map(|broken| broken.number),
        })
    }
}

/// The date of a day since 1970.
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
