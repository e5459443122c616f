//! What is on its way into the journal by a lane, and why more is not taken.

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use scangate_core::check_in::CheckIn;
use std::sync::atomic::AtomicU64;

/// Why a record was not taken. Nothing of it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushRefusal {
    /// The lane is full: the disk is slower than the load. Come back in a moment.
    #[error("the journal's queue is full")]
    Overloaded,
    /// The journal has used its share of the disk, or the disk has no room. It heals when the store has
    /// taken its backlog, or when there is room again.
    #[error("the journal is full")]
    Full,
    /// A write or fsync failed: nothing is acknowledged any more. Restart to recover.
    #[error("the journal is poisoned")]
    Poisoned,
}

/// What journal and lane share.
pub(super) struct LaneQueue {
    pub(super) queue: ArrayQueue<CheckIn>,
    pub(super) durable: CachePadded<AtomicU64>,
    pub(super) wake: Box<dyn Fn() + Send + Sync>,
}
