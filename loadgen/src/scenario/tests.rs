use super::*;
use crate::client::{Doorway, Handshake, Version};

const SMALL: &str = r#"
summary = "Small."
rate = "2k"
for = "90s"
venues = 3

[[gates]]
share = "25%"
connections = 4
in-flight = 8
http = 1

[[phones]]
share = 0.75
handshake = "0rtt"
loss = "2%"

[[beside]]
kind = "forged-codes"
rate = 10
from = "50%"

[[beside]]
kind = "silent-connections"
connections = 5
"#;

fn wrong(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    Scenario::parse(&SMALL.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn a_file_is_read_as_it_is_written() {
    let small = Scenario::parse(SMALL).unwrap();
    assert_eq!((small.rate, small.length), (Rate(2_000.0), Duration::from_secs(90)));
    let gates = Carrier::Gates { connections: 4, in_flight: 1, version: Version::Http1 };
    let doorway = Doorway { loss: 0.02, moves: 0.0 };
    let phones = Carrier::Phones { handshake: Handshake::Early, doorway };
    assert_eq!(small.carriers(), [(gates, 0.25), (phones, 0.75)]);
    let words = "25 % 4 connections x 1 in flight over HTTP/1; 75 % a connection a scan, 0-RTT, 2 % loss";
    assert_eq!(small.carrier_words(), words);
    let second = Duration::from_secs;
    assert_eq!(small.beside[0].window(second(90)), (second(45), second(90)));
    let json = serde_json::to_string(&small).unwrap();
    assert_eq!(serde_json::from_str::<Scenario>(&json).unwrap(), small);
}

#[test]
fn an_error_has_its_line_and_column() {
    for (from, to, error) in [
        ("rate = \"2k\"", "rate = \"fast\"", "3:8: `fast` is not a rate"),
        ("for = \"90s\"", "for = \"90\"", "4:7: `90` is not a time"),
        ("venues = 3", "venues = 0", "5:1: venues must be between 1 and"),
        ("venues", "venus", "5:1: unknown key `venus`; did you mean `venues`?"),
        ("connections = 4", "connections = 0", "9:15: 0 is not between 1 and 10000"),
        ("http = 1", "http = 4", "11:8: 4 is not an HTTP version"),
        ("\"0rtt\"", "\"fast\"", "15:13: unknown word `fast`; did you mean"),
        ("\"2%\"", "\"200%\"", "16:8: `200%` is not a share"),
        ("0.75", "0.5", "7:1: the shares of gates and phones add up to 0.75"),
        ("forged-codes", "forged", "19:8: unknown word `forged`; did you mean `forged-codes`?"),
        ("rate = 10", "connections = 10", "18:1: forged-codes need a `rate`"),
        ("connections = 5", "rate = 5", "23:1: silent-connections need `connections`"),
        ("from = \"50%\"", "from = 1", "18:1: `to` is after `from`"),
        ("venues = 3", "venues = 3\nshape = [[0.5, 1], [0, 1]]", "6:9: the points of a shape are in"),
        ("summary = \"Small.\"", "", "1:1: missing field `summary`"),
    ] {
        let found = wrong(from, to);
        assert!(found.starts_with(error), "{to}: {found}");
    }
    assert!(wrong("[[gates]]", "[[doors]]").starts_with("7:3: unknown key `doors`"));
}

#[test]
fn changes_of_a_run_take_the_place_of_the_files() {
    let gates = carriers::GatesChanges { http: Some(HttpNumber::Two), ..Default::default() };
    let changes = ScenarioChanges { rate: Some(Rate(500.0)), venues: Some(7), gates, ..Default::default() };
    let small = Scenario::parse(SMALL).unwrap().changed(&changes);
    assert_eq!((small.rate, small.venues, small.length), (Rate(500.0), 7, Duration::from_secs(90)));
    let gates = Carrier::Gates { connections: 4, in_flight: 8, version: Version::Http2 };
    assert_eq!(small.carriers()[0], (gates, 0.25));
    assert_eq!(small.beside[0].amount, BesideAmount::Rate(Rate(2.5)));
    assert_eq!(small.beside[1].amount, BesideAmount::Connections(5));
}

#[test]
fn the_parts_of_a_scenario_add_up_to_it() {
    let small = Scenario::parse(SMALL).unwrap();
    let parts: Vec<Scenario> = (0..3).map(|number| small.part(number, 3)).collect();
    assert_eq!(parts.iter().map(|part| part.gates[0].connections).collect::<Vec<_>>(), [2, 1, 1]);
    assert!((parts.iter().map(|part| part.rate.0).sum::<f64>() - 2_000.0).abs() < 1e-6);
    let held = |part: &Scenario| part.beside[1].amount;
    let [two, one] = [2, 1].map(BesideAmount::Connections);
    assert_eq!(parts.iter().map(held).collect::<Vec<_>>(), [two, two, one]);
}

#[test]
fn every_built_in_scenario_is_explained_with_its_curve() {
    for name in names() {
        let scenario = Scenario::parse(file(name).unwrap()).unwrap();
        assert!(!scenario.summary.is_empty() && scenario.summary.len() < 100, "{name}");
        let text = explain::explain(name, &scenario, 1);
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains(" |")).count(), 10, "{text}");
        assert!(text.contains(&format!("{:.0}/s |", scenario.rate.0 * scenario.shape.peak())), "{text}");
    }
}

#[test]
fn a_stadium_is_tenfold_from_one_column_to_the_next() {
    let stadium = Scenario::parse(file("stadium").unwrap()).unwrap();
    let text = explain::explain("stadium", &stadium, 1);
    let top = text.lines().find(|line| line.contains("/s |")).unwrap();
    let bottom = text.lines().rfind(|line| line.contains(" |")).unwrap();
    assert!(top.contains("|                         #") && bottom.contains("|####"), "{text}");
}
