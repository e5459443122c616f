use super::plot::{LINES, LINES_MAX, PlotAxis, PlotLine, PlotScale, draw};
use super::*;
use crate::client::BreakCause;
use crate::outcome::ScanOutcome;
use crate::report::SecondReport;
use crate::report::fixtures::{acknowledged, report, settled};
use crate::report::verdict::RunVerdict;
use crate::sample::{KeptAnswers, Samples};
use std::time::Duration;

/// A report of a run with these scans and a service level.
fn with_scans(outcomes: Vec<ScanOutcome>) -> RunReport {
    let samples = Samples::new(outcomes.len() as u64, Duration::from_millis(50), KeptAnswers::Count);
    for (number, outcome) in (1..).zip(outcomes) {
        samples.settle(settled(outcome, Duration::from_millis(number)));
    }
    report(&samples, &["errors<1".parse().unwrap()])
}

#[test]
fn the_verdict_and_its_reason_come_first() {
    let ok = with_scans(vec![acknowledged()]);
    let missed = with_scans(vec![acknowledged(), ScanOutcome::Unanswered]);
    let invalid = RunReport {
        verdict: RunVerdict::Invalid,
        invalid_reason: Some("the generator was late".to_owned()),
        ..ok.clone()
    };
    let failed = RunReport {
        verdict: RunVerdict::Failed,
        verification_error: Some("no connection".to_owned()),
        ..ok.clone()
    };
    for (report, verdict, reason) in [
        (ok, "ok", "The acknowledged check-ins were not read back, as asked, and the service level was met."),
        (missed, "missed", "The service level errors&#60;1 was missed."),
        (invalid, "invalid", "The figures say nothing about the gateway: the generator was late."),
        (failed, "failed", "The check-ins could not be read back: no connection."),
    ] {
        let page = page(&report).unwrap();
        let (first, rest) = page.split_once("</section>").unwrap();
        assert!(first.contains(&format!("<h2 id=\"verdict\">{verdict}</h2>")), "{first}");
        assert!(first.contains(reason) && !first.contains("<svg") && rest.contains("<svg"), "{first}");
    }
}

#[test]
fn text_of_a_gateway_is_escaped_and_nothing_is_loaded() {
    let code = "<script>alert(1)</script>";
    let mut report = with_scans(vec![acknowledged(), ScanOutcome::Refused(code.to_owned())]);
    report.asked.scenario = code.to_owned();
    report.gateway_metrics_missing = Some(code.to_owned());
    let page = page(&report).unwrap();
    assert!(page.contains("refused: &#60;script&#62;"), "{page}");
    for word in ["<script", "src=", "href=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(word), "{word} in {page}");
    }
}

#[test]
fn a_gateway_with_many_problem_codes_has_a_line_for_all_others() {
    let codes = (0..40).map(|number| ScanOutcome::Refused(format!("code-{number:02}")));
    let page = page(&with_scans(codes.chain([ScanOutcome::Broken(BreakCause::Reset)]).collect())).unwrap();
    assert!(page.contains("<li class=\"line-8\">other classes</li>"), "{page}");
    assert!(!page.contains(&format!("line-{}\"", LINES_MAX + 1)), "{page}");
}

#[test]
fn the_style_sheet_names_each_colour_of_a_line() {
    let css = include_str!("../../../templates/report.css");
    for (number, colour) in (1..).zip(LINES) {
        let name = format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2);
        let (stroke, fill) = (format!("svg [stroke=\"{name}\"]"), format!("svg [fill=\"{name}\"]"));
        assert!(css.contains(&format!("{stroke} {{ stroke: var(--line-{number}); }}")), "{name}");
        assert!(css.contains(&format!("{fill} {{ fill: var(--line-{number}); }}")), "{name}");
    }
}

#[test]
fn a_gap_parts_a_line_and_a_lone_point_is_a_dot() {
    let linear = PlotAxis { label: "label", scale: PlotScale::Linear };
    let points = [Some(1.0), Some(2.0), None, Some(3.0), Some(f64::NAN), Some(1.0), Some(2.0)];
    let points = (0_u32..).zip(points).map(|(x, y)| (f64::from(x), y)).collect();
    let line = PlotLine { name: "line".to_owned(), width: 2, points };
    let count = |svg: &str, element: &str| svg.matches(&format!("<{element} ")).count();
    let lines_of = |svg: &str| svg.matches("stroke=\"#1F5FBF\"").count();
    let svg = draw(linear, linear, std::slice::from_ref(&line)).unwrap();
    assert_eq!((lines_of(&svg), count(&svg, "circle")), (2, 1), "{svg}");
    let empty = draw(linear, PlotAxis { scale: PlotScale::Logarithmic, ..linear }, &[]).unwrap();
    assert_eq!((lines_of(&empty), count(&empty, "circle")), (0, 0), "{empty}");
}

#[test]
fn percentiles_and_powers_of_ten_have_their_labels() {
    for (scale, value, label) in [
        (PlotScale::Percentiles, 0.0, "p0"),
        (PlotScale::Percentiles, 90.0, "p90"),
        (PlotScale::Percentiles, 99.999, "p99.999"),
        (PlotScale::Logarithmic, 0.01, "0.01"),
        (PlotScale::Logarithmic, 1_000.0, "1000"),
        (PlotScale::Linear, 20_000.0, "20000"),
        (PlotScale::Time, 2.5, "2.5"),
    ] {
        assert_eq!(scale.label(scale.place(value)), label);
    }
}

#[test]
fn a_time_is_readable() {
    assert_eq!(date(Timestamp(1_641_254_400_123)), "2022-01-04 00:00:00 UTC");
}

#[test]
fn a_second_that_holds_only_the_last_answers_is_no_point_of_a_rate() {
    let mut report = with_scans(vec![acknowledged()]);
    report.asked.seconds = 2.0;
    report.seconds = (0..3).map(|second| SecondReport { second, ..report.seconds[0].clone() }).collect();
    let rates = |report: &RunReport| plots::plots(report).unwrap().swap_remove(0).svg;
    let whole = rates(&report);
    report.seconds[2].acknowledged = 90;
    assert_eq!(rates(&report), whole);
    report.seconds[1].acknowledged = 90;
    assert_ne!(rates(&report), whole);
}

#[test]
fn seconds_of_a_long_run_share_points() {
    let mut report = with_scans(vec![acknowledged()]);
    let one = SecondReport { max_ms: 1.0, ..report.seconds[0].clone() };
    report.seconds = (0..3_000).map(|second| SecondReport { second, ..one.clone() }).collect();
    // The longest wait of a single second stays visible.
    report.seconds[1_234].max_ms = 1_500.0;
    let latencies = plots::plots(&report).unwrap().swap_remove(1);
    assert!(latencies.description.contains("Each point covers 5 seconds"), "{}", latencies.description);
    assert!(latencies.svg.contains("time since the start, minutes"), "{}", latencies.svg);
    assert!(latencies.svg.contains("\n10000\n"), "{}", latencies.svg);
}
