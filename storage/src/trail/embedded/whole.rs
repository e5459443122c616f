//! Reads of whole buckets, for copying, comparing and counting.

use super::block::{self, Block};
use super::{Bucket, EmbeddedTrails, OpenStore, row};
use crate::trail::{Index, TrailError};
use scangate_core::check_in::CheckIn;
use scangate_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl EmbeddedTrails {
    /// The days that either index has, in order.
    pub(in crate::trail) fn days(&self) -> Result<BTreeSet<u32>, TrailError> {
        self.with(|open| Ok(Index::BOTH.into_iter().flat_map(|index| open.days.stored(index)).collect()))
    }

    /// The number of check-ins by UTC day (days since 1970). **Cost**: reads the whole index by person.
    pub fn count(&self) -> Result<BTreeMap<u32, u64>, TrailError> {
        let mut counts = BTreeMap::new();
        for day in self.days()? {
            let count = self.count_of(day)?;
            if count > 0 {
                counts.insert(day, count);
            }
        }
        Ok(counts)
    }

    /// The number of check-ins on a day.
    pub(in crate::trail) fn count_of(&self, day: u32) -> Result<u64, TrailError> {
        let buckets = (0..self.buckets).map(|bucket| self.bucket(Index::Persons, day, bucket));
        buckets.map(|check_ins| Ok(check_ins?.len() as u64)).sum()
    }

    /// The number of buckets.
    pub(in crate::trail) fn buckets(&self) -> u16 {
        self.buckets
    }

    /// The check-ins of a bucket in one period of its index, deduplicated, in order of owner, time and id.
    pub(in crate::trail) fn bucket(
        &self,
        index: Index,
        period: u32,
        bucket: u16,
    ) -> Result<Vec<CheckIn>, TrailError> {
        let at = Timestamp(u64::from(period) * index.period_ms());
        self.with(|open| open.whole(Bucket { bucket, ..Bucket::of(index, 0, at, self.buckets) }))
    }
}

impl OpenStore {
    fn whole(&self, bucket: Bucket) -> Result<Vec<CheckIn>, TrailError> {
        let mut rows = Vec::new();
        for (_, keyspace) in self.days.of_read(bucket.index, bucket.day)? {
            for entry in keyspace.prefix(bucket.prefix()) {
                Block::read(&entry.value()?)?.rows(&mut rows)?;
            }
        }
        let rows = block::merge(rows);
        rows.iter().map(|row| row::decode(bucket.index, row).ok_or(TrailError::Damaged)).collect()
    }
}
