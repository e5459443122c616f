//! Visits: the time of a person at a venue, computed from check-ins. A visit runs from its check-in to the
//! first of three: a check-out of that person there, the person's next check-in anywhere, and the end of the
//! venue's dwell. [`Marks`] say what a tracer should doubt about a visit.

mod marks;

pub use marks::Marks;
pub(crate) use marks::{LOOK_AHEAD_MS, look_back_ms};

use crate::check_in::{CheckIn, Direction, Mode, Outcome};
use crate::id::{CheckInId, PersonId, VenueId};
use crate::time::Timestamp;
use crate::venue::{Dwell, Position};
use marks::marks_of;
use serde::{Deserialize, Serialize};

/// The length of a visit that would otherwise have none, and of one at a door that refused. **Units**:
/// milliseconds.
pub const VISIT_MS_MIN: u64 = 1_000;

/// The certainty of a visit's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The person checked out.
    Measured,
    /// The end follows from the next check-in or the venue's dwell.
    Inferred,
    /// The end lies beyond the time up to which the trails are complete.
    Open,
}

/// The details of venues by which visits are computed.
pub trait VenueBook {
    /// The dwell time at a venue, which ends visits without a check-out.
    fn dwell(&self, venue: VenueId) -> Dwell;
    /// The longest dwell time of any venue. **Units**: milliseconds.
    fn dwell_ms_max(&self) -> u64;
    /// Whether a venue is open at a time. A venue without opening hours always is.
    fn is_open(&self, venue: VenueId, at: Timestamp) -> bool;
    /// The position of a venue, if it is known.
    fn position(&self, venue: VenueId) -> Option<Position>;
    /// A time in which every journey between two venues is possible; 0 if no venue has a position. **Units**:
    /// milliseconds.
    fn journey_ms_max(&self) -> u64;
    /// Whether the answer may have visits at a venue: it lies in the asker's district.
    fn is_in_district(&self, venue: VenueId) -> bool;
}

/// A stretch of time; `to` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The start, inclusive.
    pub from: Timestamp,
    /// The end, exclusive.
    pub to: Timestamp,
}

impl Window {
    /// The common part of both, if there is one.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<Self> {
        let common = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (common.from < common.to).then_some(common)
    }

    /// Its length. **Units**: milliseconds.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.to.since_ms(self.from)
    }
}

/// Joins windows that touch, in any order.
pub(crate) fn merge(windows: impl Iterator<Item = Window>) -> Vec<Window> {
    let mut windows: Vec<Window> = windows.collect();
    windows.sort_unstable_by_key(|window| window.from);
    let mut merged: Vec<Window> = Vec::with_capacity(windows.len());
    for window in windows {
        match merged.last_mut() {
            Some(last) if window.from <= last.to => last.to = last.to.max(window.to),
            Some(_) | None => merged.push(window),
        }
    }
    merged
}

/// A visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The check-in that began it.
    pub check_in: CheckInId,
    /// The person.
    pub person: PersonId,
    /// The venue.
    pub venue: VenueId,
    /// The time of the visit.
    pub window: Window,
    /// The certainty of its end.
    pub certainty: Certainty,
    /// The origin of the check-in, which is the evidence of the visit.
    pub mode: Mode,
    /// The reasons to doubt the visit.
    pub marks: Marks,
    /// The outcome of the check-in.
    pub outcome: Option<Outcome>,
}

/// Sorts one person's check-ins by time, then venue, then id. Of several with one id, the first by
/// [`CheckIn::precedence`] stays.
pub fn put_in_order(check_ins: &mut Vec<CheckIn>) {
    check_ins.sort_unstable_by_key(|check_in| (check_in.id, check_in.precedence()));
    check_ins.dedup_by_key(|check_in| check_in.id);
    check_ins.sort_unstable_by_key(|check_in| (check_in.at, check_in.venue, check_in.id));
}

/// The visits of one person, from check-ins in any order, which are complete up to a time. A visit that ends
/// later is open.
///
/// Check-ins of one instant are ordered by venue id. A check-out ends visits of its own venue only, and a
/// check-out at the instant of the next check-in counts. A refused check-in is a visit of one second, and
/// ends the person's visit before it.
#[must_use]
pub fn visits(
    mut check_ins: Vec<CheckIn>,
    venues: &impl VenueBook,
    complete_through: Timestamp,
) -> Vec<Visit> {
    put_in_order(&mut check_ins);
    let marks = marks_of(&check_ins, venues);
    let marked = check_ins.iter().zip(marks);
    let arrivals: Vec<(&CheckIn, Marks)> =
        marked.filter(|(check_in, _)| check_in.direction == Direction::In).collect();
    let next_of = |number: usize| arrivals.get(number + 1).map(|(next, _)| next.at);
    let visits = arrivals.iter().enumerate().map(|(number, &(arrival, marks))| {
        let (to, certainty) = end(arrival, next_of(number), &check_ins, venues.dwell(arrival.venue));
        let certainty = if to > complete_through { Certainty::Open } else { certainty };
        let window = Window { from: arrival.at, to };
        let CheckIn { id, person, venue, mode, outcome, .. } = *arrival;
        Visit { check_in: id, person, venue, window, certainty, mode, marks, outcome }
    });
    visits.collect()
}

fn end(
    arrival: &CheckIn,
    next: Option<Timestamp>,
    check_ins: &[CheckIn],
    dwell: Dwell,
) -> (Timestamp, Certainty) {
    let at_least = arrival.at.plus_ms(VISIT_MS_MIN);
    if arrival.is_refused() {
        return (at_least, Certainty::Inferred);
    }
    let dwelt = arrival.at.plus_ms(dwell.ms());
    let inferred = next.map_or(dwelt, |next| next.min(dwelt));
    let from = check_ins.partition_point(|check_in| check_in.at < arrival.at);
    let left = check_ins[from..]
        .iter()
        .take_while(|check_in| check_in.at <= inferred)
        .find(|check_in| check_in.direction == Direction::Out && check_in.venue == arrival.venue);
    match left {
        Some(left) if left.at == arrival.at => (at_least, Certainty::Measured),
        Some(left) => (left.at, Certainty::Measured),
        None if inferred == arrival.at => (at_least, Certainty::Inferred),
        None => (inferred, Certainty::Inferred),
    }
}

#[cfg(test)]
mod tests;
