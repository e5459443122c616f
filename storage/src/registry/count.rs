//! How much a registry holds: for who ends it, and has to say what there was.

use super::facts::{EvidenceKind, evidence_kind};
use super::rows::RegistryTable;
use super::{Registry, Result, number};
use scangate_core::id::PersonId;
use std::collections::BTreeMap;

/// How much a registry holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows by the name of their table, of tables that have some. What gateways tell each other for an hour is not
    /// among them.
    pub rows: BTreeMap<String, u64>,
    /// Facts, withdrawn ones too: some of the rows of `facts`.
    pub facts: u64,
    /// Withdrawals of facts: some others.
    pub withdrawals: u64,
    /// Daily reports: the rest.
    pub daily_reports: u64,
}

impl Counts {
    /// People that are registered.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.of(RegistryTable::People)
    }

    /// Venues.
    #[must_use]
    pub fn venues(&self) -> u64 {
        self.of(RegistryTable::Venues)
    }

    /// Cases.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.of(RegistryTable::Cases)
    }

    /// Entries of the audit.
    #[must_use]
    pub fn audit_entries(&self) -> u64 {
        self.of(RegistryTable::Audit)
    }

    fn of(&self, table: RegistryTable) -> u64 {
        self.rows.get(table.name()).copied().unwrap_or(0)
    }

    fn add(&mut self, table: &str, key: &[u8]) {
        match self.rows.get_mut(table) {
            Some(rows) => *rows += 1,
            None => drop(self.rows.insert(table.to_owned(), 1)),
        }
        if table == RegistryTable::Facts.name() {
            match evidence_kind(key) {
                EvidenceKind::Fact => self.facts += 1,
                EvidenceKind::Withdrawal => self.withdrawals += 1,
                EvidenceKind::DailyReport => self.daily_reports += 1,
            }
        }
    }
}

impl Registry {
    /// Counts what there is. **Cost**: reads every key. **Errors**: besides the store's,
    /// [`RegistryError::Sealed`](super::RegistryError::Sealed) where the secret is not the one under which people
    /// were registered.
    pub fn counts(&self) -> Result<Counts> {
        let (mut counts, mut somebody) = (Counts::default(), None);
        self.rows().every_key(&mut |table, key| {
            counts.add(table, key);
            if somebody.is_none() && table == RegistryTable::People.name() {
                somebody = Some(PersonId(number(RegistryTable::People, key)?));
            }
            Ok(())
        })?;
        if let Some(somebody) = somebody {
            self.person(somebody)?;
        }
        Ok(counts)
    }
}
