//! The trails: every check-in by person and by venue, for tracers. Writing is idempotent by the check-in's id
//! and readers deduplicate by it, so the batcher may repeat a drain. Visits are not known here: core derives
//! them.

mod copy;
mod embedded;
mod index;
mod memory;
mod scylla;
#[cfg(test)]
mod suite;

pub use copy::{TrailCopy, TrailCursor};
pub use embedded::{BUCKETS, EmbeddedTrails};
pub use index::Index;
pub use memory::MemoryTrails;
pub use scylla::ScyllaTrails;

use crate::cql::ClusterError;
use crate::raw_store::RawSnapshot;
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::{PersonAsk, Trails, VenueAsk};
use scangate_core::id::PersonId;
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::visit::Window;

/// The error of a trail store.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The store failed to read or write. The same drain may be retried; nothing is partly visible.
    #[error("the trail store: {0}")]
    Store(#[from] fjall::Error),
    /// The cluster failed to read or write. The same drain may be retried.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A value has a format that this version does not read. Nothing was changed.
    #[error("a block of the trail store is damaged or of a later format")]
    Damaged,
    /// The store was made with another number of buckets, which is fixed for its life.
    #[error("the trail store has {found} buckets, not {asked}")]
    Buckets {
        /// The store's number of buckets.
        found: u16,
        /// The caller's number of buckets.
        asked: u16,
    },
}

/// A store of trails.
///
/// Windows are of check-in times. Reads return check-ins in order of time, then venue, then id. Of two with
/// one id, only the first by [`CheckIn::precedence`] is returned.
pub trait TrailStore: Send + Sync {
    /// Stores a drain under both indexes. It survives power loss once this returns.
    fn write(&self, drain: &[CheckIn]) -> Result<(), TrailError>;
    /// The check-ins of each query for a person, in the order of the queries.
    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError>;
    /// The check-ins of each query for a venue, in the order of the queries.
    fn venues(&self, asks: &[VenueAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError>;
    /// Drops everything before a UTC day (days since 1970).
    fn retain_from(&self, day: u32) -> Result<(), TrailError>;
    /// Erases a person's check-ins.
    fn forget(&self, person: PersonId) -> Result<(), TrailError>;
    /// The stored rows at this moment, between two drains, for a backup. `None` if the store is not in the
    /// data folder.
    fn snapshot(&self) -> Result<Option<RawSnapshot>, TrailError> {
        Ok(None)
    }
}

/// A trail store as the co-presence engine reads it.
pub struct StoredTrails<'a>(pub &'a dyn TrailStore);

impl Trails for StoredTrails<'_> {
    type Error = TrailError;

    fn venues(&self, asks: &[VenueAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.0.venues(asks)
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.0.persons(asks)
    }
}

/// The window to read for a queried window. Records of one check-in have several times, no further apart than
/// its code is valid. The check-in is in the window only if the time of the record that counts is, and a live
/// record counts before an earlier late one. The window is therefore extended at both ends.
fn with_twins(window: Window) -> Window {
    Window { from: window.from.minus_ms(STEP_VALID_MS), to: window.to.plus_ms(STEP_VALID_MS) }
}

/// Sorts check-ins into the order of [`TrailStore`], leaves the first of each id by [`CheckIn::precedence`],
/// and drops those outside the window.
fn merge(check_ins: &mut Vec<CheckIn>, window: Window) {
    scangate_core::visit::put_in_order(check_ins);
    check_ins.retain(|check_in| (window.from..window.to).contains(&check_in.at));
}
