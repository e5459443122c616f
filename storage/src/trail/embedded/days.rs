//! The keyspaces of days.

use crate::trail::{Index, TrailError};
use fjall::config::{FilterPolicy, PinningPolicy};
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A stage of a day in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Drains write to it.
    Open,
    /// It is over, and has one block in each part of a bucket.
    Packed,
}

impl Stage {
    /// The stages in the order in which they are read: what packing takes from an open day is in the packed
    /// day by then.
    pub(super) const IN_ORDER: [Self; 2] = [Self::Open, Self::Packed];

    const fn prefix(self, index: Index) -> &'static str {
        match (self, index) {
            (Self::Open, Index::Persons) => "p",
            (Self::Open, Index::Venues) => "v",
            (Self::Packed, Index::Persons) => "packed-p",
            (Self::Packed, Index::Venues) => "packed-v",
        }
    }

    /// The settings of a keyspace. Nearly every key that is asked for in a packed day exists, and its index
    /// is small, so a lookup goes through neither a filter nor the cache before it reads its block.
    fn options(self) -> KeyspaceCreateOptions {
        match self {
            Self::Open => KeyspaceCreateOptions::default(),
            Self::Packed => KeyspaceCreateOptions::default()
                .filter_policy(FilterPolicy::disabled())
                .index_block_pinning_policy(PinningPolicy::all(true)),
        }
    }

    fn name(self, index: Index, day: u32) -> String {
        format!("{}{day:06}", self.prefix(index))
    }
}

/// The keyspaces of days, a keyspace an index, day and stage.
pub(super) struct Days {
    database: Database,
    opened: Mutex<HashMap<(Stage, Index, u32), Keyspace>>,
}

impl Days {
    pub(super) fn new(database: Database) -> Self {
        Self { database, opened: Mutex::default() }
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<(Stage, Index, u32), Keyspace>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keyspace of a day in a stage, created if missing.
    pub(super) fn made(&self, stage: Stage, index: Index, day: u32) -> Result<Keyspace, TrailError> {
        if let Some(keyspace) = self.opened().get(&(stage, index, day)) {
            return Ok(keyspace.clone());
        }
        let keyspace = self.database.keyspace(&stage.name(index, day), || stage.options())?;
        self.opened().insert((stage, index, day), keyspace.clone());
        Ok(keyspace)
    }

    /// The keyspace of a day in a stage, if it exists.
    pub(super) fn known(&self, stage: Stage, index: Index, day: u32) -> Result<Option<Keyspace>, TrailError> {
        if let Some(keyspace) = self.opened().get(&(stage, index, day)) {
            return Ok(Some(keyspace.clone()));
        }
        let is_there = self.database.keyspace_exists(&stage.name(index, day));
        is_there.then(|| self.made(stage, index, day)).transpose()
    }

    /// The keyspaces of a day in both stages, in the order in which they are read.
    pub(super) fn of_read(&self, index: Index, day: u32) -> Result<Vec<(Stage, Keyspace)>, TrailError> {
        let mut found = Vec::with_capacity(2);
        for stage in Stage::IN_ORDER {
            found.extend(self.known(stage, index, day)?.map(|keyspace| (stage, keyspace)));
        }
        Ok(found)
    }

    /// The days of an index in a stage.
    pub(super) fn stored_in(&self, stage: Stage, index: Index) -> impl Iterator<Item = u32> {
        let names = self.database.list_keyspace_names().into_iter();
        names.filter_map(move |name| name.strip_prefix(stage.prefix(index))?.parse().ok())
    }

    /// The days of an index.
    pub(super) fn stored(&self, index: Index) -> BTreeSet<u32> {
        Stage::IN_ORDER.into_iter().flat_map(|stage| self.stored_in(stage, index)).collect()
    }

    /// Deletes the keyspace of a day in a stage.
    pub(super) fn delete(&self, stage: Stage, index: Index, day: u32) -> Result<(), TrailError> {
        let Some(keyspace) = self.known(stage, index, day)? else { return Ok(()) };
        self.opened().remove(&(stage, index, day));
        Ok(self.database.delete_keyspace(keyspace)?)
    }
}
