//! Held lists: what waits for a second approver.

use super::{Registry, Result, draw, pack, unpack};
use scangate_core::id::HeldId;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

const TABLE: &str = "held";

/// What kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldKind {
    /// Facts, a line each.
    Facts,
    /// A rule pack.
    Policy,
}

/// A list about to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHeld {
    /// Its kind.
    pub kind: HeldKind,
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
pub struct Held {
    /// Its id.
    pub id: HeldId,
    /// Its kind.
    pub kind: HeldKind,
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
    pub fn hold(&self, new: NewHeld) -> Result<HeldId> {
        let mut write = self.write()?;
        let NewHeld { kind, sent_by, at, count, body } = new;
        let id = HeldId(draw(&self.tables()?.held)?);
        write.batch.insert(
            &write.tables.held,
            id.0.to_be_bytes(),
            pack(&Held { id, kind, sent_by, at, count, body }),
        );
        write.commit()?;
        Ok(id)
    }

    /// A held list by id.
    pub fn held(&self, id: HeldId) -> Result<Option<Held>> {
        self.tables()?.held.get(id.0.to_be_bytes())?.map(|value| unpack(TABLE, &value)).transpose()
    }

    /// All held lists, the oldest first.
    pub fn all_held(&self) -> Result<Vec<Held>> {
        let held = self.tables()?.held.iter().map(|entry| unpack(TABLE, &entry.value()?));
        let mut held = held.collect::<Result<Vec<Held>>>()?;
        held.sort_unstable_by_key(|held| (held.at, held.id));
        Ok(held)
    }

    /// Takes a list out; of two who try, one gets it.
    pub fn release_held(&self, id: HeldId) -> Result<Option<Held>> {
        let mut write = self.write()?;
        let Some(held) = self.held(id)? else { return Ok(None) };
        write.batch.remove(&write.tables.held, id.0.to_be_bytes());
        write.commit()?;
        Ok(Some(held))
    }
}
