use super::*;
use crate::colour::{Checks, Verdict};
use crate::fact::{Fact, FactKind, Force};
use crate::id::{FactId, PersonId};
use crate::time::DAY_MS;
use crate::venue::VenueKind;
use proptest::prelude::*;

mod certificates;
mod city;
mod colour_since;
mod days;
mod explanations;
mod four_cities;
mod jingzhou;
mod nanchong;
mod xinji;
mod xuzhou;

/// Noon in Shanghai.
const NOON: Timestamp = Timestamp(1_641_268_800_000);

fn pack() -> Policy {
    Policy::parse(Policy::builtin("default").unwrap()).unwrap()
}

fn fact(number: u64, kind: FactKind, at: Timestamp, until: Option<Timestamp>) -> Fact {
    let source = "cdc".to_owned();
    Fact {
        id: FactId(number),
        person: PersonId(1),
        kind,
        at,
        until,
        recorded: at,
        source,
        reference: None,
        force: Force::InForce,
    }
}

fn contact(number: u64, at: Timestamp, until: Option<Timestamp>) -> Fact {
    fact(number, FactKind::CloseContact { of: None }, at, until)
}

fn colour(facts: &[Fact], now: Timestamp) -> Colour {
    judged(facts, now).standing.colour
}

fn judged(facts: &[Fact], now: Timestamp) -> Judgement {
    pack().judge(&facts.to_vec().into(), now)
}

#[test]
fn nobody_without_facts_is_anything_but_green() {
    assert_eq!(colour(&[], NOON), Colour::Green);
}

#[test]
fn a_case_is_red_until_it_is_released() {
    let confirmed = fact(1, FactKind::Confirmed, NOON, None);
    let released = fact(2, FactKind::Released { of: None }, NOON.plus_ms(5 * DAY_MS), None);
    assert_eq!(colour(std::slice::from_ref(&confirmed), NOON.plus_ms(400 * DAY_MS)), Colour::Red);
    let both = [released, confirmed];
    assert_eq!(colour(&both, NOON.plus_ms(5 * DAY_MS - 1)), Colour::Red);
    assert_eq!(colour(&both, NOON.plus_ms(5 * DAY_MS)), Colour::Green);
    let again = fact(3, FactKind::Confirmed, NOON.plus_ms(9 * DAY_MS), None);
    let [released, confirmed] = both;
    assert_eq!(colour(&[again, released, confirmed], NOON.plus_ms(9 * DAY_MS)), Colour::Red);
}

#[test]
fn a_contact_is_yellow_until_its_day_and_by_the_packs_days_without_one() {
    let until = NOON.plus_ms(3 * DAY_MS);
    let with_day = [contact(1, NOON, Some(until))];
    assert_eq!(colour(&with_day, until.minus_ms(1)), Colour::Yellow);
    assert_eq!(colour(&with_day, until), Colour::Green);
    // 14天内: the difference of local dates is at most 14.
    let without = [contact(1, NOON, None)];
    for (days, expected) in [(13, Colour::Yellow), (14, Colour::Yellow), (15, Colour::Green)] {
        assert_eq!(colour(&without, NOON.plus_ms(days * DAY_MS)), expected, "day {days}");
    }
    // Midnight in Shanghai is 16:00 in UTC.
    let midnight: Timestamp = "2022-01-18T16:00:00Z".parse().unwrap();
    assert_eq!(judged(&without, NOON).changes_at, Some(midnight));
    assert_eq!(colour(&without, midnight.minus_ms(1)), Colour::Yellow);
    assert_eq!(colour(&without, midnight), Colour::Green);
}

#[test]
fn the_most_severe_counts_and_says_why() {
    let facts = [contact(7, NOON, None), fact(3, FactKind::Confirmed, NOON, None)];
    let judgement = judged(&facts, NOON);
    assert_eq!(judgement.standing.colour, Colour::Red);
    assert_eq!(
        judgement.because,
        [FiredRule { rule: 0, fact: Some(FactId(3)), clears: None, is_kept: false }]
    );
    assert_eq!(pack().reason_words(judgement.standing.reasons).collect::<Vec<_>>(), ["confirmed"]);
}

