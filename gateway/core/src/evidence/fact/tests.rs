use super::*;
use crate::limits;

const NOW: Timestamp = Timestamp(1_641_254_400_000);

fn fact(more: &str) -> Result<Fact, String> {
    let person = PersonId(5);
    let line = format!(r#"{{"person":"{person}","at":"2022-01-03T00:00:00Z","source":"cdc",{more}}}"#);
    let line: FactLine = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    line.fact(NOW).map_err(|error| error.to_string())
}

#[test]
fn every_kind_of_the_contract_is_a_line() {
    for more in [
        r#""kind":"confirmed""#,
        r#""kind":"clinically-diagnosed""#,
        r#""kind":"suspected""#,
        r#""kind":"asymptomatic""#,
        r#""kind":"discharged""#,
        r#""kind":"released""#,
        r#""kind":"ruled-out""#,
        r#""kind":"released","of":"f0000000000009""#,
        r#""kind":"ruled-out","of":"f0000000000009""#,
        r#""kind":"close-contact""#,
        r#""kind":"close-contact","until":"2022-01-17T00:00:00Z""#,
        r#""kind":"shares-home""#,
        r#""kind":"co-located","venue":"v0000000000001""#,
        r#""kind":"quarantine","place":"central","re_examined":false"#,
        r#""kind":"ordered","measure":"test-due""#,
        r#""kind":"symptoms","which":["fever","dry-cough"]"#,
        r#""kind":"stay","area":"420100""#,
        r#""kind":"area-contact","area":"JP""#,
        r#""kind":"test","result":"negative""#,
        r#""kind":"certificate","type":"work","until":"2022-02-01T00:00:00Z""#,
        r#""kind":"false-declaration","reference":"17""#,
        r#""kind":"identity-expired""#,
        r#""kind":"identity-renewed""#,
    ] {
        let fact = fact(more).unwrap_or_else(|error| panic!("{more}: {error}"));
        let stored = serde_json::to_string(&fact).unwrap();
        assert_eq!(serde_json::from_str::<Fact>(&stored).unwrap(), fact);
    }
}

#[test]
fn a_quarantine_is_without_a_second_examination_unless_the_line_has_one() {
    for (more, expected) in [("", false), (r#","re_examined":null"#, false), (r#","re_examined":true"#, true)]
    {
        let fact = fact(&format!(r#""kind":"quarantine","place":"home"{more}"#)).unwrap();
        let place = QuarantinePlace::Home;
        assert_eq!(fact.kind, FactKind::Quarantine { place, re_examined: expected }, "{more}");
    }
}

#[test]
fn wrong_lines_say_what_is_wrong() {
    for (more, word) in [
        (r#""kind":"green""#, "unknown variant"),
        (r#""kind":"confirmed","colour":"red""#, "unknown field"),
        (r#""kind":"confirmed","area":"420100""#, "no `area`"),
        (r#""kind":"discharged","of":"f0000000000009""#, "no `of`"),
        (r#""kind":"released","of":"p0000000000009""#, "f and 13 characters"),
        (r#""kind":"stay""#, "needs `area`"),
        (r#""kind":"stay","area":"hubei""#, "GB/T 2260"),
        (r#""kind":"symptoms","which":[]"#, "needs `which`"),
        (r#""kind":"certificate","type":"work""#, "needs `until`"),
        (r#""kind":"confirmed","until":"2022-01-02T00:00:00Z""#, "after `at`"),
        (r#""kind":"confirmed","reference":"""#, "1 to 200"),
    ] {
        let error = fact(more).unwrap_err();
        assert!(error.contains(word), "{more}: {error}");
    }
    let mut line: FactLine = serde_json::from_str(
        r#"{"person":"p0000000000005","kind":"confirmed","at":"2022-01-05T00:00:00Z","source":"cdc"}"#,
    )
    .unwrap();
    assert_eq!(line.clone().fact(NOW), Err(FactError::Future));
    line.at = NOW.plus_ms(limits::AHEAD_MS_MAX);
    assert!(line.fact(NOW).is_ok());
}

#[test]
fn facts_on_record_read_whatever_fields_they_have() {
    let withdrawn = |reason: &str, at| Force::Withdrawn(Withdrawal { reason: reason.into(), at });
    let none = || Force::InForce;
    for (kind, force, read) in [
        (r#""released""#, r#""in-force""#, (FactKind::Released { of: None }, none())),
        (r#""ruled-out""#, r#""in-force""#, (FactKind::RuledOut { of: None }, none())),
        (r#""ruled-out","of":null"#, r#""in-force""#, (FactKind::RuledOut { of: None }, none())),
        (
            r#""released","of":"f0000000000009""#,
            r#""in-force""#,
            (FactKind::Released { of: Some(FactId(9)) }, none()),
        ),
        (r#""confirmed""#, r#"{"withdrawn":"x"}"#, (FactKind::Confirmed, withdrawn("x", None))),
        (
            r#""confirmed""#,
            r#"{"withdrawn":{"reason":"x","at":"2022-01-04T00:00:00.000Z"}}"#,
            (FactKind::Confirmed, withdrawn("x", Some(NOW))),
        ),
    ] {
        let stored = format!(
            r#"{{"id":"f0000000000001","person":"p0000000000005","kind":{kind},"until":null,
                "at":"2022-01-03T00:00:00Z","source":"cdc","reference":null,"force":{force}}}"#
        );
        let fact: Fact = serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{stored}: {error}"));
        assert_eq!((fact.kind.clone(), fact.force.clone()), read, "{stored}");
        let again = serde_json::to_string(&fact).unwrap();
        assert_eq!(serde_json::from_str::<Fact>(&again).unwrap(), fact);
    }
}

#[test]
fn hong_kong_macau_and_taiwan_have_codes_of_both_kinds() {
    for (area, code, is_in) in [
        ("HK", "HK", true),
        ("HK", "81", true),
        ("HK", "810000", true),
        ("HK", "810001", false),
        ("HK", "820000", false),
        ("810000", "HK", true),
        ("810001", "HK", true),
        ("820000", "MO", true),
        ("MO", "8200", true),
        ("TW", "710000", true),
        ("710000", "TW", true),
        ("710000", "HK", false),
        ("440300", "HK", false),
        ("JP", "71", false),
    ] {
        assert_eq!(Area::try_from(area.to_owned()).unwrap().is_in(code), is_in, "{area} in {code}");
    }
    for (area, is_abroad) in [
        ("HK", true),
        ("810000", true),
        ("820000", true),
        ("710000", true),
        ("JP", true),
        ("CN", false),
        ("440300", false),
    ] {
        assert_eq!(Area::try_from(area.to_owned()).unwrap().is_abroad(), is_abroad, "{area}");
    }
}
