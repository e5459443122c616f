//! A small registry copied to a real cluster, and every kind of difference between the two.

use super::*;

use crate::cql::testing::cluster;
use crate::registry::rows::WriteUnit;
use crate::registry::{NewVenue, Registry};
use scangate_core::colour::Checks;
use scangate_core::person::{Document, DocumentType, PersonClass, Personal};
use scangate_core::time::Timestamp;
use scangate_core::venue::{Dwell, VenueKind};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn secret(byte: u8) -> Secret {
    Secret::new(&[byte; 32]).unwrap()
}

/// Makes a registry of some people and venues, with a row in most tables.
fn found(folder: &Path) {
    let registry = Registry::embedded(folder, &secret(5)).unwrap();
    let person = |number| Personal {
        name: format!("Name {number}"),
        phone: String::new(),
        document: Document { r#type: DocumentType::Passport, number: format!("P{number:05}") },
        class: PersonClass::default(),
        district: None,
    };
    registry.register(&(0..40).map(person).collect::<Vec<_>>(), 1, NOW).unwrap();
    let venue = |number| NewVenue {
        name: format!("Venue {number}"),
        kind: VenueKind::Market,
        district: "Gulou".into(),
        dwell: Dwell::default(),
        checks: Checks::NONE,
        hours: None,
        position: None,
    };
    registry.add_venues((0..10).map(venue).collect()).unwrap();
    registry.publish_policy("default/1", "a", "s", Timestamp(1)).unwrap().unwrap();
    registry.set("kids", b"1").unwrap();
    registry.report_drained(7, NOW).unwrap();
}

fn copy_all(copy: &RegistryCopy) -> u64 {
    let (mut next, mut rows) = (Some(RegistryCopy::first()), 0);
    while let Some(at) = next {
        let piece = copy.copy(&at).unwrap();
        rows += piece.rows;
        next = piece.next;
    }
    rows
}

fn compare_all(copy: &RegistryCopy) -> (u64, Option<Difference>) {
    let (mut next, mut rows, mut first) = (Some(0), 0, None);
    while let Some(at) = next {
        let (piece, difference) = copy.compare(at).unwrap();
        rows += piece.rows;
        first = first.or(difference);
        next = piece.next;
    }
    (rows, first)
}

fn missing(copy: &RegistryCopy) -> Option<Difference> {
    let mut next = Some(RegistryCopy::first());
    while let Some(at) = next {
        let (piece, difference) = copy.missing(&at).unwrap();
        if difference.is_some() {
            return difference;
        }
        next = piece.next;
    }
    None
}

#[test]
fn a_copied_registry_is_equal_and_each_difference_is_found() {
    let folder = tempfile::tempdir().unwrap();
    found(folder.path());
    let copy = RegistryCopy::open(folder.path(), cluster("registry_copy")).unwrap();
    assert!(copy.is_target_empty().unwrap());
    let sum = copy.sum().unwrap();
    // 40 people with their documents and phones, 10 venues, a pack and a setting. The drained row is not
    // copied.
    assert_eq!(sum.rows, 132);
    assert_eq!(compare_all(&copy), (0, None));
    assert!(matches!(missing(&copy), Some(Difference::Row { mismatch: Mismatch::Missing, .. })));
    for _ in 0..2 {
        assert_eq!(copy_all(&copy), sum.rows);
    }
    assert!(!copy.is_target_empty().unwrap());
    assert_eq!(compare_all(&copy), (sum.rows, None));
    assert_eq!(missing(&copy), None);
    assert_eq!(copy.sum().unwrap(), sum);

    let changed = Row::new(RegistryTable::Settings, "kids", "2");
    let surplus = Row::new(RegistryTable::Venues, 9_u64.to_be_bytes(), "x");
    for (wrong, mismatch) in [(changed, Mismatch::Changed), (surplus, Mismatch::Surplus)] {
        let Row { table, key, .. } = wrong.clone();
        copy.to.write(&[vec![wrong].into()]).unwrap();
        let expected = Difference::Row { table: table.name().into(), bucket: bucket(table, &key), mismatch };
        assert_eq!(compare_all(&copy).1, Some(expected));
        copy.to.write(&[WriteUnit { put: Vec::new(), remove: vec![(table, key)] }]).unwrap();
        copy_all(&copy);
        assert_eq!(compare_all(&copy), (sum.rows, None));
    }
    let gone = (RegistryTable::Settings, b"kids".to_vec());
    copy.to.write(&[WriteUnit { put: Vec::new(), remove: vec![gone] }]).unwrap();
    assert_eq!(compare_all(&copy), (sum.rows - 1, None));
    let expected = Difference::Row {
        table: "settings".into(),
        bucket: bucket(RegistryTable::Settings, b"kids"),
        mismatch: Mismatch::Missing,
    };
    assert_eq!(missing(&copy), Some(expected));
}

#[test]
fn a_wrong_secret_is_known_and_a_changed_row_changes_the_sum() {
    let folder = tempfile::tempdir().unwrap();
    found(folder.path());
    let open = || RegistryCopy::open(folder.path(), cluster("never_asked")).unwrap();
    let copy = open();
    copy.check(&secret(5)).unwrap();
    assert!(matches!(copy.check(&secret(6)), Err(RegistryError::Sealed)));
    let sum = copy.sum().unwrap();
    drop(copy);
    Registry::embedded(folder.path(), &secret(5)).unwrap().set("kids", b"3").unwrap();
    let later = open().sum().unwrap();
    assert_eq!(later.rows, sum.rows);
    assert_ne!(later.digest, sum.digest);
    let nobody = tempfile::tempdir().unwrap();
    RegistryCopy::open(nobody.path(), cluster("never_asked")).unwrap().check(&secret(6)).unwrap();
}

#[test]
fn a_place_is_found_again_by_its_tables_name() {
    for table in RegistryTable::ALL {
        assert_eq!(serde_json::to_value(table).unwrap(), table.name());
    }
    let place = RowCursor { table: RegistryTable::FactOwners, after: vec![1, 255] };
    let text = serde_json::to_string(&place).unwrap();
    assert_eq!(serde_json::from_str::<RowCursor>(&text).unwrap(), place);
}
