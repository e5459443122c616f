//! The registry over a real store on a real disk and over a real cluster, with the same tests.

mod acts;
mod answers;
mod cases;
mod evidence;
mod formats;
mod guardians;
mod notices;
mod people;
mod prefixes;
mod reviews;
mod test_sites;
mod version_before;

use super::*;
use crate::cql::testing::cluster;
use acts::{
    areas_stay_with_packs, audited_by_many, broken_audit, budgets, labels_used_once, released_once,
    tokens_revoked, windows,
};
use answers::{answered_once, claimed_by_one, made_once};
use cases::{cases_change_hands, older_cases_listed, traced_people};
use evidence::{papers_in_order, repeated_facts, reported_once_a_day, shown_upstream, withdrawn_facts};
use formats::indexed_until_upgraded;
use guardians::{named_and_taken, tied_by_many};
use notices::{notices_bounded, notices_listed};
use people::{
    contacted_once_a_colour, counted, erased_people, erasure_taken_back, moved_between_kids, once_registered,
    proven_for_good, registered_by_many, renewed_by_many,
};
use reviews::{phones_indexed, reviewed};
use scangate_core::booking::{BookingError, Slot};
use scangate_core::check_in::PolicyNumber;
use scangate_core::colour::{Checks, Colour};
use scangate_core::fact::{Fact, FactKind, Force, Withdrawal};
use scangate_core::id::{CaseId, FactId, PaperId, PersonId, TestSiteId, TokenId, UnitId, VenueId};
use scangate_core::keys::{Generation, KeyHistory};
use scangate_core::kin::{Kin, Side};
use scangate_core::paper::{Answer, Arrival, FiledPaper, Letter, NewUnit, Paper, UnitKind};
use scangate_core::person::{Document, DocumentType, PersonClass, Personal, PersonalChange};
use scangate_core::report::Report;
use scangate_core::test_site::{Opening, TestSite};
use scangate_core::time::Timestamp;
use scangate_core::token::{Claims, Role};
use scangate_core::venue::{Doors, Dwell, Venue, VenueKind};
use scangate_core::visit::Window;
use std::collections::BTreeMap;
use std::path::PathBuf;
use test_sites::{booked_by_many, test_sites_kept, units_kept};
use version_before::version_before;

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

    /// The store as the next gateway opens it. An embedded store has one gateway at a time.
    fn again(&self, before: Registry) -> Registry {
        drop(before);
        self.open()
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
    repeated_facts,
    erased_people,
    erasure_taken_back,
    renewed_by_many,
    moved_between_kids,
    broken_audit,
    counted,
    audited_by_many,
    budgets,
    windows,
    labels_used_once,
    areas_stay_with_packs,
    released_once,
    answered_once,
    claimed_by_one,
    made_once,
    tokens_revoked,
    reported_once_a_day,
    tied_by_many,
    proven_for_good,
    contacted_once_a_colour,
    phones_indexed,
    reviewed,
    named_and_taken,
    papers_in_order,
    shown_upstream,
    notices_listed,
    notices_bounded,
    test_sites_kept,
    units_kept,
    booked_by_many,
    cases_change_hands,
    older_cases_listed,
    traced_people,
    all_survives,
    version_before,
    indexed_until_upgraded,
);

fn personal(number: u32) -> Personal {
    Personal {
        name: format!("Unmistakable Name {number}"),
        phone: format!("139{number:08}"),
        document: Document { r#type: DocumentType::Passport, number: format!("UNMISTAKABLE{number:05}") },
        class: PersonClass::Courier,
        district: None,
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
        // Facts of different ids are different facts.
        reference: Some(id.to_string()),
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

fn all_survives(store: &TestStore) {
    let window = Window { from: Timestamp(1), to: Timestamp(2) };
    let case = {
        let registry = store.open();
        for (label, text, number) in
            [("default/1", "a", 1), ("default/1", "a", 1), ("xinji/1", "b", 2), ("default/1", "a", 3)]
        {
            let published = registry.publish_policy(label, text, "s", NOW).unwrap();
            assert_eq!(published, Ok(PolicyNumber(number)), "{label}");
        }
        registry.set("kids", b"1").unwrap();
        let (tracer, purpose, reference) = ("t".to_owned(), "contact-tracing".to_owned(), "r".to_owned());
        let (person, office) = (PersonId(3), "Gulou".to_owned());
        registry
            .open_case(NewCase { tracer, person, purpose, reference, office, window, opened: NOW })
            .unwrap()
    };
    let registry = store.open();
    assert_eq!(registry.case(case.id).unwrap(), Some(case.clone()));
    assert_eq!(registry.cases_about(PersonId(3)).unwrap(), [case]);
    assert_eq!(registry.setting("kids").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(registry.policies().unwrap().len(), 3);
    assert!(registry.policies().unwrap().iter().all(|stored| stored.since == NOW));
}
