//! 徐州健康宝.

use super::city::{PersonRecord, admitted, check, day, door, pack};
use crate::colour::Colour::{Green, Red, Yellow};
use crate::colour::Verdict::{Check, Pass, Refuse};
use crate::person::DocumentType;
use crate::policy::{Denied, RegistrationStep};
use crate::venue::VenueKind::{Mall, Medical, Station};

#[test]
fn xz_01_green_passes_by_the_scan_alone() {
    let pack = pack("xuzhou");
    for kind in [Mall, Station] {
        assert_eq!(admitted(&pack, Green, kind, door(None, false, false)), (Pass, vec![]));
        assert_eq!(admitted(&pack, Yellow, kind, door(Some(36.6), true, true)), (Refuse, vec![]));
        assert_eq!(admitted(&pack, Red, kind, door(Some(36.6), true, true)), (Refuse, vec![]));
    }
    let yellow = admitted(&pack, Yellow, Medical, door(None, false, false));
    assert_eq!(yellow, (Check, vec!["temperature", "full"]));
}

#[test]
fn xz_04_registration_asks_for_a_code_and_a_face() {
    assert_eq!(pack("xuzhou").terms().steps, [RegistrationStep::Sms, RegistrationStep::Face]);
}

#[test]
fn xz_06_each_colour_has_the_provinces_reasons() {
    let pack = pack("xuzhou");
    for (measure, rule, colour) in
        [("central-quarantine", "central-quarantine", Red), ("home-monitoring", "home-monitoring", Yellow)]
    {
        let days = [(0, colour), (13, colour), (14, colour), (15, Green)];
        check(&pack, &format!(r#""kind":"ordered","measure":"{measure}""#), rule, &days);
    }
    for measure in ["risk-screening", "test-due"] {
        let fact = format!(r#""kind":"ordered","measure":"{measure}""#);
        check(&pack, &fact, measure, &[(0, Yellow), (15, Yellow), (60, Yellow)]);
        let tested = PersonRecord::default().fact(0, &fact).fact(1, r#""kind":"test","result":"negative""#);
        assert_eq!((tested.colour(&pack, 0), tested.colour(&pack, 1)), (Yellow, Green));
    }
    assert_eq!(PersonRecord::default().reasons(&pack, 0), Vec::<String>::new());
}

#[test]
fn xz_07_what_the_province_does_not_order_changes_nothing() {
    let pack = pack("xuzhou");
    for fact in [
        r#""kind":"stay","area":"420100""#,
        r#""kind":"co-located""#,
        r#""kind":"symptoms","which":["fever"]"#,
        r#""kind":"false-declaration""#,
    ] {
        check(&pack, fact, "", &[(0, Green)]);
    }
}

#[test]
fn xz_11_resident_ids_only() {
    let pack = pack("xuzhou");
    assert_eq!(pack.terms().register(DocumentType::ResidentId), Ok(()));
    for other in [DocumentType::Passport, DocumentType::HkMacauPermit, DocumentType::TaiwanPermit] {
        assert_eq!(pack.terms().register(other), Err(Denied::DocumentUnsupported));
    }
}

#[test]
fn xz_17_a_stale_identity_upstream_is_told_with_where_to_renew_it_and_turns_nobody() {
    let pack = pack("xuzhou");
    let stale = PersonRecord::default().fact(0, r#""kind":"identity-expired""#);
    assert_eq!((stale.colour(&pack, 0), stale.reasons(&pack, 0)), (Green, vec!["stale-upstream".to_owned()]));
    let rule = &pack.rules()[stale.judged(&pack, day(0)).because[0].rule];
    assert!(rule.link.as_ref().is_some_and(|link| link.starts_with("https://")), "{rule:?}");
    let renewed = stale.clone().fact(3, r#""kind":"identity-renewed""#);
    assert_eq!((renewed.reasons(&pack, 2).len(), renewed.reasons(&pack, 3).len()), (1, 0));
    // A red person has the prompt too, in addition to the rule that gives the colour.
    let red = stale.fact(0, r#""kind":"confirmed""#);
    assert_eq!(
        (red.colour(&pack, 0), red.reasons(&pack, 0)),
        (Red, ["case", "stale-upstream"].map(str::to_owned).to_vec())
    );
}
