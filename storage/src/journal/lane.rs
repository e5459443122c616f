//! A lane: a worker's own bounded queue into the journal, and how far each lane is on disk. Pushing never
//! blocks and allocates nothing; an answer waits for a number.

use super::shared::Shared;
use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use scangate_core::check_in::CheckIn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

/// A record's number in its lane, from 0. It is on disk when [`Lane::durable`] is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalTicket(pub u64);

/// A worker's end. Only its holder pushes.
pub struct Lane {
    number: usize,
    pushed: u64,
    shared: Arc<Shared>,
}

impl Lane {
    pub(super) fn new(number: usize, shared: Arc<Shared>) -> Self {
        Self { number, pushed: 0, shared }
    }

    fn lane(&self) -> &LaneQueue {
        &self.shared.lanes[self.number]
    }

    /// Asks whether `count` records would be taken now: with nobody else pushing, the next `count` pushes
    /// are, unless the disk fails between.
    pub fn reserve(&self, count: usize) -> Result<(), PushRefusal> {
        self.shared.refusal().map_or(Ok(()), Err)?;
        let queue = &self.lane().queue;
        if queue.capacity() - queue.len() < count { Err(PushRefusal::Overloaded) } else { Ok(()) }
    }

    /// Queues one record. **Cost**: one slot of the queue; the journal is woken only if it sleeps.
    pub fn push(&mut self, check_in: CheckIn) -> Result<JournalTicket, PushRefusal> {
        self.reserve(1)?;
        self.lane().queue.push(check_in).map_err(|_| PushRefusal::Overloaded)?;
        self.shared.wake_writer();
        let ticket = JournalTicket(self.pushed);
        self.pushed += 1;
        Ok(ticket)
    }

    /// How many of this lane's records are on disk, in the order they were pushed.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.lane().durable.load(Ordering::Acquire)
    }
}

/// How far every lane is on disk.
#[derive(Clone)]
pub struct Durability(pub(super) Arc<Shared>);

impl Durability {
    /// Whether a record of a lane is on disk; never for a lane that does not exist.
    #[must_use]
    pub fn covers(&self, lane: u16, ticket: u64) -> bool {
        let lane = self.0.lanes.get(usize::from(lane));
        lane.is_some_and(|lane| ticket < lane.durable.load(Ordering::Acquire))
    }
}
