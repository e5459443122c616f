//! 果州行健康码.

use super::city::{NOON, PersonRecord, admitted, check, day, door, pack, stayed};
use crate::colour::Colour::{self, Green, Red, Yellow};
use crate::colour::Verdict::{Check, Pass, Refuse};
use crate::id::FactId;
use crate::policy::{OverlapCause, OverlapReason, Policy};
use crate::venue::VenueKind::Mall;

/// Nanchong's pack without transitions: a retained colour would hide the end of a rule.
fn rules_alone() -> Policy {
    let mut pack = pack("nanchong");
    pack.transition = None;
    pack
}

#[test]
fn gz_02_the_door_by_colour() {
    let pack = pack("nanchong");
    for (colour, work, said) in [
        (Green, door(None, false, false), (Check, vec!["temperature"])),
        (Green, door(Some(36.6), false, false), (Pass, vec![])),
        (Green, door(Some(37.3), false, false), (Refuse, vec![])),
        (Yellow, door(Some(36.6), false, false), (Check, vec!["full"])),
        (Yellow, door(Some(36.6), false, true), (Pass, vec![])),
        (Red, door(Some(36.6), true, true), (Refuse, vec![])),
    ] {
        assert_eq!(admitted(&pack, colour, Mall, work), said, "{colour:?} {work:?}");
    }
}

