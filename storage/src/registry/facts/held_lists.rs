//! Held lists: lists that wait for a second approver.

use crate::registry::rows::{RegistryTable, Row, RowKey, WriteUnit};
use crate::registry::{Registry, Result, pack, unpack};
use scangate_core::id::HeldId;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The tombstone of a list that was released and is about to be removed.
const RELEASED: &[u8] = &[];

/// The kind of a held list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldListKind {
    /// Facts, one a line.
    Facts,
    /// A rule pack.
    Policy,
    /// Another authority's feed.
    Feed,
    /// Areas and their risk, one a line.
    Areas,
}

/// A list that is about to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHeldList {
    /// The list's kind.
    pub kind: HeldListKind,
    /// The subject who sent the list.
    pub sent_by: String,
    /// The time at which the list was sent.
    pub at: Timestamp,
    /// The number of entries in the list.
    pub count: u64,
    /// The text of the list.
    pub body: String,
    /// A feed's signature.
    pub signature: Option<String>,
}

/// A held list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldList {
    /// The list's id.
    pub id: HeldId,
    /// The list's kind.
    pub kind: HeldListKind,
    /// The subject who sent the list.
    pub sent_by: String,
    /// The time at which the list was sent.
    pub at: Timestamp,
    /// The number of entries in the list.
    pub count: u64,
    /// The text of the list.
    pub body: String,
    /// A feed's signature; none in a row that version 0.1.0 wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Registry {
    /// Stores a list until it is approved.
    pub fn hold(&self, new: NewHeldList) -> Result<HeldId> {
        let NewHeldList { kind, sent_by, at, count, body, signature } = new;
        let id = HeldId(self.make_id()?);
        let held = HeldList { id, kind, sent_by, at, count, body, signature };
        self.add_made(&[Row::new(RegistryTable::Held, id.0.to_be_bytes(), pack(&held))])?;
        Ok(id)
    }

    /// Holds a list again that was released and could not be applied. Returns whether its id was free.
    pub fn hold_again(&self, held: &HeldList) -> Result<bool> {
        Ok(self.claim(Row::new(RegistryTable::Held, held.id.0.to_be_bytes(), pack(held)))?.is_none())
    }

    /// A held list by id.
    pub fn held(&self, id: HeldId) -> Result<Option<HeldList>> {
        Ok(self.held_with_row(id)?.map(|(held, _)| held))
    }

    fn held_with_row(&self, id: HeldId) -> Result<Option<(HeldList, Vec<u8>)>> {
        let row = self.get(RegistryTable::Held, &id.0.to_be_bytes())?.filter(|value| value != RELEASED);
        row.map(|value| Ok((unpack(RegistryTable::Held, &value)?, value))).transpose()
    }

    /// All held lists, oldest first.
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

    /// Removes and returns a list. Of two concurrent callers, one gets it. The list is replaced by a
    /// tombstone first: a swap identifies its writer, while a missing row does not.
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