#[test]
fn a_withdrawn_fact_does_not_count() {
    let mut confirmed = fact(1, FactKind::Confirmed, NOON, None);
    confirmed.force = city::withdrawn(Some(NOON));
    assert_eq!(colour(&[confirmed], NOON), Colour::Green);
}

#[test]
fn what_is_to_come_does_not_count_yet() {
    let later = NOON.plus_ms(5_000);
    let judgement = judged(&[fact(1, FactKind::Confirmed, later, None)], NOON);
    assert_eq!((judgement.standing.colour, judgement.changes_at), (Colour::Green, Some(later)));
}

fn anywhere(kind: VenueKind) -> DoorContext {
    DoorContext { kind, checks: Checks::NONE }
}

#[test]
fn xz_26_a_venue_adds_to_what_its_city_asks_and_lets_in_nobody_whom_it_refuses() {
    let standing = |colour| Standing { colour, reasons: Reasons::NONE };
    let place = DoorContext { kind: VenueKind::Mall, checks: Checks::DOCUMENT };
    let seen = DoorWork { document_shown: true, ..DoorWork::default() };
    for (colour, door, verdict, checks) in [
        (Colour::Green, DoorWork::default(), Verdict::Check, Checks::DOCUMENT),
        (Colour::Green, seen, Verdict::Pass, Checks::NONE),
        (Colour::Yellow, seen, Verdict::Check, Checks::TEMPERATURE.and(Checks::FULL)),
        (Colour::Red, DoorWork::default(), Verdict::Refuse, Checks::NONE),
    ] {
        let admission = pack().admit(standing(colour), place, door);
        assert_eq!((admission.verdict, admission.checks), (verdict, checks), "{colour:?} {door:?}");
    }
}

#[test]
fn doors_do_what_the_pack_says() {
    let standing = |colour| Standing { colour, reasons: Reasons::NONE };
    let work = |temperature: Option<f64>, full_check| DoorWork {
        temperature: temperature.and_then(Temperature::of_celsius),
        document_shown: false,
        full_check,
    };
    let both = Checks::TEMPERATURE.and(Checks::FULL);
    for (colour, door, verdict, checks) in [
        (Colour::Green, work(None, false), Verdict::Pass, Checks::NONE),
        (Colour::Green, work(Some(37.3), false), Verdict::Refuse, Checks::NONE),
        (Colour::Yellow, work(None, false), Verdict::Check, both),
        (Colour::Yellow, work(Some(36.6), false), Verdict::Check, Checks::FULL),
        (Colour::Yellow, work(Some(36.6), true), Verdict::Pass, Checks::NONE),
        (Colour::Yellow, work(Some(37.29), true), Verdict::Pass, Checks::NONE),
        (Colour::Red, work(Some(36.6), true), Verdict::Refuse, Checks::NONE),
        (Colour::Unknown, work(Some(36.6), true), Verdict::Check, Checks::MANUAL),
    ] {
        let admission = pack().admit(standing(colour), anywhere(VenueKind::Mall), door);
        assert_eq!((admission.verdict, admission.checks), (verdict, checks), "{colour:?} {door:?}");
    }
    let fever = pack().admit(standing(Colour::Green), anywhere(VenueKind::Mall), work(Some(38.0), false));
    assert_eq!(pack().reason_words(fever.reasons).collect::<Vec<_>>(), ["fever"]);
}

#[test]
fn a_line_for_a_kind_of_venue_goes_before_the_one_for_all() {
    let text = Policy::builtin("default").unwrap().to_owned()
        + "\n[[admission]]\ncolour = \"yellow\"\nkinds = [\"school\"]\nverdict = \"refuse\"\n";
    let pack = Policy::parse(&text).unwrap();
    let yellow = Standing { colour: Colour::Yellow, reasons: Reasons::NONE };
    assert_eq!(pack.admit(yellow, anywhere(VenueKind::School), DoorWork::default()).verdict, Verdict::Refuse);
    assert_eq!(pack.admit(yellow, anywhere(VenueKind::Mall), DoorWork::default()).verdict, Verdict::Check);
}

