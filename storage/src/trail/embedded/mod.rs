//! Trails beside the journal, in an embedded log-structured store. Partitions are buckets. A drain writes one
//! packed value to each bucket that it touches, so it is a few thousand writes and not a hundred thousand.
//!
//! **Shape**: a keyspace a UTC day and index, so that retention drops whole files. Keys, big-endian: `bucket
//! (2) tier (1) number (8)` in the persons' index, `hour (1) bucket (2) tier (1) number (8)` in the venues'.
//! A day that is over is packed into a keyspace of its own, which has `part (1)` in place of tier and number.
//! A bucket is the id modulo [`BUCKETS`]: ids are random, so any bits of them spread evenly. The number of
//! buckets is fixed when the store is made and stored in its `meta` keyspace.
//!
//! Small drains leave small blocks. When a bucket has [`BLOCKS_A_TIER`] blocks of one tier, one atomic write
//! merges them into one block of the next tier. A row is thus rewritten a few times in its life, and a reader
//! finds a few dozen blocks at most.

mod block;
mod bucket;
mod days;
mod packed;
mod reading;
mod row;
#[cfg(test)]
mod version_before;
mod whole;

use super::index::OwnerAsk;
use super::{Index, TrailError, TrailStore};
use crate::disk_space;
use crate::raw_store::RawSnapshot;
use block::Block;
use bucket::Bucket;
use days::{Days, Stage};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use packed::PackQueue;
use reading::ReadPool;
use row::BlockRow;
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::{PersonAsk, VenueAsk};
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

/// The default number of buckets of a store.
pub const BUCKETS: u16 = 1_024;
/// The memory for blocks that were read from tables. A trace reads those of other people than the one
/// before, and the kernel keeps the files in what memory is free. With 256 MiB the median of a trace was the
/// same, and the first ones were slower, because they had to fill the cache (`benches stored`).
/// **Units**: bytes.
const CACHE_BYTES: u64 = 16 << 20;
/// Blocks of one tier in a bucket that are merged into one of the next.
const BLOCKS_A_TIER: u16 = 16;
const META_BUCKETS: &str = "buckets";
const META_NUMBER: &str = "number";
/// The last tier: 16 drains a second all day reach the fifth.
const TIER_LAST: u8 = 5;

/// The embedded trails.
pub struct EmbeddedTrails {
    folder: PathBuf,
    buckets: u16,
    /// None only after a failed reopening.
    open: RwLock<Option<OpenStore>>,
}

struct OpenStore {
    database: Database,
    meta: Keyspace,
    buckets: u16,
    days: Days,
    readers: ReadPool,
    writing: Mutex<WriteState>,
}

/// The sort key of a check-in of a drain. It is sorted instead of the row, which is twice as long.
struct SortEntry {
    /// The bucket's rank.
    bucket: u64,
    owner: u64,
    at: u64,
    /// The check-in's index in the drain.
    place: u32,
}

impl SortEntry {
    fn key(&self) -> (u64, u64, u64) {
        (self.bucket, self.owner, self.at)
    }
}

#[derive(Default)]
struct WriteState {
    /// The number of the next block.
    number: u64,
    /// The order of the drain being written; reused for its capacity.
    order: Vec<SortEntry>,
    /// The rows of the block being packed; reused for its capacity.
    rows: Vec<BlockRow>,
    /// The buckets that the drain touched; reused for its capacity.
    touched: Vec<Bucket>,
    /// The number of blocks of each tier in each bucket since the store was opened.
    gathered: HashMap<(Bucket, u8), u16>,
    packing: PackQueue,
}

impl EmbeddedTrails {
    /// Opens the store of a folder, or makes one with this number of buckets.
    pub fn open(folder: &Path, buckets: u16) -> Result<Self, TrailError> {
        let open = OpenStore::new(folder, buckets)?;
        Ok(Self { folder: folder.to_owned(), buckets, open: RwLock::new(Some(open)) })
    }

