//! A lane: one worker's bounded queue into the journal, and how much of each lane is durable. Pushing never
//! blocks and allocates nothing. An answer waits until the lane's durable count passes its ticket.

use super::shared::{LaneQueue, PushRefusal, Shared};
use scangate_core::check_in::CheckIn;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A record's number in its lane, from 0. The record is durable when [`Lane::durable`] is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalTicket(pub u64);

/// The worker's end of a lane. Only its owner pushes.
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

    /// Checks whether `count` records would be accepted now. Since the lane has one pusher, the next `count`
    /// pushes then succeed unless the disk fails in between.
    pub fn reserve(&self, count: usize) -> Result<(), PushRefusal> {
        self.shared.refusal().map_or(Ok(()), Err)?;
        let queue = &self.lane().queue;
        if queue.capacity() - queue.len() < count { Err(PushRefusal::Overloaded) } else { Ok(()) }
    }

    /// Queues one record. **Cost**: one slot of the queue; the writer thread is woken only if it sleeps.
    pub fn push(&mut self, check_in: CheckIn) -> Result<JournalTicket, PushRefusal> {
        self.reserve(1)?;
        self.lane().queue.push(check_in).map_err(|_| PushRefusal::Overloaded)?;
        self.shared.wake_writer();
        let ticket = JournalTicket(self.pushed);
        self.pushed += 1;
        Ok(ticket)
    }

    /// Whether the journal failed: no further record will be durable.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.shared.is_poisoned.load(Ordering::Acquire)
    }

    /// How many of this lane's records are durable, in the order they were pushed.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.lane().durable.load(Ordering::Acquire)
    }
}

/// Tells which records of each lane are durable.
#[derive(Clone)]
pub struct Durability(pub(super) Arc<Shared>);

impl Durability {
    /// Whether a record of a lane is durable; false for a lane that does not exist.
    #[must_use]
    pub fn covers(&self, lane: u16, ticket: u64) -> bool {
        let lane = self.0.lanes.get(usize::from(lane));
        lane.is_some_and(|lane| ticket < lane.durable.load(Ordering::Acquire))
    }
}
