//! Packing: a day that is over gets one block in each part of a bucket. A lookup then reads one block instead
//! of one a drain, and the store's journal and tables of the day as it was written are dropped.

use super::block::{self, Block};
use super::bucket::{self, Bucket};
use super::days::Stage;
use super::row::BlockRow;
use super::{OpenStore, WriteState};
use crate::trail::{Index, TrailError};
use fjall::Keyspace;
use scangate_core::check_in::CheckIn;
use scangate_core::time::{DAY_MS, HOUR_MS, Timestamp};

/// The age at which a day is packed, from its end. Late check-ins of the day before last are still written to
/// an open day, and 20:00 UTC is night in the cities. **Units**: milliseconds.
pub(super) const PACK_AFTER_MS: u64 = 44 * HOUR_MS;
/// The size of the store's journal from which it is cut. Each cut writes what open days have in memory to
/// tables; with 64 MB this took a tenth of the CPU time of storing (`benches stored`). **Units**: bytes.
const JOURNAL_BYTES: u64 = 256_000_000;

/// The days that wait for packing.
#[derive(Default)]
pub(super) struct PackQueue {
    /// The last day whose turn has come.
    through: u32,
    waiting: Vec<(Index, u32)>,
}

/// A block of a packed day.
struct PackedBlock {
    key: Vec<u8>,
    value: Vec<u8>,
}

impl OpenStore {
    /// Packs at most one day of one index, so that a drain never waits for more. The days' turn comes with
    /// the time of the drains. Check-ins that arrive for a packed day wait for the next day's turn.
    pub(super) fn pack_next(&self, drain: &[CheckIn], writing: &mut WriteState) -> Result<(), TrailError> {
        let newest = drain.iter().map(|check_in| check_in.at).max().unwrap_or(Timestamp(0));
        let through = newest.minus_ms(DAY_MS + PACK_AFTER_MS).utc_day();
        let queue = &mut writing.packing;
        if through > queue.through {
            queue.through = through;
            queue.waiting = Index::BOTH
                .into_iter()
                .flat_map(|index| self.days.stored_in(Stage::Open, index).map(move |day| (index, day)))
                .filter(|&(_, day)| day <= through)
                .collect();
        }
        let Some((index, day)) = queue.waiting.pop() else { return Ok(()) };
        let is_last = queue.waiting.is_empty();
        writing.gathered.retain(|(bucket, _), _| (bucket.index, bucket.day) != (index, day));
        self.pack(index, day)?;
        if is_last { self.shorten_journal(JOURNAL_BYTES) } else { Ok(()) }
    }

    /// Packs a day of an index. A crash before its end leaves check-ins in both stages, and readers
    /// deduplicate them.
    fn pack(&self, index: Index, day: u32) -> Result<(), TrailError> {
        self.fill_packed(index, day)?;
        self.days.delete(Stage::Open, index, day)
    }

    /// Writes an open day's check-ins to the packed day as a table of its own, which is synced.
    fn fill_packed(&self, index: Index, day: u32) -> Result<(), TrailError> {
        let Some(open) = self.days.known(Stage::Open, index, day)? else { return Ok(()) };
        let packed = self.days.made(Stage::Packed, index, day)?;
        let mut ingestion = packed.start_ingestion()?;
        let mut write = |prefix: &[u8], rows| {
            let mut blocks = self.blocks(index, prefix, rows, &packed)?.into_iter();
            blocks
                .try_for_each(|PackedBlock { key, value }| Ok::<_, TrailError>(ingestion.write(key, value)?))
        };
        let (mut prefix, mut rows) = (Vec::new(), Vec::new());
        let prefix_bytes = Bucket::of(index, 0, Timestamp(0), self.buckets).prefix().len();
        for entry in open.iter() {
            let (key, value) = entry.into_inner()?;
            let of_bucket = key.get(..prefix_bytes).ok_or(TrailError::Damaged)?;
            if of_bucket != prefix {
                write(&prefix, std::mem::take(&mut rows))?;
                prefix = of_bucket.to_vec();
            }
            Block::read(&value)?.rows(&mut rows)?;
        }
        write(&prefix, rows)?;
        Ok(ingestion.finish()?)
    }

