//! The duty to report an arrival: when it begins, ends and is late. It begins when an announced arrival's
//! time comes, or when the person checks in at a gate of the city. It also begins when the person turns to a
//! colour with the duty on the local day of the arrival. The report, a colour without the duty, and leaving
//! the city end it.

use super::Arrival;
use crate::check_in::{CheckIn, Direction};
use crate::colour::Colour;
use crate::policy::{Arrivals, Calendar, Policy};
use crate::time::Timestamp;
use crate::venue::VenueKind;
use serde::{Deserialize, Serialize};

const MINUTE_MS: u64 = 60_000;

/// The cause of a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyCause {
    /// The time of an announced arrival came.
    Arrival,
    /// The person checked in at a gate of the city.
    CheckIn,
    /// The colour changed on the day of the arrival.
    Colour,
}

/// The beginning of a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyStart {
    /// The time from which the deadline counts.
    pub at: Timestamp,
    /// The cause.
    pub by: DutyCause,
}

/// The way in which a duty ended without a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyExit {
    /// The person's colour no longer has the duty.
    Colour,
    /// The person left the city.
    Left,
}

/// The end of a duty without a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyEnd {
    /// The time of the end.
    pub at: Timestamp,
    /// The way in which it ended.
    pub by: DutyExit,
}

/// Whether venues of this kind are gates of the city, where people arrive and leave.
#[must_use]
pub const fn is_gate(kind: VenueKind) -> bool {
    matches!(kind, VenueKind::Station | VenueKind::Airport | VenueKind::Checkpoint)
}

/// A city's rule of the duty.
#[derive(Debug, Clone, Copy)]
pub struct DutyRule<'a> {
    terms: &'a Arrivals,
    calendar: &'a Calendar,
}

impl<'a> DutyRule<'a> {
    /// The rule of a pack; none in a city without the duty.
    #[must_use]
    pub fn of(policy: &'a Policy) -> Option<Self> {
        let terms = policy.terms().arrivals.as_ref()?;
        Some(Self { terms, calendar: policy.calendar() })
    }

    /// Whether people of this colour have the duty.
    #[must_use]
    pub fn binds(&self, colour: Colour) -> bool {
        colour != Colour::Unknown && self.terms.colours.allow(colour)
    }

    /// Whether an arrival needs a unit for this colour.
    #[must_use]
    pub fn needs_unit(&self, colour: Colour) -> bool {
        self.terms.unit_needed && self.binds(colour)
    }

    fn start(&self, arrival: &mut Arrival, at: Timestamp, by: DutyCause) {
        arrival.due = Some(at.plus_ms(u64::from(self.terms.report_minutes) * MINUTE_MS));
        (arrival.began, arrival.ended, arrival.awaits) = (Some(DutyStart { at, by }), None, false);
    }

    /// An arrival is announced or corrected by a person of this colour. For a person without the duty, the
    /// colour is looked at again when the time comes.
    pub fn announce(&self, arrival: &mut Arrival, colour: Colour, now: Timestamp) {
        let is_kept = arrival.open_until().is_some()
            && arrival.began.is_some_and(|began| began.by != DutyCause::Arrival);
        match (self.binds(colour), is_kept) {
            (true, true) => {}
            (true, false) => self.start(arrival, arrival.at, DutyCause::Arrival),
            (false, _) => {
                (arrival.due, arrival.began) = (None, None);
                arrival.awaits = arrival.at > now;
            }
        }
    }

    /// The time of an announced arrival came.
    pub fn come(&self, arrival: &mut Arrival, colour: Colour, now: Timestamp) {
        if arrival.awaits && arrival.at <= now {
            arrival.awaits = false;
            if self.binds(colour) && is_unsettled(arrival) {
                self.start(arrival, arrival.at, DutyCause::Arrival);
            }
        }
    }

    /// The person turned to this colour.
    pub fn turn(&self, arrival: &mut Arrival, colour: Colour, at: Timestamp) {
        let is_ahead = arrival.at > at && arrival.began.is_none_or(|began| began.by == DutyCause::Arrival);
        match (self.binds(colour), arrival.open_until()) {
            (false, Some(_)) if is_ahead => {
                (arrival.due, arrival.began, arrival.awaits) = (None, None, true);
            }
            (false, Some(_)) => arrival.ended = Some(DutyEnd { at, by: DutyExit::Colour }),
            (true, None) if !is_ahead && self.is_same_day(arrival, at) && is_unsettled(arrival) => {
                self.start(arrival, at, DutyCause::Colour);
            }
            (true | false, _) => {}
        }
    }

    fn is_same_day(&self, arrival: &Arrival, at: Timestamp) -> bool {
        self.calendar.day(entered(arrival)) == self.calendar.day(at)
    }

    /// The person, of this colour, checked in at a gate of the city. Returns whether this arrival is the one
    /// of the check-in, so that the check-in opens no other.
    pub fn check_in(&self, arrival: &mut Arrival, colour: Colour, check_in: &CheckIn) -> bool {
        let (at, id) = (check_in.at, check_in.id);
        let is_reported = arrival.reported.is_some_and(|reported| reported >= at) && entered(arrival) <= at;
        if arrival.opened_by == Some(id) || is_reported {
            return true;
        }
        let is_left = arrival.ended.is_some_and(|ended| ended.by == DutyExit::Left);
        let is_due = arrival.open_until().is_some();
        let is_near = self.is_same_day(arrival, at) || arrival.awaits || arrival.at > at;
        if arrival.reported.is_some() || arrival.withdrawn.is_some() || is_left || !(is_due || is_near) {
            return false;
        }
        if self.binds(colour) && arrival.began.is_none_or(|began| began.at > at || !is_due) {
            self.start(arrival, at, DutyCause::CheckIn);
        }
        true
    }

    /// The arrival that a check-in at a gate of the city opens for a person of this colour; none without the
    /// duty.
    #[must_use]
    pub fn open(&self, colour: Colour, check_in: &CheckIn) -> Option<Arrival> {
        let mut arrival = Arrival::opened(check_in.id, check_in.at, check_in.venue);
        self.start(&mut arrival, check_in.at, DutyCause::CheckIn);
        Some(arrival).filter(|_| self.binds(colour))
    }

    /// The person left the city.
    pub fn leave(&self, arrival: &mut Arrival, at: Timestamp) {
        if entered(arrival) <= at && is_unsettled(arrival) {
            (arrival.ended, arrival.awaits) = (Some(DutyEnd { at, by: DutyExit::Left }), false);
        }
    }
}

/// When the person came: at the announced time, or earlier at a gate.
fn entered(arrival: &Arrival) -> Timestamp {
    let gate = arrival.began.filter(|began| began.by == DutyCause::CheckIn);
    gate.map_or(arrival.at, |began| began.at.min(arrival.at))
}

/// Whether the arrival was neither reported nor withdrawn, and the person has not left.
fn is_unsettled(arrival: &Arrival) -> bool {
    let is_left = arrival.ended.is_some_and(|ended| ended.by == DutyExit::Left);
    arrival.reported.is_none() && arrival.withdrawn.is_none() && !is_left
}

/// The last entry through a gate, unless the person left after it. The check-ins are in the order of time.
#[must_use]
pub fn last_entry<'a>(gate_check_ins: impl Iterator<Item = &'a CheckIn>) -> Option<&'a CheckIn> {
    gate_check_ins.last().filter(|check_in| check_in.direction == Direction::In)
}
