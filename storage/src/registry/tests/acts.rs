//! The audit, budgets and held lists.

use super::*;

pub(super) fn broken_audit(store: &TestStore) {
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

pub(super) fn audited_by_many(store: &TestStore) {
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

pub(super) fn budgets(store: &TestStore) {
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

pub(super) fn released_once(store: &TestStore) {
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
