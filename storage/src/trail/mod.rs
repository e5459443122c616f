//! The trails: every check-in by person and by venue, for tracers. Writing is idempotent by the check-in's
//! id, and readers merge by it, so that whoever drains the journal may repeat a drain. It knows nothing of
//! visits: those are the core's to make.

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
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::{PersonAsk, Trails};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::visit::Window;

/// Why a store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The store could not read or write. A drain may be repeated as it is; nothing is half-visible.
    #[error("the trail store: {0}")]
    Store(#[from] fjall::Error),
    /// The cluster could not read or write. A drain may be repeated as it is.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A value in the store is not of a format that this version reads. Nothing was changed.
    #[error("a block of the trail store is damaged or of a later format")]
    Damaged,
    /// The store was made with another number of buckets; that number is fixed for its life.
    #[error("the trail store has {found} buckets, not {asked}")]
    Buckets {
        /// The store's.
        found: u16,
        /// The caller's.
        asked: u16,
    },
}

/// A store of trails.
///
/// Windows are of check-in times. What is read is in order of time, then venue, then id, each id once: of
/// two with one id the first by [`CheckIn::precedence`].
pub trait TrailStore: Send + Sync {
    /// Stores a drain under both indexes. What was written survives power loss when this returns.
    fn write(&self, drain: &[CheckIn]) -> Result<(), TrailError>;
    /// The check-ins of each question, in the questions' order.
    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError>;
    /// The check-ins at a venue.
    fn venue(&self, venue: VenueId, window: Window) -> Result<Vec<CheckIn>, TrailError>;
    /// Drops everything before a UTC day (days since 1970).
    fn retain_from(&self, day: u32) -> Result<(), TrailError>;
    /// Erases a person's check-ins.
    fn forget(&self, person: PersonId) -> Result<(), TrailError>;
}

/// A store as the co-presence engine reads it.
pub struct StoredTrails<'a>(pub &'a dyn TrailStore);

impl Trails for StoredTrails<'_> {
    type Error = TrailError;

    fn venue(&self, venue: VenueId, window: Window) -> Result<Vec<CheckIn>, TrailError> {
        self.0.venue(venue, window)
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.0.persons(asks)
    }
}

/// What to read for a window: a check-in that two gateways took in has two times, no further apart than its code
/// is valid, and is in the window only if the earlier one is.
fn with_twins(window: Window) -> Window {
    Window { from: window.from.minus_ms(STEP_VALID_MS), ..window }
}

/// Leaves one of each id, the first by [`CheckIn::precedence`], of those that the window then holds, in the order that readers are
/// promised.
fn merge(check_ins: &mut Vec<CheckIn>, window: Window) {
    scangate_core::visit::put_in_order(check_ins);
    check_ins.retain(|check_in| check_in.at >= window.from);
}
