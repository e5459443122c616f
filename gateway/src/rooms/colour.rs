//! The third room: the colour of everybody who comes in. It asks the table in memory and cannot block.

use super::authenticate::{AuthenticPerson, AuthenticScan};
use super::people::Party;
use crate::tables::colours::Colours;
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
pub struct Coloured {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: Party<ColouredPerson>,
    pub(super) direction: Direction,
    pub(super) door: DoorWork,
    pub(super) at: Timestamp,
}

/// Looks everybody up.
#[must_use]
pub fn colour(scan: AuthenticScan, colours: &Colours) -> Coloured {
    let AuthenticScan { venue, people, direction, door, at } = scan;
    let people = people.map(|authentic| colour_person(authentic, colours));
    Coloured { venue, people, direction, door, at }
}

/// Looks one person up.
pub(super) fn colour_person(authentic: AuthenticPerson, colours: &Colours) -> ColouredPerson {
    ColouredPerson { standing: colours.standing(authentic.person), authentic }
}
