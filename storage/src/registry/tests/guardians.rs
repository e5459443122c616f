//! Guardianship ties and nominations.

use super::*;

/// XJ-13: a holder has at most three dependants, and a dependant at most three guardians, also under
/// concurrency.
pub(super) fn tied_by_many(store: &TestStore) {
    const MAX: usize = 3;
    let opened = store.open();
    let registry = &opened;
    let may = |side: Side, kin: &Kin| if kin.side(side).len() < MAX { Ok(()) } else { Err(side) };
    let one_holder: Vec<_> = std::thread::scope(|scope| {
        let tries = (0..100)
            .map(|number| scope.spawn(move || registry.tie(PersonId(1), PersonId(100 + number), may)));
        let tries: Vec<_> = tries.collect();
        tries.into_iter().map(|one| one.join().unwrap().unwrap()).collect()
    });
    assert_eq!(one_holder.iter().filter(|tied| tied.is_ok()).count(), MAX);
    assert!(one_holder.iter().all(|tied| matches!(tied, Ok(()) | Err(Side::Dependants))));
    let dependants = registry.kin_of(PersonId(1)).unwrap().dependants;
    assert_eq!(dependants.len(), MAX);
    assert!(dependants.iter().all(|&dependant| registry.is_tied(PersonId(1), dependant).unwrap()));

    let one_dependant: Vec<_> = std::thread::scope(|scope| {
        let tries = (0..100)
            .map(|number| scope.spawn(move || registry.tie(PersonId(300 + number), PersonId(2), may)));
        let tries: Vec<_> = tries.collect();
        tries.into_iter().map(|one| one.join().unwrap().unwrap()).collect()
    });
    assert_eq!(one_dependant.iter().filter(|tied| tied.is_ok()).count(), MAX);
    // A refused attempt leaves no tie behind.
    let left =
        (0..100).filter(|number| !registry.kin_of(PersonId(300 + number)).unwrap().dependants.is_empty());
    assert_eq!(left.count(), MAX);

    // Repeating a tie changes nothing, and untying frees a place.
    let first = dependants[0];
    assert_eq!(registry.tie(PersonId(1), first, may).unwrap(), Ok(()));
    assert!(registry.untie(PersonId(1), first).unwrap() && !registry.untie(PersonId(1), first).unwrap());
    assert_eq!(registry.tie(PersonId(1), PersonId(9), may).unwrap(), Ok(()));
}

/// A nominated guardian can make the tie, once for each nomination.
pub(super) fn named_and_taken(store: &TestStore) {
    const MAX: usize = 3;
    let opened = store.open();
    let registry = &opened;
    let person = registry.register(&[personal(1)], 1, NOW).unwrap()[0].person;
    let take = |holder| {
        let may = |side, kin: &Kin| match side {
            Side::Guardians if !kin.agrees_to(holder) => Err("not named"),
            Side::Guardians | Side::Dependants => Ok(()),
        };
        registry.tie(holder, person, may).unwrap()
    };
    let may_name = |kin: &Kin| if kin.agreed() < MAX { Ok(()) } else { Err("too many") };
    let name = |guardian| registry.name_guardian(person, guardian, may_name).unwrap();

    assert_eq!(take(PersonId(50)), Err("not named"));
    // The refused attempt left nothing behind.
    assert_eq!(registry.kin_of(PersonId(50)).unwrap(), Kin::default());

    let said: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = (100..120).map(|number| scope.spawn(move || name(PersonId(number)))).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(said.iter().filter(|said| said.is_ok()).count(), MAX);
    let named = registry.kin_of(person).unwrap().named;
    assert_eq!(named.len(), MAX);
    let (first, second) = (named[0], named[1]);
    assert_eq!((name(first), name(PersonId(1))), (Ok(()), Err("too many")));

    // A nomination becomes a tie; neither frees a place.
    assert_eq!(take(first), Ok(()));
    assert_eq!((take(first), name(first), name(PersonId(1))), (Ok(()), Ok(()), Err("too many")));
    let kin = registry.kin_of(person).unwrap();
    assert_eq!((&kin.guardians[..], &kin.named[..]), (&[first][..], &named[1..]));
    assert!(registry.is_tied(first, person).unwrap());
    assert!(!registry.unname_guardian(person, first).unwrap() && registry.is_tied(first, person).unwrap());

    // A nomination ends with the tie, and can be withdrawn before it.
    assert!(registry.untie(first, person).unwrap());
    assert_eq!(take(first), Err("not named"));
    assert!(!registry.untie(second, person).unwrap(), "who is named alone has nothing to leave");
    assert!(registry.unname_guardian(person, second).unwrap());
    assert!(!registry.unname_guardian(person, second).unwrap());
    assert_eq!((take(second), name(second), take(second)), (Err("not named"), Ok(()), Ok(())));

    // The named guardian stays when unnamed ties end.
    assert_eq!(registry.kin_of(person).unwrap().accepted, [second]);
    assert_eq!(registry.end_unnamed_ties(person).unwrap(), []);
    assert!(registry.tie(PersonId(77), person, |_, _| Ok::<_, ()>(())).unwrap().is_ok());
    assert_eq!(registry.end_unnamed_ties(person).unwrap(), [PersonId(77)]);
    assert_eq!(registry.kin_of(PersonId(77)).unwrap(), Kin::default());
    assert!(registry.is_tied(second, person).unwrap());

    assert!(registry.untie(second, person).unwrap());
    assert_eq!(registry.kin_of(person).unwrap().accepted, []);
    assert_eq!((name(second), take(second)), (Ok(()), Ok(())));
    registry.remove_person(person).unwrap();
    assert_eq!(registry.kin_of(person).unwrap(), Kin::default());
    assert_eq!(registry.kin_of(second).unwrap(), Kin::default());

    // A row written before nominations existed.
    let old = pack(&serde_json::json!({"dependants": [], "guardians": [second]}));
    registry.claim(Row::new(RegistryTable::Kin, 9_u64.to_be_bytes(), old)).unwrap();
    let old = Kin { guardians: vec![second], ..Kin::default() };
    assert_eq!(registry.kin_of(PersonId(9)).unwrap(), old);
}
