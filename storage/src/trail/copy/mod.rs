//! The copy of the trails from an embedded store to a cluster: day by day, first by person and then by venue,
//! each index separately. The comparison reads whole partitions, so it also finds check-ins that only the
//! cluster has.

use super::{EmbeddedTrails, Index, ScyllaTrails, TrailError};
use crate::copying::{CopyChunk, Difference, Mismatch};
use crate::cql::Cluster;
use scangate_core::check_in::CheckIn;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Check-ins in a chunk, unless one portion has more: some 3 MB on either side.
const ROWS_A_CHUNK: usize = 32_768;
/// Portions that are compared in one chunk, even if empty: each costs at least a read.
const PORTIONS_A_CHUNK: u32 = 256;
const HOURS: u32 = 24;

/// The source and the target of the copy.
pub struct TrailCopy {
    from: EmbeddedTrails,
    to: ScyllaTrails,
    days: BTreeSet<u32>,
    /// The greatest common divisor of both bucket numbers. The buckets of one remainder hold the same ids on
    /// both sides. With the usual numbers that is one bucket on either side; with coprime numbers it is all
    /// of a period.
    classes: u16,
}

/// A position in the trails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrailCursor {
    day: u32,
    /// The portion of the day: a class by person, then a class by venue in each hour.
    portion: u32,
}

impl TrailCopy {
    /// Opens the embedded trails of a folder, with `buckets` buckets. This sends no request to the cluster
    /// yet.
    pub fn open(
        folder: &Path,
        buckets: u16,
        cluster: Arc<Cluster>,
        buckets_there: u16,
        retention_days: u16,
    ) -> Result<Self, TrailError> {
        let from = EmbeddedTrails::open(folder, buckets)?;
        let to = ScyllaTrails::new(cluster, buckets_there, retention_days);
        let days = from.days()?;
        let classes = common_divisor(from.buckets(), to.buckets());
        Ok(Self { from, to, days, classes })
    }

    /// Checks that the cluster can be copied to. **Errors**: those of [`ScyllaTrails::check`].
    pub fn check(&self) -> Result<(), TrailError> {
        self.to.check()
    }

    /// Whether the cluster has no trails.
    pub fn is_target_empty(&self) -> Result<bool, TrailError> {
        self.to.is_empty()
    }

    /// The first position on or after a UTC day (days since 1970); none where no day is left.
    #[must_use]
    pub fn first(&self, day: u32) -> Option<TrailCursor> {
        let first = self.days.range(day..).next()?;
        Some(TrailCursor { day: *first, portion: 0 })
    }

    /// The number of check-ins on days before this one.
    pub fn count_before(&self, day: u32) -> Result<u64, TrailError> {
        self.days.range(..day).map(|&day| self.from.count_of(day)).sum()
    }

    /// The number of portions before a position, and in total.
    #[must_use]
    pub fn extent(&self, cursor: Option<TrailCursor>) -> (u64, u64) {
        let days = |count: usize| count as u64 * u64::from(self.portions());
        let all = days(self.days.len());
        let before =
            |cursor: TrailCursor| days(self.days.range(..cursor.day).count()) + u64::from(cursor.portion);
        (cursor.map_or(all, before), all)
    }

    /// The index of the chunk at a position: a chunk has only one.
    #[must_use]
    pub fn index(&self, cursor: TrailCursor) -> Index {
        self.portion(cursor).0
    }

    /// Copies a chunk.
    pub fn copy(&self, at: TrailCursor) -> Result<CopyChunk<TrailCursor>, TrailError> {
        let chunk = self.read(at, u32::MAX)?;
        if !chunk.check_ins.is_empty() {
            self.to.write_index(self.index(at), &chunk.check_ins)?;
        }
        Ok(CopyChunk { rows: chunk.check_ins.len() as u64, next: chunk.next })
    }

