//! Admission: the verdict of a door, by colour, venue kind and the checks that staff have done.

use crate::colour::{Checks, Colour, Reasons, Standing, Verdict};
use crate::scan::{DoorWork, Temperature};
use crate::venue::{Venue, VenueKind};

/// The parts of a venue that count at its door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorContext {
    /// The venue's kind.
    pub kind: VenueKind,
    /// The venue's own checks for every person who may come in, in addition to the colour.
    pub checks: Checks,
}

impl DoorContext {
    /// The context of a venue's doors.
    #[must_use]
    pub fn of(venue: &Venue) -> Self {
        Self { kind: venue.kind, checks: venue.checks }
    }
}

/// The decision of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// The verdict.
    pub verdict: Verdict,
    /// The checks that are still to be done.
    pub checks: Checks,
    /// The standing's reasons and the door's own.
    pub reasons: Reasons,
}

/// One line of a pack's table.
#[derive(Debug, Clone)]
pub(super) struct AdmissionRule {
    pub(super) colour: Colour,
    /// The kinds of venue that it covers; empty for all.
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
    context: DoorContext,
    door: DoorWork,
) -> Admission {
    let reasons = standing.reasons;
    if door.temperature.is_some_and(|measured| measured >= fever) {
        let reasons = reasons.and(Reasons::FEVER);
        return Admission { verdict: Verdict::Refuse, checks: Checks::NONE, reasons };
    }
    let manual = Admission { verdict: Verdict::Check, checks: Checks::MANUAL, reasons };
    // A pack has a line for each colour but `Unknown`.
    let Some(rule) = rules.iter().find(|rule| rule.covers(standing.colour, context.kind)) else {
        return manual;
    };
    let needed = if rule.verdict == Verdict::Refuse { Checks::NONE } else { rule.checks.and(context.checks) };
    let left = needed.without(done(door));
    let verdict = if left.is_empty() { rule.verdict } else { Verdict::Check };
    Admission { verdict, checks: left, reasons }
}

fn done(door: DoorWork) -> Checks {
    let when_done = |is_done, check| if is_done { check } else { Checks::NONE };
    when_done(door.temperature.is_some(), Checks::TEMPERATURE)
        .and(when_done(door.document_shown, Checks::DOCUMENT))
        .and(when_done(door.full_check, Checks::FULL))
}
