use super::*;
use crate::check_in::{Outcome, PolicyNumber};
use crate::colour::{Checks, Colour, Reasons, Verdict};
use crate::id::CheckInId;
use crate::venue::{Dwell, Position};
use proptest::prelude::*;
use std::convert::Infallible;

struct ListedTrails(Vec<CheckIn>);

impl Trails for ListedTrails {
    type Error = Infallible;

    fn venues(&self, asks: &[VenueAsk]) -> Result<Vec<Vec<CheckIn>>, Infallible> {
        let of = |ask: &VenueAsk| {
            let venue = ask.venue;
            self.in_window(ask.window).filter(|check_in| check_in.venue == venue).copied().collect()
        };
        Ok(asks.iter().map(of).collect())
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, Infallible> {
        let of = |ask: &PersonAsk| {
            let person = ask.person;
            self.in_window(ask.window).filter(|check_in| check_in.person == person).copied().collect()
        };
        Ok(asks.iter().map(of).collect())
    }
}

impl ListedTrails {
    fn in_window(&self, window: Window) -> impl Iterator<Item = &CheckIn> {
        self.0.iter().filter(move |check_in| (window.from..window.to).contains(&check_in.at))
    }
}

/// Venues of three dwell times. Venue 3 lies outside the asker's district, and two venues lie so far apart
/// that a journey between them takes 15 minutes at least.
struct TestVenues;

impl TestVenues {
    fn dwell_ms(venue: VenueId) -> u64 {
        (10 + venue.0 % 3 * 10) * 60_000
    }
}

impl VenueBook for TestVenues {
    fn dwell(&self, venue: VenueId) -> Dwell {
        Dwell::minutes(10 + u16::try_from(venue.0 % 3).unwrap() * 10).unwrap()
    }

    fn dwell_ms_max(&self) -> u64 {
        30 * 60_000
    }

    fn is_open(&self, venue: VenueId, at: Timestamp) -> bool {
        venue.0 != 2 || at.0 < 7_200_000
    }

    fn position(&self, venue: VenueId) -> Option<Position> {
        (venue.0 < 2).then(|| Position::degrees(0.0, if venue.0 == 0 { 0.0 } else { 2.0 }).unwrap())
    }

    fn journey_ms_max(&self) -> u64 {
        15 * 60_000
    }

    fn is_in_district(&self, venue: VenueId) -> bool {
        venue.0 != 3
    }
}

/// A visit as the contract words it.
struct Stay {
    id: CheckInId,
    person: PersonId,
    venue: VenueId,
    from: u64,
    to: u64,
    is_measured: bool,
    mode: Mode,
    marks: Vec<&'static str>,
}

/// The visits of a person, each from all check-ins of the person.
fn stays(city: &[CheckIn], person: PersonId) -> Vec<Stay> {
    let mut own: Vec<&CheckIn> = city.iter().filter(|check_in| check_in.person == person).collect();
    own.sort_by_key(|check_in| (check_in.at, check_in.venue, check_in.id));
    let stay = |(number, arrival): (usize, &&CheckIn)| {
        let at = arrival.at.0;
        let next = own[number + 1..].iter().find(|later| later.direction == Direction::In);
        let inferred = next.map_or(u64::MAX, |next| next.at.0).min(at + TestVenues::dwell_ms(arrival.venue));
        let outs = own.iter().filter(|out| out.direction == Direction::Out && out.venue == arrival.venue);
        let out = outs.map(|out| out.at.0).filter(|out| (at..=inferred).contains(out)).min();
        let (to, is_measured) = match out.filter(|_| !arrival.is_refused()) {
            _ if arrival.is_refused() => (at, false),
            Some(out) => (out, true),
            None => (inferred, false),
        };
        let (id, venue, mode) = (arrival.id, arrival.venue, arrival.mode);
        let to = if to == at { at + 1_000 } else { to };
        Stay { id, person, venue, from: at, to, is_measured, mode, marks: marks(&own, number) }
    };
    own.iter().enumerate().filter(|(_, one)| one.direction == Direction::In).map(stay).collect()
}

/// The marks of the check-in of this number among a person's ordered check-ins.
fn marks(own: &[&CheckIn], number: usize) -> Vec<&'static str> {
    let (one, at) = (own[number], own[number].at.0);
    let mut marks = Vec::new();
    if !TestVenues.is_open(one.venue, one.at) {
        marks.push("closed-hours");
    }
    let before = own[..number].iter().rev().find(|before| TestVenues.position(before.venue).is_some());
    let is_far = before.is_some_and(|before| before.venue != one.venue && at - before.at.0 < 819_000);
    // Two degrees of the equator are 222.39 km, which take 889.56 s; 70 s are forgiven.
    if TestVenues.position(one.venue).is_some() && is_far {
        marks.push("impossible-travel");
    }
    let is_many = own.iter().any(|first| {
        let within = |other: &&&CheckIn| (first.at.0..first.at.0 + 70_000).contains(&other.at.0);
        let at_once: BTreeSet<VenueId> = own.iter().filter(within).map(|other| other.venue).collect();
        at_once.len() >= 3 && (first.at.0..first.at.0 + 70_000).contains(&at)
    });
    if is_many {
        marks.push("many-at-once");
    }
    marks
}

