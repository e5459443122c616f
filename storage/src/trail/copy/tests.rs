//! A small city copied to a real cluster, and every kind of difference between the two.

use super::*;
use crate::cql::testing::cluster;
use crate::trail::TrailStore as _;
use crate::trail::suite::{FIRST_DAY, TrailCity};
use scangate_core::check_in::{Mode, Outcome, PolicyNumber};
use scangate_core::co_presence::PersonAsk;
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::PersonId;
use scangate_core::visit::Window;
use std::collections::BTreeMap;

/// The city lies in 2022: its rows must not have ended by TTL.
const RETENTION_DAYS: u16 = 7_000;

/// A refusal is more final than every outcome of the city.
const REFUSED: Outcome = Outcome {
    colour: Colour::Red,
    verdict: Verdict::Refuse,
    checks: Checks::NONE,
    reasons: Reasons::NONE,
    policy: PolicyNumber(2),
};

struct CopyRig {
    folder: tempfile::TempDir,
    check_ins: Vec<CheckIn>,
}

impl CopyRig {
    fn new(buckets: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedTrails::open(folder.path(), buckets).unwrap();
        let mut check_ins = TrailCity { state: 9, people: 60, venues: 12, days: 3 }.check_ins(1_500);
        // One scan accepted by two gateways: one id, two times.
        check_ins.push(CheckIn { at: check_ins[7].at.plus_ms(4_000), ..check_ins[7] });
        for drain in check_ins.chunks(250).chain(check_ins.chunks(400)) {
            store.write(drain).unwrap();
        }
        Self { folder, check_ins }
    }

    fn open(&self, test: &str, (buckets, there): (u16, u16)) -> TrailCopy {
        TrailCopy::open(self.folder.path(), buckets, cluster(test), there, RETENTION_DAYS).unwrap()
    }
}

/// Every position, in order.
fn places(copy: &TrailCopy) -> impl Iterator<Item = TrailCursor> {
    std::iter::successors(copy.first(0), |place| copy.after(*place))
}

fn copy_all(copy: &TrailCopy) -> BTreeMap<Index, u64> {
    let (mut next, mut rows) = (copy.first(0), BTreeMap::new());
    while let Some(at) = next {
        let piece = copy.copy(at).unwrap();
        *rows.entry(copy.index(at)).or_default() += piece.rows;
        next = piece.next;
    }
    rows
}

/// The first difference, and the number of check-ins compared up to it.
fn compare_all(copy: &TrailCopy) -> (Option<Difference>, u64) {
    let (mut next, mut rows) = (copy.first(0), 0);
    while let Some(at) = next {
        let (piece, difference) = copy.compare(at).unwrap();
        rows += piece.rows;
        if difference.is_some() {
            return (difference, rows);
        }
        next = piece.next;
    }
    (None, rows)
}

#[test]
fn whatever_the_numbers_of_buckets_every_partition_is_compared_once() {
    let rig = CopyRig::new(12);
    for there in [12, 4, 24, 18, 35, 1] {
        let copy = rig.open("portions", (12, there));
        let mut seen = BTreeSet::new();
        for place in places(&copy) {
            let (index, period, class) = copy.portion(place);
            for bucket in copy.class(class, there) {
                assert!(seen.insert((index, period, bucket)));
            }
        }
        assert_eq!(seen.len(), 3 * 25 * usize::from(there), "{there} buckets");
        let (done, all) = copy.extent(places(&copy).last());
        assert_eq!((done, all), (all - 1, 3 * 25 * u64::from(copy.classes)));
    }
}

#[test]
fn a_copied_city_is_equal_under_both_indexes_and_each_difference_is_found() {
    const BUCKETS: (u16, u16) = (16, 24);
    let rig = CopyRig::new(BUCKETS.0);
    let copy = rig.open("trail_copy", BUCKETS);
    assert!(copy.is_target_empty().unwrap());
    assert!(matches!(
        compare_all(&copy).0,
        Some(Difference::CheckIn { index: Index::Persons, mismatch: Mismatch::Missing, .. })
    ));
    let count = rig.check_ins.len() as u64;
    // Copied twice: it may be interrupted anywhere.
    for _ in 0..2 {
        assert_eq!(copy_all(&copy), BTreeMap::from([(Index::Persons, count), (Index::Venues, count)]));
    }
    assert!(!copy.is_target_empty().unwrap());
    assert_eq!(compare_all(&copy), (None, 2 * count));
    let counted = copy.from.count().unwrap();
    assert_eq!((counted.len(), counted.values().sum()), (3, count));
    assert_eq!(ScyllaTrails::count_on(&cluster("trail_copy")).unwrap(), counted);
    let window = Window { from: rig.check_ins[0].at.minus_ms(1), to: rig.check_ins[0].at.plus_ms(3_600_000) };
    let ask = PersonAsk { person: rig.check_ins[0].person, window };
    assert_eq!(copy.to.persons(&[ask]).unwrap(), copy.from.persons(&[ask]).unwrap());

    let stranger =
        CheckIn { person: PersonId(5), id: scangate_core::id::CheckInId([1; 16]), ..rig.check_ins[3] };
    // A late record does not replace the live one.
    copy.to.write_index(Index::Venues, &[CheckIn { mode: Mode::Late, ..rig.check_ins[4] }]).unwrap();
    assert_eq!(compare_all(&copy).0, None);
    let other = CheckIn { outcome: Some(REFUSED), ..rig.check_ins[4] };
    for (wrong, mismatch) in [(stranger, Mismatch::Surplus), (other, Mismatch::Changed)] {
        copy.to.write_index(Index::Venues, &[wrong]).unwrap();
        let CheckIn { id, venue, at, .. } = wrong;
        let expected = Difference::CheckIn { id, venue, at, index: Index::Venues, mismatch };
        assert_eq!(compare_all(&copy).0, Some(expected));
        // By person nothing is wrong.
        let first = copy.first(at.utc_day()).unwrap();
        assert_eq!(copy.compare(first).unwrap().1, None);
        erase(&copy, stranger);
        copy_all(&copy);
    }
}

/// Removes a check-in from the cluster's venue index. It is added to the index by person first, so that
/// erasing finds it.
fn erase(copy: &TrailCopy, check_in: CheckIn) {
    copy.to.write_index(Index::Persons, &[check_in]).unwrap();
    copy.to.forget(check_in.person).unwrap();
}

#[test]
fn days_that_are_not_kept_are_counted_and_left_out() {
    let rig = CopyRig::new(8);
    let copy = rig.open("days", (8, 8));
    let before =
        |day: u32| rig.check_ins.iter().filter(|check_in| check_in.at.utc_day() < day).count() as u64;
    for day in FIRST_DAY..=FIRST_DAY + 3 {
        assert_eq!(copy.count_before(day).unwrap(), before(day));
        assert_eq!(copy.first(day).map(|place| place.day), (day < FIRST_DAY + 3).then_some(day));
    }
}
