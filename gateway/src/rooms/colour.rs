//! The third room: the colour of each person of the scan, from the record that the second room read. It
//! cannot block.

use super::authenticate::{AuthenticPerson, AuthenticScan};
use super::people::People;
use crate::tables::venues::KnownVenue;
use scangate_core::check_in::Direction;
use scangate_core::colour::Standing;
use scangate_core::scan::DoorWork;
use scangate_core::time::Timestamp;
use std::sync::Arc;

/// An authentic person with a standing.
pub(super) struct ColouredPerson {
    pub(super) authentic: AuthenticPerson,
    pub(super) standing: Standing,
}

/// An authentic scan of people with their standings.
pub struct ColouredScan {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: People<ColouredPerson>,
    pub(super) direction: Direction,
    pub(super) door: DoorWork,
    pub(super) at: Timestamp,
}

/// Takes the colour of each person of the scan.
#[must_use]
pub fn colour(scan: AuthenticScan) -> ColouredScan {
    let AuthenticScan { venue, people, direction, door, at } = scan;
    ColouredScan { venue, people: people.map(colour_person), direction, door, at }
}

/// Takes the colour of one person.
pub(super) fn colour_person(authentic: AuthenticPerson) -> ColouredPerson {
    ColouredPerson { standing: authentic.record.standing(), authentic }
}