/// Compares every visit with every other: slow, plain, and written from the contract alone.
fn brute_force(city: &[CheckIn], question: &Question, through: u64) -> CoPresence {
    let everybody: BTreeSet<PersonId> = city.iter().map(|check_in| check_in.person).collect();
    let window = question.window;
    let all: Vec<Stay> = everybody
        .iter()
        .flat_map(|&person| stays(city, person))
        .filter(|stay| stay.from < window.to.0 && window.from.0 < stay.to)
        .collect();
    let (mut found, mut sources) = (vec![question.person], vec![(question.person, 0)]);
    let mut answer = CoPresence::default();
    for hop in 1..=question.hops.number() {
        let mut next = Vec::new();
        let of_sources = |since: u64, source: PersonId| {
            all.iter().filter(move |stay| stay.person == source && stay.to > since)
        };
        let outside = sources.iter().flat_map(|&(source, since)| of_sources(since, source));
        let outside: BTreeSet<CheckInId> =
            outside.filter(|stay| stay.venue == VenueId(3)).map(|stay| stay.id).collect();
        answer.outside_district += outside.len() as u64;
        for &person in everybody.iter().filter(|person| !found.contains(person)) {
            let mut encounters: Vec<Encounter> = Vec::new();
            for &(source, since) in &sources {
                for one in of_sources(since, source).filter(|stay| stay.venue != VenueId(3)) {
                    let others = all.iter().filter(|stay| stay.person == person);
                    encounters.extend(others.filter_map(|other| {
                        meet(one, since, other, through, question.min_overlap_s * 1_000)
                    }));
                }
            }
            if let Some(first) = encounters.iter().map(|met| met.window.from.0).min() {
                encounters.sort_by_key(|met| (met.window.from, met.venue, met.via, met.window.to));
                answer.contacts.push(Contact { person, hop, encounters });
                next.push((person, first));
            }
        }
        found.extend(next.iter().map(|(person, _)| *person));
        sources = next;
    }
    let order = |contact: &Contact| (contact.hop, std::cmp::Reverse(contact.overlap_s()), contact.person);
    answer.contacts.sort_by_key(order);
    answer
}

fn meet(one: &Stay, since: u64, other: &Stay, through: u64, ms_min: u64) -> Option<Encounter> {
    let (from, ends) = (one.from.max(other.from).max(since), one.to.min(other.to));
    let to = ends.min(through.max(from + 1_000));
    let certainty = match (ends > through, one.is_measured && other.is_measured) {
        (true, _) => Certainty::Open,
        (false, true) if one.to <= through && other.to <= through => Certainty::Measured,
        (false, _) => Certainty::Inferred,
    };
    let marks = |word: &str| one.marks.contains(&word) || other.marks.contains(&word);
    let all = [Marks::CLOSED_HOURS, Marks::IMPOSSIBLE_TRAVEL, Marks::MANY_AT_ONCE].into_iter();
    let marks = all.filter(|mark| mark.words().any(marks)).fold(Marks::NONE, Marks::and);
    (one.venue == other.venue && from < through && from < to && to - from >= ms_min).then_some(Encounter {
        venue: one.venue,
        window: Window { from: Timestamp(from), to: Timestamp(to) },
        certainty,
        via: one.person,
        mode: other.mode,
        via_mode: one.mode,
        marks,
    })
}

fn refused() -> Outcome {
    let (colour, verdict) = (Colour::Red, Verdict::Refuse);
    Outcome { colour, verdict, checks: Checks::NONE, reasons: Reasons::NONE, policy: PolicyNumber(1) }
}

