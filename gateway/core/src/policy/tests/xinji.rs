//! 辛集健康码.

use super::city::{PersonRecord, admitted, check, day, door, pack, stayed, withdrawn};
use crate::colour::Colour::{Green, Red, Yellow};
use crate::colour::Verdict::{Check, Pass, Refuse};
use crate::person::DocumentType;
use crate::policy::Denied;
use crate::venue::VenueKind::Estate;

#[test]
fn xj_03_green_passes_with_code_document_and_temperature() {
    let pack = pack("xinji");
    for (colour, work, said) in [
        (Green, door(None, false, false), (Check, vec!["temperature", "document"])),
        (Green, door(Some(36.6), false, false), (Check, vec!["document"])),
        (Green, door(None, true, false), (Check, vec!["temperature"])),
        (Green, door(Some(36.6), true, false), (Pass, vec![])),
        (Green, door(Some(38.0), true, false), (Refuse, vec![])),
        (Yellow, door(Some(36.6), true, true), (Refuse, vec![])),
        (Red, door(Some(36.6), true, true), (Refuse, vec![])),
    ] {
        assert_eq!(admitted(&pack, colour, Estate, work), said, "{colour:?} {work:?}");
    }
}

#[test]
fn xj_06_all_four_documents_are_taken() {
    for document in [
        DocumentType::ResidentId,
        DocumentType::Passport,
        DocumentType::HkMacauPermit,
        DocumentType::TaiwanPermit,
    ] {
        assert_eq!(pack("xinji").terms().register(document), Ok(()));
    }
}

#[test]
fn xj_10_three_families_of_reasons_by_days() {
    let pack = pack("xinji");
    let red = [(0, Red), (13, Red), (14, Red), (15, Green)];
    let yellow = [(0, Yellow), (13, Yellow), (14, Yellow), (15, Green)];
    for (fact, rule, days) in [
        (r#""kind":"co-located""#, "co-located", yellow),
        (r#""kind":"close-contact""#, "close-contact", red),
        (stayed("420100").as_str(), "key-area", red),
        (r#""kind":"area-contact","area":"420100""#, "key-area-contact", yellow),
        (r#""kind":"symptoms","which":["breathless"]"#, "symptoms", yellow),
    ] {
        check(&pack, fact, rule, &days);
    }
}

#[test]
fn xj_12_the_duty_to_report_within_the_hour() {
    let arrivals = pack("xinji").terms().arrivals.clone().unwrap();
    assert_eq!((arrivals.report_minutes, arrivals.unit_needed), (60, true));
    assert!(!arrivals.colours.allow(Green) && arrivals.colours.allow(Yellow) && arrivals.colours.allow(Red));
}

#[test]
fn xj_13_three_for_one_and_one_for_three_by_green_holders() {
    let pack = pack("xinji");
    let terms = pack.terms();
    for (colour, dependants, guardians, said) in [
        (Green, 2, 2, Ok(())),
        (Green, 3, 0, Err(Denied::ProxyOutLimit)),
        (Green, 0, 3, Err(Denied::ProxyInLimit)),
        (Yellow, 0, 0, Err(Denied::ProxyNotGreen)),
        (Red, 0, 0, Err(Denied::ProxyNotGreen)),
    ] {
        assert_eq!(terms.take(colour, dependants, guardians), said, "{colour:?} {dependants} {guardians}");
    }
}

#[test]
fn xj_14_one_edit_a_day() {
    assert_eq!(pack("xinji").terms().edits.a_day, Some(1));
    assert_eq!(pack("xinji").terms().edit(Red), Ok(()));
}

#[test]
fn xj_16_overseas_history_of_14_days() {
    let stay = format!(r#""kind":"stay","area":"FR","until":"{}""#, day(2));
    check(&pack("xinji"), &stay, "overseas", &[(0, Yellow), (15, Yellow), (16, Yellow), (17, Green)]);
}

#[test]
fn xj_17_a_false_declaration_is_red_until_it_is_withdrawn() {
    let pack = pack("xinji");
    check(&pack, r#""kind":"false-declaration""#, "false-declaration", &[(0, Red), (400, Red)]);
    let mut appealed = PersonRecord::default().fact(0, r#""kind":"false-declaration""#);
    appealed.0.facts[0].force = withdrawn(Some(day(0)));
    assert_eq!(appealed.colour(&pack, 0), Green);
}
