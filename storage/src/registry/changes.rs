//! Changes: announcements between gateways that share a registry. A change names only what to read again, so
//! it may be seen twice, late or out of order.
//!
//! **Shape** of a key: second (8), milliseconds (8), random (8). A second's changes are one group. Their TTL
//! removes them once every gateway has had the time to see them.

use super::rows::{RegistryTable, Row, RowKey, WriteUnit};
use super::{Registry, RegistryError, Result, draw, number};
use crate::cql::clock;
use scangate_core::id::{PersonId, VenueId};
use scangate_core::time::Timestamp;

/// The object that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A person's row, facts or arrivals changed.
    Person(PersonId),
    /// A person's keys were renewed, or their paper passes revoked.
    KeyHistory(PersonId),
    /// A person was erased.
    Erasure(PersonId),
    /// A venue was added or closed.
    Venue(VenueId),
    /// A rule pack came into force.
    Policy,
    /// A key was added or removed.
    Keys,
    /// A token was revoked.
    Tokens,
    /// A notice was published or ended.
    Notices,
}

/// A change as read from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeEntry {
    /// The change's unique key.
    pub key: [u8; 24],
    /// The change.
    pub change: Change,
}

impl Change {
    fn encode(self) -> Vec<u8> {
        let (kind, id) = match self {
            Self::Person(PersonId(id)) => (b'p', id),
            Self::KeyHistory(PersonId(id)) => (b'h', id),
            Self::Erasure(PersonId(id)) => (b'e', id),
            Self::Venue(VenueId(id)) => (b'v', id),
            Self::Policy => (b'r', 0),
            Self::Keys => (b'k', 0),
            Self::Tokens => (b't', 0),
            Self::Notices => (b'n', 0),
        };
        [&[kind][..], &id.to_be_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, id) = bytes.split_first()?;
        let id = number(RegistryTable::Changes, id).ok()?;
        match kind {
            b'p' => Some(Self::Person(PersonId(id))),
            b'h' => Some(Self::KeyHistory(PersonId(id))),
            b'e' => Some(Self::Erasure(PersonId(id))),
            b'v' => Some(Self::Venue(VenueId(id))),
            b'r' => Some(Self::Policy),
            b'k' => Some(Self::Keys),
            b't' => Some(Self::Tokens),
            b'n' => Some(Self::Notices),
            _ => None,
        }
    }
}

impl Registry {
    /// Makes a change and announces it twice. The first announcement covers a gateway that dies half-way. The
    /// second makes a gateway that read too early read again. A gateway that reads again much later also sees
    /// writes that were applied but never acknowledged.
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

    /// The changes announced in these seconds since 1970. Kinds of a later version are skipped.
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

    /// Reports up to when a gateway has drained its journal.
    pub fn report_drained(&self, gateway: u64, complete_through: Timestamp) -> Result<()> {
        let row = Row::new(RegistryTable::Drained, gateway.to_be_bytes(), complete_through.0.to_be_bytes());
        self.rows().write(&[vec![row].into()])
    }

    /// Reports that a gateway's journal is drained and that it accepts no more check-ins.
    pub fn report_empty(&self, gateway: u64) -> Result<()> {
        let remove = vec![(RegistryTable::Drained, gateway.to_be_bytes().to_vec())];
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])
    }

    /// Up to when each gateway has drained, except gateways that reported an empty journal.
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