fn any_city() -> impl Strategy<Value = Vec<CheckIn>> {
    let row = (0_u64..8, 0_u64..4, 0_u64..240, 0_u8..10);
    proptest::collection::vec(row, 0..60).prop_map(|rows| {
        let check_in =
            |(number, (person, venue, half_minutes, kind)): (usize, (u64, u64, u64, u8))| CheckIn {
                id: CheckInId((number as u128).to_be_bytes()),
                person: PersonId(person),
                venue: VenueId(venue),
                at: Timestamp(3_600_000 + half_minutes * 30_000),
                direction: if kind < 3 { Direction::Out } else { Direction::In },
                mode: Mode::of_byte(u8::try_from(number % 7).unwrap()).unwrap(),
                outcome: (kind == 9).then(refused),
            };
        rows.into_iter().enumerate().map(check_in).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn equals_brute_force(
        city in any_city(),
        person in 0_u64..8,
        from in 0_u64..200,
        length in 1_u64..240,
        hops in 1_u8..=3,
        min_overlap_s in prop_oneof![0_u64..=1, 0_u64..400],
        through in 0_u64..320,
        through_ms in 0_u64..1_500,
    ) {
        let from = Timestamp(3_600_000 + from * 30_000);
        let question = Question {
            person: PersonId(person),
            window: Window { from, to: from.plus_ms(length * 30_000) },
            hops: Hops::try_from(hops).unwrap(),
            min_overlap_s,
        };
        let complete_through = Timestamp(3_600_000 + through * 30_000 + through_ms);
        let trails = ListedTrails(city.clone());
        let view = TrailView { trails: &trails, venues: &TestVenues, complete_through };
        let answer = view.co_presence(&question).unwrap();
        prop_assert_eq!(&answer, &brute_force(&city, &question, complete_through.0));
        for contact in &answer.contacts {
            let is_covered = |second: u64| {
                let (from, to) = (Timestamp(second * 1_000), Timestamp(second * 1_000 + 1_000));
                contact.encounters.iter().any(|met| met.window.from <= from && to <= met.window.to)
            };
            let covered = (3_600..20_000).filter(|&second| is_covered(second)).count();
            prop_assert_eq!(contact.present_s(), covered as u64);
        }
    }

    #[test]
    fn a_trail_and_a_venues_visits_are_the_visits_of_all_check_ins(
        city in any_city(),
        from in 0_u64..200,
        length in 1_u64..240,
        through in 0_u64..320,
    ) {
        let from = Timestamp(3_600_000 + from * 30_000);
        let window = Window { from, to: from.plus_ms(length * 30_000) };
        let complete_through = Timestamp(3_600_000 + through * 30_000);
        let trails = ListedTrails(city.clone());
        let view = TrailView { trails: &trails, venues: &TestVenues, complete_through };
        let expected = |is_asked: &dyn Fn(&Stay) -> bool| {
            let all = (0..8).flat_map(|person| stays(&city, PersonId(person)));
            let asked = all.filter(|stay| stay.from < window.to.0 && from.0 < stay.to && is_asked(stay));
            let mut shown: Vec<_> = asked
                .map(|stay| {
                    let certainty = match (stay.to > complete_through.0, stay.is_measured) {
                        (true, _) => Certainty::Open,
                        (false, true) => Certainty::Measured,
                        (false, false) => Certainty::Inferred,
                    };
                    (stay.from, stay.person, stay.id, stay.to, certainty, stay.mode, stay.marks)
                })
                .collect();
            shown.sort_by_key(|stay| (stay.0, stay.1, stay.2));
            shown
        };
        let shown = |visits: Vec<Visit>| {
            let shown = |visit: &Visit| {
                let (from, to) = (visit.window.from.0, visit.window.to.0);
                let marks = visit.marks.words().collect();
                (from, visit.person, visit.check_in, to, visit.certainty, visit.mode, marks)
            };
            let mut shown: Vec<_> = visits.iter().map(shown).collect();
            shown.sort_by_key(|stay| (stay.0, stay.1, stay.2));
            shown
        };
        let own = view.trail(PersonId(0), window).unwrap();
        prop_assert_eq!(shown(own), expected(&|stay| stay.person == PersonId(0)));
        let there = view.visitors(VenueId(1), window).unwrap();
        prop_assert_eq!(shown(there), expected(&|stay| stay.venue == VenueId(1)));
    }
}

#[test]
fn a_hop_begins_with_the_first_encounter_of_the_hop_before() {
    let check_in = |number: u128, person, venue, minute: u64| CheckIn {
        id: CheckInId(number.to_be_bytes()),
        person: PersonId(person),
        venue: VenueId(venue),
        at: Timestamp(3_600_000 + minute * 60_000),
        direction: Direction::In,
        mode: Mode::Poster,
        outcome: None,
    };
    // Person 3 leaves by dwell (30 min) before person 1 comes; person 2 stays and goes on to person 5, who
    // goes on to person 6.
    let city = ListedTrails(vec![
        check_in(1, 1, 2, 40),
        check_in(2, 2, 2, 30),
        check_in(3, 3, 2, 5),
        check_in(4, 4, 2, 55),
        check_in(5, 2, 5, 60),
        check_in(6, 5, 5, 60),
        check_in(7, 5, 8, 80),
        check_in(8, 6, 8, 80),
    ]);
    let window = Window { from: Timestamp(0), to: Timestamp(100_000_000) };
    let complete_through = Timestamp(200_000_000);
    let view = TrailView { trails: &city, venues: &TestVenues, complete_through };
    for (hops, expected) in [
        (1, vec![(2, 1), (4, 1)]),
        (2, vec![(2, 1), (4, 1), (5, 2)]),
        (3, vec![(2, 1), (4, 1), (5, 2), (6, 3)]),
    ] {
        let hops = Hops::try_from(hops).unwrap();
        let question = Question { person: PersonId(1), window, hops, min_overlap_s: 1 };
        let contacts = view.co_presence(&question).unwrap().contacts;
        let found: Vec<_> = contacts.iter().map(|contact| (contact.person.0, contact.hop)).collect();
        assert_eq!(found, expected, "person 3 had left before person 1 came");
    }
    assert!(Hops::try_from(0).is_err() && Hops::try_from(HOPS_MAX + 1).is_err());
}
