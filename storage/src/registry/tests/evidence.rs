//! Facts, daily reports, upstream colours and papers.

use super::*;
use scangate_core::evidence::Evidence;

pub(super) fn withdrawn_facts(store: &TestStore) {
    let registry = store.open();
    let about = fact(FactId(9), PersonId(4));
    let facts = [about.clone(), fact(FactId(8), PersonId(4)), fact(FactId(7), PersonId(5))];
    registry.record_facts(&facts).unwrap();
    let mistaken = |at| Force::Withdrawn(Withdrawal { reason: "mistaken".into(), at });
    let withdrawn = Fact { force: mistaken(Some(NOW)), ..about };
    for (reason, now) in [("mistaken", NOW), ("again", NOW.plus_ms(1))] {
        let said = registry.withdraw_fact(FactId(9), reason.into(), now).unwrap();
        assert_eq!(said.as_ref(), Some(&withdrawn));
    }
    assert_eq!(registry.fact(FactId(9)).unwrap(), Some(withdrawn));
    assert_eq!(registry.withdraw_fact(FactId(1), "none".into(), NOW).unwrap(), None);
    let mut all = Vec::new();
    registry.evidence(|person, evidence| all.push((person, evidence.facts.len()))).unwrap();
    all.sort();
    assert_eq!(all, [(PersonId(4), 2), (PersonId(5), 1)]);
    // A row with only the reason.
    let key = [&4_u64.to_be_bytes()[..], &8_u64.to_be_bytes(), &[1]].concat();
    registry.rows().write(&[vec![Row::new(RegistryTable::Facts, key, pack(&"mistaken"))].into()]).unwrap();
    assert_eq!(registry.fact(FactId(8)).unwrap().map(|fact| fact.force), Some(mistaken(None)));
}

pub(super) fn repeated_facts(store: &TestStore) {
    let (registry, person) = (store.open(), PersonId(4));
    let first = fact(FactId(0), person).identified();
    let differing = Fact { until: Some(NOW.plus_ms(9)), ..first.clone() };
    let later = Fact { at: NOW.plus_ms(1), ..first.clone() }.identified();
    let list = [first.clone(), first.clone(), differing, later.clone()];
    let said = |id, report| RecordedFact { id, report };
    let (id, later_id) = (first.id, later.id);
    let expected = [
        said(id, FactReport::First),
        said(id, FactReport::Repeated),
        said(id, FactReport::Differing),
        said(later_id, FactReport::First),
    ];
    assert_eq!(registry.match_facts(&list).unwrap(), expected);
    assert_eq!(registry.record_facts(&list).unwrap(), expected);
    assert_eq!(registry.facts_of(person).unwrap().len(), 2);
    assert_eq!(registry.fact(id).unwrap(), Some(first.clone()));
    // Another gateway finds it, also once it is withdrawn: it stays withdrawn.
    let other = store.again(registry);
    other.withdraw_fact(id, "mistaken".into(), NOW).unwrap().unwrap();
    assert_eq!(other.record_facts(std::slice::from_ref(&first)).unwrap(), [said(id, FactReport::Repeated)]);
    assert!(matches!(other.fact(id).unwrap().unwrap().force, Force::Withdrawn(_)));
    // Facts of earlier versions have ids of their own, and may be on record twice.
    let old = fact(FactId(7), PersonId(5));
    let twin = Fact { id: FactId(6), ..old.clone() };
    other.add_facts(&[&old, &twin]).unwrap();
    let again = other.record_facts(&[old.identified()]).unwrap()[0];
    assert_eq!((again.report, [FactId(6), FactId(7)].contains(&again.id)), (FactReport::Repeated, true));
    other.withdraw_fact(FactId(7), "mistaken".into(), NOW).unwrap().unwrap();
    let forces = other.facts_of(PersonId(5)).unwrap().into_iter().map(|fact| fact.force);
    assert!(forces.into_iter().all(|force| matches!(force, Force::Withdrawn(_))));
}

pub(super) fn reported_once_a_day(store: &TestStore) {
    let registry = store.open();
    let person = registry.register(&[personal(1)], 1, NOW).unwrap()[0].person;
    registry.record_facts(&[fact(FactId(9), person)]).unwrap();
    let report =
        |minutes: u64| Report { at: NOW.plus_ms(minutes * 60_000), temperature: None, symptoms: vec![] };
    assert!(registry.add_report(person, 700, &report(5)).unwrap());
    assert!(!registry.add_report(person, 700, &report(9)).unwrap());
    assert!(!registry.add_report(person, 700, &report(5)).unwrap(), "a second one of the same millisecond");
    assert!(registry.add_report(person, 699, &report(1)).unwrap());
    registry.withdraw_fact(FactId(9), "mistaken".into(), NOW).unwrap().unwrap();
    let evidence = registry.evidence_of(person).unwrap();
    assert!(matches!(&evidence.facts[..], [Fact { force: Force::Withdrawn(_), .. }]));
    assert_eq!(evidence.reports.len(), 2);
    assert_eq!(registry.reports_of(person).unwrap(), [report(1), report(5)]);
    let mut all = Vec::new();
    registry.evidence(|person, evidence| all.push((person, evidence.clone()))).unwrap();
    assert_eq!(evidence.registered, Some(NOW));
    assert_eq!(registry.registrations().unwrap(), [(person, NOW)].into());
    // All evidence is read without the registrations.
    assert_eq!(all, [(person, Evidence { registered: None, ..evidence })]);
    assert!(registry.erase_person(person, 1, NOW).unwrap().is_some());
    assert_eq!(registry.evidence_of(person).unwrap(), Default::default());
}

