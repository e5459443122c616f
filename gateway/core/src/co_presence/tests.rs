use super::*;
use crate::check_in::{Mode, Outcome, PolicyNumber};
use crate::colour::{Checks, Colour, Reasons, Verdict};
use crate::id::CheckInId;
use proptest::prelude::*;
use std::convert::Infallible;

struct ListedTrails(Vec<CheckIn>);

impl Trails for ListedTrails {
    type Error = Infallible;

    fn venue(&self, venue: VenueId, window: Window) -> Result<Vec<CheckIn>, Infallible> {
        Ok(self.in_window(window).filter(|check_in| check_in.venue == venue).copied().collect())
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

struct TenMinutesEach;

impl Dwells for TenMinutesEach {
    fn of(&self, venue: VenueId) -> Dwell {
        Dwell::minutes(10 + u16::try_from(venue.0 % 3).unwrap() * 10).unwrap()
    }

    fn ms_max(&self) -> u64 {
        30 * 60_000
    }
}

/// Compares every visit with every other: slow, plain, and written from the contract alone.
fn brute_force(city: &[CheckIn], question: &Question) -> Vec<Contact> {
    let everybody: BTreeSet<PersonId> = city.iter().map(|check_in| check_in.person).collect();
    let all: Vec<Visit> = everybody
        .iter()
        .flat_map(|&person| {
            let own = city.iter().filter(|check_in| check_in.person == person).copied().collect();
            visits(own, |venue| TenMinutesEach.of(venue))
        })
        .filter(|visit| visit.window.from < question.window.to && question.window.from < visit.window.to)
        .collect();
    let meet = |one: &Visit, since: Timestamp, other: &Visit| -> Option<Encounter> {
        let from = one.window.from.max(other.window.from).max(since);
        let to = one.window.to.min(other.window.to);
        let is_long = from < to && to.0 - from.0 >= question.min_overlap_s * 1_000;
        let both = one.certainty == Certainty::Measured && other.certainty == Certainty::Measured;
        (one.venue == other.venue && is_long).then_some(Encounter {
            venue: one.venue,
            window: Window { from, to },
            certainty: if both { Certainty::Measured } else { Certainty::Inferred },
            via: one.person,
        })
    };
    let mut found = vec![question.person];
    let mut sources = vec![(question.person, Timestamp(0))];
    let mut contacts: Vec<Contact> = Vec::new();
    for hop in 1..=if question.hops == Hops::One { 1 } else { 2 } {
        let mut next = Vec::new();
        for &person in everybody.iter().filter(|person| !found.contains(person)) {
            let mut encounters: Vec<Encounter> = Vec::new();
            for &(source, since) in &sources {
                for one in all.iter().filter(|visit| visit.person == source) {
                    let others = all.iter().filter(|visit| visit.person == person);
                    encounters.extend(others.filter_map(|other| meet(one, since, other)));
                }
            }
            if let Some(first) = encounters.iter().map(|met| met.window.from).min() {
                encounters.sort_by_key(|met| (met.window.from, met.venue, met.via, met.window.to));
                contacts.push(Contact { person, hop, encounters });
                next.push((person, first));
            }
        }
        found.extend(next.iter().map(|(person, _)| *person));
        sources = next;
    }
    contacts.sort_by_key(|contact| (contact.hop, std::cmp::Reverse(contact.overlap_s()), contact.person));
    contacts
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
                mode: Mode::Poster,
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
        is_far: bool,
        min_overlap_s in 0_u64..400,
    ) {
        let from = Timestamp(3_600_000 + from * 30_000);
        let question = Question {
            person: PersonId(person),
            window: Window { from, to: from.plus_ms(length * 30_000) },
            hops: if is_far { Hops::Two } else { Hops::One },
            min_overlap_s,
        };
        let answer = co_presence(&ListedTrails(city.clone()), &TenMinutesEach, &question).unwrap();
        prop_assert_eq!(answer, brute_force(&city, &question));
    }
}

#[test]
fn the_second_hop_begins_with_the_first_encounter() {
    let check_in = |number: u128, person, minute: u64| CheckIn {
        id: CheckInId(number.to_be_bytes()),
        person: PersonId(person),
        venue: VenueId(2),
        at: Timestamp(3_600_000 + minute * 60_000),
        direction: Direction::In,
        mode: Mode::Poster,
        outcome: None,
    };
    // The first leaves by dwell (30 min) before the index person comes; the second stays.
    let city =
        ListedTrails(vec![check_in(1, 1, 40), check_in(2, 2, 30), check_in(3, 3, 5), check_in(4, 4, 55)]);
    let window = Window { from: Timestamp(0), to: Timestamp(100_000_000) };
    let question = Question { person: PersonId(1), window, hops: Hops::Two, min_overlap_s: 1 };
    let contacts = co_presence(&city, &TenMinutesEach, &question).unwrap();
    let found: Vec<_> = contacts.iter().map(|contact| (contact.person.0, contact.hop)).collect();
    assert_eq!(found, [(2, 1), (4, 1)], "person 3 had left before person 1 came");
}
