//! The content of a registry in numbers, for the report of a sunset.

use super::facts::{EvidenceKind, evidence_kind};
use super::rows::RegistryTable;
use super::{Registry, Result, number};
use scangate_core::id::PersonId;
use std::collections::BTreeMap;

/// The number of rows of a registry, by table and kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// The number of rows by table name, for tables that have some. Change announcements are not counted.
    pub rows: BTreeMap<String, u64>,
    /// The number of facts, including withdrawn ones: a part of the rows of `facts`.
    pub facts: u64,
    /// The number of withdrawals of facts: another part.
    pub withdrawals: u64,
    /// The number of daily reports: the rest.
    pub daily_reports: u64,
}

impl Counts {
    /// The number of registered people.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.of(RegistryTable::People)
    }

    /// The number of venues.
    #[must_use]
    pub fn venues(&self) -> u64 {
        self.of(RegistryTable::Venues)
    }

    /// The number of cases.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.of(RegistryTable::Cases)
    }

    /// The number of audit entries.
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
    /// Counts the rows. **Cost**: reads every key. **Errors**: the store's, and
    /// [`RegistryError::Sealed`](super::RegistryError::Sealed) if the secret is not the one under which
    /// people were registered.
    pub fn counts(&self) -> Result<Counts> {
        let (mut counts, mut any_person) = (Counts::default(), None);
        self.rows().every_key(&mut |table, key| {
            counts.add(table, key);
            if any_person.is_none() && table == RegistryTable::People.name() {
                any_person = Some(PersonId(number(RegistryTable::People, key)?));
            }
            Ok(())
        })?;
        if let Some(any_person) = any_person {
            self.person(any_person)?;
        }
        Ok(counts)
    }
}
