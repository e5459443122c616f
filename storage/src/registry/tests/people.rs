//! Registration, proofs, counts and erasure of people.

use super::*;

pub(super) fn once_registered(store: &TestStore) {
    let first = {
        let registry = store.open();
        let both = registry.register(&[personal(1), personal(1), personal(2)], 1, NOW).unwrap();
        assert_eq!(both.iter().map(|one| one.is_new).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(both[0].person, both[1].person);
        both[0].person
    };
    let registry = store.open();
    let again = registry.register(&[personal(1)], 2, NOW).unwrap()[0];
    assert_eq!(again, RegisteredPerson { person: first, kid: 1, is_new: false });
    let person = registry.person(first).unwrap().unwrap();
    assert_eq!((person.kid, person.registered, person.personal), (1, NOW, personal(1)));
    assert_eq!(registry.person(PersonId(1)).unwrap(), None);
    let mut count = 0;
    registry.people(|_| count += 1).unwrap();
    assert_eq!(count, 2);
}

pub(super) fn registered_by_many(store: &TestStore) {
    let registry = store.open();
    let new = std::thread::scope(|scope| {
        let register = || registry.register(&[personal(7)], 1, NOW).unwrap()[0];
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(register)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).filter(|one| one.is_new).count()
    });
    assert_eq!(new, 1);
}

pub(super) fn erased_people(store: &TestStore) {
    let registry = store.open();
    let id = registry.register(&[personal(1)], 1, NOW).unwrap()[0].person;
    let about = fact(registry.draw_fact_id().unwrap(), id);
    registry.add_facts(std::slice::from_ref(&about)).unwrap();
    registry.note_upstream("jiangsu", &[(id, Colour::Red)], NOW).unwrap();
    let slot = Slot { site: TestSiteId(1), at: NOW, day: 1 };
    registry.book(id, slot, 1, 1).unwrap().unwrap();
    assert!(registry.erase_person(id).unwrap());
    assert!(!registry.erase_person(id).unwrap());
    assert_eq!(registry.person(id).unwrap(), None);
    assert!(registry.facts_of(id).unwrap().is_empty());
    assert_eq!(registry.upstream_of(id).unwrap(), []);
    assert_eq!(registry.bookings_of(id).unwrap().all(), []);
    assert_eq!(registry.booked(slot.site, &[slot.at]).unwrap(), [[]]);
    assert_eq!(registry.fact(about.id).unwrap(), None);
    assert!(registry.register(&[personal(1)], 1, NOW).unwrap()[0].is_new);
}

pub(super) fn counted(store: &TestStore) {
    let registry = store.open();
    assert_eq!(registry.counts().unwrap(), Counts::default());
    assert_eq!(registry.last_audited().unwrap(), None);
    let people: Vec<Personal> = (0..3).map(personal).collect();
    let person = registry.register(&people, 1, NOW).unwrap()[1].person;
    let venue = NewVenue {
        name: "Market".into(),
        kind: VenueKind::Market,
        district: "Gulou".into(),
        dwell: Dwell::default(),
        checks: Checks::NONE,
    };
    registry.add_venues(vec![venue]).unwrap();
    let facts = [fact(FactId(1), person), fact(FactId(2), person)];
    registry.add_facts(&facts).unwrap();
    registry.withdraw_fact(facts[0].id, "mistaken".into(), NOW).unwrap();
    let window = Window { from: NOW, to: NOW.plus_ms(1) };
    let (tracer, purpose, reference) = ("tracer".into(), "contact-tracing".into(), "1".into());
    registry.open_case(NewCase { tracer, person, purpose, reference, window, opened: NOW }).unwrap();
    let counts = registry.counts().unwrap();
    assert_eq!((counts.people(), counts.venues(), counts.cases(), counts.audit_entries()), (3, 1, 1, 0));
    assert_eq!((counts.facts, counts.withdrawals, counts.daily_reports), (2, 1, 0));
    assert_eq!((counts.rows["facts"], counts.rows["documents"]), (3, 3));
}

pub(super) fn proven_for_good(store: &TestStore) {
    let registry = store.open();
    let proven = registry.register_proven(&[personal(1)], 1, NOW).unwrap()[0].person;
    let imported = registry.register(&[personal(2)], 1, NOW).unwrap()[0].person;
    assert!(!registry.register(&[personal(1)], 2, NOW).unwrap()[0].is_new);
    assert!(!registry.register_proven(&[personal(2)], 2, NOW).unwrap()[0].is_new);
    let change = PersonalChange { phone: Some("13800000000".into()), ..PersonalChange::default() };
    for (person, is_proven) in [(proven, true), (imported, false)] {
        assert_eq!(registry.person(person).unwrap().unwrap().proven, is_proven);
        assert_eq!(registry.change_person(person, &change).unwrap().unwrap().proven, is_proven);
        assert_eq!(registry.person(person).unwrap().unwrap().proven, is_proven);
    }

    // A row written before proofs existed.
    let old = pack(&serde_json::json!({"registered": NOW, "personal": personal(3)}));
    let sealed = [vec![1], registry.0.seal.seal(9, old).unwrap()].concat();
    registry.claim(Row::new(RegistryTable::People, 9_u64.to_be_bytes(), sealed)).unwrap();
    let old = registry.person(PersonId(9)).unwrap().unwrap();
    assert_eq!((old.proven, old.personal), (false, personal(3)));
}
