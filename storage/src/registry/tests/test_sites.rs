//! Test sites with their bookings, and units.

use super::*;

pub(super) fn test_sites_kept(store: &TestStore) {
    let registry = store.open();
    let opening = Opening {
        opens: "08:00".parse().unwrap(),
        closes: "20:00".parse().unwrap(),
        slot_minutes: 30,
        places: 20,
    };
    let new = |name: &str| NewTestSite {
        name: name.to_owned(),
        district: "云龙".to_owned(),
        address: "新城大道1号".to_owned(),
        opening,
    };
    let added = registry.add_test_sites(vec![new("one"), new("two")]).unwrap();
    assert_eq!(registry.test_site(added[0].id).unwrap(), Some(added[0].clone()));
    let closed = registry.close_test_site(added[1].id).unwrap().unwrap();
    assert_eq!(closed, TestSite { doors: Doors::Closed, ..added[1].clone() });
    assert_eq!(registry.close_test_site(TestSiteId(7)).unwrap(), None);
    drop(registry);
    let mut all = store.open().test_sites().unwrap();
    all.sort_unstable_by_key(|site| site.name.clone());
    assert_eq!(all, [added[0].clone(), closed]);
}

pub(super) fn units_kept(store: &TestStore) {
    let registry = store.open();
    assert!(registry.units().unwrap().is_empty());
    let new = |name: &str, kind, district: &str| NewUnit {
        name: name.to_owned(),
        kind,
        district: district.to_owned(),
    };
    let village = new("one", UnitKind::Village, "a");
    // Each of the three fields makes another unit, and a repetition does not.
    let others = [
        new("two", UnitKind::Village, "a"),
        new("one", UnitKind::Employer, "a"),
        new("one", UnitKind::Village, "b"),
    ];
    let mut list = vec![village.clone(), village.clone()];
    list.extend(others);
    let added = registry.add_units(&list).unwrap();
    assert_eq!((added.len(), &added[0]), (5, &added[1]));
    assert_eq!(added.iter().map(|unit| unit.about.clone()).collect::<Vec<_>>(), list);
    assert_eq!(registry.add_units(&[village]).unwrap(), added[..1]);
    assert_eq!(registry.unit(added[2].id).unwrap(), Some(added[2].clone()));
    assert_eq!(registry.unit(UnitId(7)).unwrap(), None);
    drop(registry);
    let all = store.open().units().unwrap();
    assert_eq!(all.len(), 4);
    assert!(added.iter().all(|unit| all.contains(unit)));
}

pub(super) fn booked_by_many(store: &TestStore) {
    const PLACES: u16 = 3;
    const TODAY: u32 = 100;
    let registry = store.open();
    let slot = |at, day| Slot { site: TestSiteId(1), at: Timestamp(at), day };
    let (morning, noon, later) = (slot(1_000, TODAY), slot(2_000, TODAY), slot(3_000, TODAY + 1));
    let in_slot = |slot: Slot| registry.booked(slot.site, &[slot.at]).unwrap().pop().unwrap();

    let booked = std::thread::scope(|scope| {
        let book = |person| registry.book(PersonId(person), morning, PLACES, TODAY).unwrap();
        let tries: Vec<_> = (1..=8).map(|person| scope.spawn(move || book(person))).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    let (got, full): (Vec<_>, Vec<_>) = booked.into_iter().partition(|booked| booked.is_ok());
    assert!(full.iter().all(|full| *full == Err(BookingError::Full)), "{full:?}");
    let mut places: Vec<u16> = got.iter().map(|booking| booking.unwrap().place).collect();
    places.sort_unstable();
    assert_eq!(places, [0, 1, 2]);
    assert_eq!(in_slot(morning).len(), 3);

    // Of two concurrent bookings of one person one succeeds, and the other holds no place.
    let person = PersonId(50);
    let booked = std::thread::scope(|scope| {
        let book = |slot| registry.book(person, slot, PLACES, TODAY).unwrap();
        let tries: Vec<_> =
            [noon, slot(2_500, TODAY), noon].map(|slot| scope.spawn(move || book(slot))).into();
        tries.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(!booked.is_empty() && booked.iter().all(|other| other == &booked[0]), "{booked:?}");
    let taken: usize = registry
        .booked(noon.site, &[noon.at, Timestamp(2_500)])
        .unwrap()
        .iter()
        .map(|people| people.iter().filter(|&&one| one == person).count())
        .sum();
    assert_eq!((taken, registry.bookings_of(person).unwrap().all()), (1, &booked[..1]));
    assert_eq!(registry.book(person, morning, PLACES, TODAY).unwrap(), Err(BookingError::Already));

    assert_eq!(registry.cancel_booking(person, TODAY).unwrap(), Some(booked[0]));
    assert_eq!(registry.cancel_booking(person, TODAY).unwrap(), None);
    assert_eq!(in_slot(booked[0].slot), []);

    // A past booking and its place are removed when the person books again.
    registry.book(person, noon, PLACES, TODAY).unwrap().unwrap();
    let next = registry.book(person, later, PLACES, TODAY + 1).unwrap().unwrap();
    assert_eq!(in_slot(noon), []);
    drop(registry);
    assert_eq!(store.open().bookings_of(person).unwrap().all(), [next]);
}
