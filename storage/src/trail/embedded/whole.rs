//! Reads of whole buckets and of the whole store, for copying, comparing, counting and backups.

use super::block::{self, Block};
use super::days::Stage;
use super::{Bucket, EmbeddedTrails, OpenStore, row};
use crate::raw_store::{RawFill, RawSnapshot};
use crate::trail::{Index, TrailError};
use scangate_core::check_in::CheckIn;
use scangate_core::time::{DAY_MS, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::PoisonError;

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

impl EmbeddedTrails {
    /// Begins new trails in a folder from stored rows.
    pub fn fill(folder: &Path) -> Result<RawFill, TrailError> {
        Ok(RawFill::create(folder, |name| Stage::of_name(name).options())?)
    }

    /// The number of check-ins by person, and of those by venue: equal in trails that are whole. **Cost**:
    /// reads and decodes both indexes.
    pub fn count_both(&self) -> Result<[u64; 2], TrailError> {
        let mut counts = [0; 2];
        for (index, count) in Index::BOTH.into_iter().zip(&mut counts) {
            let periods = u32::try_from(DAY_MS / index.period_ms()).unwrap_or(1);
            for period in self.days()?.into_iter().flat_map(|day| day * periods..(day + 1) * periods) {
                for bucket in 0..self.buckets {
                    *count += self.bucket(index, period, bucket)?.len() as u64;
                }
            }
        }
        Ok(counts)
    }
}

impl OpenStore {
    /// The store's rows now. Drains, packing and retention wait while the tables are listed.
    pub(super) fn snapshot(&self) -> Result<RawSnapshot, TrailError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        RawSnapshot::of(&self.database, |name| {
            Ok(self.database.keyspace(name, || Stage::of_name(name).options())?)
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::each_mode;
    use crate::trail::{BUCKETS, TrailStore as _};
    use scangate_core::check_in::CheckIn;

    #[test]
    fn a_snapshot_fills_trails_as_they_were_between_two_drains() {
        let folder = tempfile::tempdir().unwrap();
        let trails = EmbeddedTrails::open(&folder.path().join("trails"), BUCKETS).unwrap();
        let drain = each_mode();
        let (last, first) = drain.split_last().unwrap();
        trails.write(first).unwrap();
        let snapshot = trails.snapshot().unwrap().unwrap();
        trails.write(&[CheckIn { at: last.at.plus_ms(5 * DAY_MS), ..*last }]).unwrap();
        trails.retain_from(u32::MAX).unwrap();
        assert_eq!(trails.count_both().unwrap(), [0, 0]);
        let filled = folder.path().join("filled");
        let mut fill = EmbeddedTrails::fill(&filled).unwrap();
        snapshot.rows(|table, key, value| fill.put(table, key, value)).unwrap();
        fill.finish().unwrap();
        let filled = EmbeddedTrails::open(&filled, BUCKETS).unwrap();
        let count = first.len() as u64;
        assert_eq!(filled.count_both().unwrap(), [count, count]);
        filled.write(&[*last]).unwrap();
        assert_eq!(filled.count_both().unwrap(), [count + 1, count + 1]);
    }
}
