//! The keyspaces of days.

use crate::trail::{Index, TrailError};
use fjall::config::{BlockSizePolicy, FilterPolicy, PinningPolicy};
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The size from which the store ends a block of its table in a packed day. Nearly every value is longer, so
/// a lookup reads one value and not its neighbours. **Units**: bytes.
const TABLE_BLOCK_BYTES: u32 = 1_024;

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
    pub(super) fn options(self) -> KeyspaceCreateOptions {
        match self {
            Self::Open => KeyspaceCreateOptions::default(),
            Self::Packed => KeyspaceCreateOptions::default()
                .data_block_size_policy(BlockSizePolicy::all(TABLE_BLOCK_BYTES))
                .filter_policy(FilterPolicy::disabled())
                .index_block_pinning_policy(PinningPolicy::all(true)),
        }
    }

    /// The stage of a keyspace; `meta` counts as open.
    pub(super) fn of_name(name: &str) -> Self {
        let is_packed = Index::BOTH.into_iter().any(|index| name.starts_with(Self::Packed.prefix(index)));
        if is_packed { Self::Packed } else { Self::Open }
    }

    fn name(self, index: Index, day: u32) -> String {
        format!("{}{day:06}", self.prefix(index))
    }
}

/// The keyspaces of days, a keyspace an index, day and stage.
pub(super) struct Days {
    database: Database,
    /// The results of earlier lookups: a keyspace, or none. A trace makes thousands of lookups.
    looked_up: Mutex<HashMap<(Stage, Index, u32), Option<Keyspace>>>,
}

impl Days {
    pub(super) fn new(database: Database) -> Self {
        Self { database, looked_up: Mutex::default() }
    }

    fn looked_up(&self) -> MutexGuard<'_, HashMap<(Stage, Index, u32), Option<Keyspace>>> {
        self.looked_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keyspace of a day in a stage, created if missing.
    pub(super) fn made(&self, stage: Stage, index: Index, day: u32) -> Result<Keyspace, TrailError> {
        if let Some(Some(keyspace)) = self.looked_up().get(&(stage, index, day)) {
            return Ok(keyspace.clone());
        }
        let keyspace = self.database.keyspace(&stage.name(index, day), || stage.options())?;
        self.looked_up().insert((stage, index, day), Some(keyspace.clone()));
        Ok(keyspace)
    }

    /// The keyspace of a day in a stage, if it exists.
    pub(super) fn known(&self, stage: Stage, index: Index, day: u32) -> Result<Option<Keyspace>, TrailError> {
        let mut looked_up = self.looked_up();
        if let Some(keyspace) = looked_up.get(&(stage, index, day)) {
            return Ok(keyspace.clone());
        }
        // Under the lock: whoever makes the keyspace notes it after this.
        if !self.database.keyspace_exists(&stage.name(index, day)) {
            looked_up.insert((stage, index, day), None);
            return Ok(None);
        }
        drop(looked_up);
        self.made(stage, index, day).map(Some)
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
        self.looked_up().remove(&(stage, index, day));
        Ok(self.database.delete_keyspace(keyspace)?)
    }
}
