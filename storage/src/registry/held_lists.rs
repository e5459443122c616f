//! Held lists: what waits for a second approver.

use super::rows::{RegistryTable, Row, RowKey, WriteUnit};
use super::{Registry, RegistryError, Result, draw, pack, unpack};
use scangate_core::id::HeldId;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The value of a list that was released and is about to go.
const RELEASED: &[u8] = &[];

/// What kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldListKind {
    /// Facts, a line each.
    Facts,
    /// A rule pack.
    Policy,
    /// Another authority's feed.
    Feed,
}

/// A list about to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHeldList {
    /// Its kind.
    pub kind: HeldListKind,
    /// Who sent it.
    pub sent_by: String,
    /// When.
    pub at: Timestamp,
    /// How many entries it has.
    pub count: u64,
    /// The list.
    pub body: String,
}

/// A held list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldList {
    /// Its id.
    pub id: HeldId,
    /// Its kind.
    pub kind: HeldListKind,
    /// Who sent it.
    pub sent_by: String,
    /// When.
    pub at: Timestamp,
    /// How many entries it has.
    pub count: u64,
    /// The list.
    pub body: String,
}

impl Registry {
    /// Holds a list.
    pub fn hold(&self, new: NewHeldList) -> Result<HeldId> {
        let NewHeldList { kind, sent_by, at, count, body } = new;
        let id = HeldId(draw()?);
        let held = HeldList { id, kind, sent_by, at, count, body };
        match self.claim(Row::new(RegistryTable::Held, id.0.to_be_bytes(), pack(&held)))? {
            None => Ok(id),
            Some(_) => Err(RegistryError::Random),
        }
    }

    /// A held list by id.
    pub fn held(&self, id: HeldId) -> Result<Option<HeldList>> {
        Ok(self.held_with_row(id)?.map(|(held, _)| held))
    }

    fn held_with_row(&self, id: HeldId) -> Result<Option<(HeldList, Vec<u8>)>> {
        let row = self.get(RegistryTable::Held, &id.0.to_be_bytes())?.filter(|value| value != RELEASED);
        row.map(|value| Ok((unpack(RegistryTable::Held, &value)?, value))).transpose()
    }

    /// All held lists, the oldest first.
    pub fn all_held(&self) -> Result<Vec<HeldList>> {
        let mut held: Vec<HeldList> = Vec::new();
        self.rows().groups(RegistryTable::Held, &[RowKey::new()], &mut |_, _, value| {
            if value != RELEASED {
                held.push(unpack(RegistryTable::Held, value)?);
            }
            Ok(())
        })?;
        held.sort_unstable_by_key(|held| (held.at, held.id));
        Ok(held)
    }

    /// Takes a list out; of two who try, one gets it. It is marked first: a mark is whoever's made it, while a
    /// row that is gone could be anybody's.
    pub fn release_held(&self, id: HeldId) -> Result<Option<HeldList>> {
        let Some((held, value)) = self.held_with_row(id)? else { return Ok(None) };
        if !self.rows().swap(RegistryTable::Held, &id.0.to_be_bytes(), &value, Some(RELEASED))? {
            return Ok(None);
        }
        let remove = vec![(RegistryTable::Held, id.0.to_be_bytes().to_vec())];
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])?;
        Ok(Some(held))
    }
}
