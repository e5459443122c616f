//! One suite for every store: each returns the answers of the store in memory, whatever the order of drains
//! and their repetitions.

use super::{BUCKETS, EmbeddedTrails, MemoryTrails, TrailError, TrailStore};
use proptest::prelude::*;
use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::co_presence::{PersonAsk, VenueAsk};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::time::{DAY_MS, HOUR_MS, Timestamp};
use scangate_core::visit::Window;
use std::collections::BTreeSet;

const START: u64 = FIRST_DAY as u64 * DAY_MS;
/// The city's first day.
pub(super) const FIRST_DAY: u32 = 18_996;

/// A reproducible city, drawn from a seed.
pub(super) struct TrailCity {
    pub(super) state: u64,
    pub(super) people: u64,
    pub(super) venues: u64,
    pub(super) days: u64,
}

impl TrailCity {
    fn draw(&mut self, below: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    fn check_in(&mut self, number: u64) -> CheckIn {
        let spread = |id: u64| id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        CheckIn {
            id: CheckInId(u128::from(spread(number)).to_be_bytes()),
            person: PersonId(spread(self.draw(self.people))),
            venue: VenueId(spread(self.draw(self.venues))),
            at: Timestamp(START + self.draw(self.days * DAY_MS)),
            direction: if self.draw(4) == 0 { Direction::Out } else { Direction::In },
            mode: Mode::Terminal,
            outcome: (self.draw(8) > 0).then_some(Outcome {
                colour: Colour::Yellow,
                verdict: Verdict::Check,
                checks: Checks::FULL,
                reasons: Reasons::rule(3),
                policy: PolicyNumber(2),
            }),
        }
    }

    pub(super) fn check_ins(&mut self, count: u64) -> Vec<CheckIn> {
        (0..count).map(|number| self.check_in(number)).collect()
    }
}

/// Check-ins with several records each, drawn from a seed: live ones of two gateways, late ones of two gates.
/// Their times lie around the edges of hours and days, and around [`edges`].
fn twins(seed: u64, count: u64) -> Vec<CheckIn> {
    let mut city = TrailCity { state: seed, people: 3, venues: 2, days: 1 };
    let mut records = Vec::new();
    for number in 0..count {
        let edge = edges()[usize::try_from(city.draw(3)).unwrap()];
        // The time at which the code became valid.
        let since = edge.0 - city.draw(STEP_VALID_MS);
        let one = CheckIn { direction: Direction::In, ..city.check_in(number) };
        let same_time = since + city.draw(STEP_VALID_MS);
        for _ in 0..=city.draw(3) {
            let at = if city.draw(3) == 0 { same_time } else { since + city.draw(STEP_VALID_MS) };
            let mode = if city.draw(2) == 0 { Mode::Late } else { Mode::Terminal };
            let (verdict, checks) = match (mode, city.draw(3)) {
                (_, 0) => (Verdict::Pass, Checks::NONE),
                (Mode::Terminal, 1) => (Verdict::Check, Checks::FULL),
                (_, _) => (Verdict::Refuse, Checks::NONE),
            };
            let outcome = one.outcome.map(|outcome| Outcome { verdict, checks, ..outcome });
            records.push(CheckIn { at: Timestamp(at), mode, outcome, ..one });
        }
    }
    records
}

/// The ends of an hour, of a day, and a time within an hour.
fn edges() -> [Timestamp; 3] {
    [START + 5 * HOUR_MS, START + DAY_MS, START + 9 * HOUR_MS + 1_234_567].map(Timestamp)
}

/// Compares the store with the oracle in windows that begin or end near the records' times.
fn compare_near_edges(store: &dyn TrailStore, oracle: &dyn TrailStore, records: &[CheckIn]) {
    compare(store, oracle, records);
    let people: BTreeSet<PersonId> = records.iter().map(|record| record.person).collect();
    let venues: BTreeSet<VenueId> = records.iter().map(|record| record.venue).collect();
    for window in windows_near_edges() {
        let asks: Vec<PersonAsk> = people.iter().map(|&person| PersonAsk { person, window }).collect();
        assert_eq!(store.persons(&asks).unwrap(), oracle.persons(&asks).unwrap(), "{window:?}");
        let asks: Vec<VenueAsk> = venues.iter().map(|&venue| VenueAsk { venue, window }).collect();
        assert_eq!(store.venues(&asks).unwrap(), oracle.venues(&asks).unwrap(), "{window:?}");
    }
}

fn windows_near_edges() -> impl Iterator<Item = Window> {
    edges().into_iter().flat_map(|edge| {
        [0, 1, 20_000, STEP_VALID_MS - 1, STEP_VALID_MS].into_iter().flat_map(move |off| {
            let [before, after] = [edge.minus_ms(off), edge.plus_ms(off)];
            let windows = [
                (before, edge.plus_ms(DAY_MS)),
                (edge.minus_ms(DAY_MS), before),
                (after, edge.plus_ms(DAY_MS)),
                (edge.minus_ms(DAY_MS), after),
                (before, after),
            ];
            windows.map(|(from, to)| Window { from, to })
        })
    })
}

/// Whether `one` counts before `other`, another record of the same check-in: the rule in plain words.
fn counts_before(one: &CheckIn, other: &CheckIn) -> bool {
    match (one.mode == Mode::Late, other.mode == Mode::Late) {
        (false, true) => true,
        (true, false) => false,
        _ if one.at != other.at => one.at < other.at,
        (is_late, _) => {
            let order = [Verdict::Refuse, Verdict::Pass, Verdict::Check];
            let place = |record: &CheckIn| {
                let verdict = record.outcome.map(|outcome| outcome.verdict);
                order.iter().position(|&one| Some(one) == verdict).unwrap_or(order.len())
            };
            if is_late { !one.is_refused() && other.is_refused() } else { place(one) < place(other) }
        }
    }
}

#[test]
fn memory_returns_the_record_that_counts_of_each_check_in() {
    for seed in 0..20 {
        let records = twins(seed, 30);
        let oracle = MemoryTrails::default();
        records.chunks(7).for_each(|drain| oracle.write(drain).unwrap());
        for window in windows_near_edges() {
            let counts = |record: &&CheckIn| {
                let of_id = records.iter().filter(|other| other.id == record.id);
                !of_id.clone().any(|other| counts_before(other, record))
            };
            let mut expected: Vec<CheckIn> = records.iter().filter(counts).copied().collect();
            expected.retain(|record| record.at >= window.from && record.at < window.to);
            expected.sort_unstable_by_key(|record| (record.at, record.venue, record.id));
            expected.dedup();
            let person = records[0].person;
            let own = oracle.persons(&[PersonAsk { person, window }]).unwrap().remove(0);
            expected.retain(|record| record.person == person);
            assert_eq!(own, expected, "seed {seed}, {window:?}");
        }
    }
}

#[test]
fn late_and_live_records_are_merged_across_hours_days_and_windows() {
    for seed in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let (store, oracle) = (embedded(&folder), MemoryTrails::default());
        let records = twins(seed, 40);
        for drain in records.chunks(11).rev().chain(records.chunks(1)) {
            store.write(drain).unwrap();
            oracle.write(drain).unwrap();
        }
        compare_near_edges(&store, &oracle, &records);
        for stored in [&store as &dyn TrailStore, &oracle] {
            stored.forget(records[0].person).unwrap();
        }
        compare_near_edges(&store, &oracle, &records);
    }
}

