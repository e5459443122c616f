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
    assert_eq!(registry.spent("cases/a", 1).unwrap(), 100);
    assert_eq!(registry.spent("cases/b", 1).unwrap(), 0);
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
        signature: None,
    };
    let id = registry.hold(new).unwrap();
    assert_eq!(registry.all_held().unwrap().len(), 1);
    let got = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4).map(|_| scope.spawn(|| registry.release_held(id).unwrap())).collect();
        tries.into_iter().filter_map(|one| one.join().unwrap()).count()
    });
    assert_eq!(got, 1);
    assert_eq!(registry.held(id).unwrap(), None);
    let again = HeldList {
        id,
        kind: HeldListKind::Facts,
        sent_by: "a".into(),
        at: NOW,
        count: 2,
        body: "{}".into(),
        signature: None,
    };
    assert!(registry.hold_again(&again).unwrap());
    assert!(!registry.hold_again(&again).unwrap());
    assert_eq!(registry.held(id).unwrap(), Some(again));
}

pub(super) fn windows(store: &TestStore) {
    let registry = store.open();
    let minutes = |minutes: u64| NOW.plus_ms(minutes * 60_000);
    let spend = |accounts: &[(&str, u64)], at: u64| {
        let amounts = accounts.iter().map(|(account, amount)| ((*account).to_owned(), *amount)).collect();
        registry.spend_windows(&amounts, minutes(at), 100).unwrap()
    };
    let granted: usize = std::thread::scope(|scope| {
        let spenders: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..15).filter(|_| spend(&[("a", 3)], 0)).count())).collect();
        spenders.into_iter().map(|spender| spender.join().unwrap()).sum()
    });
    assert_eq!(granted, 33);
    // A list that does not fit one window spends nothing of the others.
    assert!(!spend(&[("a", 2), ("b", 100)], 1));
    assert!(!spend(&[("b", 100), ("c", 101)], 1));
    assert!(spend(&[("a", 1), ("b", 100)], 59));
    // An hour later the amounts of a minute ago still count.
    assert!(!spend(&[("a", 1)], 60));
    assert!(!spend(&[("a", 100)], 61));
    assert!(spend(&[("a", 99)], 61));
    assert!(!spend(&[("b", 1)], 119));
    // A gateway whose clock is behind adds to the newest minute.
    assert!(spend(&[("d", 50)], 10) && spend(&[("d", 50)], 8));
    assert!(!spend(&[("d", 1)], 69) && spend(&[("d", 100)], 71));
}

pub(super) fn labels_used_once(store: &TestStore) {
    let registry = store.open();
    let publish = |label: &str, text: &str| registry.publish_policy(label, text, "s", NOW).unwrap();
    assert!(registry.publish_first_policy("city/3", "a", "s", NOW).unwrap());
    assert!(!registry.publish_first_policy("other/1", "b", "s", NOW).unwrap());
    for (label, text) in [("city/3", "b"), ("city/2", "b"), ("city/2", "a2"), ("city/x", "b")] {
        let expected = if label == "city/x" { Ok(PolicyNumber(2)) } else { Err(LabelUsed { next: 4 }) };
        assert_eq!(publish(label, text), expected, "{label} {text}");
    }
    assert_eq!(publish("city/3", "a"), Ok(PolicyNumber(3)));
    assert_eq!(publish("city/3", "a"), Ok(PolicyNumber(3)));
    assert_eq!(publish("city/10", "c"), Ok(PolicyNumber(4)));
    // Numbers are compared as numbers, and a lower one is refused even with its own text.
    assert_eq!(publish("city/9", "d"), Err(LabelUsed { next: 11 }));
    assert_eq!(publish("city/3", "a"), Err(LabelUsed { next: 11 }));

    let published = std::thread::scope(|scope| {
        let texts = ["e", "f", "g", "h"];
        let publish = &publish;
        let publish = |text| scope.spawn(move || publish("city/11", text).is_ok());
        let all: Vec<_> = texts.into_iter().map(publish).collect();
        all.into_iter().filter_map(|one| one.join().unwrap().then_some(())).count()
    });
    assert_eq!(published, 1);
    assert_eq!(registry.policies().unwrap().len(), 5);
}

