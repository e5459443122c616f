//! The fifth room: queues records in the journal, and waits for the disk. A repeated scan gets its first
//! check-in again, amended by what staff have done since. [`QueuedCheckIns::durable`] is the only way
//! out, and only for check-ins that are on disk.

use super::admit::{AdmittedPerson, AdmittedScan};
use super::intake::Intake;
use super::late::JudgedScan;
use super::people::People;
use crate::tables::recent::{LaneTicket, LimitCheck, Placement, RecentCheckIns};
use crate::tables::venues::KnownVenue;
use scangate_core::check_in::CheckIn;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_storage::journal::{Durability, Lane, PushRefusal};
use std::sync::Arc;

/// A worker's side of the journal: its own lane, and the tickets up to which each lane is on disk.
pub struct JournalDesk {
    /// The worker's number, which is its lane's.
    pub number: u16,
    /// Its lane.
    pub lane: Lane,
    /// The tickets up to which all lanes are on disk.
    pub durability: Durability,
}

/// Check-ins on their way to disk.
pub struct QueuedCheckIns {
    venue: Arc<KnownVenue>,
    people: People<CheckIn>,
    /// The last ticket of this worker's lane that the answer waits for; none if all records were on
    /// disk before.
    waits_for: Option<u64>,
}

/// Check-ins that are on disk. Answers are made of these alone.
pub struct DurableCheckIns {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: People<CheckIn>,
}

/// Queues the record of each person, all or none. **Errors**: nothing was queued, but for `Unconfirmed`.
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
    // The reservation makes the pushes all-or-none: this worker alone fills its lane.
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
        // The journal filled up or failed after the first person was placed.
        Some(_) if waits_for.is_some() => Err(Refusal::Unconfirmed),
        Some(refused) => Err(refused),
        None => Ok(QueuedCheckIns { venue, people, waits_for }),
    }
}

/// Journals the new check-ins of late scans through the back office's lane, all or none, and returns when
/// they are on disk. From then on a live repeat gets them again.
pub async fn journal_late(
    judged: Vec<JudgedScan>,
    recent: &RecentCheckIns,
    intake: &Intake,
    now: Timestamp,
) -> Result<Vec<DurableCheckIns>, Refusal> {
    let new = || judged.iter().flat_map(|scan| &scan.new);
    let check_ins: Vec<CheckIn> = new().map(|(_, check_in)| *check_in).collect();
    intake.keep(&check_ins).await?;
    new().for_each(|(step, check_in)| recent.restore(*step, check_in, now));
    let durable = |JudgedScan { venue, people, .. }| DurableCheckIns { venue, people };
    Ok(judged.into_iter().map(durable).collect())
}

/// Places one record, unless it was placed before and is on disk. A repeat whose record is still on its
/// way is placed again, under the first one's time. Readers merge by id, and this worker need not watch
/// another worker's lane.
fn place(
    person: &AdmittedPerson,
    limit: LimitCheck,
    recent: &RecentCheckIns,
    desk: &mut JournalDesk,
) -> Result<(CheckIn, Option<u64>), Refusal> {
    let number = desk.number;
    let lane = &mut desk.lane;
    let placement = recent.place(person.step, &person.check_in, person.staff, limit, |check_in| {
        lane.push(*check_in).map(|ticket| LaneTicket::new(number, ticket.0))
    });
    match placement {
        Placement::Placed(check_in, ticket) => Ok((check_in, ticket.waits_for().map(|(_, ticket)| ticket))),
        Placement::TooMany => Err(Refusal::TooMany),
        Placement::Failed(error) => Err(refusal(error)),
        Placement::Repeated(remembered) => {
            let check_in = CheckIn { at: remembered.at, outcome: remembered.outcome, ..person.check_in };
            let waits_for = remembered.ticket.waits_for();
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
        PushRefusal::Overloaded => Refusal::Overloaded,
        // An earlier attempt of the same scan may have reached the disk before it failed.
        PushRefusal::Poisoned => Refusal::Unconfirmed,
        PushRefusal::Full => Refusal::JournalFull,
    }
}

impl QueuedCheckIns {
    /// The check-ins, once this worker's records are on disk up to but not including the ticket `durable`.
    pub fn durable(self, durable: u64) -> Result<DurableCheckIns, Self> {
        if self.is_durable(durable) {
            Ok(DurableCheckIns { venue: self.venue, people: self.people })
        } else {
            Err(self)
        }
    }

    /// Whether [`Self::durable`] would return them.
    #[must_use]
    pub fn is_durable(&self, durable: u64) -> bool {
        self.waits_for.is_none_or(|ticket| ticket < durable)
    }
}
