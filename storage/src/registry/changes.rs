//! Changes: what gateways that share a registry tell each other. A change names what to read anew and nothing
//! else, so that it may be seen twice, late or out of order.
//!
//! **Shape** of a key: second (8), milliseconds (8), chance (8). A second's changes lie together, and end by
//! themselves once every gateway has had the time to see them.

use super::rows::{RegistryTable, Row, RowKey, WriteUnit};
use super::{Registry, RegistryError, Result, draw, number};
use crate::cql::clock;
use scangate_core::id::{PersonId, VenueId};
use scangate_core::time::Timestamp;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Somebody was registered or erased, or a fact about them came or went.
    Person(PersonId),
    /// A venue was added or closed.
    Venue(VenueId),
    /// A rule pack came into force.
    Policy,
    /// A key came or went.
    Keys,
}

/// A change that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeEntry {
    /// Its key: what tells it from others.
    pub key: [u8; 24],
    /// What.
    pub change: Change,
}

impl Change {
    fn encode(self) -> Vec<u8> {
        let (kind, id) = match self {
            Self::Person(PersonId(id)) => (b'p', id),
            Self::Venue(VenueId(id)) => (b'v', id),
            Self::Policy => (b'r', 0),
            Self::Keys => (b'k', 0),
        };
        [&[kind][..], &id.to_be_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, id) = bytes.split_first()?;
        let id = number(RegistryTable::Changes, id).ok()?;
        match kind {
            b'p' => Some(Self::Person(PersonId(id))),
            b'v' => Some(Self::Venue(VenueId(id))),
            b'r' => Some(Self::Policy),
            b'k' => Some(Self::Keys),
            _ => None,
        }
    }
}

impl Registry {
    /// Makes a change and tells the other gateways: before, so that one who dies half-way has told, and after,
    /// so that one who looked too early looks again. Who reads anew a good while later has seen even what was
    /// written and acknowledged to nobody.
    pub(super) fn announcing<T>(&self, changes: &[Change], make: impl FnOnce() -> Result<T>) -> Result<T> {
        self.announce(changes)?;
        let made = make()?;
        self.announce(changes)?;
        Ok(made)
    }

    fn announce(&self, changes: &[Change]) -> Result<()> {
        if !self.is_shared() || changes.is_empty() {
            return Ok(());
        }
        let at = clock::now();
        let units = changes.iter().map(|change| {
            let key = [(at.0 / 1_000).to_be_bytes(), at.0.to_be_bytes(), draw()?.to_be_bytes()].concat();
            Ok(vec![Row::new(RegistryTable::Changes, key, change.encode())].into())
        });
        self.rows().write(&units.collect::<Result<Vec<WriteUnit>>>()?)
    }

    /// The changes told of in these seconds since 1970. What kinds a later version tells of are left out.
    pub fn changes(&self, seconds: impl Iterator<Item = u64>) -> Result<Vec<ChangeEntry>> {
        let groups: Vec<RowKey> = seconds.map(|second| second.to_be_bytes().to_vec()).collect();
        let mut changes = Vec::new();
        self.rows().groups(RegistryTable::Changes, &groups, &mut |_, key, value| {
            let key = key.try_into().map_err(|_| RegistryError::Damaged(RegistryTable::Changes.name()))?;
            changes.extend(Change::decode(value).map(|change| ChangeEntry { key, change }));
            Ok(())
        })?;
        Ok(changes)
    }

    /// Says up to when a gateway has drained its journal.
    pub fn report_drained(&self, gateway: u64, complete_through: Timestamp) -> Result<()> {
        let row = Row::new(RegistryTable::Drained, gateway.to_be_bytes(), complete_through.0.to_be_bytes());
        self.rows().write(&[vec![row].into()])
    }

    /// Says that a gateway has nothing in its journal that is not drained, and takes no check-ins any more.
    pub fn report_empty(&self, gateway: u64) -> Result<()> {
        let remove = vec![(RegistryTable::Drained, gateway.to_be_bytes().to_vec())];
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])
    }

    /// Up to when each gateway that has not said to be empty has drained.
    pub fn drained(&self) -> Result<Vec<(u64, Timestamp)>> {
        let mut drained = Vec::new();
        self.rows().groups(RegistryTable::Drained, &[RowKey::new()], &mut |_, gateway, through| {
            drained.push((
                number(RegistryTable::Drained, gateway)?,
                Timestamp(number(RegistryTable::Drained, through)?),
            ));
            Ok(())
        })?;
        Ok(drained)
    }
}
