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
    let about = fact(FactId(3), id);
    registry.record_facts(std::slice::from_ref(&about)).unwrap();
    registry.note_upstream("jiangsu", &[(id, Colour::Red)], NOW).unwrap();
    let slot = Slot { site: TestSiteId(1), at: NOW, day: 1 };
    registry.book(id, slot, 1, 1).unwrap().unwrap();
    registry.renew_key(id, NOW).unwrap();
    assert_eq!(registry.ask_for_erasure(id, NOW).unwrap(), NOW);
    let tombstone = registry.erase_person(id, 3, NOW).unwrap().unwrap();
    let expected = Tombstone { erased: NOW, kid: 3 };
    assert_eq!((tombstone, registry.erase_person(id, 3, NOW).unwrap()), (expected, None));
    assert_eq!(registry.tombstones_of(&[id, PersonId(1)]).unwrap(), [(id, expected)]);
    assert_eq!(registry.key_history(id).unwrap(), KeyHistory::default());
    assert!(registry.begin_erasure(id, NOW).unwrap() && registry.erasure(id).unwrap().is_some());
    registry.finish_erasure(id).unwrap();
    assert_eq!(registry.erasure(id).unwrap(), None);
    assert_eq!(registry.person(id).unwrap(), None);
    assert!(registry.facts_of(id).unwrap().is_empty());
    assert_eq!(registry.upstream_of(id).unwrap(), []);
    assert_eq!(registry.bookings_of(id).unwrap().all(), []);
    assert_eq!(registry.booked(slot.site, &[slot.at]).unwrap(), [[]]);
    assert_eq!(registry.fact(about.id).unwrap(), None);
    let again = registry.register(&[personal(1)], 1, NOW).unwrap()[0];
    assert!(again.is_new && again.person != id);
    let mut all = Vec::new();
    registry.tombstones(|person, tombstone| all.push((person, tombstone))).unwrap();
    assert_eq!(all, [(id, tombstone)]);
    registry.drop_tombstone(id).unwrap();
    assert_eq!(registry.tombstones_of(&[id]).unwrap(), []);
}

pub(super) fn erasure_taken_back(store: &TestStore) {
    let registry = store.open();
    let (one, other) = (PersonId(1), PersonId(2));
    let later = NOW.plus_ms(5);
    assert!(!registry.take_back_erasure(one).unwrap());
    for now in [NOW, later] {
        assert_eq!(registry.ask_for_erasure(one, now).unwrap(), NOW);
    }
    registry.ask_for_erasure(other, later).unwrap();
    let asked = |asked| Erasure { asked, begun: None };
    assert_eq!(registry.erasures().unwrap(), [(one, asked(NOW)), (other, asked(later))]);
    assert!(registry.take_back_erasure(one).unwrap() && !registry.begin_erasure(one, later).unwrap());
    // An erasure that has begun cannot be taken back, and is begun again after a restart.
    assert!(registry.begin_erasure(other, later).unwrap() && registry.begin_erasure(other, NOW).unwrap());
    assert!(!registry.take_back_erasure(other).unwrap());
    assert_eq!(registry.erasure(other).unwrap(), Some(Erasure { asked: later, begun: Some(later) }));
    // The removal of a person's rows may be repeated.
    registry.remove_person(other).unwrap();
    assert!(registry.erasure(other).unwrap().is_some());
}

pub(super) fn renewed_by_many(store: &TestStore) {
    let registry = store.open();
    let person = registry.register(&[personal(1)], 1, NOW).unwrap()[0].person;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| registry.renew_key(person, NOW).unwrap().unwrap());
        }
        scope.spawn(|| registry.revoke_passes(person, NOW.plus_ms(1)).unwrap().unwrap());
    });
    let history = registry.key_history(person).unwrap();
    assert_eq!(history, KeyHistory { renewed: vec![NOW; 3], passes_revoked: vec![NOW.plus_ms(1)] });
    let mut all = Vec::new();
    registry.every_key_history(|person, history| all.push((person, history))).unwrap();
    assert_eq!(all, [(person, history)]);
    for _ in 3..255 {
        assert!(registry.renew_key(person, NOW).unwrap().is_some());
    }
    assert_eq!(registry.renew_key(person, NOW).unwrap(), None);
    assert_eq!(registry.key_history(person).unwrap().now().generation, Generation(255));
}