    /// The packed blocks of a bucket: of these rows, and of those that the packed day has.
    fn blocks(
        &self,
        index: Index,
        prefix: &[u8],
        mut rows: Vec<BlockRow>,
        packed: &Keyspace,
    ) -> Result<Vec<PackedBlock>, TrailError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for entry in packed.prefix(prefix) {
            Block::read(&entry.value()?)?.rows(&mut rows)?;
        }
        let mut parts = vec![Vec::new(); usize::from(bucket::parts(index))];
        for row in block::merge(rows) {
            parts[usize::from(bucket::part(index, block::owner(&row), self.buckets))].push(row);
        }
        let numbered = (0..).zip(&parts).filter(|(_, rows)| !rows.is_empty());
        let packed = numbered
            .map(|(part, rows)| PackedBlock { key: [prefix, &[part]].concat(), value: block::pack(rows) });
        Ok(packed.collect())
    }

    /// Lets go of journal files whose check-ins are all in tables. The store does so by itself only once a
    /// day has 64 MiB in memory, which a small city never reaches.
    fn shorten_journal(&self, from_bytes: u64) -> Result<(), TrailError> {
        if self.database.journal_disk_space()? < from_bytes {
            return Ok(());
        }
        self.meta.rotate_memtable()?;
        for index in Index::BOTH {
            for day in self.days.stored(index) {
                for (_, keyspace) in self.days.of_read(index, day)? {
                    keyspace.rotate_memtable()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::embedded::EmbeddedTrails;
    use crate::trail::suite::{FIRST_DAY, TrailCity, compare};
    use crate::trail::{MemoryTrails, TrailStore};
    use scangate_core::id::{CheckInId, PersonId};
    use std::path::Path;
    use std::time::{Duration, Instant};

    const BUCKETS: u16 = 16;

    fn opened(folder: &Path) -> EmbeddedTrails {
        EmbeddedTrails::open(folder, BUCKETS).unwrap()
    }

    fn open_days(trails: &EmbeddedTrails, stage: Stage) -> usize {
        let count = |open: &OpenStore| {
            Ok(Index::BOTH.into_iter().map(|index| open.days.stored_in(stage, index).count()).sum())
        };
        trails.with(count).unwrap()
    }

    /// A check-in of one person at this time.
    fn passer_by(example: &CheckIn, at: Timestamp) -> CheckIn {
        let id = CheckInId(u128::from(at.0).to_be_bytes());
        CheckIn { id, person: PersonId(u64::MAX), at, ..*example }
    }

    fn at(day: u32, ms: u64) -> Timestamp {
        Timestamp(u64::from(day) * DAY_MS + ms)
    }

    /// Writes single check-ins at a time until no day waits.
    fn pass(stores: &[&dyn TrailStore], example: &CheckIn, at: Timestamp) {
        for ms in 0..20 {
            let one = [passer_by(example, at.plus_ms(ms))];
            stores.iter().for_each(|store| store.write(&one).unwrap());
        }
    }

    #[test]
    fn days_that_are_over_are_packed_and_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (trails, oracle) = (opened(folder.path()), MemoryTrails::default());
        let stores: [&dyn TrailStore; 2] = [&trails, &oracle];
        let mut all = TrailCity { state: 5, people: 90, venues: 12, days: 2 }.check_ins(3_000);
        for drain in all.chunks(70) {
            stores.iter().for_each(|store| store.write(drain).unwrap());
        }
        assert_eq!((open_days(&trails, Stage::Open), open_days(&trails, Stage::Packed)), (4, 0));
        let last = FIRST_DAY + 1;
        pass(&stores, &all[0], at(last, DAY_MS + PACK_AFTER_MS - 100));
        assert_eq!(open_days(&trails, Stage::Packed), 2, "the last day's turn comes in 100 ms");
        compare(&trails, &oracle, &all);
        pass(&stores, &all[0], at(last, DAY_MS + PACK_AFTER_MS));
        assert_eq!((open_days(&trails, Stage::Open), open_days(&trails, Stage::Packed)), (2, 4));
        compare(&trails, &oracle, &all);
        // Late check-ins are read at once, and are in the packed days after the next turn.
        let late = TrailCity { state: 6, people: 90, venues: 12, days: 2 }.check_ins(3_100).split_off(3_000);
        stores.iter().for_each(|store| store.write(&late).unwrap());
        all.extend(late);
        assert_eq!(open_days(&trails, Stage::Open), 6);
        compare(&trails, &oracle, &all);
        pass(&stores, &all[0], at(last + 1, DAY_MS + PACK_AFTER_MS));
        assert_eq!(open_days(&trails, Stage::Open), 4, "two days of two indexes are not over");
        compare(&trails, &oracle, &all);
        stores.iter().for_each(|store| store.forget(all[0].person).unwrap());
        compare(&trails, &oracle, &all);
        drop(trails);
        let trails = opened(folder.path());
        compare(&trails, &oracle, &all);
        [&trails as &dyn TrailStore, &oracle].iter().for_each(|store| store.retain_from(last).unwrap());
        compare(&trails, &oracle, &all);
        assert_eq!(open_days(&trails, Stage::Packed), 2);
    }

    #[test]
    fn a_crash_between_the_packed_day_and_the_end_of_the_open_one_doubles_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (trails, oracle) = (opened(folder.path()), MemoryTrails::default());
        let all = TrailCity { state: 7, people: 30, venues: 5, days: 1 }.check_ins(500);
        for drain in all.chunks(60) {
            trails.write(drain).unwrap();
            oracle.write(drain).unwrap();
        }
        trails.with(|open| open.fill_packed(Index::Persons, FIRST_DAY)).unwrap();
        trails.with(|open| open.fill_packed(Index::Venues, FIRST_DAY)).unwrap();
        drop(trails);
        let trails = opened(folder.path());
        compare(&trails, &oracle, &all);
        assert_eq!(trails.count().unwrap()[&FIRST_DAY], 500);
        pass(&[&trails, &oracle], &all[0], at(FIRST_DAY, 2 * DAY_MS + PACK_AFTER_MS));
        assert_eq!((open_days(&trails, Stage::Open), open_days(&trails, Stage::Packed)), (2, 2));
        compare(&trails, &oracle, &all);
    }

    #[test]
    fn the_journal_is_cut_once_days_are_packed() {
        let folder = tempfile::tempdir().unwrap();
        let trails = opened(folder.path());
        // The store begins another file of its journal from 64 MB on, and gives each 64 MiB at once.
        let all = TrailCity { state: 8, people: 100_000, venues: 900, days: 1 }.check_ins(860_000);
        all.chunks(65_536).for_each(|drain| trails.write(drain).unwrap());
        pass(&[&trails], &all[0], at(FIRST_DAY, 2 * DAY_MS + PACK_AFTER_MS));
        let journal_bytes = || trails.with(|open| Ok(open.database.journal_disk_space()?)).unwrap();
        let before = journal_bytes();
        trails.with(|open| open.shorten_journal(before + 1)).unwrap();
        assert_eq!(journal_bytes(), before);
        trails.with(|open| open.shorten_journal(before)).unwrap();
        let given_up = Instant::now() + Duration::from_secs(60);
        while journal_bytes() > 64 << 20 {
            assert!(Instant::now() < given_up, "{} of {before} bytes are left", journal_bytes());
            std::thread::yield_now();
        }
        drop(trails);
        assert_eq!(opened(folder.path()).count().unwrap()[&FIRST_DAY], 860_000);
    }
}
