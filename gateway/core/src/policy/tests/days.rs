//! Days of rules: every rule with days in the four cities' packs, on days 12 to 16 after its fact, at both
//! ends of each local day, over 29 February and over a year's end.

use super::city::pack;
use crate::colour::Colour;
use crate::evidence::Evidence;
use crate::fact::{Fact, FactLine};
use crate::id::{FactId, PersonId};
use crate::policy::rule::{Rule, RuleDays, Trigger};
use crate::policy::{Judgement, Policy};
use crate::time::{DAY_MS, Timestamp};

/// Shanghai is eight hours ahead, and has had no summer time since 1991.
const AHEAD_MS: u64 = 8 * 3_600_000;

/// A fact, by its fields as JSON, that began on a day and hour before the rule's own fact.
type Earlier = (u64, &'static str);

/// For each rule with days: what comes before, and the fact that fires it. A stay ends where the days begin.
const EXAMPLES: [(&str, &str, Option<Earlier>, &str); 26] = [
    ("xuzhou", "central-quarantine", None, r#""kind":"ordered","measure":"central-quarantine""#),
    ("xuzhou", "home-monitoring", None, r#""kind":"ordered","measure":"home-monitoring""#),
    ("xinji", "close-contact", None, r#""kind":"close-contact""#),
    ("xinji", "central-quarantine", None, r#""kind":"quarantine","place":"central""#),
    ("xinji", "key-area", None, r#""kind":"stay","area":"420100""#),
    ("xinji", "co-located", None, r#""kind":"co-located""#),
    ("xinji", "overseas", None, r#""kind":"stay","area":"FR""#),
    ("xinji", "key-area-contact", None, r#""kind":"area-contact","area":"420100""#),
    ("xinji", "symptoms", None, r#""kind":"symptoms","which":["fatigue"]"#),
    ("xinji", "home-observation", None, r#""kind":"quarantine","place":"home""#),
    ("nanchong", "high-risk-area", None, r#""kind":"stay","area":"420100""#),
    ("nanchong", "asymptomatic-released", Some((5, r#""kind":"asymptomatic""#)), r#""kind":"released""#),
    ("nanchong", "close-contact", None, r#""kind":"close-contact""#),
    ("nanchong", "severe-area-residence", None, r#""kind":"stay","area":"420600""#),
    ("nanchong", "severe-area-contact", None, r#""kind":"area-contact","area":"420600""#),
    ("nanchong", "discharged", None, r#""kind":"discharged""#),
    ("nanchong", "severe-country", None, r#""kind":"stay","area":"JP""#),
    ("nanchong", "mid-risk-area", None, r#""kind":"stay","area":"440103""#),
    ("nanchong", "symptoms", None, r#""kind":"symptoms","which":["cough"]"#),
    (
        "nanchong",
        "home-observation",
        Some((30, r#""kind":"discharged""#)),
        r#""kind":"quarantine","place":"home""#,
    ),
    ("nanchong", "other-country", None, r#""kind":"stay","area":"FR""#),
    ("nanchong", "other-mid", None, r#""kind":"co-located""#),
    ("nanchong", "low-risk-area", None, r#""kind":"stay","area":"510100""#),
    ("jingzhou", "fever-case", None, r#""kind":"symptoms","which":["fever"]"#),
    ("jingzhou", "close-contact", None, r#""kind":"close-contact""#),
    ("jingzhou", "central-quarantine", None, r#""kind":"quarantine","place":"central""#),
];

/// The beginning of the days: at noon, in the first and in the last instant of a local day. Two weeks after
/// them lie 29 February 2024, a year's end, and neither.
const BEGINNINGS: [&str; 9] = [
    "2024-02-16T04:00:00Z",
    "2024-02-15T16:00:00Z",
    "2024-02-16T15:59:59.999Z",
    "2021-12-20T04:00:00Z",
    "2021-12-19T16:00:00Z",
    "2021-12-20T15:59:59.999Z",
    "2023-02-16T04:00:00Z",
    "2023-02-15T16:00:00Z",
    "2023-02-16T15:59:59.999Z",
];

/// A city's pack, in which no colour is kept and Guangzhou has a middle risk.
fn rules_alone(city: &str) -> Policy {
    let text = Policy::builtin(city).unwrap().to_owned()
        + "\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2021-01-01\n";
    let mut pack = Policy::parse(&text).unwrap();
    pack.transition = None;
    pack
}

fn fact(number: u64, at: Timestamp, fields: &str) -> Fact {
    let is_stay = fields.contains(r#""stay""#);
    let (at, until) =
        if is_stay { (at.minus_ms(DAY_MS), format!(r#","until":"{at}""#)) } else { (at, String::new()) };
    let line = format!(r#"{{"person":"{}","at":"{at}","source":"cdc",{fields}{until}}}"#, PersonId(1));
    let line: FactLine = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
    Fact { id: FactId(number), ..line.fact(at.plus_ms(DAY_MS)).unwrap() }
}

/// The first instant of the local day that is this many days after the one of a time.
fn day_start(at: Timestamp, days: u64) -> Timestamp {
    Timestamp(((at.0 + AHEAD_MS) / DAY_MS + days) * DAY_MS - AHEAD_MS)
}

fn names(pack: &Policy, judgement: &Judgement, rule: &str) -> bool {
    pack.reason_words(judgement.standing.reasons).any(|word| word == rule)
}

#[test]
fn every_rule_with_days_holds_to_the_end_of_its_last_local_day() {
    for (city, id, earlier, fields) in EXAMPLES {
        let pack = rules_alone(city);
        let rule = pack.rules().iter().find(|rule| rule.id == id).unwrap();
        let Trigger::Facts(trigger) = &rule.trigger else { panic!("{city} {id}") };
        let last = match trigger.days {
            RuleDays::Within(14) => 14,
            RuleDays::Under(14) => 13,
            other @ (RuleDays::Within(_) | RuleDays::Under(_) | RuleDays::Unlimited) => {
                panic!("{city} {id}: {other:?}")
            }
        };
        for beginning in BEGINNINGS {
            let at: Timestamp = beginning.parse().unwrap();
            let before = earlier.map(|(days, fields)| fact(1, at.minus_ms(days * DAY_MS), fields));
            let facts: Vec<Fact> = before.into_iter().chain([fact(2, at, fields)]).collect();
            let evidence = Evidence::from(facts);
            for day in 12..=16 {
                let (first, next) = (day_start(at, day), day_start(at, day + 1));
                for now in [first, next.minus_ms(1)] {
                    let judgement = pack.judge(&evidence, now);
                    let place = format!("{city} {id} from {beginning} on day {day} at {now}");
                    assert_eq!(names(&pack, &judgement, id), day <= last, "{place}");
                    let colour = if day <= last { rule.colour } else { Colour::Green };
                    assert_eq!(judgement.standing.colour, colour, "{place}");
                }
            }
        }
    }
}

#[test]
fn hb_10_missing_reports_count_from_the_end_of_the_third_local_day() {
    let pack = pack("jingzhou");
    for beginning in BEGINNINGS {
        let at: Timestamp = beginning.parse().unwrap();
        let reported = Evidence { reports: vec![at], ..Evidence::default() };
        let silent = Evidence { registered: Some(at), ..Evidence::default() };
        for evidence in [reported, silent] {
            for day in 1..=6 {
                for now in [day_start(at, day), day_start(at, day + 1).minus_ms(1)] {
                    let judgement = pack.judge(&evidence, now);
                    let place = format!("from {beginning} on day {day} at {now}");
                    assert_eq!(names(&pack, &judgement, "reports-missed"), day > 3, "{place}");
                }
            }
        }
    }
}

#[test]
fn every_rule_with_days_of_the_four_cities_has_an_example() {
    for city in ["xuzhou", "xinji", "nanchong", "jingzhou"] {
        let pack = pack(city);
        let has_days = |rule: &&Rule| match &rule.trigger {
            Trigger::Facts(trigger) => trigger.days != RuleDays::Unlimited,
            Trigger::MissedReports(_) => false,
        };
        for rule in pack.rules().iter().filter(has_days) {
            let is_covered = EXAMPLES.iter().any(|(of, id, ..)| (*of, *id) == (city, rule.id.as_str()));
            assert!(is_covered, "{city} {}", rule.id);
        }
    }
}