#[test]
fn wrong_packs_say_what_is_wrong_and_where() {
    let good = Policy::builtin("default").unwrap();
    for (from, to, message) in [
        ("zone =", "zoen =", "unknown key `zoen`; did you mean `zone`?"),
        ("Asia/Shanghai", "Asia/Nowhere", "zone is not in the IANA"),
        ("= \"red\"\nfacts", "= \"rde\"\nfacts", "unknown word `rde`; did you mean `red`?"),
        ("= \"red\"\nfacts", "= \"unknown\"\nfacts", "no rule gives `unknown`"),
        ("\"confirmed\", \"clin", "\"confirmd\", \"clin", "did you mean `confirmed`?"),
        ("id = \"suspected\"", "id = \"confirmed\"", "there is another rule `confirmed`"),
        ("37.3", "373", "between 30 and 45"),
        ("\"temperature\",", "\"thermometer\",", "a check is one of"),
        ("colour = \"red\"\nverdict", "colour = \"green\"\nverdict", "no [[admission]] for red"),
        ("within_days = 3", "within_days = 3\nunder_days = 3", "exclude each other"),
        ("within_days = 3", "within_days = 3\nunless = [\"ruled-out\"]", "unless goes with `after`"),
        ("within_days = 3", "within_days = 3\nlink = \"http://x\"", "link must be an https:// address"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Policy::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        let line = good[..good.find(from).unwrap()].matches('\n').count() + 1;
        assert!(error.0.iter().all(|error| error.line >= 1 && error.line <= line.max(8) + 2), "{error}");
    }
    let two = good.replacen("37.3", "1", 1).replacen("Asia/Shanghai", "x", 1);
    assert_eq!(Policy::parse(&two).unwrap_err().0.len(), 2);
}

fn any_fact() -> impl Strategy<Value = (u8, u64, Option<u64>, bool)> {
    (0_u8..7, 0_u64..40, proptest::option::of(1_u64..20), any::<bool>())
}

proptest! {
    #[test]
    fn the_order_of_facts_does_not_matter_and_time_alone_changes_only_when_said(
        drawn in proptest::collection::vec(any_fact(), 0..8),
        rotated in 0_usize..8,
        ahead in 0_u64..60,
    ) {
        let facts: Vec<Fact> = drawn.iter().enumerate().map(|(number, &(kind, day, until, is_withdrawn))| {
            let kind = match kind {
                0 => FactKind::Confirmed,
                1 => FactKind::Suspected,
                2 => FactKind::CloseContact { of: None },
                3 => FactKind::Symptoms { which: vec![] },
                4 => FactKind::Released { of: None },
                5 => FactKind::Discharged,
                _ => FactKind::RuledOut { of: None },
            };
            let at = NOON.plus_ms(day * DAY_MS);
            let mut fact = fact(number as u64, kind, at, until.map(|days| at.plus_ms(days * DAY_MS)));
            if is_withdrawn {
                fact.force = city::withdrawn(None);
            }
            fact
        }).collect();
        let now = NOON.plus_ms(ahead * DAY_MS);
        let judgement = judged(&facts, now);
        let mut other = facts.clone();
        other.rotate_left(rotated % facts.len().max(1));
        prop_assert_eq!(&judged(&other, now), &judgement);
        let next = judgement.changes_at.unwrap_or(now.plus_ms(1_000 * DAY_MS));
        prop_assert!(next > now);
        prop_assert_eq!(judged(&facts, next.minus_ms(1)).standing, judgement.standing);
    }

    #[test]
    fn bytes_never_panic(text: String) {
        let _ = Policy::parse(&text);
    }
}

/// Facts of a life in Nanchong: kind, day, day of record after it, whether withdrawn.
fn any_record() -> impl Strategy<Value = city::PersonRecord> {
    const KINDS: [&str; 10] = [
        r#""kind":"confirmed""#,
        r#""kind":"suspected""#,
        r#""kind":"asymptomatic""#,
        r#""kind":"close-contact""#,
        r#""kind":"symptoms","which":["fever"]"#,
        r#""kind":"stay","area":"420100""#,
        r#""kind":"stay","area":"FR""#,
        r#""kind":"quarantine","place":"home","re_examined":false"#,
        r#""kind":"released""#,
        r#""kind":"discharged""#,
    ];
    let facts = proptest::collection::vec((0..KINDS.len(), 0_i64..60, 0_i64..5, any::<bool>()), 0..8);
    let reports = proptest::collection::vec(0_i64..120, 0..60);
    (facts, reports).prop_map(|(facts, reports)| {
        let mut record = city::PersonRecord::default();
        for (kind, at, late, is_withdrawn) in facts {
            record = record.learnt(at, at + late, KINDS[kind]);
            if is_withdrawn {
                record.0.facts.last_mut().unwrap().force = city::withdrawn(None);
            }
        }
        record.reports(reports)
    })
}

/// The worst colour that the rules of a pack alone give.
fn by_rules(pack: &Policy, record: &city::PersonRecord, now: Timestamp) -> Colour {
    let mut alone = pack.clone();
    alone.transition = None;
    record.judged(&alone, now).standing.colour
}

proptest! {
    #[test]
    fn every_city_judges_alike_whatever_the_order_and_changes_only_when_said(
        record in any_record(),
        rotated in 0_usize..8,
        ahead in 0_i64..120,
    ) {
        let now = city::day(ahead);
        for name in Policy::BUILTIN {
            let pack = city::pack(name);
            let judgement = record.judged(&pack, now);
            let mut other = record.clone();
            let (facts, reports) = (&mut other.0.facts, &mut other.0.reports);
            let count = facts.len().max(1);
            facts.rotate_left(rotated % count);
            reports.reverse();
            prop_assert_eq!(&other.judged(&pack, now), &judgement, "{}", name);
            prop_assert!(judgement.standing.colour == Colour::Green || !judgement.because.is_empty());
            // Nothing changes before a report arrives or `changes_at` is reached.
            let next_report = record.0.reports.iter().copied().filter(|&at| at > now).min();
            let next = judgement.changes_at.into_iter().chain(next_report).min().unwrap_or(city::day(1_000));
            prop_assert_eq!(record.judged(&pack, next.minus_ms(1)).standing, judgement.standing, "{}", name);
        }
    }

    #[test]
    fn another_worsening_fact_never_makes_a_colour_milder(record in any_record(), at in 0_i64..60, ahead in 0_i64..120) {
        let now = city::day(ahead.max(at));
        // Nanchong's keeps a colour: the rules by themselves are what is monotone.
        for name in Policy::BUILTIN {
            let pack = city::pack(name);
            let worse = record.clone().fact(at, r#""kind":"close-contact""#);
            prop_assert!(by_rules(&pack, &worse, now) >= by_rules(&pack, &record, now), "{}", name);
        }
    }

    #[test]
    fn gz_06_nobody_goes_from_red_to_green_at_once(record in any_record()) {
        let pack = city::pack("nanchong");
        let mut before = Colour::Green;
        for number in 0..130 {
            let colour = record.known_on(number).colour(&pack, number);
            prop_assert!(!(before == Colour::Red && colour == Colour::Green), "day {}", number);
            before = colour;
        }
    }

    #[test]
    fn gz_06_a_colour_is_never_milder_than_the_rules_say(record in any_record(), ahead in 0_i64..120) {
        let pack = city::pack("nanchong");
        let now = city::day(ahead);
        prop_assert!(record.judged(&pack, now).standing.colour >= by_rules(&pack, &record, now));
    }
}
