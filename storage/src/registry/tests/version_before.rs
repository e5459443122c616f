//! A small city that version 0.1.0 stored, row by row, as this version reads it.

use super::*;
use crate::example::unhex;

/// A table, a key and a value a line, the latter two in hexadecimal. Version 0.1.0 wrote them under the
/// tests' secret, by its own calls.
const ROWS: &str = include_str!("version_0_1_0.rows");

fn row(line: &str) -> Row {
    let parts: Vec<&str> = line.split(' ').collect();
    let table = RegistryTable::ALL.into_iter().find(|table| table.name() == parts[0]).unwrap();
    Row::new(table, unhex(parts[1]), unhex(parts[2]))
}

/// Two registered people, one who proved the phone, and one who was erased without a tombstone.
fn people_are_kept(registry: &Registry) -> [PersonId; 3] {
    let documents: Vec<Document> = (1..=4).map(|number| personal(number).document).collect();
    let found = registry.people_by_document(&documents.iter().collect::<Vec<_>>()).unwrap();
    let [Some(a), Some(b), Some(c), None] = found[..] else { panic!("{found:?}") };
    for (number, id, kid, registered, proven) in
        [(1, a, 1, NOW, false), (2, b, 1, NOW, false), (3, c, 2, NOW.plus_ms(1), true)]
    {
        let personal = personal(number);
        let expected =
            Person { id, kid, registered, proven, imported: false, review: None, personal, contact: None };
        assert_eq!(registry.person(id).unwrap(), Some(expected));
        assert_eq!(registry.key_history(id).unwrap(), KeyHistory::default());
        assert_eq!(registry.erasure(id).unwrap(), None);
    }
    let kin = registry.kin_of(b).unwrap();
    assert_eq!((kin.guardians, kin.named, kin.accepted), (vec![a], vec![c], vec![]));
    assert!(registry.is_tied(a, b).unwrap());
    [a, b, c]
}

fn facts_are_kept([a, b, _]: [PersonId; 3], registry: &Registry) {
    let plain = |id, person| Fact { reference: None, ..fact(id, person) };
    let limited =
        Fact { until: Some(NOW.plus_ms(86_400_000)), reference: Some("r-1".into()), ..plain(FactId(1), a) };
    let withdrawal = Withdrawal { reason: "mistaken".into(), at: Some(NOW.plus_ms(5)) };
    let withdrawn = Fact { force: Force::Withdrawn(withdrawal), ..plain(FactId(2), a) };
    assert_eq!(registry.facts_of(a).unwrap(), [limited.clone(), withdrawn]);
    assert_eq!(registry.fact(FactId(3)).unwrap(), Some(plain(FactId(3), b)));
    // The same report again is the fact on record.
    let again = Fact { id: FactId(9), ..limited };
    let recorded = RecordedFact { id: FactId(1), report: FactReport::Repeated };
    assert_eq!(registry.record_facts(&[again]).unwrap(), [recorded]);
    let report = Report { at: NOW, temperature: None, symptoms: vec![] };
    assert_eq!(registry.reports_of(b).unwrap(), [report]);
    let shown = Upstream { source: "jiangsu".into(), colour: Colour::Red, at: NOW };
    assert_eq!(registry.upstream_of(a).unwrap(), [shown]);
    assert_eq!(registry.open_papers().unwrap().iter().map(|filed| filed.id.0).collect::<Vec<_>>(), [1]);
    assert_eq!((registry.papers_of(a).unwrap().len(), registry.papers_of(b).unwrap().len()), (1, 1));
}

fn places_are_kept(a: PersonId, registry: &Registry) {
    let mut venues = Vec::new();
    registry.venues(|venue| venues.push(venue)).unwrap();
    venues.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let seen = |venue: &Venue| {
        let Venue { name, kind, district, dwell, checks, doors, closed, hours, position, .. } = venue.clone();
        let market = (VenueKind::Market, "鼓楼", Dwell::minutes(120).unwrap(), Checks::NONE);
        assert_eq!((kind, district.as_str(), dwell, checks), market);
        assert_eq!((closed, hours, position), (None, None, None));
        (name, doors)
    };
    let expected = [("东门市场".to_owned(), Doors::Open), ("西门市场".to_owned(), Doors::Closed)];
    assert_eq!(venues.iter().map(seen).collect::<Vec<_>>(), expected);
    let sites = registry.test_sites().unwrap();
    assert_eq!(sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>(), ["one"]);
    assert_eq!(registry.booked(sites[0].id, &[NOW]).unwrap(), [[a]]);
    assert_eq!(registry.bookings_of(a).unwrap().all().len(), 1);
}

fn the_office_is_kept(a: PersonId, registry: &Registry) {
    let [case] = &registry.cases_about(a).unwrap()[..] else { panic!("one case") };
    assert_eq!((case.tracer.as_str(), case.office.as_str(), case.closed), ("t", "", None));
    assert_eq!(case.window(), Window { from: NOW, to: NOW.plus_ms(3_600_000) });
    assert_eq!(registry.cases_of("t").unwrap(), []);
    registry.index_earlier_rows().unwrap();
    assert_eq!(registry.cases_of("t").unwrap(), std::slice::from_ref(case));
    // Of a hundred persons a day, three were spent.
    assert!(!registry.spend("persons t", 19_675, 98, 100).unwrap());
    assert!(registry.spend("persons t", 19_675, 97, 100).unwrap());
    assert_eq!(registry.verify_audit().unwrap(), Ok(3));
    assert_eq!(registry.audited(3, 1).unwrap()[0].act.object, "3");
    let [held] = &registry.all_held().unwrap()[..] else { panic!("one held list") };
    assert_eq!((held.kind, held.count, held.signature.as_deref()), (HeldListKind::Facts, 1, None));
    let packs = registry.policies().unwrap();
    let packs: Vec<_> = packs.iter().map(|pack| (pack.label.as_str(), pack.since)).collect();
    assert_eq!(packs, [("default/1", Timestamp(0)), ("xinji/1", Timestamp(0))]);
    assert_eq!(registry.kids().unwrap().as_deref(), Some(br#"{"current":2,"accepted":[1,2]}"#.as_slice()));
    assert_eq!(registry.tokens().unwrap(), []);
}

pub(super) fn version_before(store: &TestStore) {
    let registry = store.open();
    let rows: Vec<Row> = ROWS.lines().map(row).collect();
    registry.rows().write(&[rows.into()]).unwrap();
    let people = people_are_kept(&registry);
    facts_are_kept(people, &registry);
    places_are_kept(people[0], &registry);
    the_office_is_kept(people[0], &registry);
    let counts = registry.counts().unwrap();
    assert_eq!((counts.people(), counts.venues(), counts.cases()), (3, 2, 1));
}
