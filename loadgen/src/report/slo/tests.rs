use super::*;
use crate::client::BreakCause;
use crate::outcome::ScanOutcome;
use crate::report::fixtures::{acknowledged, report, settled};
use crate::sample::{KeptAnswers, Samples};
use std::time::Duration;

#[test]
fn levels_are_read_and_nonsense_is_not() {
    let quantile = |name: &str| SloMeasure::Response(name.parse().unwrap());
    for (text, measure, bound) in [
        ("p99<50ms", quantile("p99"), 50.0),
        ("p99.9 < 1s", quantile("p99.9"), 1_000.0),
        ("p95.0<2s", quantile("p95"), 2_000.0),
        ("p99.999<2s", quantile("p99.999"), 2_000.0),
        ("max<2s", quantile("max"), 2_000.0),
        ("p100<2s", quantile("max"), 2_000.0),
        ("errors<0.5%", SloMeasure::Share(ScanClass::Errors), 0.005),
        ("errors<1", SloMeasure::Count(ScanClass::Errors), 1.0),
        ("refused<0.1%", SloMeasure::Share(ScanClass::Refused), 0.001),
        ("unanswered<1", SloMeasure::Count(ScanClass::Unanswered), 1.0),
        ("broken<3", SloMeasure::Count(ScanClass::Broken), 3.0),
        ("not-sent<1", SloMeasure::Count(ScanClass::NotSent), 1.0),
        ("late<2%", SloMeasure::Share(ScanClass::Late), 0.02),
        ("rate>19k", SloMeasure::Rate, 19_000.0),
        ("rate > 40", SloMeasure::Rate, 40.0),
    ] {
        let slo: Slo = text.parse().unwrap();
        assert!((slo.bound - bound).abs() < 1e-9, "{text}");
        assert_eq!(slo.measure, measure, "{text}");
    }
    for text in [
        "",
        "p99",
        "p99<",
        "p99<50",
        "q99<50ms",
        "errors<-1",
        "p99>50ms",
        "errors<x%",
        "p101<1s",
        "p-1<1s",
        "p<1s",
        "pNaN<1s",
        "errors<NaN",
        "p99<NaNms",
        "rate<19k",
        "rate>",
        "rate>x",
        "broken>1",
        "lost<1",
        "1<rate>2",
    ] {
        assert!(text.parse::<Slo>().is_err(), "{text}");
    }
}

/// Checks whether a run with these scans meets each level.
fn check(scans: impl Fn() -> Vec<(ScanOutcome, Duration)>, levels: &[(&str, bool)]) {
    for (text, is_met) in levels {
        let samples = Samples::new(scans().len() as u64, Duration::from_millis(50), KeptAnswers::Count);
        for (outcome, response) in scans() {
            samples.settle(settled(outcome, response));
        }
        let report = report(&samples, &[text.parse().unwrap()]);
        assert_eq!(report.missed.is_empty(), *is_met, "{text}: {}", report.text());
    }
}

#[test]
fn a_level_is_judged_from_all_response_times_of_the_run() {
    let scans = || (1..=100).map(|ms| (acknowledged(), Duration::from_millis(ms))).collect();
    check(
        scans,
        &[
            ("p75<76ms", true),
            ("p75<74ms", false),
            ("p95<96ms", true),
            ("p95<94ms", false),
            ("p99.99<101ms", true),
            ("p99.99<99ms", false),
            ("max<99ms", false),
            ("rate>49", true),
            ("rate>51", false),
            ("late<51", true),
            ("late<50", false),
        ],
    );
}

#[test]
fn scans_that_waited_in_vain_count_in_the_quantiles_and_as_errors() {
    let second = Duration::from_secs(1);
    let scans = || {
        let mut scans = vec![(acknowledged(), Duration::from_millis(1)); 90];
        scans.extend(vec![(ScanOutcome::Unanswered, second); 4]);
        scans.extend(vec![(ScanOutcome::Broken(BreakCause::Timeout), second); 2]);
        scans.extend(vec![(ScanOutcome::Broken(BreakCause::Reset), Duration::ZERO); 1]);
        scans.extend(vec![(ScanOutcome::NotSent, second); 1]);
        scans.extend(vec![(ScanOutcome::Refused("quota".to_owned()), Duration::ZERO); 2]);
        scans
    };
    check(
        scans,
        &[
            ("p90<2ms", true),
            ("p95<900ms", false),
            ("max<900ms", false),
            ("errors<11", true),
            ("errors<10", false),
            ("errors<10%", false),
            ("unanswered<5", true),
            ("unanswered<4", false),
            ("broken<3", false),
            ("refused<2%", false),
            ("not-sent<1", false),
            ("rate>44", true),
            ("rate>46", false),
        ],
    );
}

#[test]
#[should_panic(expected = "do not add up")]
fn a_scan_in_no_class_makes_no_report() {
    let samples = Samples::new(2, Duration::from_secs(5), KeptAnswers::Count);
    samples.settle(settled(acknowledged(), Duration::from_millis(1)));
    drop(report(&samples, &["errors<1".parse().unwrap()]));
}

#[test]
fn acknowledgements_count_in_the_second_of_their_answer() {
    let samples = Samples::new(3, Duration::from_secs(5), KeptAnswers::Count);
    for response in [100, 2_500, 2_600] {
        samples.settle(settled(acknowledged(), Duration::from_millis(response)));
    }
    let report = report(&samples, &["errors<1".parse().unwrap()]);
    let seconds: Vec<(u64, u64)> =
        report.seconds.iter().map(|second| (second.offered, second.acknowledged)).collect();
    assert_eq!(seconds, [(100, 1), (0, 0), (0, 2)]);
    assert!((report.wall_s - 2.6).abs() < 1e-9 && report.seconds[2].p99_ms > 2_590.0, "{report:?}");
}
