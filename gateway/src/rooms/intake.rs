//! The back office's lane of the journal, shared by its tasks, for imported and late check-ins. A task
//! waits until its check-ins are on disk, so the disk sets the pace of an import.

use crate::tables::recent::LaneTicket;
use scangate_core::check_in::CheckIn;
use scangate_core::refusal::Refusal;
use scangate_storage::journal::{Durability, Lane, PushRefusal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Check-ins in one call.
pub const CHECK_INS_MAX: usize = 1_024;
/// How long a caller waits for room before it is refused.
const ROOM_WAIT_MAX: Duration = Duration::from_secs(5);

/// The shared lane.
pub struct Intake {
    number: u16,
    lane: Mutex<Lane>,
    durability: Durability,
    is_poisoned: Box<dyn Fn() -> bool + Send + Sync>,
    bell: Arc<Notify>,
}

impl Intake {
    /// An intake on this lane. The journal rings `bell` when a group of the lane is on disk.
    #[must_use]
    pub fn new(
        number: u16,
        lane: Lane,
        durability: Durability,
        bell: Arc<Notify>,
        is_poisoned: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { number, lane: Mutex::new(lane), durability, is_poisoned: Box::new(is_poisoned), bell }
    }

    /// Whether the record of a ticket of any lane is on disk.
    pub fn is_on_disk(&self, ticket: LaneTicket) -> bool {
        ticket.waits_for().is_none_or(|(lane, ticket)| self.durability.covers(lane, ticket))
    }

    /// Journals these check-ins, all or none, and returns when they are on disk. **Errors**: `Overloaded` and
    /// `JournalFull`, with nothing journaled; `Unconfirmed` if the journal failed, which may have journaled
    /// some. **Cancel safety**: a dropped call may have journaled them.
    pub async fn keep(&self, check_ins: &[CheckIn]) -> Result<(), Refusal> {
        debug_assert!(check_ins.len() <= CHECK_INS_MAX);
        let Some(last) = self.place(check_ins).await? else { return Ok(()) };
        loop {
            let rung = self.bell.notified();
            if self.durability.covers(self.number, last) {
                return Ok(());
            }
            if (self.is_poisoned)() {
                return Err(Refusal::Unconfirmed);
            }
            rung.await;
        }
    }

    /// Queues the check-ins as soon as there is room for all. Returns the last one's ticket.
    async fn place(&self, check_ins: &[CheckIn]) -> Result<Option<u64>, Refusal> {
        let placed = tokio::time::timeout(ROOM_WAIT_MAX, async {
            loop {
                let rung = self.bell.notified();
                match self.push(check_ins) {
                    Err(PushRefusal::Overloaded) => rung.await,
                    Err(PushRefusal::Full) => return Err(Refusal::JournalFull),
                    Err(PushRefusal::Poisoned) => return Err(Refusal::Unconfirmed),
                    Ok(last) => return Ok(last),
                }
            }
        });
        placed.await.unwrap_or(Err(Refusal::Overloaded))
    }

    fn push(&self, check_ins: &[CheckIn]) -> Result<Option<u64>, PushRefusal> {
        let mut lane = self.lane.lock().unwrap_or_else(PoisonError::into_inner);
        // The reservation makes the pushes all-or-none: no other task pushes while the lane is locked.
        lane.reserve(check_ins.len())?;
        let mut last = None;
        for check_in in check_ins {
            match lane.push(*check_in) {
                Ok(ticket) => last = Some(ticket.0),
                Err(refused) if last.is_none() => return Err(refused),
                // The journal filled up or failed after the first was placed.
                Err(_) => return Err(PushRefusal::Poisoned),
            }
        }
        Ok(last)
    }
}
