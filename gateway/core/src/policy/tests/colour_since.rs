//! The time since which a person has had their colour.

use super::any_record;
use super::city::{PersonRecord, day, pack, stayed, withdrawn};
use crate::policy::Policy;
use crate::time::Timestamp;
use proptest::prelude::*;

fn check(city: &str, record: &PersonRecord, now: Timestamp, since: Timestamp) {
    let known = record.0.clone().as_of(now);
    assert_eq!(pack(city).colour_since(&known, now), since, "{record:?}");
}

#[test]
fn xz_28_a_colour_begins_when_its_first_fact_is_recorded() {
    let contact = r#""kind":"close-contact""#;
    let late = PersonRecord::default().learnt(0, 2, r#""kind":"confirmed""#);
    check("xuzhou", &late, day(5), day(2));
    // Another fact with the same colour does not move it, and one of an earlier day neither.
    let more = late.learnt(-3, 4, r#""kind":"confirmed""#);
    check("xuzhou", &more, day(5), day(2));
    // A more severe colour has its own beginning, and so has one after a break.
    let worse = PersonRecord::default().fact(0, contact).fact(3, r#""kind":"confirmed""#);
    check("default", &worse, day(2), day(0));
    check("default", &worse, day(4), day(3));
    let again = PersonRecord::default()
        .fact(0, r#""kind":"confirmed""#)
        .fact(3, r#""kind":"released""#)
        .fact(6, r#""kind":"confirmed""#);
    check("default", &again, day(8), day(6));
    check("default", &again, day(4), day(3));
}

#[test]
fn xz_28_a_withdrawal_ends_a_colour_when_it_is_recorded() {
    let mut record =
        PersonRecord::default().fact(0, r#""kind":"confirmed""#).fact(1, r#""kind":"close-contact""#);
    record.0.facts[0].force = withdrawn(Some(day(4)));
    check("default", &record, day(5), day(4));
    check("default", &PersonRecord::default(), day(5), Timestamp(0));
}

#[test]
fn xz_28_a_kept_colour_began_with_its_rule_and_missed_reports_at_midnight() {
    let carrier = PersonRecord::default().fact(0, &stayed("JP")).reports(13..=26);
    check("nanchong", &carrier, day(20), day(0));
    // On the fourteenth day in a row the colour becomes milder, with the report itself.
    check("nanchong", &carrier, day(27), day(26).plus_ms(3_600_000));
    // A clock that is ahead has recorded the fact after now.
    let ahead = PersonRecord::default().fact(1, r#""kind":"confirmed""#);
    assert_eq!(pack("default").colour_since(&ahead.0, day(1).minus_ms(900)), day(1));
}

proptest! {
    /// The colour at each noon and evening, walked forwards, as it was known then.
    #[test]
    fn xz_28_the_colour_is_the_same_from_then_until_now_and_another_one_before(
        record in any_record(),
        ahead in 1_i64..90,
    ) {
        let now = day(ahead);
        for name in Policy::BUILTIN {
            let pack = pack(name);
            let since = pack.colour_since(&record.0, now);
            let last = record.0.facts.iter().map(|fact| fact.recorded).chain(record.0.reports.clone()).max();
            let now = last.map_or(now, |last| last.max(now));
            let known = |at: Timestamp| pack.judge(&record.0.clone().as_of(at), at).standing.colour;
            prop_assert!(since <= now);
            for number in 0..100 {
                for at in [day(number), day(number).plus_ms(11 * 3_600_000)] {
                    if (since..=now).contains(&at) {
                        prop_assert_eq!(known(at), known(now), "{} {} {}", name, since, at);
                    }
                }
            }
            if since > Timestamp(0) {
                prop_assert_ne!(known(since.minus_ms(1)), known(now), "{} {}", name, since);
            }
        }
    }
}
