//! Rows: what the registry stands on. A table's rows lie in groups, each in order of its keys; what may be
//! changed by several at once is claimed and swapped, and all else is only ever added, so that two gateways
//! on one cluster need no lock and no common clock.

mod embedded;
mod scylla;

pub(super) use embedded::EmbeddedRows;
pub(super) use scylla::{ScyllaRows, TOKEN_RANGES, bucket};

use super::Result;
use serde::{Deserialize, Serialize};

/// A table of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RegistryTable {
    /// By person: kid and sealed fields.
    People,
    /// By a document's keyed hash: the person.
    Documents,
    /// By venue.
    Venues,
    /// By person and fact; a byte more for the fact's withdrawal.
    Facts,
    /// By fact: the person.
    FactOwners,
    /// By case.
    Cases,
    /// By person and case.
    CasesAbout,
    /// By account and period: the sum spent.
    Budgets,
    /// By number.
    Audit,
    /// By list.
    Held,
    /// By number.
    Policies,
    /// By name.
    Settings,
    /// By person: for whom they act and who acts for them.
    Kin,
    /// By person and paper: sealed.
    Papers,
    /// By time and paper, of what somebody must act on by then: the person.
    OpenPapers,
    /// By person and source: the colour that it showed last.
    Upstream,
    /// By test site.
    TestSites,
    /// By test site, time and place: who has it.
    Places,
    /// By person: which places they have.
    Bookings,
    /// By second, time and chance: what changed, for the other gateways. Rows end by themselves.
    Changes,
    /// By gateway: up to when it has drained.
    Drained,
}

/// Bytes of a group's key, where it is the id that a key begins with.
const ID_BYTES: usize = 8;
/// Bytes of a slot: its site and time.
const SLOT_BYTES: usize = 2 * ID_BYTES;
/// Entries of the audit that lie together: as many as two bytes count.
const AUDIT_GROUP_BYTES: usize = 6;

impl RegistryTable {
    pub(super) const ALL: [Self; 21] = [
        Self::People,
        Self::Documents,
        Self::Venues,
        Self::Facts,
        Self::FactOwners,
        Self::Cases,
        Self::CasesAbout,
        Self::Budgets,
        Self::Audit,
        Self::Held,
        Self::Policies,
        Self::Settings,
        Self::Kin,
        Self::Papers,
        Self::OpenPapers,
        Self::Upstream,
        Self::TestSites,
        Self::Places,
        Self::Bookings,
        Self::Changes,
        Self::Drained,
    ];

    /// Its name, in words that a store takes and people read.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Documents => "documents",
            Self::Venues => "venues",
            Self::Facts => "facts",
            Self::FactOwners => "fact-owners",
            Self::Cases => "cases",
            Self::CasesAbout => "cases-about",
            Self::Budgets => "budgets",
            Self::Audit => "audit",
            Self::Held => "held",
            Self::Policies => "policies",
            Self::Settings => "settings",
            Self::Kin => "kin",
            Self::Papers => "papers",
            Self::OpenPapers => "open-papers",
            Self::Upstream => "upstream",
            Self::TestSites => "test-sites",
            Self::Places => "places",
            Self::Bookings => "bookings",
            Self::Changes => "changes",
            Self::Drained => "drained",
        }
    }

    /// Whether its rows belong to the city: not what its gateways tell each other about themselves.
    pub(super) const fn is_copied(self) -> bool {
        !matches!(self, Self::Changes | Self::Drained)
    }

    /// The group that a key lies in: the part of it that its neighbours share.
    fn group(self, key: &[u8]) -> &[u8] {
        let bytes = match self {
            Self::Held
            | Self::Policies
            | Self::Settings
            | Self::OpenPapers
            | Self::TestSites
            | Self::Drained => 0,
            Self::Places => SLOT_BYTES,
            Self::Budgets => key.len().saturating_sub(ID_BYTES),
            Self::Audit => AUDIT_GROUP_BYTES,
            Self::People
            | Self::Documents
            | Self::Venues
            | Self::Facts
            | Self::FactOwners
            | Self::Cases
            | Self::CasesAbout
            | Self::Kin
            | Self::Papers
            | Self::Upstream
            | Self::Bookings
            | Self::Changes => ID_BYTES,
        };
        key.get(..bytes).unwrap_or(key)
    }
}

/// A key.
pub(super) type RowKey = Vec<u8>;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) table: RegistryTable,
    pub(super) key: RowKey,
    pub(super) value: Vec<u8>,
}

impl Row {
    pub(super) fn new(table: RegistryTable, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        Self { table, key: key.as_ref().to_vec(), value: value.as_ref().to_vec() }
    }

    /// Bytes of its key and value.
    pub(super) fn bytes(&self) -> usize {
        self.key.len() + self.value.len()
    }
}

/// What is done as one.
#[derive(Debug, Clone, Default)]
pub(super) struct WriteUnit {
    /// Rows that are new, or that the last to write decides.
    pub(super) put: Vec<Row>,
    /// Rows that go.
    pub(super) remove: Vec<(RegistryTable, RowKey)>,
}

impl From<Vec<Row>> for WriteUnit {
    fn from(put: Vec<Row>) -> Self {
        Self { put, remove: Vec::new() }
    }
}

/// What receives rows.
pub(super) type RowVisitor<'a> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'a;
/// What receives the rows of groups, each with the group's place among those asked for.
pub(super) type GroupVisitor<'a> = dyn FnMut(usize, &[u8], &[u8]) -> Result<()> + 'a;

/// What receives keys, each with the name of its table.
pub(super) type KeyVisitor<'a> = dyn FnMut(&str, &[u8]) -> Result<()> + 'a;

/// A store of rows. What was written survives power loss when its call returns.
pub(super) trait Rows: Send + Sync {
    /// Whether other gateways write here, too.
    fn is_shared(&self) -> bool;
    /// The values of keys, in their order.
    fn get(&self, table: RegistryTable, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>>;
    /// The rows of groups, group by group, in order of their keys.
    fn groups(&self, table: RegistryTable, groups: &[RowKey], each: &mut GroupVisitor<'_>) -> Result<()>;
    /// Every row; those of a group follow each other in order.
    fn all(&self, table: RegistryTable, each: &mut RowVisitor<'_>) -> Result<()>;
    /// Every key, with no value. **Cost**: that of the keys, where the store can do so.
    fn keys(&self, table: RegistryTable, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>;
    /// Every key of every table whose rows stay, in no order.
    fn every_key(&self, each: &mut KeyVisitor<'_>) -> Result<()>;
    /// Writes units, each wholly or not at all. **Errors**: some units may have been written.
    fn write(&self, units: &[WriteUnit]) -> Result<()>;
    /// Adds each row unless its key is taken: of several who try, one adds it. Returns what each key had. The
    /// keys of one call differ.
    fn claim(&self, rows: &[Row]) -> Result<Vec<Option<Vec<u8>>>>;
    /// Replaces a row's value, or takes it out, where it is still `from`. Returns whether it was.
    fn swap(&self, table: RegistryTable, key: &[u8], from: &[u8], to: Option<&[u8]>) -> Result<bool>;
}
