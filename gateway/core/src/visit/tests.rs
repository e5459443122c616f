use super::*;
use crate::check_in::PolicyNumber;
use crate::colour::{Checks, Colour, Reasons, Verdict};
use crate::time::DAY_MS;

const MINUTE: u64 = 60_000;

/// Venues that differ by number. The dwell is ten minutes times the number. Venues of even numbers open in
/// the tenth minute. From number 100 on, venues lie a degree of longitude apart.
struct TestVenues;

impl VenueBook for TestVenues {
    fn dwell(&self, venue: VenueId) -> Dwell {
        Dwell::minutes(u16::try_from(venue.0).unwrap() * 10).unwrap()
    }

    fn dwell_ms_max(&self) -> u64 {
        DAY_MS
    }

    fn is_open(&self, venue: VenueId, at: Timestamp) -> bool {
        venue.0 % 2 == 1 || at.0 >= 10 * MINUTE
    }

    fn position(&self, venue: VenueId) -> Option<Position> {
        let degrees = u32::try_from(venue.0.checked_sub(100)?).unwrap();
        Some(Position::degrees(0.0, f64::from(degrees)).unwrap())
    }

    fn journey_ms_max(&self) -> u64 {
        DAY_MS
    }

    fn is_in_district(&self, _: VenueId) -> bool {
        true
    }
}

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
    let visits = visits(backwards, &TestVenues, Timestamp(u64::MAX));
    let found: Vec<_> = visits
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
    check(&[('i', 6, 0, false), ('i', 6, 20, false)], &[(6, 0, at(20), false), (6, at(20), at(80), false)]);
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

#[test]
fn a_visit_that_ends_later_than_the_trails_are_complete_is_open() {
    let rows = [('i', 6, 0, false), ('i', 3, 20, false), ('o', 3, 30, false)];
    for (through, expected) in [
        (19, [Certainty::Open, Certainty::Open]),
        (20, [Certainty::Inferred, Certainty::Open]),
        (29, [Certainty::Inferred, Certainty::Open]),
        (30, [Certainty::Inferred, Certainty::Measured]),
    ] {
        let visits = visits(check_ins(&rows), &TestVenues, Timestamp(through * MINUTE));
        let found: Vec<_> = visits.iter().map(|visit| visit.certainty).collect();
        assert_eq!(found, expected, "{through}");
        assert_eq!(visits[1].window.to, Timestamp(30 * MINUTE), "an open visit keeps the end it would have");
    }
}

/// The marks of each visit, of check-ins by venue and second.
fn check_marks(rows: &[(u64, u64)], expected: &[&[&str]]) {
    let minutes: Vec<Row> = rows.iter().map(|&(venue, _)| ('i', venue, 0, false)).collect();
    let mut check_ins = check_ins(&minutes);
    for (check_in, &(_, second)) in check_ins.iter_mut().zip(rows) {
        check_in.at = Timestamp(second * 1_000);
    }
    let visits = visits(check_ins, &TestVenues, Timestamp(u64::MAX));
    let found: Vec<Vec<&str>> = visits.iter().map(|visit| visit.marks.words().collect()).collect();
    assert_eq!(found, expected, "{rows:?}");
}

#[test]
fn marks_name_what_a_tracer_should_doubt() {
    let (closed, many, travel) = ("closed-hours", "many-at-once", "impossible-travel");
    check_marks(&[(1, 599), (1, 700)], &[&[], &[]]);
    check_marks(&[(2, 599), (2, 700)], &[&[closed], &[]]);
    // Two venues at once, then three within the 70 s of a code, and three in a little more.
    check_marks(&[(1, 700), (3, 701), (1, 702)], &[&[], &[], &[]]);
    check_marks(&[(1, 600), (3, 700), (5, 730), (7, 769)], &[&[], &[many], &[many], &[many]]);
    check_marks(&[(3, 700), (5, 730), (7, 770)], &[&[], &[], &[]]);
    // A degree is 111 km, which takes 445 s; 70 s of them are forgiven. Venue 1 has no position.
    check_marks(&[(101, 700), (1, 900), (103, 1_519)], &[&[], &[], &[travel]]);
    check_marks(&[(101, 700), (103, 1_520)], &[&[], &[]]);
    check_marks(&[(101, 700), (101, 701)], &[&[], &[]]);
}