pub(super) fn areas_stay_with_packs(store: &TestStore) {
    let registry = store.open();
    let list = |text: &str, at| StoredAreas {
        text: text.to_owned(),
        by: "cdc".to_owned(),
        at: Timestamp(at),
        signature: "s".to_owned(),
    };
    assert_eq!(registry.publish_areas(&list("first", 1)).unwrap(), None);
    assert!(registry.publish_first_policy("city/1", "a", "s", Timestamp(0)).unwrap());
    assert_eq!(registry.publish_areas(&list("first", 1)).unwrap(), Some(PolicyNumber(2)));
    // Publishing the text in force again changes nothing, and another pack keeps the list.
    assert_eq!(registry.publish_policy("city/1", "a", "s", NOW).unwrap(), Ok(PolicyNumber(2)));
    assert_eq!(registry.publish_policy("city/2", "b", "s", NOW).unwrap(), Ok(PolicyNumber(3)));
    assert_eq!(registry.publish_areas(&list("second", 2)).unwrap(), Some(PolicyNumber(4)));
    let registry = store.again(registry);
    let stored = registry.policies().unwrap();
    let stored: Vec<_> = stored
        .iter()
        .map(|stored| (stored.text.as_str(), stored.areas.as_ref().map(|list| list.at.0)))
        .collect();
    assert_eq!(stored, [("a", None), ("a", Some(1)), ("b", Some(1)), ("b", Some(2))]);
}

pub(super) fn tokens_revoked(store: &TestStore) {
    let listed = |id: u64, expires: u64| ListedToken {
        claims: Claims {
            jti: TokenId(id),
            role: Role::Tracer,
            subject: "t".into(),
            venue: None,
            door: None,
            district: None,
            expires: Timestamp(expires),
        },
        minted: Some(NOW),
        first_seen: None,
        revoked: None,
    };
    let revoked_by = |by: &str| TokenRevocation { at: NOW, by: by.into() };
    {
        let registry = store.open();
        assert!(registry.list_token(&listed(1, 10)).unwrap() && registry.list_token(&listed(2, 20)).unwrap());
        assert!(!registry.list_token(&ListedToken { minted: None, ..listed(1, 30) }).unwrap());
        assert_eq!(registry.token(TokenId(1)).unwrap(), Some(listed(1, 10)));
        assert_eq!(registry.revoke_token(TokenId(3), &revoked_by("a")).unwrap(), None);
        for by in ["a", "b"] {
            let revoked = registry.revoke_token(TokenId(2), &revoked_by(by)).unwrap().unwrap();
            assert_eq!(revoked.revoked, Some(revoked_by("a")), "the first one counts");
        }
        assert!(!registry.list_token(&listed(2, 20)).unwrap());
        let used = ListedToken { minted: None, first_seen: Some(NOW), ..listed(4, 10) };
        assert!(registry.list_token(&used).unwrap());
        for minted in [NOW.plus_ms(1), NOW.plus_ms(2)] {
            registry.note_minted(used.claims.clone(), minted).unwrap();
            let known = ListedToken { minted: Some(NOW.plus_ms(1)), ..used.clone() };
            assert_eq!(registry.token(TokenId(4)).unwrap(), Some(known));
        }
    }
    let registry = store.open();
    assert_eq!(registry.revoked_tokens().unwrap(), [TokenId(2)]);
    registry.forget_tokens(Timestamp(20)).unwrap();
    let left: Vec<TokenId> = registry.tokens().unwrap().iter().map(|token| token.claims.jti).collect();
    assert_eq!(left, [TokenId(2)]);
}
