//! Rows: the storage layer of the registry. A table's rows lie in groups, each in key order. Rows that
//! several writers may change are written by claim and swap (compare-and-swap); all other rows are only
//! added. Two gateways on one cluster therefore need no lock and no common clock.

mod embedded;
mod scylla;

pub(super) use embedded::EmbeddedRows;
pub(super) use scylla::{ScyllaRows, TOKEN_RANGES, bucket};

use super::Result;
use crate::raw_store::RawSnapshot;
use serde::{Deserialize, Serialize};

/// A table of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RegistryTable {
    /// By person: kid and sealed fields.
    People,
    /// By a document's keyed hash: the person.
    Documents,
    /// By a phone's keyed hash and person.
    Phones,
    /// By the time of an application and person, for people whose application was not approved.
    Reviews,
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
    /// By tracer and case; under no tracer, the cases for which an extension was asked.
    TracerCases,
    /// By person, case and place in its answers: the time of the first answer with the person.
    Traced,
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
    /// By person: the dependants and the guardians.
    Kin,
    /// By person and paper: sealed.
    Papers,
    /// By due time and paper, for papers with an open duty: the person.
    OpenPapers,
    /// By person and source: the colour that the source showed last.
    Upstream,
    /// By test site.
    TestSites,
    /// By unit.
    Units,
    /// By test site, time and place: the person who booked it.
    Places,
    /// By person: the booked places.
    Bookings,
    /// By person: when the keys were renewed and the paper passes revoked.
    KeyHistories,
    /// By person: the request to be erased.
    Erasures,
    /// By erased person.
    Tombstones,
    /// By account: the sums spent in the last minutes.
    Windows,
    /// By token id: a token's claims without its text, and its revocation.
    Tokens,
    /// By second, time and random number: an announced change. Rows end by TTL.
    Changes,
    /// By gateway: the time up to which its journal is drained.
    Drained,
    /// By scope of an idempotency key, and part: the sealed answer. Rows end by TTL, or by a sweep.
    Answers,
}

/// The size of a group's key, where it is the id with which a key begins. **Units**: bytes.
const ID_BYTES: usize = 8;
/// The size of a booking slot's key: site and time. **Units**: bytes.
const SLOT_BYTES: usize = 2 * ID_BYTES;
/// The size of an audit group's key: a group has as many entries as two bytes count. **Units**: bytes.
const AUDIT_GROUP_BYTES: usize = 6;

impl RegistryTable {
    pub(super) const ALL: [Self; 32] = [
        Self::People,
        Self::Documents,
        Self::Phones,
        Self::Reviews,
        Self::Venues,
        Self::Facts,
        Self::FactOwners,
        Self::Cases,
        Self::CasesAbout,
        Self::TracerCases,
        Self::Traced,
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
        Self::Units,
        Self::Places,
        Self::Bookings,
        Self::KeyHistories,
        Self::Erasures,
        Self::Tombstones,
        Self::Windows,
        Self::Tokens,
        Self::Changes,
        Self::Drained,
        Self::Answers,
    ];

    /// The table's name, valid in stores and readable in reports.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Documents => "documents",
            Self::Phones => "phones",
            Self::Reviews => "reviews",
            Self::Venues => "venues",
            Self::Facts => "facts",
            Self::FactOwners => "fact-owners",
            Self::Cases => "cases",
            Self::CasesAbout => "cases-about",
            Self::TracerCases => "tracer-cases",
            Self::Traced => "traced",
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
            Self::Units => "units",
            Self::Places => "places",
            Self::Bookings => "bookings",
            Self::KeyHistories => "key-histories",
            Self::Erasures => "erasures",
            Self::Tombstones => "tombstones",
            Self::Windows => "windows",
            Self::Tokens => "tokens",
            Self::Changes => "changes",
            Self::Drained => "drained",
            Self::Answers => "answers",
        }
    }

    /// Whether the rows belong to the city, and neither to the coordination of its gateways nor to the
    /// requests of its last day.
    pub(super) const fn is_copied(self) -> bool {
        !matches!(self, Self::Changes | Self::Drained | Self::Answers)
    }

    /// Whether the rows end after a time.
    const fn has_ttl(self) -> bool {
        matches!(self, Self::Changes | Self::Answers)
    }

    /// The group of a key: the prefix that it shares with its neighbours.
    pub(super) fn group(self, key: &[u8]) -> &[u8] {
        let bytes = match self {
            Self::Held
            | Self::Policies
            | Self::Settings
            | Self::OpenPapers
            | Self::Reviews
            | Self::TestSites
            | Self::Units
            | Self::Erasures
            | Self::Tokens
            | Self::Drained => 0,
            Self::Windows => key.len(),
            Self::Places => SLOT_BYTES,
            Self::Budgets | Self::TracerCases => key.len().saturating_sub(ID_BYTES),
            Self::Audit => AUDIT_GROUP_BYTES,
            Self::People
            | Self::Documents
            | Self::Phones
            | Self::Venues
            | Self::Facts
            | Self::FactOwners
            | Self::Cases
            | Self::CasesAbout
            | Self::Traced
            | Self::Kin
            | Self::Papers
            | Self::Upstream
            | Self::Bookings
            | Self::KeyHistories
            | Self::Tombstones
            | Self::Changes
            | Self::Answers => ID_BYTES,
        };
        key.get(..bytes).unwrap_or(key)
    }
}

