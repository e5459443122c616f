//! The fifth room: onto the journal's queue, and the wait for the disk. A repeated scan becomes its first
//! check-in here, with what staff have done since. What leaves this room with [`QueuedCheckIns::kept`] is on disk.

use super::admit::{AdmittedPerson, AdmittedScan};
use super::intake::Intake;
use super::people::People;
use crate::tables::recent::{JournalTicket, LimitCheck, Placement, RecentCheckIns};
use crate::tables::venues::KnownVenue;
use scangate_core::check_in::CheckIn;
use scangate_core::refusal::Refusal;
use scangate_storage::journal::{Durability, Lane, PushRefusal};
use std::sync::Arc;

/// A worker's place at the journal: its own lane, and how far every lane is on disk.
pub struct JournalDesk {
    /// The worker's number, which is its lane's.
    pub number: u16,
    /// Its lane.
    pub lane: Lane,
    /// How far all lanes are.
    pub durability: Durability,
}

/// Check-ins on their way to disk.
pub struct QueuedCheckIns {
    venue: Arc<KnownVenue>,
    people: People<CheckIn>,
    /// The last of this worker's records that the answer waits for; none if all were on disk before.
    waits_for: Option<u64>,
}

/// Check-ins that are on disk: what an answer is made of.
pub struct DurableCheckIns {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: People<CheckIn>,
}

/// Queues everybody's record, all or none.
pub fn journal(
    admitted: AdmittedScan,
    recent: &RecentCheckIns,
    desk: &mut JournalDesk,
) -> Result<QueuedCheckIns, Refusal> {
    let AdmittedScan { venue, people } = admitted;
    let limit = match people.persons() {
        1 => LimitCheck::Due,
        _ => {
            people.iter().try_for_each(|person| recent.allow(person.step, &person.check_in))?;
            LimitCheck::Passed
        }
    };
    // With room for all there is no way to keep half: this worker alone fills its lane.
    desk.lane.reserve(people.persons()).map_err(refusal)?;
    let mut waits_for = None;
    let mut failed = None;
    let people = people.map(|person| match place(&person, limit, recent, desk) {
        Ok((check_in, ticket)) => {
            waits_for = waits_for.max(ticket);
            check_in
        }
        Err(error) => {
            failed = Some(error);
            person.check_in
        }
    });
    match failed {
        Some(refused) => Err(refused),
        None => Ok(QueuedCheckIns { venue, people, waits_for }),
    }
}

/// Keeps late scans by the back office's lane, all or none: by the time this returns they are on disk. A
/// scan that was kept before is written once more; readers merge by id.
pub async fn keep_late(
    admitted: Vec<AdmittedScan>,
    intake: &Intake,
) -> Result<Vec<DurableCheckIns>, Refusal> {
    let check_ins: Vec<CheckIn> = admitted.iter().flat_map(AdmittedScan::check_ins).copied().collect();
    intake.keep(&check_ins).await?;
    let kept = |AdmittedScan { venue, people }| DurableCheckIns {
        venue,
        people: people.map(|person: AdmittedPerson| person.check_in),
    };
    Ok(admitted.into_iter().map(kept).collect())
}

/// Places one record, unless it was placed before and is on disk. A repeat that is still on its way is
/// placed once more, under the first one's time: readers merge by id, and this worker need not watch
/// another's lane.
fn place(
    person: &AdmittedPerson,
    limit: LimitCheck,
    recent: &RecentCheckIns,
    desk: &mut JournalDesk,
) -> Result<(CheckIn, Option<u64>), Refusal> {
    let number = desk.number;
    let lane = &mut desk.lane;
    let first = recent.place(person.step, &person.check_in, person.staff, limit, |check_in| {
        lane.push(*check_in).map(|ticket| JournalTicket::new(number, ticket.0))
    });
    match first {
        Placement::Placed(check_in, place) => Ok((check_in, place.waits_for().map(|(_, ticket)| ticket))),
        Placement::TooMany => Err(Refusal::TooMany),
        Placement::Failed(error) => Err(refusal(error)),
        Placement::Repeated(remembered) => {
            let check_in = CheckIn { at: remembered.at, outcome: remembered.outcome, ..person.check_in };
            let waits_for = remembered.place.waits_for();
            if waits_for.is_none_or(|(lane, ticket)| desk.durability.covers(lane, ticket)) {
                return Ok((check_in, None));
            }
            let ticket = desk.lane.push(check_in).map_err(refusal)?;
            Ok((check_in, Some(ticket.0)))
        }
    }
}

fn refusal(refused: PushRefusal) -> Refusal {
    match refused {
        PushRefusal::Overloaded | PushRefusal::Poisoned => Refusal::Overloaded,
        PushRefusal::Full => Refusal::JournalFull,
    }
}

impl QueuedCheckIns {
    /// The check-ins, once this worker's records are on disk up to but not including `durable`.
    pub fn kept(self, durable: u64) -> Result<DurableCheckIns, Self> {
        if self.is_durable(durable) {
            Ok(DurableCheckIns { venue: self.venue, people: self.people })
        } else {
            Err(self)
        }
    }

    /// Whether [`Self::kept`] would give them.
    #[must_use]
    pub fn is_durable(&self, durable: u64) -> bool {
        self.waits_for.is_none_or(|ticket| ticket < durable)
    }
}