pub(super) fn compare(store: &dyn TrailStore, oracle: &dyn TrailStore, check_ins: &[CheckIn]) {
    let whole = Window { from: Timestamp(0), to: Timestamp(u64::MAX / 2) };
    let part = Window { from: Timestamp(START + 7 * HOUR_MS), to: Timestamp(START + 31 * HOUR_MS) };
    let mut people: Vec<PersonId> = check_ins.iter().map(|check_in| check_in.person).collect();
    people.sort_unstable();
    people.dedup();
    let month = Window { from: Timestamp(START), to: Timestamp(START + 30 * DAY_MS) };
    // If the last check-in is a twin, only its later time is in this window, so it is not returned.
    let cut = check_ins.last().map_or(month, |last| Window { from: last.at, ..month });
    let inverted = Window { from: month.to, to: month.from };
    for window in [part, month, cut, inverted] {
        let asks: Vec<_> = people.iter().map(|&person| PersonAsk { person, window }).collect();
        assert_eq!(store.persons(&asks).unwrap(), oracle.persons(&asks).unwrap());
    }
    let mut venues: Vec<VenueId> = check_ins.iter().map(|check_in| check_in.venue).collect();
    venues.sort_unstable();
    venues.dedup();
    for window in [part, whole, cut, inverted] {
        let asks: Vec<_> = venues.iter().map(|&venue| VenueAsk { venue, window }).collect();
        assert_eq!(store.venues(&asks).unwrap(), oracle.venues(&asks).unwrap());
    }
}