pub(super) fn moved_between_kids(store: &TestStore) {
    let registry = store.open();
    let people: Vec<Personal> = (0..3).map(personal).collect();
    let people: Vec<PersonId> =
        registry.register(&people, 1, NOW).unwrap().iter().map(|one| one.person).collect();
    assert_eq!(registry.people_by_kid().unwrap(), BTreeMap::from([(1, 3)]));
    assert!(registry.move_to_kid(people[0], 2).unwrap() && registry.move_to_kid(people[0], 2).unwrap());
    assert!(!registry.move_to_kid(PersonId(1), 2).unwrap());
    let new = Personal { phone: "13700000000".into(), ..personal(1) };
    let before = registry.replace_person(people[1], 3, &new, None).unwrap().unwrap();
    assert_eq!((before.kid, before.proven, before.personal), (1, false, personal(1)));
    let after = registry.person(people[1]).unwrap().unwrap();
    assert_eq!((after.kid, after.proven, after.registered, after.personal), (3, true, NOW, new));
    assert_eq!(registry.people_by_kid().unwrap(), BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
    assert_eq!(registry.replace_person(PersonId(1), 3, &personal(9), None).unwrap(), None);
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
        hours: None,
        position: None,
    };
    registry.add_venues(vec![venue]).unwrap();
    let facts = [fact(FactId(1), person), fact(FactId(2), person)];
    registry.record_facts(&facts).unwrap();
    registry.withdraw_fact(facts[0].id, "mistaken".into(), NOW).unwrap();
    let window = Window { from: NOW, to: NOW.plus_ms(1) };
    let (tracer, purpose, reference) = ("tracer".into(), "contact-tracing".into(), "1".into());
    let office = "Gulou".into();
    registry.open_case(NewCase { tracer, person, purpose, reference, office, window, opened: NOW }).unwrap();
    let counts = registry.counts().unwrap();
    assert_eq!((counts.people(), counts.venues(), counts.cases(), counts.audit_entries()), (3, 1, 1, 0));
    assert_eq!((counts.facts, counts.withdrawals, counts.daily_reports), (2, 1, 0));
    assert_eq!((counts.rows["facts"], counts.rows["documents"]), (3, 3));
}

pub(super) fn proven_for_good(store: &TestStore) {
    let registry = store.open();
    let proven = registry.apply(&personal(1), true, 1, NOW, &|_| Ok(None)).unwrap().person;
    let imported = registry.register(&[personal(2)], 1, NOW).unwrap()[0].person;
    assert!(!registry.register(&[personal(1)], 2, NOW).unwrap()[0].is_new);
    assert!(!registry.apply(&personal(2), true, 2, NOW, &|_| Ok(None)).unwrap().is_new);
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

pub(super) fn contacted_once_a_colour(store: &TestStore) {
    let registry = store.open();
    let new = Personal { district: Some("云龙".into()), ..personal(1) };
    let person = registry.register(&[new], 1, NOW).unwrap()[0].person;
    let contact = |since: u64, by: &str| DistrictContact {
        at: NOW,
        by: by.into(),
        note: Some("by telephone".into()),
        since: NOW.plus_ms(since),
    };
    let record = |since, by| registry.record_contact(person, &contact(since, by)).unwrap();
    assert_eq!(record(5, "first"), Some(contact(5, "first")));
    assert_eq!(record(5, "second"), Some(contact(5, "first")));
    assert_eq!(record(9, "third"), Some(contact(9, "third")));
    assert_eq!(registry.record_contact(PersonId(1), &contact(5, "first")).unwrap(), None);
    // Neither a change of the fields nor another registration loses the contact or the district.
    let change = PersonalChange { phone: Some("13800000000".into()), ..PersonalChange::default() };
    registry.change_person(person, &change).unwrap();
    registry.replace_person(person, 2, &personal(1), None).unwrap();
    let known = registry.person(person).unwrap().unwrap();
    assert_eq!(
        (known.contact, known.personal.district.as_deref()),
        (Some(contact(9, "third")), Some("云龙"))
    );
    let change = PersonalChange { district: Some("泉山".into()), ..PersonalChange::default() };
    let moved = registry.change_person(person, &change).unwrap().unwrap();
    assert_eq!(moved.personal.district.as_deref(), Some("泉山"));
}
