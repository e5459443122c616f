//! Cases, and the persons in their answers.

use super::*;
use std::convert::Infallible;

pub(super) fn new_case(tracer: &str, person: PersonId) -> NewCase {
    let window = Window { from: NOW, to: NOW.plus_ms(10) };
    let (purpose, reference) = ("contact-tracing".to_owned(), "r".to_owned());
    let (tracer, office) = (tracer.to_owned(), "Gulou".to_owned());
    NewCase { tracer, person, purpose, reference, office, window, opened: NOW }
}

fn ids(cases: Vec<Case>) -> Vec<CaseId> {
    cases.into_iter().map(|case| case.id).collect()
}

pub(super) fn cases_change_hands(store: &TestStore) {
    let registry = store.open();
    let case = registry.open_case(new_case("a", PersonId(3))).unwrap();
    // The name of one tracer may begin like another's.
    let other = registry.open_case(new_case("ab", PersonId(3))).unwrap();
    assert_eq!(registry.cases_of("a").unwrap(), std::slice::from_ref(&case));
    let hand_over = |case: &mut Case| {
        case.tracer = "b".into();
        Ok::<(), Infallible>(())
    };
    let handed = registry.change_case(case.id, hand_over).unwrap().unwrap().unwrap();
    assert_eq!(registry.cases_of("a").unwrap(), []);
    assert_eq!(registry.cases_of("b").unwrap(), std::slice::from_ref(&handed));
    assert_eq!(ids(registry.cases_of("ab").unwrap()), [other.id]);
    let refused: Option<std::result::Result<Case, &str>> = registry
        .change_case(case.id, |case| {
            case.tracer = "c".into();
            Err("refused")
        })
        .unwrap();
    assert_eq!(refused, Some(Err("refused")));
    assert_eq!(registry.case(case.id).unwrap(), Some(handed));
    assert_eq!(registry.change_case(CaseId(1), hand_over).unwrap(), None);
    // Concurrent changes are all kept.
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (registry, id) = (&registry, case.id);
            let note = move |case: &mut Case| {
                case.notes.push(CaseNote { at: NOW, by: "b".into(), text: format!("{number}") });
                Ok::<(), Infallible>(())
            };
            scope.spawn(move || registry.change_case(id, note).unwrap().unwrap().unwrap());
        }
    });
    assert_eq!(registry.case(case.id).unwrap().unwrap().notes.len(), 4);
}

pub(super) fn older_cases_listed(store: &TestStore) {
    let registry = store.open();
    let case = registry.open_case(new_case("a", PersonId(3))).unwrap();
    assert_eq!(registry.extended_cases().unwrap(), []);
    let ask = |case: &mut Case| {
        let (reason, asked_by) = ("r".to_owned(), "a".to_owned());
        let (venue, from, to, approval) = (None, None, None, None);
        let asked = CaseExtension { venue, hops: Some(3), from, to, reason, asked_by, asked: NOW, approval };
        case.extensions.push(asked);
        Ok::<(), Infallible>(())
    };
    let case = registry.change_case(case.id, ask).unwrap().unwrap().unwrap();
    assert_eq!(registry.extended_cases().unwrap(), std::slice::from_ref(&case));
    registry.forget_index(&case).unwrap();
    assert_eq!((registry.cases_of("a").unwrap(), registry.extended_cases().unwrap()), (vec![], vec![]));
    registry.index_earlier_rows().unwrap();
    assert_eq!(registry.cases_of("a").unwrap(), std::slice::from_ref(&case));
    assert_eq!(registry.extended_cases().unwrap(), std::slice::from_ref(&case));
    let close = |case: &mut Case| {
        case.closed = Some(NOW);
        Ok::<(), Infallible>(())
    };
    registry.change_case(case.id, close).unwrap().unwrap().unwrap();
    assert_eq!(registry.extended_cases().unwrap(), []);
}