#[test]
fn gz_03_green_rules() {
    let mut pack = rules_alone();
    assert_eq!(PersonRecord::default().colour(&pack, 0), Green);
    let low = PersonRecord::default().fact(0, &stayed("510100"));
    assert_eq!((low.colour(&pack, 0), low.reasons(&pack, 0)), (Green, vec!["low-risk-area".to_owned()]));
    assert_eq!(low.reasons(&pack, 15), Vec::<String>::new());
    // A line for an area of middle risk.
    let text = Policy::builtin("nanchong").unwrap().to_owned()
        + "\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2021-01-01\nto = 2022-02-01\n";
    pack = Policy::parse(&text).unwrap();
    let mid = PersonRecord::default().fact(0, r#""kind":"stay","area":"440103""#);
    assert_eq!(mid.reasons(&pack, 0), ["mid-risk-area"]);
    let certified = mid.fact(0, &format!(r#""kind":"certificate","type":"health","until":"{}""#, day(3)));
    assert_eq!(certified.reasons(&pack, 0), ["certificate"]);
    // Out of force it lifts nothing; and it lifts nothing else while it is in force.
    assert_eq!(certified.colour(&pack, 3), Yellow);
    assert_eq!(certified.fact(1, r#""kind":"stay","area":"420100""#).colour(&pack, 1), Red);
    // Before its line began and after it ended the area had no risk.
    assert_eq!(PersonRecord::default().fact(60, r#""kind":"stay","area":"440103""#).colour(&pack, 60), Green);
}

#[test]
fn gz_04_yellow_rules_by_days() {
    let pack = rules_alone();
    let within = [(0, Yellow), (13, Yellow), (14, Yellow), (15, Green)];
    let under = [(0, Yellow), (13, Yellow), (14, Green), (15, Green)];
    for symptom in ["fever", "dry-cough", "breathless", "respiratory"] {
        check(&pack, &format!(r#""kind":"symptoms","which":["{symptom}"]"#), "symptoms", &within);
    }
    for area in ["FR", "HK", "810000"] {
        check(&pack, &stayed(area), "other-country", &within);
    }
    for fact in [
        r#""kind":"co-located""#,
        r#""kind":"quarantine","place":"home","re_examined":false"#,
        r#""kind":"ordered","measure":"test-due""#,
        r#""kind":"area-contact","area":"FR""#,
    ] {
        check(&pack, fact, "other-mid", &under);
    }
}

#[test]
fn gz_05_red_rules_by_days() {
    let pack = rules_alone();
    let within = [(0, Red), (13, Red), (14, Red), (15, Green)];
    let lasting = [(0, Red), (13, Red), (14, Red), (15, Red), (400, Red)];
    for (fact, rule, days) in [
        (stayed("420100").as_str(), "high-risk-area", within.as_slice()),
        (&stayed("420100"), "severe-area-residence", &within),
        (&stayed("JP"), "severe-country", &within),
        (&stayed("IR"), "severe-country", &within),
        (r#""kind":"confirmed""#, "case", &lasting),
        (r#""kind":"clinically-diagnosed""#, "case", &lasting),
        (r#""kind":"suspected""#, "case", &lasting),
        (r#""kind":"asymptomatic""#, "case", &lasting),
        (r#""kind":"close-contact""#, "close-contact", &within),
        (r#""kind":"area-contact","area":"420600""#, "severe-area-contact", &within),
        (r#""kind":"shares-home""#, "shares-home", &lasting),
        (r#""kind":"discharged""#, "discharged", &within),
        (r#""kind":"quarantine","place":"central","re_examined":false"#, "other-high", &lasting),
        (r#""kind":"test","result":"positive""#, "other-high", &lasting),
    ] {
        check(&pack, fact, rule, days);
    }
}

#[test]
fn gz_05_who_shares_a_home_is_red_until_that_ends() {
    let pack = rules_alone();
    let shares = || PersonRecord::default().fact(0, r#""kind":"shares-home""#);
    for ending in ["released", "ruled-out"] {
        let ended = shares().fact(40, &format!(r#""kind":"{ending}""#));
        assert_eq!((ended.colour(&pack, 39), ended.colour(&pack, 40)), (Red, Green), "{ending}");
    }
    let until = format!(r#""kind":"shares-home","until":"{}""#, day(20));
    check(&pack, &until, "shares-home", &[(0, Red), (15, Red), (19, Red), (20, Green)]);
}

#[test]
fn gz_05_a_contact_is_red_to_the_end_of_the_observation() {
    let pack = rules_alone();
    let until = format!(r#""kind":"close-contact","until":"{}""#, day(21));
    check(&pack, &until, "close-contact", &[(0, Red), (15, Red), (20, Red), (21, Green)]);
}

#[test]
fn gz_05_the_highest_risk_of_a_stay_counts() {
    let stay = format!(r#""kind":"stay","area":"510101","until":"{}""#, day(-1));
    let record = PersonRecord::default().fact(-10, &stay);
    // Its own line begins near the end of the stay, and before it.
    for (low, colour, rule) in [("2022-01-01", Red, "high-risk-area"), ("2021-12-01", Green, "low-risk-area")]
    {
        let text = Policy::builtin("nanchong").unwrap().to_owned()
            + "\n[[area]]\ncode = \"5101\"\nrisk = \"high\"\nfrom = 2021-01-01\n"
            + &format!("\n[[area]]\ncode = \"510101\"\nrisk = \"low\"\nfrom = {low}\n");
        let pack = Policy::parse(&text).unwrap();
        assert_eq!(record.colour(&pack, 0), colour, "{low}");
        assert_eq!(record.reasons(&pack, 0), [rule], "{low}");
    }
}

#[test]
fn gz_05_an_open_stay_goes_on_with_the_highest_risk_of_its_days_so_far() {
    // The area has a high risk from day 20 to day 25.
    let text = Policy::builtin("nanchong").unwrap().to_owned()
        + "\n[[area]]\ncode = \"51\"\nrisk = \"mid\"\nfrom = 2022-01-14\nto = 2022-02-01\n"
        + "\n[[area]]\ncode = \"5101\"\nrisk = \"high\"\nfrom = 2022-01-24\nto = 2022-01-29\n";
    let mut pack = Policy::parse(&text).unwrap();
    pack.transition = None;
    let stay = r#""kind":"stay","area":"510101""#;
    for (number, colour, rule) in [
        (0, Green, "low-risk-area"),
        (9, Green, "low-risk-area"),
        (10, Yellow, "mid-risk-area"),
        (19, Yellow, "mid-risk-area"),
        (20, Red, "high-risk-area"),
        (25, Red, "high-risk-area"),
        (400, Red, "high-risk-area"),
    ] {
        let record = PersonRecord::default().fact(0, stay);
        assert_eq!(
            (record.colour(&pack, number), record.reasons(&pack, number)),
            (colour, vec![rule.to_owned()]),
            "day {number}"
        );
    }
    let judgement = PersonRecord::default().fact(0, stay).judged(&pack, day(0));
    assert_eq!(judgement.changes_at, Some("2022-01-13T16:00:00Z".parse().unwrap()));
    // The days after leaving are counted by the highest risk up to then.
    let left = PersonRecord::default().fact(0, &format!(r#"{stay},"until":"{}""#, day(12)));
    for (number, colour) in [(12, Yellow), (20, Yellow), (26, Yellow), (27, Green)] {
        assert_eq!(left.colour(&pack, number), colour, "day {number}");
    }
}

#[test]
fn gz_05_days_of_a_stay_are_counted_from_leaving() {
    let pack = rules_alone();
    let stay = format!(r#""kind":"stay","area":"420100","until":"{}""#, day(10));
    check(&pack, &stay, "high-risk-area", &[(0, Red), (23, Red), (24, Red), (25, Green)]);
}

#[test]
fn gz_05_a_carrier_is_red_for_less_than_14_days_after_release() {
    let pack = rules_alone();
    let carrier = PersonRecord::default().fact(0, r#""kind":"asymptomatic""#).fact(5, r#""kind":"released""#);
    for (number, colour, rule) in [
        (4, Red, "case"),
        (5, Red, "asymptomatic-released"),
        (18, Red, "asymptomatic-released"),
        (19, Green, ""),
    ] {
        assert_eq!(carrier.colour(&pack, number), colour, "day {number}");
        assert!(colour == Green || carrier.reasons(&pack, number) == [rule], "day {number}");
    }
    // A mere contact is not a carrier.
    let contact =
        PersonRecord::default().fact(0, r#""kind":"close-contact""#).fact(5, r#""kind":"released""#);
    assert_eq!(contact.colour(&pack, 5), Green);
}

#[test]
fn gz_05_who_was_ruled_out_as_a_carrier_is_not_released_as_one() {
    let pack = rules_alone();
    let carrier = || PersonRecord::default().fact(0, r#""kind":"asymptomatic""#);
    let cleared = carrier().fact(3, r#""kind":"ruled-out""#);
    let released = cleared.clone().fact(10, r#""kind":"close-contact""#).fact(12, r#""kind":"released""#);
    assert_eq!((released.colour(&pack, 11), released.colour(&pack, 12)), (Red, Green));
    // A carrier again.
    let again = cleared.fact(10, r#""kind":"asymptomatic""#).fact(12, r#""kind":"released""#);
    assert_eq!(again.reasons(&pack, 12), ["asymptomatic-released"]);
    // What ends another fact by name neither clears nor releases a carrier.
    let named = carrier()
        .fact(1, r#""kind":"close-contact""#)
        .fact(2, r#""kind":"suspected""#)
        .fact(3, &format!(r#""kind":"ruled-out","of":"{}""#, FactId(3)))
        .fact(4, &format!(r#""kind":"released","of":"{}""#, FactId(2)))
        .fact(8, &format!(r#""kind":"released","of":"{}""#, FactId(1)));
    assert_eq!(named.reasons(&pack, 3), ["case", "close-contact"]);
    assert_eq!(named.reasons(&pack, 4), ["case"]);
    assert_eq!(named.reasons(&pack, 8), ["asymptomatic-released"]);
}

#[test]
fn gz_05_discharged_is_red_first_and_home_observation_yellow_after() {
    let pack = rules_alone();
    let cured = PersonRecord::default()
        .fact(0, r#""kind":"confirmed""#)
        .fact(20, r#""kind":"discharged""#)
        .fact(30, r#""kind":"quarantine","place":"home","re_examined":false"#);
    for (number, colour, rule) in [
        (19, Red, "case"),
        (20, Red, "discharged"),
        (34, Red, "discharged"),
        (35, Yellow, "home-observation"),
        (43, Yellow, "home-observation"),
        (44, Green, ""),
    ] {
        assert_eq!(cured.colour(&pack, number), colour, "day {number}");
        assert!(colour == Green || cured.reasons(&pack, number).contains(&rule.to_owned()), "day {number}");
    }
    let overlaps = pack.overlaps();
    let found = overlaps.iter().find(|overlap| overlap.yields == "home-observation").unwrap();
    assert_eq!(found.counts, "discharged");
    assert!(found.to_string().contains("which is more severe"), "{found}");
    assert_eq!(found.cause, OverlapCause::OneFact);
    assert_eq!(Policy::builtin("nanchong").unwrap().lines().nth(found.line - 1), Some("id = \"discharged\""));
}

#[test]
fn gz_05_every_rule_that_outranks_another_is_reported() {
    let pack = rules_alone();
    let overlaps = pack.overlaps();
    let found: Vec<_> =
        overlaps.iter().filter(|overlap| overlap.reason == OverlapReason::Outranked).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].counts.as_str(), found[0].yields.as_str()), ("certificate", "mid-risk-area"));
    assert_eq!(found[0].cause, OverlapCause::OnePerson);
    assert!(found[0].to_string().contains("which outranks it"), "{}", found[0]);
}

/// A contact on day 0, whose observation ends on day 15 by itself.
fn contact() -> PersonRecord {
    PersonRecord::default().fact(0, r#""kind":"close-contact""#)
}

fn colours(record: &PersonRecord, days: &[(i64, Colour)]) {
    let pack = pack("nanchong");
    for &(number, colour) in days {
        assert_eq!(record.colour(&pack, number), colour, "day {number}");
    }
}

#[test]
fn gz_06_fourteen_consecutive_reports_a_step() {
    let red_for_long = [(14, Red), (15, Red), (100, Red)];
    colours(&contact(), &red_for_long);
    // Reported from the first day on: the rule ends on day 15, with 15 reports.
    colours(&contact().reports(0..=14), &[(14, Red), (15, Yellow), (100, Yellow)]);
    colours(&contact().reports(0..=27), &[(15, Yellow), (27, Yellow), (100, Yellow)]);
    // The step was on day 15: fourteen more make it green on day 28.
    colours(&contact().reports(0..=28), &[(27, Yellow), (28, Green), (100, Green)]);
    // Begun when the observation has ended: day 20 to 33, then 34 to 47.
    colours(&contact().reports(20..=47), &[(32, Red), (33, Yellow), (46, Yellow), (47, Green)]);
}

#[test]
fn gz_06_a_missed_day_begins_anew() {
    let missed = contact().reports((20..=33).filter(|&number| number != 28)).reports(34..=41);
    colours(&missed, &[(33, Red), (41, Red)]);
    colours(&missed.reports([42]), &[(41, Red), (42, Yellow)]);
}

#[test]
fn gz_06_two_reports_on_one_day_are_one() {
    let mut twice = contact().reports(20..=32);
    let again: Vec<_> = twice.0.reports.iter().map(|at| at.plus_ms(60_000)).collect();
    twice.0.reports.extend(again);
    colours(&twice, &[(32, Red)]);
    colours(&twice.reports([33]), &[(33, Yellow)]);
}

#[test]
fn gz_06_no_step_while_the_condition_is_false() {
    let case = PersonRecord::default().fact(0, r#""kind":"confirmed""#).reports(0..=40);
    colours(&case, &[(14, Red), (40, Red)]);
    // Never from red to green in one step, with any number of reports.
    let discharged = case.fact(20, r#""kind":"discharged""#);
    colours(&discharged, &[(34, Red), (35, Yellow), (40, Yellow)]);
    colours(&discharged.reports(41..=48), &[(47, Yellow), (48, Green)]);
}

#[test]
fn gz_06_reports_from_before_do_not_count_for_what_comes_later() {
    let again = contact().reports(0..=14).fact(20, r#""kind":"symptoms","which":["fever"]"#);
    colours(&again, &[(15, Yellow), (20, Yellow), (40, Yellow)]);
    let red_again = contact().reports(0..=28).fact(29, r#""kind":"close-contact""#);
    colours(&red_again, &[(28, Green), (29, Red), (44, Red)]);
}

#[test]
fn gz_06_the_person_is_told_how_far_the_reports_are() {
    let pack = pack("nanchong");
    let judgement = contact().reports(20..=25).judged(&pack, day(25).plus_ms(7_200_000));
    let progress = judgement.progress.unwrap();
    assert_eq!((progress.reported, progress.needed), (6, 14));
    assert_eq!(pack.rules()[judgement.because[0].rule].id, "close-contact");
    let judgement = contact().reports(20..=25).judged(&pack, day(27));
    assert_eq!(judgement.progress.unwrap().reported, 0);
    assert_eq!(PersonRecord::default().judged(&pack, NOON).progress, None);
}

#[test]
fn gz_06_a_colour_that_nobody_had_is_not_kept() {
    let pack = pack("nanchong");
    let late = PersonRecord::default().learnt(-15, 0, r#""kind":"discharged""#);
    assert_eq!(late.colour(&pack, 0), Green);
    // A fact that was over when it was recorded never gave a colour that showed; one that ended later did.
    for (ended, colour) in [(0, Green), (1, Green), (2, Red)] {
        let case = PersonRecord::default().learnt(-30, 1, r#""kind":"confirmed""#).learnt(
            -20,
            ended,
            r#""kind":"discharged""#,
        );
        assert_eq!(case.colour(&pack, 2), colour, "known on day {ended}");
    }
    let known = PersonRecord::default().learnt(-14, 0, r#""kind":"discharged""#);
    assert_eq!((known.colour(&pack, 0), known.colour(&pack, 1)), (Red, Red));
}

#[test]
fn gz_10_green_never_decays_for_lack_of_reports() {
    let pack = pack("nanchong");
    let reported_once = PersonRecord::default().reports([0]);
    assert_eq!(reported_once.colour(&pack, 400), Green);
    assert_eq!(reported_once.judged(&pack, NOON).changes_at, None);
}

#[test]
fn gz_12_a_certificate_lifts_what_it_is_for_whenever_it_comes() {
    let text = Policy::builtin("nanchong").unwrap().to_owned()
        + "\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2021-01-01\n";
    let pack = Policy::parse(&text).unwrap();
    let mid = PersonRecord::default().fact(0, r#""kind":"stay","area":"440103""#);
    let certificate = |at: i64| format!(r#""kind":"certificate","type":"work","until":"{}""#, day(at + 30));
    assert_eq!(mid.colour(&pack, 1), Yellow);
    // Not only after fourteen reports.
    assert_eq!(mid.clone().fact(1, &certificate(1)).colour(&pack, 1), Green);
    assert_eq!(mid.clone().fact(-5, &certificate(-5)).colour(&pack, 1), Green);
    assert!(mid.facts().len() == 1);
    // One that has run out lifts nothing: the rule does not fire.
    let expired = mid.fact(-40, &certificate(-40));
    assert_eq!(expired.colour(&pack, 1), Yellow);
    assert_eq!(expired.reasons(&pack, 1), ["mid-risk-area"]);
}
