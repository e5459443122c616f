//! The third room: the colour of everybody who comes in. It asks the table in memory and cannot block.

use super::authenticate::{AuthenticPerson, AuthenticScan};
use super::people::People;
use crate::tables::colours::ColourTable;
use crate::tables::venues::KnownVenue;
use scangate_core::check_in::Direction;
use scangate_core::colour::Standing;
use scangate_core::scan::DoorWork;
use scangate_core::time::Timestamp;
use std::sync::Arc;

/// A genuine person with a standing.
pub(super) struct ColouredPerson {
    pub(super) authentic: AuthenticPerson,
    pub(super) standing: Standing,
}

/// A genuine scan of people with their standings.
pub struct ColouredScan {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: People<ColouredPerson>,
    pub(super) direction: Direction,
    pub(super) door: DoorWork,
    pub(super) at: Timestamp,
}

/// Looks everybody up.
#[must_use]
pub fn colour(scan: AuthenticScan, colours: &ColourTable) -> ColouredScan {
    let AuthenticScan { venue, people, direction, door, at } = scan;
    let people = people.map(|authentic| colour_person(authentic, colours));
    ColouredScan { venue, people, direction, door, at }
}

/// Looks one person up.
pub(super) fn colour_person(authentic: AuthenticPerson, colours: &ColourTable) -> ColouredPerson {
    ColouredPerson { standing: colours.standing(authentic.person), authentic }
}