    /// Runs `act` on the store. A store that poisoned itself after a failed flush is reopened first, once the
    /// disk has space again.
    fn with<T>(&self, act: impl Fn(&OpenStore) -> Result<T, TrailError>) -> Result<T, TrailError> {
        if let Some(open) = &*self.open.read().unwrap_or_else(PoisonError::into_inner) {
            let result = act(open);
            if !matches!(result, Err(TrailError::Store(fjall::Error::Poisoned))) {
                return result;
            }
        }
        // While the disk is full the poisoned store still serves reads.
        disk_space::probe(&self.folder).map_err(fjall::Error::Io)?;
        let mut slot = self.open.write().unwrap_or_else(PoisonError::into_inner);
        // The poisoned store must release the folder before another one can open it.
        *slot = None;
        act(slot.insert(OpenStore::new(&self.folder, self.buckets)?))
    }
}

impl TrailStore for EmbeddedTrails {
    fn write(&self, drain: &[CheckIn]) -> Result<(), TrailError> {
        self.with(|open| open.write(drain))
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.with(|open| open.read(Index::Persons, asks.iter().map(OwnerAsk::from).collect()))
    }

    fn venues(&self, asks: &[VenueAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.with(|open| open.read(Index::Venues, asks.iter().map(OwnerAsk::from).collect()))
    }

    fn retain_from(&self, day: u32) -> Result<(), TrailError> {
        self.with(|open| open.retain_from(day))
    }

    fn forget(&self, person: PersonId) -> Result<(), TrailError> {
        self.with(|open| open.forget(person))
    }

    fn snapshot(&self) -> Result<Option<RawSnapshot>, TrailError> {
        self.with(OpenStore::snapshot).map(Some)
    }
}

impl OpenStore {
    fn new(folder: &Path, asked: u16) -> Result<Self, TrailError> {
        let database = Database::builder(folder)
            .journal_compression(CompressionType::None)
            .cache_size(CACHE_BYTES)
            .open()?;
        let meta = database.keyspace("meta", KeyspaceCreateOptions::default)?;
        let found = match meta.get(META_BUCKETS)? {
            Some(value) => u16::from_be_bytes(value.as_ref().try_into().map_err(|_| TrailError::Damaged)?),
            None => {
                meta.insert(META_BUCKETS, asked.to_be_bytes())?;
                database.persist(PersistMode::SyncAll)?;
                asked
            }
        };
        if found != asked {
            return Err(TrailError::Buckets { found, asked });
        }
        let number = match meta.get(META_NUMBER)? {
            Some(value) => u64::from_be_bytes(value.as_ref().try_into().map_err(|_| TrailError::Damaged)?),
            None => 0,
        };
        let writing = Mutex::new(WriteState { number, ..WriteState::default() });
        let days = Days::new(database.clone());
        Ok(Self { database, meta, buckets: asked, days, readers: ReadPool::new()?, writing })
    }

    fn write(&self, drain: &[CheckIn]) -> Result<(), TrailError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        let number = writing.number;
        writing.touched.clear();
        for index in Index::BOTH {
            self.put(index, drain, number, &mut batch, &mut writing)?;
        }
        batch.insert(&self.meta, META_NUMBER, (number + 1).to_be_bytes());
        batch.commit()?;
        writing.number = number + 1;
        let touched = std::mem::take(&mut writing.touched);
        for &bucket in &touched {
            self.gather(bucket, &mut writing)?;
        }
        writing.touched = touched;
        self.pack_next(drain, &mut writing)
    }

    /// Adds a drain to the batch, one block a bucket.
    fn put(
        &self,
        index: Index,
        drain: &[CheckIn],
        number: u64,
        batch: &mut OwnedWriteBatch,
        writing: &mut WriteState,
    ) -> Result<(), TrailError> {
        let WriteState { order, rows, touched, .. } = writing;
        order.clear();
        order.extend(drain.iter().zip(0..).map(|(check_in, place)| {
            let owner = index.owner(check_in);
            let bucket = Bucket::of(index, owner, check_in.at, self.buckets);
            SortEntry { bucket: bucket.rank(), owner, at: check_in.at.0, place }
        }));
        let id = |ordered: &SortEntry| drain[ordered.place as usize].id;
        order
            .sort_unstable_by(|one, other| one.key().cmp(&other.key()).then_with(|| id(one).cmp(&id(other))));
        for run in order.chunk_by(|one, other| one.bucket == other.bucket) {
            let bucket = Bucket::of_rank(index, run[0].bucket);
            rows.clear();
            rows.extend(run.iter().map(|ordered| row::encode(index, &drain[ordered.place as usize])));
            batch.insert(
                &self.days.made(Stage::Open, index, bucket.day)?,
                bucket.key(0, number),
                block::pack(rows),
            );
            touched.push(bucket);
        }
        Ok(())
    }