    /// Compares a chunk, and returns the first difference.
    pub fn compare(
        &self,
        at: TrailCursor,
    ) -> Result<(CopyChunk<TrailCursor>, Option<Difference>), TrailError> {
        let index = self.index(at);
        let SourceChunk { mut check_ins, portions, next } = self.read(at, PORTIONS_A_CHUNK)?;
        let partitions: Vec<(u16, u32)> = portions
            .into_iter()
            .flat_map(|(period, class)| self.class(class, self.to.buckets()).map(move |at| (at, period)))
            .collect();
        let mut copied = self.to.partitions(index, &partitions)?;
        for side in [&mut check_ins, &mut copied] {
            side.sort_unstable_by_key(|check_in| key(index, check_in));
        }
        let difference = first_difference(index, &check_ins, &copied);
        Ok((CopyChunk { rows: check_ins.len() as u64, next }, difference))
    }

    /// Reads a chunk of the source: at most `portions_max` portions of one index and day.
    fn read(&self, at: TrailCursor, portions_max: u32) -> Result<SourceChunk, TrailError> {
        let index = self.index(at);
        let mut read = SourceChunk { check_ins: Vec::new(), portions: Vec::new(), next: Some(at) };
        for _ in 0..portions_max {
            let Some(cursor) =
                read.next.filter(|cursor| cursor.day == at.day && self.index(*cursor) == index)
            else {
                break;
            };
            let (_, period, class) = self.portion(cursor);
            for bucket in self.class(class, self.from.buckets()) {
                read.check_ins.append(&mut self.from.bucket(index, period, bucket)?);
            }
            read.portions.push((period, class));
            read.next = self.after(cursor);
            if read.check_ins.len() >= ROWS_A_CHUNK {
                break;
            }
        }
        Ok(read)
    }

    /// The number of portions in a day.
    fn portions(&self) -> u32 {
        (1 + HOURS) * u32::from(self.classes)
    }

    /// The index, period and class of a portion.
    fn portion(&self, TrailCursor { day, portion }: TrailCursor) -> (Index, u32, u16) {
        let classes = u32::from(self.classes);
        let class = u16::try_from(portion % classes).expect("less than the number of classes");
        match portion / classes {
            0 => (Index::Persons, day, class),
            hour => (Index::Venues, day * HOURS + hour - 1, class),
        }
    }

    fn after(&self, TrailCursor { day, portion }: TrailCursor) -> Option<TrailCursor> {
        if portion + 1 < self.portions() {
            return Some(TrailCursor { day, portion: portion + 1 });
        }
        self.first(day + 1)
    }

    /// The buckets of a class, on a side with `buckets` buckets.
    fn class(&self, class: u16, buckets: u16) -> impl Iterator<Item = u16> + use<> {
        (class..buckets).step_by(usize::from(self.classes))
    }
}

/// A chunk of the source.
struct SourceChunk {
    check_ins: Vec<CheckIn>,
    /// The chunk's portions: period and class.
    portions: Vec<(u32, u16)>,
    next: Option<TrailCursor>,
}

fn common_divisor(one: u16, other: u16) -> u16 {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

/// The sort key of a check-in in an index.
fn key(index: Index, check_in: &CheckIn) -> (u64, u64, [u8; 16]) {
    (index.owner(check_in), check_in.at.0, check_in.id.0)
}

/// The first difference between two sorted lists of check-ins.
fn first_difference(index: Index, source: &[CheckIn], copied: &[CheckIn]) -> Option<Difference> {
    let at = source.iter().zip(copied).take_while(|(one, other)| one == other).count();
    let (check_in, mismatch) = match (source.get(at), copied.get(at)) {
        (None, None) => return None,
        (Some(one), None) => (one, Mismatch::Missing),
        (None, Some(other)) => (other, Mismatch::Surplus),
        (Some(one), Some(other)) => match key(index, one).cmp(&key(index, other)) {
            Ordering::Less => (one, Mismatch::Missing),
            Ordering::Equal => (one, Mismatch::Changed),
            Ordering::Greater => (other, Mismatch::Surplus),
        },
    };
    let CheckIn { id, venue, at, .. } = *check_in;
    Some(Difference::CheckIn { id, venue, at, index, mismatch })
}

#[cfg(test)]
mod tests;
