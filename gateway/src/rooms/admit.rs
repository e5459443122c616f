//! The fourth room: the decision of the city's rule pack at this door. It makes check-ins, also for a
//! person whom the door refuses.

use super::colour::{ColouredPerson, ColouredScan};
use super::people::People;
use crate::tables::policies::{Policies, PublishedPolicy};
use crate::tables::recent::Staff;
use crate::tables::venues::KnownVenue;
use scangate_core::check_in::{CheckIn, Direction, Mode, Moment, Outcome, check_in_id};
use scangate_core::policy::DoorContext;
use scangate_core::scan::DoorWork;
use scangate_core::time::{Step, Timestamp};
use scangate_core::venue::Venue;
use std::sync::Arc;

/// A check-in with the step of the code it came from.
pub(super) struct AdmittedPerson {
    pub(super) check_in: CheckIn,
    pub(super) step: Step,
    pub(super) staff: Staff,
}

/// Check-ins with their outcome, not yet journaled.
pub struct AdmittedScan {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: People<AdmittedPerson>,
}

/// Decides on each person of the scan.
#[must_use]
pub fn admit(scan: ColouredScan, policies: &Policies) -> AdmittedScan {
    let ColouredScan { venue, people, direction, door, at } = scan;
    let published = policies.in_force();
    // The door measures one temperature, the holder's.
    let mut temperature = door.temperature;
    let people = people.map(|person| {
        let door = DoorWork { temperature: temperature.take(), ..door };
        admit_person(&person, &published, &venue.venue, direction, door, at)
    });
    AdmittedScan { venue, people }
}

fn admit_person(
    person: &ColouredPerson,
    published: &PublishedPolicy,
    venue: &Venue,
    direction: Direction,
    door: DoorWork,
    at: Timestamp,
) -> AdmittedPerson {
    let authentic = person.authentic;
    let staff = if door.is_none() { Staff::Idle } else { Staff::Acted };
    let outcome = decide(person, published, venue, door);
    let id = check_in_id(authentic.person, venue.id, direction, Moment::Step(authentic.step));
    let check_in = CheckIn {
        id,
        person: authentic.person,
        venue: venue.id,
        at,
        direction,
        mode: authentic.mode,
        outcome: Some(outcome),
    };
    AdmittedPerson { check_in, step: authentic.step, staff }
}

/// The rule pack's decision on a person at a venue's door.
pub(super) fn decide(
    person: &ColouredPerson,
    published: &PublishedPolicy,
    venue: &Venue,
    door: DoorWork,
) -> Outcome {
    // A paper pass is itself a document that staff have seen.
    let document_shown = door.document_shown || person.authentic.mode == Mode::PaperPass;
    let door = DoorWork { document_shown, ..door };
    let admission = published.policy.admit(person.standing, DoorContext::of(venue), door);
    Outcome {
        colour: person.standing.colour,
        verdict: admission.verdict,
        checks: admission.checks,
        reasons: admission.reasons,
        policy: published.number,
    }
}
