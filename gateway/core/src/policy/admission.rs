//! Admission: what a door does, by colour, venue kind and what staff have done there.

use crate::colour::{Checks, Colour, Reasons, Standing, Verdict};
use crate::scan::{DoorWork, Temperature};
use crate::venue::{Venue, VenueKind};

/// What of a venue counts at its door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorContext {
    /// What it is.
    pub kind: VenueKind,
    /// What it asks for by itself of whoever may come in: a colour is needed and need not be enough.
    pub checks: Checks,
}

impl DoorContext {
    /// A venue's.
    #[must_use]
    pub fn of(venue: &Venue) -> Self {
        Self { kind: venue.kind, checks: venue.checks }
    }
}

/// What a door does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// The verdict.
    pub verdict: Verdict,
    /// What is still to be done.
    pub checks: Checks,
    /// Why: the standing's reasons, and the door's own.
    pub reasons: Reasons,
}

/// One line of a pack's table.
#[derive(Debug, Clone)]
pub(super) struct AdmissionRule {
    pub(super) colour: Colour,
    /// The kinds of venue it is for; empty for all.
    pub(super) kinds: Vec<VenueKind>,
    pub(super) verdict: Verdict,
    pub(super) checks: Checks,
}

impl AdmissionRule {
    fn covers(&self, colour: Colour, kind: VenueKind) -> bool {
        self.colour == colour && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }
}

pub(super) fn admit(
    rules: &[AdmissionRule],
    fever: Temperature,
    standing: Standing,
    place: DoorContext,
    door: DoorWork,
) -> Admission {
    let reasons = standing.reasons;
    if door.temperature.is_some_and(|measured| measured >= fever) {
        let reasons = reasons.and(Reasons::FEVER);
        return Admission { verdict: Verdict::Refuse, checks: Checks::NONE, reasons };
    }
    let manual = Admission { verdict: Verdict::Check, checks: Checks::MANUAL, reasons };
    // A pack has a line for each colour; the colour that no person has falls through.
    let Some(rule) = rules.iter().find(|rule| rule.covers(standing.colour, place.kind)) else {
        return manual;
    };
    let asked = if rule.verdict == Verdict::Refuse { Checks::NONE } else { rule.checks.and(place.checks) };
    let left = asked.without(done(door));
    let verdict = if left.is_empty() { rule.verdict } else { Verdict::Check };
    Admission { verdict, checks: left, reasons }
}

fn done(door: DoorWork) -> Checks {
    let taken = |is_done, check| if is_done { check } else { Checks::NONE };
    taken(door.temperature.is_some(), Checks::TEMPERATURE)
        .and(taken(door.document_shown, Checks::DOCUMENT))
        .and(taken(door.full_check, Checks::FULL))
}
