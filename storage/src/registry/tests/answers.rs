//! Answers to requests with idempotency keys.

use super::*;
use crate::registry::idempotency::ANSWER_MS;
use scangate_core::venue::Venue;

fn key(scope: u8, body: u8) -> RequestKey {
    RequestKey { scope: [scope; 32], body: [body; 32] }
}

fn claimed(registry: &Registry, key: &RequestKey, now: Timestamp) -> AnswerClaim {
    let result = registry.claim_answer(key, now).unwrap();
    let ClaimResult::Claimed(claim) = result else { panic!("{result:?}") };
    claim
}

/// The answer of a key; none while its request is running.
fn answered(registry: &Registry, key: &RequestKey, now: Timestamp) -> Option<Vec<u8>> {
    match registry.claim_answer(key, now).unwrap() {
        ClaimResult::Answered(answer) => Some(answer),
        ClaimResult::Running => None,
        other @ (ClaimResult::Claimed(_) | ClaimResult::OtherBody) => panic!("{other:?}"),
    }
}

pub(super) fn answered_once(store: &TestStore) {
    let (registry, now) = (store.open(), crate::cql::clock::now());
    // Longer than one part.
    let answer = vec![b'k'; 600 * 1024];
    let mut claim = claimed(&registry, &key(1, 1), now);
    assert_eq!(answered(&registry, &key(1, 1), now), None);
    assert!(matches!(registry.claim_answer(&key(1, 2), now).unwrap(), ClaimResult::OtherBody));
    // Another scope that begins with the same bytes is another key.
    let neighbour = RequestKey { scope: [[1; 16], [2; 16]].concat().try_into().unwrap(), body: [1; 32] };
    registry.release_claim(&claimed(&registry, &neighbour, now)).unwrap();
    assert!(registry.store_answer(&mut claim, answer.clone()).unwrap());
    let registry = store.again(registry);
    assert_eq!(answered(&registry, &key(1, 1), now.plus_ms(ANSWER_MS - 1)), Some(answer));
    assert!(matches!(registry.claim_answer(&key(1, 2), now).unwrap(), ClaimResult::OtherBody));
    // A day later the key is free.
    claimed(&registry, &key(1, 2), now.plus_ms(ANSWER_MS));

    // A released key is free, and its former holder has lost it.
    let mut released = claimed(&registry, &key(3, 1), now);
    registry.release_claim(&released).unwrap();
    let mut second = claimed(&registry, &key(3, 2), now);
    assert!(!registry.store_answer(&mut released, b"late".to_vec()).unwrap());
    assert!(registry.renew_claim(&mut second, now.plus_ms(15_000)).unwrap());
    // A renewed claim is held; an abandoned one is taken over.
    assert_eq!(answered(&registry, &key(3, 2), now.plus_ms(34_999)), None);
    let mut third = claimed(&registry, &key(3, 2), now.plus_ms(35_000));
    assert!(!registry.store_answer(&mut second, b"dead".to_vec()).unwrap());
    assert!(registry.store_answer(&mut third, b"third".to_vec()).unwrap());
    assert_eq!(answered(&registry, &key(3, 2), now.plus_ms(35_000)), Some(b"third".to_vec()));
}

pub(super) fn claimed_by_one(store: &TestStore) {
    let (registry, now) = (store.open(), crate::cql::clock::now());
    let won: usize = std::thread::scope(|scope| {
        let claim = || matches!(registry.claim_answer(&key(4, 1), now).unwrap(), ClaimResult::Claimed(_));
        let claims: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
        claims.into_iter().map(|claim| usize::from(claim.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
}

/// A repeated request finds the thing that the first one made before its gateway died.
pub(super) fn made_once(store: &TestStore) {
    let registry = store.open();
    let venue = |name: &str| NewVenue {
        name: name.into(),
        kind: VenueKind::Restaurant,
        district: "Yunlong".into(),
        dwell: Dwell::default(),
        checks: Checks::default(),
        hours: None,
        position: None,
    };
    let make = |names: &[&str], seed: u8| -> Vec<Venue> {
        let registry = registry.making(&IdSource::derived([seed; 32]));
        names.iter().flat_map(|name| registry.add_venues(vec![venue(name)]).unwrap()).collect()
    };
    let whole = make(&["a", "b"], 7);
    assert_eq!(make(&["a", "b", "c"], 7)[..2], whole);
    assert!(make(&["a", "b"], 8).iter().all(|other| whole.iter().all(|one| one.id != other.id)));
    assert_eq!(make(&["a"], 7)[0], whole[0]);

    let register = |seed: u8, now: Timestamp| {
        let ids = IdSource::derived([seed; 32]);
        registry.making(&ids).register(&[personal(71)], 1, now).unwrap()[0]
    };
    let first = register(1, NOW);
    assert_eq!(register(1, NOW.plus_ms(5)), first);
    assert!(first.is_new && !register(2, NOW).is_new);
    assert!(!registry.register(&[personal(71)], 1, NOW).unwrap()[0].is_new);
    assert!(!register(1, NOW.plus_ms(ANSWER_MS)).is_new, "a day later");
}

#[test]
fn expired_answers_are_swept_from_an_embedded_store() {
    let store = TestStore::Embedded(tempfile::tempdir().unwrap());
    let registry = store.open();
    let mut old = claimed(&registry, &key(1, 1), NOW);
    registry.store_answer(&mut old, b"old".to_vec()).unwrap();
    let mut young = claimed(&registry, &key(2, 1), NOW.plus_ms(1));
    registry.store_answer(&mut young, b"young".to_vec()).unwrap();
    assert_eq!(registry.sweep_answers(NOW.plus_ms(ANSWER_MS - 1)).unwrap(), 0);
    assert_eq!(registry.sweep_answers(NOW.plus_ms(ANSWER_MS)).unwrap(), 2);
    assert_eq!(answered(&registry, &key(2, 1), NOW.plus_ms(ANSWER_MS)), Some(b"young".to_vec()));
    claimed(&registry, &key(1, 1), NOW.plus_ms(2));
}

#[test]
fn an_answer_is_not_readable_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::embedded(folder.path(), &Secret::new(&[5; 32]).unwrap()).unwrap();
    let mut claim = claimed(&registry, &key(1, 1), NOW);
    registry.store_answer(&mut claim, b"Unmistakable key".to_vec()).unwrap();
    drop(registry);
    assert!(!is_on_disk(folder.path(), "Unmistakable"));
}
