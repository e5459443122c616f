//! 湖北健康码.

use super::city::{PersonRecord, admitted, check, day, door, pack};
use crate::colour::Colour::{Green, Red, Yellow};
use crate::colour::Verdict::{Check, Pass, Refuse};
use crate::venue::VenueKind::Checkpoint;

#[test]
fn hb_03_red_rules_by_days() {
    let pack = pack("jingzhou");
    let lasting = [(0, Red), (15, Red), (400, Red)];
    for (fact, rule) in [
        (r#""kind":"confirmed""#, "confirmed"),
        (r#""kind":"clinically-diagnosed""#, "confirmed"),
        (r#""kind":"suspected""#, "suspected"),
    ] {
        check(&pack, fact, rule, &lasting);
        let ended = PersonRecord::default().fact(0, fact).fact(9, r#""kind":"ruled-out""#);
        assert_eq!((ended.colour(&pack, 8), ended.colour(&pack, 9)), (Red, Green));
    }
    let fever = r#""kind":"symptoms","which":["dry-cough","fever"]"#;
    check(&pack, fever, "fever-case", &[(0, Red), (13, Red), (14, Red), (15, Green)]);
    let tested = PersonRecord::default().fact(0, fever).fact(2, r#""kind":"test","result":"negative""#);
    assert_eq!((tested.colour(&pack, 1), tested.colour(&pack, 2)), (Red, Green));
    // A cough alone is none of the four categories.
    check(&pack, r#""kind":"symptoms","which":["dry-cough"]"#, "", &[(0, Green)]);
}

#[test]
fn hb_04_yellow_rules_by_days() {
    let pack = pack("jingzhou");
    let contact = [(0, Yellow), (13, Yellow), (14, Yellow), (15, Green)];
    check(&pack, r#""kind":"close-contact""#, "close-contact", &contact);
    // 未满14天: less than fourteen.
    let central = r#""kind":"quarantine","place":"central","re_examined":false"#;
    check(&pack, central, "central-quarantine", &[(0, Yellow), (13, Yellow), (14, Green), (15, Green)]);
    let home = r#""kind":"quarantine","place":"home","re_examined":false"#;
    check(&pack, home, "home-quarantine", &[(0, Yellow), (15, Yellow), (60, Yellow)]);
    let examined = PersonRecord::default()
        .fact(0, home)
        .fact(6, r#""kind":"quarantine","place":"home","re_examined":true"#);
    assert_eq!((examined.colour(&pack, 5), examined.colour(&pack, 6)), (Yellow, Green));
}

#[test]
fn hb_05_who_is_none_of_the_four_categories_is_green() {
    let pack = pack("jingzhou");
    for fact in [r#""kind":"stay","area":"420100""#, r#""kind":"shares-home""#, r#""kind":"co-located""#] {
        check(&pack, fact, "", &[(0, Green)]);
    }
}

#[test]
fn hb_06_the_checkpoint_by_colour() {
    let pack = pack("jingzhou");
    for (colour, work, said) in [
        (Green, door(None, false, false), (Check, vec!["temperature"])),
        (Green, door(Some(37.29), false, false), (Pass, vec![])),
        (Green, door(Some(37.3), false, false), (Refuse, vec![])),
        (Yellow, door(Some(36.6), true, true), (Refuse, vec![])),
        (Red, door(Some(36.6), true, true), (Refuse, vec![])),
    ] {
        assert_eq!(admitted(&pack, colour, Checkpoint, work), said, "{colour:?} {work:?}");
    }
    assert!(pack.terms().records_door_fever);
}

#[test]
fn hb_07_every_colour_turns_into_every_other() {
    let pack = pack("jingzhou");
    let record = PersonRecord::default()
        .fact(0, r#""kind":"close-contact""#)
        .fact(1, r#""kind":"confirmed""#)
        .fact(2, r#""kind":"released""#)
        .fact(3, r#""kind":"suspected""#)
        .fact(4, r#""kind":"close-contact""#)
        .fact(4, r#""kind":"ruled-out""#)
        .fact(5, r#""kind":"close-contact""#)
        .fact(6, r#""kind":"released""#);
    let colours: Vec<_> = (-1..=6).map(|number| record.colour(&pack, number)).collect();
    assert_eq!(colours, [Green, Yellow, Red, Green, Red, Green, Yellow, Green]);
    let through = PersonRecord::default()
        .fact(0, r#""kind":"close-contact""#)
        .fact(1, r#""kind":"symptoms","which":["fever"]"#)
        .fact(2, r#""kind":"test","result":"negative""#);
    assert_eq!(
        (0..=2).map(|number| through.colour(&pack, number)).collect::<Vec<_>>(),
        [Yellow, Red, Yellow]
    );
}

#[test]
fn hb_10_missed_daily_reports_count() {
    let pack = pack("jingzhou");
    let reported = PersonRecord::default().reports([0, 1]);
    for (number, colour) in [(1, Green), (4, Green), (5, Yellow), (60, Yellow)] {
        assert_eq!(reported.colour(&pack, number), colour, "day {number}");
    }
    assert_eq!(reported.reasons(&pack, 5), ["reports-missed"]);
    let again = reported.reports([6]);
    assert_eq!(
        (again.colour(&pack, 6), again.colour(&pack, 9), again.colour(&pack, 10)),
        (Green, Green, Yellow)
    );
    // Who never reports is counted from the registration, and not at all where that is not known.
    let mut silent = PersonRecord::default();
    assert_eq!(silent.colour(&pack, 60), Green);
    silent.0.registered = Some(day(1));
    for (number, colour) in [(1, Green), (4, Green), (5, Yellow), (60, Yellow)] {
        assert_eq!(silent.colour(&pack, number), colour, "day {number}");
    }
    assert_eq!(silent.reports([5]).colour(&pack, 5), Green);
}
