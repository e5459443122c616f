use super::*;
use crate::report::fixtures::{acknowledged, measures, settings, settled};
use crate::report::{RepeatReport, RepeatedRuns};
use crate::sample::{KeptAnswers, Samples};
use std::time::Duration;

/// A report of which each run has a rate and a p99 of the response time.
fn report(figures: &[(f64, f64)]) -> RunReport {
    let mut runs = RepeatedRuns::new(settings(), &[]);
    let samples = Samples::new(1, Duration::from_millis(50), KeptAnswers::Count);
    samples.settle(settled(acknowledged(), Duration::from_millis(1)));
    runs.add(samples.take(), measures());
    let mut report = runs.report().unwrap();
    let one = report.repeats.remove(0);
    let of = |(rate, p99): &(f64, f64)| {
        let mut run = RepeatReport { acknowledged_a_second: *rate, ..one.clone() };
        run.response_ms.insert("p99".to_owned(), *p99);
        run
    };
    report.repeats = figures.iter().map(of).collect();
    report
}

fn figure<'a>(comparison: &'a ReportComparison, name: &str) -> &'a FigureChange {
    comparison.figures.iter().find(|figure| figure.name == name).unwrap()
}

#[test]
fn each_figure_has_its_verdict() {
    let before = report(&[(100.0, 10.0), (101.0, 11.0), (99.0, 9.0)]);
    for (after, rate, p99, whole, is_regressed) in [
        // A higher rate is better, a higher latency is worse.
        ([(120.0, 20.0), (121.0, 21.0), (119.0, 19.0)], "better", "worse", "worse", true),
        ([(80.0, 5.0), (81.0, 6.0), (79.0, 4.0)], "worse", "better", "worse", true),
        ([(120.0, 10.0), (121.0, 11.0), (119.0, 9.0)], "better", "no change shown", "better", false),
        // The means differ, but so do the runs.
        (
            [(90.0, 2.0), (130.0, 30.0), (70.0, 1.0)],
            "no change shown",
            "no change shown",
            "no change shown",
            false,
        ),
    ] {
        let found = compare(&before, &report(&after), 2.0).unwrap();
        assert_eq!(figure(&found, "acknowledged/s").verdict.to_string(), rate, "{after:?}");
        assert_eq!(figure(&found, "response p99 ms").verdict.to_string(), p99, "{after:?}");
        assert_eq!(
            (found.verdict.to_string().as_str(), found.has_regressed()),
            (whole, is_regressed),
            "{after:?}"
        );
        assert_eq!(found.text().contains("by more than 2 %: "), is_regressed, "{}", found.text());
    }
}

#[test]
fn a_change_below_the_threshold_is_no_regression() {
    let before = report(&[(100.0, 10.0), (100.01, 10.0)]);
    let after = report(&[(99.0, 10.0), (99.01, 10.0)]);
    let found = compare(&before, &after, 2.0).unwrap();
    let rate = figure(&found, "acknowledged/s");
    assert_eq!((rate.verdict, rate.regressed), (ChangeVerdict::Worse, false));
    assert!(rate.interval_percent.is_some_and(|[low, high]| low > -1.2 && high < -0.8), "{rate:?}");
    assert_eq!(found.verdict, ChangeVerdict::NoChangeShown);
    assert!(compare(&before, &after, 0.5).unwrap().has_regressed());
}

#[test]
fn a_figure_that_was_zero_regresses_by_any_rise() {
    let (before, mut after) = (report(&[(100.0, 1.0); 2]), report(&[(100.0, 1.0); 2]));
    for repeat in &mut after.repeats {
        repeat.outcomes.unanswered = 3;
    }
    let found = compare(&before, &after, 2.0).unwrap();
    let unanswered = figure(&found, "unanswered");
    assert_eq!((unanswered.change_percent, unanswered.regressed), (None, true));
    assert!(found.text().contains("by more than 2 %: unanswered"), "{}", found.text());
}

#[test]
fn one_run_decides_nothing() {
    let found = compare(&report(&[(100.0, 1.0)]), &report(&[(10.0, 9.0), (10.0, 9.0)]), 2.0).unwrap();
    assert_eq!((found.verdict, found.has_regressed()), (ChangeVerdict::Undecided, false));
    assert!(found.figures.iter().all(|figure| figure.verdict == ChangeVerdict::Undecided));
}

#[test]
fn unlike_and_invalid_runs_are_refused_by_name() {
    let mut like = report(&[(100.0, 1.0); 2]);
    like.repeats.iter_mut().for_each(|repeat| repeat.outcomes.planned = 2);
    let mut unlike = like.clone();
    (unlike.asked.rate, unlike.asked.venues, unlike.asked.seed) = (2.5, 9, 77);
    let differences = vec!["rate 1 and 2.5".to_owned(), "venues 1 and 9".to_owned()];
    assert_eq!(compare(&like, &unlike, 2.0).unwrap_err(), ComparisonError::Unlike(differences));
    let mut single = [like.clone(), unlike.clone()];
    single.iter_mut().flat_map(|report| &mut report.repeats).for_each(|repeat| repeat.outcomes.planned = 1);
    single[1].asked.venues = like.asked.venues;
    assert!(compare(&single[0], &single[1], 2.0).is_ok());
    unlike.asked = RunSettings { seed: 77, ..like.asked.clone() };
    assert!(compare(&like, &unlike, 2.0).is_ok());
    unlike.invalid_reason = Some("the generator was late".to_owned());
    let refused = compare(&like, &unlike, 2.0).unwrap_err().to_string();
    assert_eq!(refused, "the later report is invalid: the generator was late");
}
