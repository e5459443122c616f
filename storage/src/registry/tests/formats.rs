//! The indexes over rows of an earlier format, while gateways of two versions share a registry.

use super::cases::new_case;
use super::*;

/// Opens a case as a gateway of format 1 does: without the index.
fn open_as_before(registry: &Registry) -> CaseId {
    let case = registry.open_case(new_case("a", PersonId(3))).unwrap();
    registry.forget_index(&case).unwrap();
    case.id
}

fn listed(registry: &Registry) -> Vec<CaseId> {
    registry.cases_of("a").unwrap().into_iter().map(|case| case.id).collect()
}

pub(super) fn indexed_until_upgraded(store: &TestStore) {
    let registry = store.open();
    let (earlier, upgraded) = (7, 8);
    for gateway in [earlier, upgraded] {
        registry.report_drained(gateway, NOW).unwrap();
    }
    registry.announce_format(upgraded).unwrap();
    assert_eq!(registry.gateways_of_earlier_format().unwrap(), [earlier]);
    let first = open_as_before(&registry);
    registry.index_earlier_rows().unwrap();
    assert_eq!(listed(&registry), [first]);
    if !registry.is_shared() {
        // No other gateway writes to it, so the first pass was the last.
        let second = open_as_before(&registry);
        registry.index_earlier_rows().unwrap();
        assert!(!listed(&registry).contains(&second));
        return;
    }
    // The gateway of the earlier format goes on, and is upgraded at last.
    let second = open_as_before(&registry);
    registry.index_earlier_rows().unwrap();
    assert_eq!(listed(&registry), [first], "it waits, and does not read all cases at each tick");
    registry.announce_format(earlier).unwrap();
    assert!(registry.gateways_of_earlier_format().unwrap().is_empty());
    registry.index_earlier_rows().unwrap();
    let mut both = vec![first, second];
    let mut found = listed(&registry);
    both.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, both);
    // It is complete now: nothing more is read.
    let third = open_as_before(&registry);
    registry.index_earlier_rows().unwrap();
    assert!(!listed(&registry).contains(&third));
}
