//! The registry over a real store on a real disk and over a real cluster, with the same tests.

use super::*;
use crate::cql::testing::cluster;
use scangate_core::booking::{BookingError, Slot};
use scangate_core::colour::{Checks, Colour};
use scangate_core::fact::{Fact, FactKind, Force, Withdrawal};
use scangate_core::id::{FactId, PaperId, PersonId, TestSiteId};
use scangate_core::kin::{Kin, Side};
use scangate_core::paper::{Answer, Filed, Letter, Paper};
use scangate_core::person::{Document, DocumentType, PersonClass, Personal, PersonalChange};
use scangate_core::report::Report;
use scangate_core::test_site::{Opening, TestSite};
use scangate_core::time::Timestamp;
use scangate_core::venue::{Doors, Dwell, VenueKind};
use scangate_core::visit::Window;
use std::path::PathBuf;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// The store of a test registry, which a test may open repeatedly.
enum TestStore {
    Embedded(tempfile::TempDir),
    Cluster(&'static str),
}

impl TestStore {
    fn open(&self) -> Registry {
        let secret = Secret::new(&[5; 32]).unwrap();
        match self {
            Self::Embedded(folder) => Registry::embedded(folder.path(), &secret).unwrap(),
            Self::Cluster(name) => Registry::clustered(cluster(name), &secret).unwrap(),
        }
    }
}

macro_rules! over_both {
    ($($test:ident),* $(,)?) => {
        mod embedded {
            $(#[test] fn $test() { super::$test(&super::TestStore::Embedded(tempfile::tempdir().unwrap())); })*
        }
        mod clustered {
            $(#[test] fn $test() { super::$test(&super::TestStore::Cluster(stringify!($test))); })*
        }
    };
}

over_both!(
    once_registered,
    registered_by_many,
    withdrawn_facts,
    erased_people,
    broken_audit,
    counted,
    audited_by_many,
    budgets,
    released_once,
    reported_once_a_day,
    tied_by_many,
    proven_for_good,
    named_and_taken,
    papers_in_order,
    shown_upstream,
    test_sites_kept,
    booked_by_many,
    all_survives,
);

fn personal(number: u32) -> Personal {
    Personal {
        name: format!("Unmistakable Name {number}"),
        phone: format!("139{number:08}"),
        document: Document { r#type: DocumentType::Passport, number: format!("UNMISTAKABLE{number:05}") },
        class: PersonClass::Courier,
    }
}

fn fact(id: FactId, person: PersonId) -> Fact {
    let kind = FactKind::Confirmed;
    let source = "centre for disease control".to_owned();
    Fact {
        id,
        person,
        kind,
        at: NOW,
        until: None,
        recorded: NOW,
        source,
        reference: None,
        force: Force::InForce,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn is_on_disk(folder: &Path, words: &str) -> bool {
    let contains = |bytes: &[u8]| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    files(folder).iter().any(|path| contains(&std::fs::read(path).unwrap()))
}

fn once_registered(store: &TestStore) {
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

fn registered_by_many(store: &TestStore) {
    let registry = store.open();
    let new = std::thread::scope(|scope| {
        let register = || registry.register(&[personal(7)], 1, NOW).unwrap()[0];
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(register)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).filter(|one| one.is_new).count()
    });
    assert_eq!(new, 1);
}

#[test]
fn nothing_personal_is_readable_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let open = |secret| Registry::embedded(folder.path(), &Secret::new(secret).unwrap()).unwrap();
    let registry = open(&[5; 32]);
    registry.register(&[personal(3)], 1, NOW).unwrap();
    drop(registry);
    for words in ["Unmistakable", "UNMISTAKABLE", "13900000003"] {
        assert!(!is_on_disk(folder.path(), words), "{words}");
    }
    let strange = open(&[6; 32]);
    let mut all = Vec::new();
    strange.people(|id| all.push(id)).unwrap();
    assert!(matches!(strange.person(all[0]), Err(RegistryError::Sealed)));
}

fn erased_people(store: &TestStore) {
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

fn withdrawn_facts(store: &TestStore) {
    let registry = store.open();
    let about = fact(FactId(9), PersonId(4));
    let facts = [about.clone(), fact(FactId(8), PersonId(4)), fact(FactId(7), PersonId(5))];
    registry.add_facts(&facts).unwrap();
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

fn broken_audit(store: &TestStore) {
    let registry = store.open();
    let act = |object: &str| Act {
        at: NOW,
        subject: "tracer".into(),
        role: "tracer".into(),
        act: "case-opened".into(),
        object: object.into(),
        detail: serde_json::json!({}),
    };
    for object in ["c1", "c2", "c3"] {
        registry.audit(&act(object)).unwrap();
    }
    assert_eq!(registry.verify_audit().unwrap(), Ok(3));
    assert_eq!(registry.last_audited().unwrap(), registry.audited(3, 1).unwrap().pop());
    let second = registry.audited(2, 1).unwrap().remove(0);
    assert_eq!((second.number, second.act.object.as_str()), (2, "c2"));
    registry.forge(&AuditEntry { act: act("c9"), ..second.clone() }).unwrap();
    assert_eq!(registry.verify_audit().unwrap(), Err(AuditChainError { number: 2 }));
    registry.forge(&second).unwrap();
    assert_eq!(registry.verify_audit().unwrap(), Ok(3));
    registry.drop_entry(2).unwrap();
    assert_eq!(registry.verify_audit().unwrap(), Err(AuditChainError { number: 2 }));
}

fn counted(store: &TestStore) {
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

fn audited_by_many(store: &TestStore) {
    let registry = store.open();
    let act = Act {
        at: NOW,
        subject: "tracer".into(),
        role: "tracer".into(),
        act: "trail-read".into(),
        object: "c1".into(),
        detail: serde_json::json!({}),
    };
    let mut numbers: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..5).map(|_| registry.audit(&act).unwrap()).collect::<Vec<_>>()))
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    drop(registry);
    let registry = store.open();
    assert_eq!(registry.audit(&act).unwrap(), 21);
    assert_eq!(registry.verify_audit().unwrap(), Ok(21));
}

fn budgets(store: &TestStore) {
    let registry = store.open();
    let granted: usize = std::thread::scope(|scope| {
        let spend = || (0..10).filter(|_| registry.spend("cases/a", 1, 3, 100).unwrap()).count();
        let spenders: Vec<_> = (0..8).map(|_| scope.spawn(spend)).collect();
        spenders.into_iter().map(|spender| spender.join().unwrap()).sum()
    });
    assert_eq!(granted, 33);
    assert!(registry.spend("cases/a", 1, 1, 100).unwrap());
    assert!(!registry.spend("cases/a", 1, 1, 100).unwrap());
    assert!(registry.spend("cases/b", 1, 100, 100).unwrap());
    assert!(registry.spend("cases/a", 2, 100, 100).unwrap());
    registry.refund("cases/a", 2, 1).unwrap();
    registry.refund("cases/a", 1, 1).unwrap();
    registry.refund("cases/never", 2, 1).unwrap();
    assert!(registry.spend("cases/a", 2, 1, 100).unwrap());
    assert!(!registry.spend("cases/a", 2, 1, 100).unwrap());
}

fn released_once(store: &TestStore) {
    let registry = store.open();
    let new = NewHeldList {
        kind: HeldListKind::Facts,
        sent_by: "a".into(),
        at: NOW,
        count: 2,
        body: "{}\n{}\n".into(),
    };
    let id = registry.hold(new).unwrap();
    assert_eq!(registry.all_held().unwrap().len(), 1);
    let got = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4).map(|_| scope.spawn(|| registry.release_held(id).unwrap())).collect();
        tries.into_iter().filter_map(|one| one.join().unwrap()).count()
    });
    assert_eq!(got, 1);
    assert_eq!(registry.held(id).unwrap(), None);
}

fn all_survives(store: &TestStore) {
    let window = Window { from: Timestamp(1), to: Timestamp(2) };
    let case = {
        let registry = store.open();
        assert_eq!(registry.publish_policy("default/1", "a", "s").unwrap().0, 1);
        assert_eq!(registry.publish_policy("default/1", "a", "s").unwrap().0, 1);
        assert_eq!(registry.publish_policy("xinji/1", "b", "s").unwrap().0, 2);
        assert_eq!(registry.publish_policy("default/1", "a", "s").unwrap().0, 3);
        registry.set("kids", b"1").unwrap();
        let (tracer, purpose, reference) = ("t".to_owned(), "contact-tracing".to_owned(), "r".to_owned());
        registry
            .open_case(NewCase { tracer, person: PersonId(3), purpose, reference, window, opened: NOW })
            .unwrap()
    };
    let registry = store.open();
    assert_eq!(registry.case(case.id).unwrap(), Some(case.clone()));
    assert_eq!(registry.cases_about(PersonId(3)).unwrap(), [case]);
    assert_eq!(registry.setting("kids").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(registry.policies().unwrap().len(), 3);
}

fn reported_once_a_day(store: &TestStore) {
    let registry = store.open();
    let person = registry.register(&[personal(1)], 1, NOW).unwrap()[0].person;
    registry.add_facts(&[fact(FactId(9), person)]).unwrap();
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
    assert_eq!(all, [(person, evidence)]);
    assert!(registry.erase_person(person).unwrap());
    assert_eq!(registry.evidence_of(person).unwrap(), Default::default());
}

/// XJ-13: a holder has at most three dependants, and a dependant at most three guardians, also under
/// concurrency.
fn tied_by_many(store: &TestStore) {
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

fn proven_for_good(store: &TestStore) {
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

/// A nominated guardian can make the tie, once for each nomination.
fn named_and_taken(store: &TestStore) {
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

    assert!(registry.erase_person(person).unwrap());
    assert_eq!(registry.kin_of(person).unwrap(), Kin::default());
    assert_eq!(registry.kin_of(second).unwrap(), Kin::default());

    // A row written before nominations existed.
    let old = pack(&serde_json::json!({"dependants": [], "guardians": [second]}));
    registry.claim(Row::new(RegistryTable::Kin, 9_u64.to_be_bytes(), old)).unwrap();
    let old = Kin { guardians: vec![second], ..Kin::default() };
    assert_eq!(registry.kin_of(PersonId(9)).unwrap(), old);
}

fn test_sites_kept(store: &TestStore) {
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

fn booked_by_many(store: &TestStore) {
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

fn shown_upstream(store: &TestStore) {
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

fn papers_in_order(store: &TestStore) {
    let registry = store.open();
    let appeal = |id: u64, due: u64| {
        let (text, at) = ("it was not me".to_owned(), NOW);
        let paper = Paper::Appeal(Letter { text, at, due: Timestamp(due), answer: None });
        Filed { id: PaperId(id), person: PersonId(id % 2), paper }
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
}
