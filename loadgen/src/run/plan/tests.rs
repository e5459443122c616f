use super::*;
use crate::scenario::amount::Share;
use std::collections::{HashMap, HashSet};

/// A day with peaks in the morning, at noon and in the evening.
fn day() -> Shape {
    let heights = [0.3, 0.4, 2.8, 0.6, 1.1, 0.5, 2.2, 0.5, 0.3];
    let points = (0_u8..).zip(heights).map(|(point, height)| (Share(f64::from(point) / 8.0), height));
    points.collect::<Vec<_>>().try_into().unwrap()
}

fn options(shape: Shape) -> PlanOptions {
    let length = Duration::from_secs(20);
    PlanOptions { length, shape, residents: 5_000, venues: 50, seed: 7, ..PlanOptions::default() }
}

fn planned(options: PlanOptions) -> Vec<PlannedScan> {
    Plan::new(options).unwrap().collect()
}

#[test]
fn the_rate_is_met_exactly_and_the_seed_decides() {
    for shape in [Shape::default(), day()] {
        let one = planned(options(shape.clone()));
        assert_eq!(one.len(), 20_000);
        assert!(one.is_sorted_by_key(|intended| intended.at));
        assert!(one.iter().all(|intended| intended.at <= Duration::from_secs(20)));
        assert_eq!(one, planned(options(shape.clone())));
        assert_ne!(one, planned(PlanOptions { seed: 8, ..options(shape.clone()) }));
    }
    let scans = |rate, ms| {
        PlanOptions { rate, length: Duration::from_millis(ms), ..options(Shape::default()) }.scans()
    };
    assert_eq!((scans(0.1, 100), scans(1.5, 1_000), scans(20_000.0, 3_600_000)), (1, 2, 72_000_000));
}

#[test]
fn arrivals_come_by_chance_and_evenly() {
    let one = planned(options(Shape::default()));
    let mut counts = [0_u32; 200];
    for intended in &one {
        counts[(intended.at.as_millis() / 100).min(199) as usize] += 1;
    }
    // A Poisson count of mean 100 has a variance of 100.
    let variance = counts.iter().map(|&count| (f64::from(count) - 100.0).powi(2)).sum::<f64>() / 200.0;
    assert!((60.0..150.0).contains(&variance), "{variance}");
    let halves = one.partition_point(|intended| intended.at < Duration::from_secs(10));
    assert!((9_600..10_400).contains(&halves), "{halves}");
}

#[test]
fn nobody_scans_twice_at_a_venue_within_a_step() {
    let long = PlanOptions { length: Duration::from_secs(100), ..options(day()) };
    let needed = u32::try_from(long.residents_needed()).unwrap();
    for options in [
        options(Shape::default()),
        PlanOptions { residents: 2_500, ..options(day()) },
        PlanOptions { residents: needed, ..long },
        PlanOptions { rate: 40.0, residents: 267, venues: 3, ..options(Shape::default()) },
    ] {
        let mut last: HashMap<(u32, u32), Duration> = HashMap::new();
        for PlannedScan { at, resident, venue } in planned(options.clone()) {
            let before = last.insert((resident, venue), at);
            assert!(before.is_none_or(|before| at - before > STEP), "{options:?}");
        }
    }
}

#[test]
fn the_first_venue_is_visited_most_and_residents_take_turns() {
    let planned = planned(options(Shape::default()));
    let at = |venue| planned.iter().filter(|one| one.venue == venue).count();
    assert!(at(0) > 20 * at(49), "{} {}", at(0), at(49));
    let first: HashSet<u32> = planned[..5_000].iter().map(|one| one.resident).collect();
    assert_eq!(first.len(), 5_000);
}

#[test]
fn a_city_that_is_too_small_is_refused_with_the_number_it_needs() {
    let wish = options(Shape::default());
    assert_eq!(wish.residents_needed(), 2_500);
    let error = Plan::new(PlanOptions { residents: 2_499, ..wish.clone() }).unwrap_err();
    assert_eq!((error.needed, error.scans_max), (2_500, 8));
    assert!(error.to_string().contains("needs 2500 residents"), "{error}");
    assert_eq!(PlanOptions { venues: 2, ..wish.clone() }.residents_needed(), 10_000);
    assert!(Plan::new(PlanOptions { venues: 0, ..wish.clone() }).is_err());
    assert!(Plan::new(PlanOptions { residents: 2_500, ..wish }).is_ok());
}

#[test]
fn an_hour_at_twenty_thousand_a_second_takes_little_memory() {
    let hour = PlanOptions {
        rate: 20_000.0,
        length: Duration::from_secs(3_600),
        venues: 200,
        ..options(Shape::default())
    };
    let residents = u32::try_from(hour.residents_needed()).unwrap();
    let plan = Plan::new(PlanOptions { residents, ..hour }).unwrap();
    let bytes = size_of_val(plan.last.as_slice()) + size_of_val(plan.weights.as_slice());
    assert!(bytes < 8 << 20, "{bytes}");
    assert_eq!((plan.left(), plan.take(1_000).count()), (72_000_000, 1_000));
}

#[test]
fn a_day_has_its_peaks() {
    let planned = planned(options(day()));
    let between = |from, to| {
        let (from, to) = (Duration::from_secs(from), Duration::from_secs(to));
        planned.iter().filter(|one| (from..to).contains(&one.at)).count()
    };
    assert!(between(4, 6) > 3 * between(0, 2));
}
