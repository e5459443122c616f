//! Visits: the time of a person at a venue, computed from check-ins. A visit runs from its check-in to the
//! first of three: a check-out of that person there, the person's next check-in anywhere, and the end of the
//! venue's dwell.

use crate::check_in::{CheckIn, Direction, Outcome};
use crate::id::{CheckInId, PersonId, VenueId};
use crate::time::Timestamp;
use crate::venue::Dwell;
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
}

impl Certainty {
    /// The certainty of a conclusion from both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
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

/// The visits of one person, from check-ins in any order.
///
/// Check-ins of one instant are ordered by venue id. A check-out ends visits of its own venue only, and a
/// check-out at the instant of the next check-in counts. A refused check-in is a visit of one second, and
/// ends the person's visit before it.
#[must_use]
pub fn visits(mut check_ins: Vec<CheckIn>, dwell: impl Fn(VenueId) -> Dwell) -> Vec<Visit> {
    put_in_order(&mut check_ins);
    let arrivals: Vec<&CheckIn> =
        check_ins.iter().filter(|check_in| check_in.direction == Direction::In).collect();
    let next_of = |number: usize| arrivals.get(number + 1).map(|next| next.at);
    let visits = arrivals.iter().enumerate().map(|(number, arrival)| {
        let (to, certainty) = end(arrival, next_of(number), &check_ins, dwell(arrival.venue));
        let window = Window { from: arrival.at, to };
        let CheckIn { id, person, venue, outcome, .. } = **arrival;
        Visit { check_in: id, person, venue, window, certainty, outcome }
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
mod tests {
    use super::*;
    use crate::check_in::{Mode, PolicyNumber};
    use crate::colour::{Checks, Colour, Reasons, Verdict};

    const MINUTE: u64 = 60_000;

    /// Direction, venue, minute, and whether the door refused.
    type Row = (char, u64, u64, bool);

    fn check_ins(rows: &[Row]) -> Vec<CheckIn> {
        let check_in = |(number, &(direction, venue, minute, is_refused)): (usize, &Row)| CheckIn {
            id: CheckInId(u128::try_from(number).unwrap().to_be_bytes()),
            person: PersonId(1),
            venue: VenueId(venue),
            at: Timestamp(minute * MINUTE),
            direction: if direction == 'i' { Direction::In } else { Direction::Out },
            mode: Mode::Poster,
            outcome: is_refused.then_some(Outcome {
                colour: Colour::Red,
                verdict: Verdict::Refuse,
                checks: Checks::NONE,
                reasons: Reasons::NONE,
                policy: PolicyNumber(1),
            }),
        };
        rows.iter().enumerate().map(check_in).collect()
    }

    /// Visits as venue, from and to in milliseconds, and whether measured.
    fn check(rows: &[Row], expected: &[(u64, u64, u64, bool)]) {
        let mut backwards = check_ins(rows);
        backwards.reverse();
        backwards.extend(check_ins(rows));
        let found: Vec<_> =
            visits(backwards, |venue| Dwell::minutes(u16::try_from(venue.0).unwrap() * 10).unwrap())
                .iter()
                .map(|visit| {
                    let Window { from, to } = visit.window;
                    (visit.venue.0, from.0, to.0, visit.certainty == Certainty::Measured)
                })
                .collect();
        assert_eq!(found, expected, "{rows:?}");
    }

    #[test]
    fn a_visit_ends_by_the_first_of_three() {
        let at = |minute: u64| minute * MINUTE;
        check(&[('i', 6, 0, false)], &[(6, 0, at(60), false)]);
        check(&[('i', 6, 0, false), ('o', 6, 20, false)], &[(6, 0, at(20), true)]);
        check(&[('i', 6, 0, false), ('o', 5, 20, false)], &[(6, 0, at(60), false)]);
        check(&[('i', 6, 0, false), ('o', 6, 61, false)], &[(6, 0, at(60), false)]);
        check(&[('i', 6, 0, false), ('o', 6, 60, false)], &[(6, 0, at(60), true)]);
        check(
            &[('i', 6, 0, false), ('i', 3, 20, false), ('o', 6, 30, false)],
            &[(6, 0, at(20), false), (3, at(20), at(50), false)],
        );
        check(
            &[('i', 6, 0, false), ('i', 6, 20, false)],
            &[(6, 0, at(20), false), (6, at(20), at(80), false)],
        );
    }

    #[test]
    fn a_visit_of_no_length_is_a_second() {
        check(
            &[('i', 3, 5, false), ('i', 2, 5, false)],
            &[(2, 5 * MINUTE, 5 * MINUTE + 1_000, false), (3, 5 * MINUTE, 35 * MINUTE, false)],
        );
        check(&[('i', 3, 5, false), ('o', 3, 5, false)], &[(3, 5 * MINUTE, 5 * MINUTE + 1_000, true)]);
    }

    #[test]
    fn who_is_turned_away_was_at_the_door() {
        check(
            &[('i', 6, 0, false), ('i', 2, 10, true), ('o', 2, 15, false)],
            &[(6, 0, 10 * MINUTE, false), (2, 10 * MINUTE, 10 * MINUTE + 1_000, false)],
        );
    }

    #[test]
    fn an_exit_alone_is_no_visit() {
        check(&[('o', 6, 0, false)], &[]);
    }
}
