//! The duty to report an arrival, event by event.

use super::{Arrival, DutyCause, DutyExit, DutyRule, is_overdue, last_entry};
use crate::check_in::{CheckIn, Direction, Mode};
use crate::colour::Colour::{self, Green, Red, Yellow};
use crate::id::{CheckInId, PersonId, VenueId};
use crate::policy::Policy;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

/// Noon in Xinji.
const NOON: Timestamp = Timestamp(1_585_022_400_000);
const MINUTE_MS: u64 = 60_000;

/// An event in the life of an arrival, at minutes after noon.
#[derive(Debug, Clone, Copy)]
enum Event {
    Announced(Colour),
    Came(Colour),
    Turned(Colour),
    In(Colour),
    Left,
    Reported,
    Withdrawn,
}

use Event::{Announced, Came, In, Left, Reported, Turned, Withdrawn};

fn at(minutes: i64) -> Timestamp {
    let ms = minutes.unsigned_abs() * MINUTE_MS;
    if minutes < 0 { NOON.minus_ms(ms) } else { NOON.plus_ms(ms) }
}

fn gate(at: Timestamp, direction: Direction) -> CheckIn {
    let (id, person, venue) = (CheckInId([7; 16]), PersonId(1), VenueId(1));
    CheckIn { id, person, venue, at, direction, mode: Mode::Poster, outcome: None }
}

/// Applies events to an arrival at noon, and checks from when and why its duty is open.
fn check(events: &[(i64, Event)], expected: Option<(i64, DutyCause)>) {
    let policy = Policy::parse(Policy::builtin("xinji").unwrap()).unwrap();
    let rule = DutyRule::of(&policy).unwrap();
    let area = "420100".to_owned().try_into().unwrap();
    let mut arrival = Arrival::announced(area, NOON, None, None, at(-600));
    for &(minutes, event) in events {
        let now = at(minutes);
        match event {
            Announced(colour) => rule.announce(&mut arrival, colour, now),
            Came(colour) => rule.come(&mut arrival, colour, now),
            Turned(colour) => rule.turn(&mut arrival, colour, now),
            In(colour) => assert!(rule.check_in(&mut arrival, colour, &gate(now, Direction::In))),
            Left => rule.leave(&mut arrival, now),
            Reported => arrival.reported = Some(now),
            Withdrawn => arrival.withdrawn = Some(now),
        }
    }
    let open = arrival.open_until().map(|due| (due.minus_ms(HOUR_MS), arrival.began.unwrap().by));
    assert_eq!(open, expected.map(|(minutes, by)| (at(minutes), by)), "{events:?}");
}

#[test]
fn xj_12_a_duty_begins_with_the_arrival_a_check_in_or_the_colour() {
    use DutyCause::{Arrival, CheckIn, Colour};
    let day: i64 = 24 * 60;
    for (events, expected) in [
        // The time of an announced arrival comes.
        (vec![(0, Announced(Red))], Some((0, Arrival))),
        (vec![(60, Announced(Yellow))], Some((0, Arrival))),
        (vec![(0, Announced(Green))], None),
        (vec![(-60, Announced(Green)), (-1, Came(Red))], None),
        (vec![(-60, Announced(Green)), (1, Came(Red))], Some((0, Arrival))),
        (vec![(-60, Announced(Green)), (1, Came(Green)), (2, Came(Red))], None),
        // The person turns before the announced time, on its day and on the next one.
        (vec![(-60, Announced(Red)), (-30, Turned(Green)), (0, Came(Green))], None),
        (
            vec![(-60, Announced(Red)), (-30, Turned(Green)), (-20, Turned(Red)), (0, Came(Red))],
            Some((0, Arrival)),
        ),
        (vec![(-60, Announced(Green)), (-30, Turned(Red))], None),
        (vec![(0, Announced(Green)), (5 * 60, Turned(Yellow))], Some((5 * 60, Colour))),
        // Midnight is twelve hours after noon.
        (vec![(0, Announced(Green)), (12 * 60 - 1, Turned(Yellow))], Some((12 * 60 - 1, Colour))),
        (vec![(0, Announced(Green)), (12 * 60, Turned(Yellow))], None),
        (vec![(0, Announced(Green)), (day, Turned(Red))], None),
        // A gate counts before the announced time, and does not put off an earlier duty.
        (vec![(-60, Announced(Red)), (-30, In(Red))], Some((-30, CheckIn))),
        (vec![(-60, Announced(Green)), (-30, In(Yellow)), (0, Came(Yellow))], Some((-30, CheckIn))),
        (vec![(0, Announced(Red)), (30, In(Red))], Some((0, Arrival))),
        (vec![(0, Announced(Green)), (30, In(Green))], None),
    ] {
        check(&events, expected);
    }
}