/// The key of a row.
pub(super) type RowKey = Vec<u8>;

/// A row of a table.
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

    /// The size of the key and the value. **Units**: bytes.
    pub(super) fn bytes(&self) -> usize {
        self.key.len() + self.value.len()
    }
}

/// A unit of writes that is applied in order: the puts as listed, then the removals as listed.
///
/// A gateway that dies half-way leaves a prefix of the unit, on a cluster between any two rows. Three rules
/// follow for each unit. Every reader tolerates every prefix: the row that makes a thing visible comes last
/// among the puts, and a row that points to it comes before it. A repeated unit completes an interrupted one.
/// A row that leads to the others is removed last, so that a repeated removal finds them.
#[derive(Debug, Clone, Default)]
pub(super) struct WriteUnit {
    /// Rows to write: new ones, or ones whose last writer wins.
    pub(super) put: Vec<Row>,
    /// The keys of rows to remove.
    pub(super) remove: Vec<(RegistryTable, RowKey)>,
}

impl From<Vec<Row>> for WriteUnit {
    fn from(put: Vec<Row>) -> Self {
        Self { put, remove: Vec::new() }
    }
}

/// A visitor of rows.
pub(super) type RowVisitor<'a> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'a;
/// A visitor of the rows of groups, each with the group's index in the request.
pub(super) type GroupVisitor<'a> = dyn FnMut(usize, &[u8], &[u8]) -> Result<()> + 'a;

/// A visitor of keys, each with the name of its table.
pub(super) type KeyVisitor<'a> = dyn FnMut(&str, &[u8]) -> Result<()> + 'a;

/// A store of rows. A write survives power loss once its call returns.
pub(super) trait Rows: Send + Sync {
    /// Whether other gateways also write to this store.
    fn is_shared(&self) -> bool;
    /// The values of keys, in the order of the keys.
    fn get(&self, table: RegistryTable, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>>;
    /// Visits the rows of groups, group by group, in key order.
    fn groups(&self, table: RegistryTable, groups: &[RowKey], each: &mut GroupVisitor<'_>) -> Result<()>;
    /// Visits every row. The rows of a group are consecutive and in key order.
    fn all(&self, table: RegistryTable, each: &mut RowVisitor<'_>) -> Result<()>;
    /// Visits every key of a table, without values. **Cost**: only the keys, where the store supports that.
    fn keys(&self, table: RegistryTable, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>;
    /// Visits every key of every table without TTL, unordered.
    fn every_key(&self, each: &mut KeyVisitor<'_>) -> Result<()>;
    /// Writes units, each in its order, and in no order among each other. An embedded store writes all or
    /// none. **Errors**: of each unit, a prefix may have been written.
    fn write(&self, units: &[WriteUnit]) -> Result<()>;
    /// Adds each row unless its key exists: of concurrent callers, one adds it. Returns the existing value of
    /// each key. The keys of one call must differ.
    fn claim(&self, rows: &[Row]) -> Result<Vec<Option<Vec<u8>>>>;
    /// Replaces or removes a row if its value is still `from`. Returns whether it was.
    fn swap(&self, table: RegistryTable, key: &[u8], from: &[u8], to: Option<&[u8]>) -> Result<bool>;
    /// All rows at this moment; `None` for a store on a cluster.
    fn snapshot(&self) -> Result<Option<RawSnapshot>>;
}