#[test]
fn a_case_of_an_earlier_version_is_open_and_has_used_nothing() {
    let text = r#"{"id":"c0000000000001","tracer":"a","person":"p0000000000003","purpose":"x","reference":"r",
        "from":"2022-01-04T00:00:00.000Z","to":"2022-01-05T00:00:00.000Z","opened":"2022-01-05T00:00:00.000Z"}"#;
    let case: Case = serde_json::from_str(text).unwrap();
    assert_eq!((case.closed, case.used, case.office.as_str()), (None, CaseUse::default(), ""));
    assert_eq!(case.window(), Window { from: case.from, to: case.to });
}

#[test]
fn only_an_approved_extension_counts() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::embedded(folder.path(), &Secret::new(&[5; 32]).unwrap()).unwrap();
    let mut case = registry.open_case(new_case("a", PersonId(3))).unwrap();
    let (from, to) = (Some(NOW.minus_ms(5)), Some(NOW.plus_ms(50)));
    let (reason, asked_by) = ("r".to_owned(), "a".to_owned());
    let venue = VenueId(4);
    let asked = CaseExtension {
        venue: Some(venue),
        hops: Some(3),
        from,
        to,
        reason,
        asked_by,
        asked: NOW,
        approval: None,
    };
    case.extensions.push(asked);
    let own = Window { from: case.from, to: case.to };
    assert_eq!((case.window(), case.has_venue(venue), case.hops_approved()), (own, false, 0));
    case.extensions[0].approval = Some(CaseApproval { by: "b".into(), at: NOW });
    let wide = Window { from: NOW.minus_ms(5), to: NOW.plus_ms(50) };
    assert_eq!((case.window(), case.has_venue(venue), case.hops_approved()), (wide, true, 3));
    assert!(!case.has_venue(VenueId(5)));
}

pub(super) fn traced_people(store: &TestStore) {
    let registry = store.open();
    let case = registry.open_case(new_case("a", PersonId(9))).unwrap();
    let later = registry.open_case(NewCase { opened: NOW.plus_ms(1), ..new_case("b", PersonId(9)) }).unwrap();
    let many: Vec<PersonId> = (1..=2_500).map(PersonId).collect();
    registry.record_traced(case.id, TracedPlace::Contact, &many, NOW.plus_ms(7)).unwrap();
    // A second answer does not put the first time off.
    registry.record_traced(case.id, TracedPlace::Contact, &many[..3], NOW.plus_ms(8)).unwrap();
    registry.record_traced(case.id, TracedPlace::Visitor, &many[..1], NOW.plus_ms(5)).unwrap();
    registry.record_traced(case.id, TracedPlace::Revealed, &many[..1], NOW.plus_ms(9)).unwrap();
    registry.record_traced(later.id, TracedPlace::Visitor, &many[..1], NOW.plus_ms(3)).unwrap();
    let traced: Vec<_> = registry.traced(PersonId(1)).unwrap();
    let found: Vec<_> = traced.iter().map(|traced| (traced.case.id, traced.at, traced.revealed)).collect();
    assert_eq!(found, [(case.id, NOW.plus_ms(5), Some(NOW.plus_ms(9))), (later.id, NOW.plus_ms(3), None)]);
    assert_eq!(registry.traced(PersonId(2_500)).unwrap()[0].at, NOW.plus_ms(7));
    assert_eq!(registry.traced(PersonId(2_501)).unwrap(), []);
    let asked = [PersonId(2_501), PersonId(3)];
    assert_eq!(registry.are_traced(case.id, TracedPlace::Contact, &asked).unwrap(), [false, true]);
    assert_eq!(registry.are_traced(later.id, TracedPlace::Contact, &asked).unwrap(), [false, false]);

    let person = registry.register(&[personal(1)], 1, NOW).unwrap()[0].person;
    registry.record_traced(case.id, TracedPlace::Contact, &[person], NOW).unwrap();
    assert_eq!(registry.traced(person).unwrap().len(), 1);
    assert!(registry.erase_person(person, 1, NOW).unwrap().is_some());
    assert_eq!(registry.traced(person).unwrap(), []);
}