#[test]
fn xj_12_a_duty_ends_with_the_report_green_or_leaving() {
    use DutyCause::{CheckIn, Colour};
    for (events, expected) in [
        (vec![(0, Announced(Red)), (59, Reported)], None),
        (vec![(0, Announced(Red)), (61, Reported), (62, Turned(Green)), (63, Turned(Red))], None),
        (vec![(0, Announced(Red)), (30, Withdrawn)], None),
        (vec![(0, Announced(Red)), (30, Turned(Green))], None),
        // Green again, and back on the same day: another hour.
        (vec![(0, Announced(Red)), (30, Turned(Green)), (90, Turned(Red))], Some((90, Colour))),
        (vec![(0, Announced(Red)), (30, Turned(Green)), (90, In(Red))], Some((90, CheckIn))),
        (vec![(0, Announced(Red)), (30, Turned(Green)), (13 * 60, Turned(Red))], None),
        // Who left has no duty, whatever the colour becomes.
        (vec![(0, Announced(Red)), (30, Left)], None),
        (vec![(0, Announced(Red)), (30, Left), (40, Turned(Green)), (50, Turned(Red))], None),
        (vec![(0, Announced(Green)), (30, Left), (50, Turned(Red))], None),
        (vec![(-60, Announced(Green)), (-30, Left), (1, Came(Red))], Some((0, DutyCause::Arrival))),
        (vec![(-60, Announced(Red)), (-40, In(Red)), (-30, Left)], None),
    ] {
        check(&events, expected);
    }
}

#[test]
fn xj_12_a_report_within_the_hour_is_in_time() {
    let policy = Policy::parse(Policy::builtin("xinji").unwrap()).unwrap();
    let rule = DutyRule::of(&policy).unwrap();
    let opening = gate(NOON, Direction::In);
    assert_eq!(rule.open(Green, &opening), None);
    let mut arrival = rule.open(Red, &opening).unwrap();
    let hour = NOON.plus_ms(HOUR_MS);
    for (seconds, is_late) in [(-1, false), (0, false), (1, true)] {
        let now =
            if seconds < 0 { hour.minus_ms(1_000) } else { hour.plus_ms(u64::from(seconds > 0) * 1_000) };
        assert_eq!(is_overdue(arrival.open_until(), now), is_late, "{seconds}");
        let reported = Arrival { reported: Some(now), ..arrival.clone() };
        assert_eq!((reported.is_late(), reported.open_until()), (is_late, None), "{seconds}");
        // A later check-in at a gate begins another hour, and a repetition of the first one does not.
        assert!(rule.check_in(&mut reported.clone(), Red, &opening));
        let next = CheckIn { id: CheckInId([8; 16]), at: NOON.plus_ms(DAY_MS), ..opening };
        assert!(!rule.check_in(&mut reported.clone(), Red, &next));
    }
    rule.leave(&mut arrival, hour);
    assert_eq!(arrival.ended.unwrap().by, DutyExit::Left);
}

#[test]
fn who_left_after_the_last_entry_is_not_there() {
    let (came, left) = (gate(NOON, Direction::In), gate(NOON.plus_ms(1), Direction::Out));
    assert_eq!(last_entry([came].iter()), Some(&came));
    assert_eq!(last_entry([came, left].iter()), None);
    assert_eq!(last_entry([left, came].iter()), Some(&came));
    assert_eq!(last_entry([].iter()), None);
}