fn embedded(folder: &tempfile::TempDir) -> EmbeddedTrails {
    EmbeddedTrails::open(&folder.path().join("trails"), BUCKETS).unwrap()
}

#[test]
fn a_city_of_a_hundred_thousand_check_ins_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (store, oracle) = (embedded(&folder), MemoryTrails::default());
    let check_ins = TrailCity { state: 1, people: 700, venues: 60, days: 3 }.check_ins(100_000);
    for drain in check_ins.chunks(9_000) {
        store.write(drain).unwrap();
        oracle.write(drain).unwrap();
    }
    compare(&store, &oracle, &check_ins);
    drop(store);
    compare(&embedded(&folder), &oracle, &check_ins);
}

#[test]
fn many_small_drains_merge_and_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let oracle = MemoryTrails::default();
    let check_ins = TrailCity { state: 2, people: 40, venues: 6, days: 1 }.check_ins(3_000);
    for (number, half) in check_ins.chunks(1_500).enumerate() {
        let store = embedded(&folder);
        for drain in half.chunks(3) {
            store.write(drain).unwrap();
            oracle.write(drain).unwrap();
            if number == 1 {
                store.write(drain).unwrap();
            }
        }
        compare(&store, &oracle, &check_ins);
    }
}

#[test]
fn old_days_go_and_a_person_can_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (store, oracle) = (embedded(&folder), MemoryTrails::default());
    let check_ins = TrailCity { state: 3, people: 30, venues: 9, days: 5 }.check_ins(2_000);
    for stored in [&store as &dyn TrailStore, &oracle] {
        stored.write(&check_ins).unwrap();
        stored.retain_from(18_998).unwrap();
        stored.forget(check_ins[0].person).unwrap();
    }
    compare(&store, &oracle, &check_ins);
    let ask = PersonAsk {
        person: check_ins[0].person,
        window: Window { from: Timestamp(START), to: Timestamp(START + 9 * DAY_MS) },
    };
    assert_eq!(store.persons(&[ask]).unwrap(), [[]]);
    drop(store);
    compare(&embedded(&folder), &oracle, &check_ins);
}

