//! Trails that version 0.1.0 stored, row by row, as this version reads and continues them.

use super::*;
use crate::example::{each_mode, unhex};
use scangate_core::id::{CheckInId, VenueId};
use scangate_core::time::DAY_MS;
use scangate_core::visit::Window;

/// A keyspace, a key and a value a line, the latter two in hexadecimal: what version 0.1.0 made of two
/// drains into four buckets.
const ROWS: &str = include_str!("version_0_1_0.rows");

fn sorted(mut check_ins: Vec<CheckIn>) -> Vec<CheckIn> {
    check_ins.sort_unstable_by_key(|check_in| (check_in.at, check_in.id));
    check_ins
}

#[test]
fn the_trails_of_version_0_1_0_are_read_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::builder(folder.path()).open().unwrap();
    for line in ROWS.lines() {
        let parts: Vec<&str> = line.split(' ').collect();
        let keyspace = database.keyspace(parts[0], KeyspaceCreateOptions::default).unwrap();
        keyspace.insert(unhex(parts[1]), unhex(parts[2])).unwrap();
    }
    database.persist(PersistMode::SyncAll).unwrap();
    drop(database);

    let trails = EmbeddedTrails::open(folder.path(), 4).unwrap();
    let mut all = each_mode();
    // The next drain overwrites no block of before.
    let more: Vec<CheckIn> = all
        .iter()
        .map(|check_in| CheckIn { id: CheckInId([check_in.id.0[0] + 16; 16]), ..*check_in })
        .collect();
    trails.write(&more).unwrap();
    all.extend(more);
    let window = Window { from: Timestamp(0), to: Timestamp(20_000 * DAY_MS) };
    let of_person = |person: u64| all.iter().copied().filter(move |check_in| check_in.person.0 == person);
    for person in 1..=3 {
        let ask = PersonAsk { person: PersonId(person), window };
        let found = trails.persons(&[ask]).unwrap().remove(0);
        assert_eq!(sorted(found), sorted(of_person(person).collect()), "person {person}");
    }
    for venue in [VenueId(100), VenueId(101)] {
        let expected = all.iter().copied().filter(|check_in| check_in.venue == venue).collect();
        let found = trails.venues(&[VenueAsk { venue, window }]).unwrap().remove(0);
        assert_eq!(sorted(found), sorted(expected), "{venue}");
    }
    assert_eq!(all.len(), 14);
}