    /// Counts a block, and merges a tier that has enough blocks. A crash loses only the counts: the next
    /// merge takes all blocks of its tier.
    fn gather(&self, bucket: Bucket, writing: &mut WriteState) -> Result<(), TrailError> {
        for tier in 0..TIER_LAST {
            // Buckets begin at different counts, so that one drain does not merge all of them.
            let start = if tier == 0 { bucket.bucket % BLOCKS_A_TIER } else { 0 };
            let count = writing.gathered.entry((bucket, tier)).or_insert(start);
            *count += 1;
            if *count < BLOCKS_A_TIER {
                return Ok(());
            }
            *count = 0;
            let number = writing.number;
            writing.number += 1;
            self.merge(bucket, tier, number)?;
        }
        Ok(())
    }

    /// Merges all blocks of a tier into one of the next, in one atomic write. It needs no sync: if it is
    /// lost, the original blocks are still there.
    fn merge(&self, bucket: Bucket, tier: u8, number: u64) -> Result<(), TrailError> {
        let keyspace = self.days.made(Stage::Open, bucket.index, bucket.day)?;
        let mut prefix = bucket.prefix();
        prefix.push(tier);
        let mut batch = self.database.batch();
        let mut rows = Vec::new();
        for entry in keyspace.prefix(prefix) {
            let (key, value) = entry.into_inner()?;
            Block::read(&value)?.rows(&mut rows)?;
            batch.remove(&keyspace, key);
        }
        let rows = block::merge(rows);
        batch.insert(&keyspace, bucket.key(tier + 1, number), block::pack(&rows));
        batch.insert(&self.meta, META_NUMBER, (number + 1).to_be_bytes());
        Ok(batch.commit()?)
    }

    fn retain_from(&self, first: u32) -> Result<(), TrailError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        for index in Index::BOTH {
            for day in self.days.stored(index).into_iter().filter(|&day| day < first) {
                for stage in Stage::IN_ORDER {
                    self.days.delete(stage, index, day)?;
                }
            }
        }
        writing.gathered.retain(|(bucket, _), _| bucket.day >= first);
        Ok(())
    }

    fn forget(&self, person: PersonId) -> Result<(), TrailError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let days = self.days.stored(Index::Persons);
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        for day in days {
            let bucket = Bucket::of(Index::Persons, person.0, Timestamp(0), self.buckets);
            let own = self.without(Bucket { day, ..bucket }, person, &mut batch)?;
            let mut buckets: Vec<Bucket> = own
                .iter()
                .map(|check_in| Bucket::of(Index::Venues, check_in.venue.0, check_in.at, self.buckets))
                .collect();
            buckets.sort_unstable();
            buckets.dedup();
            for bucket in buckets {
                self.without(bucket, person, &mut batch)?;
            }
        }
        Ok(batch.commit()?)
    }

    /// Removes a person's rows from the blocks of a bucket, and returns them.
    fn without(
        &self,
        bucket: Bucket,
        person: PersonId,
        batch: &mut OwnedWriteBatch,
    ) -> Result<Vec<CheckIn>, TrailError> {
        let mut taken = Vec::new();
        for (_, keyspace) in self.days.of_read(bucket.index, bucket.day)? {
            for entry in keyspace.prefix(bucket.prefix()) {
                let (key, value) = entry.into_inner()?;
                let (mut rows, before) = (Vec::new(), taken.len());
                Block::read(&value)?.rows(&mut rows)?;
                let mut left = Vec::with_capacity(rows.len());
                for row in rows {
                    let check_in = row::decode(bucket.index, &row).ok_or(TrailError::Damaged)?;
                    if check_in.person == person { taken.push(check_in) } else { left.push(row) }
                }
                match (taken.len() > before, left.is_empty()) {
                    (false, _) => {}
                    (true, true) => batch.remove(&keyspace, key),
                    (true, false) => batch.insert(&keyspace, key, block::pack(&left)),
                }
            }
        }
        Ok(taken)
    }
}