pub(super) fn shown_upstream(store: &TestStore) {
    let registry = store.open();
    let (one, other, later) = (PersonId(4), PersonId(5), NOW.plus_ms(1));
    let shown = |source: &str, colour, at| Upstream { source: source.into(), colour, at };
    registry.note_upstream("jiangsu", &[(one, Colour::Red), (other, Colour::Yellow)], NOW).unwrap();
    registry.note_upstream("anhui", &[(one, Colour::Yellow)], NOW).unwrap();
    let of_one = [("anhui", Colour::Yellow), ("jiangsu", Colour::Red)]
        .map(|(source, colour)| shown(source, colour, NOW));
    assert_eq!(registry.upstream_of(one).unwrap(), of_one);
    registry.note_upstream("jiangsu", &[(one, Colour::Green)], later).unwrap();
    let of_one = [shown("anhui", Colour::Yellow, NOW), shown("jiangsu", Colour::Green, later)];
    assert_eq!(registry.upstream_of(one).unwrap(), of_one);
    let mut all = Vec::new();
    registry.shown_by("jiangsu", |person, colour| all.push((person, colour))).unwrap();
    all.sort_unstable();
    assert_eq!(all, [(one, Colour::Green), (other, Colour::Yellow)]);
    assert_eq!(registry.upstream_of(other).unwrap(), [shown("jiangsu", Colour::Yellow, NOW)]);
    assert_eq!(registry.upstream_of(PersonId(6)).unwrap(), []);
}

pub(super) fn papers_in_order(store: &TestStore) {
    let registry = store.open();
    let appeal = |id: u64, due: u64| {
        let (text, at) = ("it was not me".to_owned(), NOW);
        let paper = Paper::Appeal(Letter { text, at, due: Timestamp(due), answer: None });
        FiledPaper { id: PaperId(id), person: PersonId(id % 2), paper }
    };
    let all = [appeal(1, 30), appeal(2, 10), appeal(3, 20)];
    all.iter().for_each(|filed| registry.file(filed).unwrap());
    let open = |registry: &Registry| -> Vec<u64> {
        registry.open_papers().unwrap().iter().map(|filed| filed.id.0).collect()
    };
    assert_eq!(open(&registry), [2, 3, 1]);
    let answer = |paper: &mut Paper| match paper {
        Paper::Appeal(Letter { answer: Some(_), .. })
        | Paper::Declaration(_)
        | Paper::Arrival(_)
        | Paper::Question(_) => Err(()),
        Paper::Appeal(appeal) => {
            appeal.answer = Some(Answer { at: NOW, by: "office".into(), text: "right".into() });
            Ok(())
        }
    };
    let changed = registry.change_paper(PersonId(1), PaperId(3), answer).unwrap().unwrap();
    assert!(matches!(changed, Ok(Paper::Appeal(Letter { answer: Some(_), .. }))));
    assert_eq!(registry.change_paper(PersonId(1), PaperId(3), answer).unwrap(), Some(Err(())));
    assert_eq!(registry.change_paper(PersonId(1), PaperId(2), answer).unwrap(), None);
    assert_eq!(open(&registry), [2, 1]);
    assert_eq!(registry.papers_of(PersonId(1)).unwrap().len(), 2);
    assert_eq!(registry.paper(PersonId(0), PaperId(1)).unwrap(), None);
    assert_eq!(registry.open_paper(PaperId(1)).unwrap(), Some(all[0].clone()));
    // A paper with another deadline stands in the queue once, at its new place.
    let hasten = |paper: &mut Paper| {
        paper.appeal().ok_or(())?.due = Timestamp(5);
        Ok::<_, ()>(())
    };
    registry.change_paper(PersonId(1), PaperId(1), hasten).unwrap().unwrap().unwrap();
    assert_eq!(open(&registry), [1, 2]);
    // An awaited arrival is queued by its time, and has no open duty.
    let area = "420100".to_owned().try_into().unwrap();
    let awaited = Arrival { awaits: true, ..Arrival::announced(area, Timestamp(7), None, None, NOW) };
    let filed = FiledPaper { id: PaperId(9), person: PersonId(1), paper: Paper::Arrival(awaited) };
    assert!(registry.file_once(&filed).unwrap() && !registry.file_once(&filed).unwrap());
    let due = |now| -> Vec<u64> {
        registry.papers_due(Timestamp(now)).unwrap().iter().map(|filed| filed.id.0).collect()
    };
    assert_eq!((open(&registry), due(4), due(6), due(7)), (vec![1, 2], vec![], vec![1], vec![1, 9]));
    registry.change_arrival(PersonId(1), PaperId(9), |arrival| arrival.awaits = false).unwrap();
    assert_eq!(due(10), [1, 2]);
}
