//! Applications: the index of phones, and reviews from the application to the decision.

use super::*;
use scangate_core::paper::{Review, ReviewDecision, ReviewStatus};
use scangate_core::policy::ApplicationCheck;

fn with_phone(number: u32, phone: &str) -> Personal {
    Personal { phone: phone.into(), ..personal(number) }
}

fn holders(registry: &Registry, phone: &str) -> Vec<PersonId> {
    let mut holders: Vec<PersonId> =
        registry.phone_holders(phone).unwrap().into_iter().map(|holder| holder.id).collect();
    holders.sort_unstable();
    holders
}

/// Applies for a person, with a review that failed one check.
fn apply(registry: &Registry, number: u32, applied: Timestamp) -> PersonId {
    let review =
        Review { applied, due: applied.plus_ms(9), failed: vec![ApplicationCheck::Phone], decision: None };
    let review = |_| Ok(Some(review.clone()));
    registry.apply(&personal(number), false, 1, applied, &review).unwrap().person
}

pub(super) fn phones_indexed(store: &TestStore) {
    const PHONE: &str = "13700000001";
    const OTHER: &str = "13700000002";
    let registry = store.open();
    let people = [with_phone(1, PHONE), with_phone(2, PHONE), with_phone(3, OTHER)];
    let ids: Vec<PersonId> =
        registry.register(&people, 1, NOW).unwrap().iter().map(|one| one.person).collect();
    let mut both = vec![ids[0], ids[1]];
    both.sort_unstable();
    assert_eq!(holders(&registry, PHONE), both);
    assert_eq!(holders(&registry, "13700000003"), []);
    // A review sees the others, and the applicant whose own registration is going on.
    let seen = std::cell::Cell::new(0);
    let review = |person| {
        let found = registry.phone_holders(OTHER)?;
        assert!(found.iter().any(|holder| holder.id == person && holder.person.is_none()));
        assert!(found.iter().any(|holder| holder.id == ids[2] && holder.person.is_some()));
        seen.set(found.len());
        Ok(None)
    };
    registry.apply(&with_phone(4, OTHER), false, 1, NOW, &review).unwrap();
    assert_eq!(seen.get(), 2);
    // The index follows a change, a replacement and an erasure.
    let change = PersonalChange { phone: Some(OTHER.into()), ..PersonalChange::default() };
    registry.change_person(ids[0], &change).unwrap().unwrap();
    assert_eq!(holders(&registry, PHONE), [ids[1]]);
    assert_eq!(holders(&registry, OTHER).len(), 3);
    registry.replace_person(ids[0], 1, &with_phone(1, PHONE), None).unwrap().unwrap();
    registry.erase_person(ids[1], 1, NOW).unwrap().unwrap();
    assert_eq!(holders(&registry, PHONE), [ids[0]]);
    // The people of an earlier format are added.
    registry.forget_phone(&people[0].phone, ids[0]);
    assert_eq!(holders(&registry, PHONE), []);
    registry.index_earlier_rows().unwrap();
    assert_eq!(holders(&registry, PHONE), [ids[0]]);
    assert_eq!(holders(&registry, OTHER).len(), 2);
}

pub(super) fn reviewed(store: &TestStore) {
    let registry = store.open();
    let later = NOW.plus_ms(5);
    let (second, first) = (apply(&registry, 1, later), apply(&registry, 2, NOW));
    let imported = registry.register(&[personal(3)], 1, NOW).unwrap()[0].person;
    let waiting = |registry: &Registry, behind, max| -> Vec<PersonId> {
        let is_waiting = |review: &Review| review.status() == ReviewStatus::Waiting;
        registry.unapproved(behind, max, is_waiting).unwrap().iter().map(|(person, _)| person.id).collect()
    };
    assert_eq!(waiting(&registry, None, 9), [first, second]);
    assert_eq!(waiting(&registry, None, 1), [first]);
    assert_eq!(waiting(&registry, Some((NOW, first)), 9), [second]);
    let reviews = |people: &[PersonId]| -> Vec<bool> {
        let evidence = registry.evidence_of_registered(people).unwrap().into_iter().flatten();
        evidence.map(|(_, evidence)| evidence.review.is_some_and(|one| one.withholds_colour(later))).collect()
    };
    assert_eq!(reviews(&[first, second, imported]), [true, true, false]);

    let decision = |status| {
        let (by, reason) = ("office".to_owned(), Some("checked".to_owned()));
        ReviewDecision { status, at: later, by, reason }
    };
    let (approval, rejection) = (decision(ReviewStatus::Approved), decision(ReviewStatus::Rejected));
    let (review, holds) = registry.decide_review(first, &rejection).unwrap().unwrap();
    assert_eq!((review.status(), holds), (ReviewStatus::Rejected, true));
    assert_eq!(waiting(&registry, None, 9), [second]);
    // A rejected person still has no colour.
    assert_eq!(registry.unapproved(None, 9, |_| true).unwrap().len(), 2);
    let (review, holds) = registry.decide_review(second, &approval).unwrap().unwrap();
    assert_eq!(
        (review.status(), review.decision, holds),
        (ReviewStatus::Approved, Some(approval.clone()), true)
    );
    assert!(!registry.decide_review(second, &rejection).unwrap().unwrap().1);
    assert_eq!(registry.decide_review(imported, &approval).unwrap(), None);
    assert_eq!(registry.decide_review(PersonId(1), &approval).unwrap(), None);
    let registry = store.again(registry);
    assert_eq!(registry.person(second).unwrap().unwrap().review.unwrap().decision, Some(approval));
    // A change of name keeps the review, and an erasure removes it.
    let change = PersonalChange { name: Some("another".into()), ..PersonalChange::default() };
    assert!(registry.change_person(first, &change).unwrap().unwrap().review.is_some());
    registry.erase_person(first, 1, NOW).unwrap().unwrap();
    assert_eq!(registry.unapproved(None, 9, |_| true).unwrap(), []);
}
