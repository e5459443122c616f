//! The rooms of a late scan, which a gate made while its link was down. It is judged as of its own time: the
//! venue, the kids, the rule pack and the colour are those of then, and the outcome is the gate's own. The
//! back office reads the past from the stores; this module knows none.

use super::authenticate::{AuthenticPerson, AuthenticScan, Terminal, authenticate_late};
use super::people::People;
use crate::tables::Tables;
use crate::tables::policies::PublishedPolicy;
use crate::tables::venues::KnownVenue;
use scangate_core::check_in::{CheckIn, Mode, Moment, Outcome, check_in_id};
use scangate_core::colour::{Checks, Standing, Verdict};
use scangate_core::evidence::Evidence;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::policy::DoorContext;
use scangate_core::refusal::Refusal;
use scangate_core::scan::{DoorWork, GateOutcome, Scan};
use scangate_core::time::{Step, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// A late scan whose codes were all genuine and valid at its time.
pub struct LateScan {
    scan: AuthenticScan,
    outcome: GateOutcome,
}

/// One person of a late scan, by the id that the check-in has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatePerson {
    /// The id of the check-in.
    pub id: CheckInId,
    /// The person.
    pub person: PersonId,
    /// The step of the person's code.
    pub step: Step,
    /// The time of the scan.
    pub at: Timestamp,
}

/// The stores' knowledge about the people of late scans.
#[derive(Default)]
pub struct PastRecords {
    /// The check-ins that were acknowledged before, by id.
    pub acknowledged: HashMap<CheckInId, CheckIn>,
    /// The records of registered people. An absent person has the colour `unknown`.
    pub people: HashMap<PersonId, PersonRecord>,
}

/// The record of a registered person.
pub struct PersonRecord {
    /// The time of registration.
    pub registered: Timestamp,
    /// The evidence about the person, as it stands now.
    pub evidence: Evidence,
}

/// A late scan with its check-ins, of which none, some or all were acknowledged before.
pub struct JudgedScan {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: People<CheckIn>,
    /// Those of the check-ins that are new, with the steps of their codes.
    pub(super) new: Vec<(Step, CheckIn)>,
}

impl LateScan {
    /// Parses and authenticates a line of a batch. **Errors**: as [`authenticate_late`].
    pub fn read(line: &[u8], terminal: &Terminal, tables: &Tables, now: Timestamp) -> Result<Self, Refusal> {
        let scan = Scan::parse(line)?;
        let outcome = scan.outcome.unwrap_or_default();
        Ok(Self { scan: authenticate_late(scan, terminal, tables, now)?, outcome })
    }

    /// The people of the scan, the holder first.
    pub fn people(&self) -> impl Iterator<Item = LatePerson> {
        let AuthenticScan { venue, people, direction, at, .. } = &self.scan;
        people.iter().map(|&AuthenticPerson { person, step, .. }| {
            let id = check_in_id(person, venue.venue.id, *direction, Moment::Step(step));
            LatePerson { id, person, step, at: *at }
        })
    }

    /// The check-in of a person of this scan, with the time and outcome of an earlier record.
    pub fn check_in(&self, late: &LatePerson, at: Timestamp, outcome: Option<Outcome>) -> CheckIn {
        let AuthenticScan { venue, direction, .. } = &self.scan;
        let (id, person, venue) = (late.id, late.person, venue.venue.id);
        CheckIn { id, person, venue, at, direction: *direction, mode: Mode::Late, outcome }
    }

    /// Judges the scan by the past. A check-in that was acknowledged before keeps its record. The others are
    /// added to the acknowledged ones, so that a later line with the same scan gets the same answer.
    pub fn judge(self, past: &mut PastRecords, tables: &Tables) -> JudgedScan {
        let published = tables.policies.as_of(self.scan.at);
        let Self { scan: AuthenticScan { venue, people, direction, door, at }, outcome } = self;
        // The door measures one temperature, the holder's.
        let mut temperature = door.temperature;
        let mut new = Vec::new();
        let people = people.map(|AuthenticPerson { person, step, mode, record }| {
            let door = DoorWork { temperature: temperature.take(), ..door };
            let id = check_in_id(person, venue.venue.id, direction, Moment::Step(step));
            if let Some(first) = past.acknowledged.get(&id) {
                return *first;
            }
            let is_visitor = mode == Mode::Certificate;
            let standing = if is_visitor { record.standing() } else { past.standing(person, &published, at) };
            let outcome = decide(standing, &published, DoorContext::of(&venue.venue), door, outcome);
            let check_in = CheckIn {
                id,
                person,
                venue: venue.venue.id,
                at,
                direction,
                mode: Mode::Late,
                outcome: Some(outcome),
            };
            past.acknowledged.insert(id, check_in);
            new.push((step, check_in));
            check_in
        });
        JudgedScan { venue, people, new }
    }
}

impl PastRecords {
    /// A person's standing at a time, from what was on record then; unknown before the registration.
    fn standing(&self, person: PersonId, published: &PublishedPolicy, at: Timestamp) -> Standing {
        let record = self.people.get(&person).filter(|record| record.registered <= at);
        let Some(record) = record else { return Standing::UNKNOWN };
        published.policy.judge(&record.evidence.clone().as_of(at), at).standing
    }
}

/// The outcome of a late scan: the gate's own, with the colour and reasons of then.
fn decide(
    standing: Standing,
    published: &PublishedPolicy,
    venue: DoorContext,
    door: DoorWork,
    outcome: GateOutcome,
) -> Outcome {
    Outcome {
        colour: standing.colour,
        verdict: match outcome {
            GateOutcome::Entered => Verdict::Pass,
            GateOutcome::Refused => Verdict::Refuse,
        },
        checks: Checks::NONE,
        // The reasons include a fever that the gate measured.
        reasons: published.policy.admit(standing, venue, door).reasons,
        policy: published.number,
    }
}