#[test]
fn the_number_of_buckets_is_for_life() {
    let folder = tempfile::tempdir().unwrap();
    drop(embedded(&folder));
    let other = EmbeddedTrails::open(&folder.path().join("trails"), 64);
    assert!(matches!(other, Err(TrailError::Buckets { found: BUCKETS, asked: 64 })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_order_and_repetition_of_drains(seed: u64, size in 1_usize..40, repeated in 0_usize..10) {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedTrails::open(folder.path(), 4).unwrap();
        let oracle = MemoryTrails::default();
        let mut city = TrailCity { state: seed, people: 12, venues: 5, days: 2 };
        let mut check_ins = city.check_ins(200);
        // One scan accepted by two gateways: one id, two times.
        let mut twin = check_ins[7];
        twin.at = twin.at.plus_ms(4_000);
        check_ins.push(twin);
        for drain in check_ins.chunks(size).chain(check_ins.chunks(size).take(repeated)) {
            store.write(drain).unwrap();
            oracle.write(drain).unwrap();
        }
        compare(&store, &oracle, &check_ins);
    }
}

mod cluster {
    //! The suite over a CQL cluster.

    use super::*;
    use crate::cql::testing::cluster;
    use crate::trail::ScyllaTrails;

    /// The generated city lies in 2022: its rows must not have ended by TTL.
    const RETENTION_DAYS: u16 = 7_000;

    fn store(test: &str) -> ScyllaTrails {
        ScyllaTrails::new(cluster(test), BUCKETS, RETENTION_DAYS)
    }

    #[test]
    fn a_city_reads_the_same_also_by_another_gateway() {
        let (trails, oracle) = (store("city"), MemoryTrails::default());
        let check_ins = TrailCity { state: 1, people: 200, venues: 20, days: 3 }.check_ins(10_000);
        for drain in check_ins.chunks(3_000) {
            trails.write(drain).unwrap();
            oracle.write(drain).unwrap();
        }
        compare(&trails, &oracle, &check_ins);
        compare(&store("city"), &oracle, &check_ins);
    }

    #[test]
    fn drains_may_be_repeated_in_any_order_and_twins_are_merged() {
        let (trails, oracle) = (store("drains"), MemoryTrails::default());
        let mut check_ins = TrailCity { state: 4, people: 12, venues: 5, days: 2 }.check_ins(300);
        let mut twin = check_ins[7];
        twin.at = twin.at.plus_ms(4_000);
        check_ins.push(twin);
        for drain in check_ins.chunks(17).rev().chain(check_ins.chunks(31)) {
            trails.write(drain).unwrap();
            oracle.write(drain).unwrap();
        }
        compare(&trails, &oracle, &check_ins);
    }

    #[test]
    fn late_and_live_records_are_merged_whichever_gateway_drains_last() {
        for seed in 0..3 {
            let name = format!("twins{seed}");
            let (one, other, oracle) = (store(&name), store(&name), MemoryTrails::default());
            let records = twins(seed, 30);
            for (number, drain) in records.chunks(5).rev().chain(records.chunks(3)).enumerate() {
                [&one, &other][number % 2].write(drain).unwrap();
                oracle.write(drain).unwrap();
            }
            compare_near_edges(&other, &oracle, &records);
            for stored in [&one as &dyn TrailStore, &oracle] {
                stored.forget(records[0].person).unwrap();
            }
            compare_near_edges(&other, &oracle, &records);
        }
    }

    #[test]
    fn old_days_go_and_a_person_can_be_forgotten() {
        let (trails, oracle) = (store("forget"), MemoryTrails::default());
        let check_ins = TrailCity { state: 3, people: 30, venues: 9, days: 5 }.check_ins(2_000);
        for stored in [&trails as &dyn TrailStore, &oracle] {
            stored.write(&check_ins).unwrap();
            stored.retain_from(18_998).unwrap();
            stored.forget(check_ins[0].person).unwrap();
        }
        compare(&trails, &oracle, &check_ins);
        compare(&store("forget"), &oracle, &check_ins);
    }

    #[test]
    fn several_gateways_make_one_schema_and_agree_on_its_buckets() {
        let opened = std::thread::scope(|scope| {
            let open = |number: usize| {
                scope.spawn(move || {
                    ScyllaTrails::new(cluster("schema"), [64, 128][number % 2], RETENTION_DAYS).check()
                })
            };
            let opening: Vec<_> = (0..4).map(open).collect();
            opening.into_iter().map(|opened| opened.join().unwrap()).collect::<Vec<_>>()
        });
        let (agreed, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
        let is_refused = |opened: &Result<(), TrailError>| matches!(opened, Err(TrailError::Buckets { .. }));
        assert!(agreed.len() == 2 && refused.iter().all(is_refused), "{agreed:?} {refused:?}");
    }
}
