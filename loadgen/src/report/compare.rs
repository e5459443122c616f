//! A table of two reports side by side.

use crate::report::RunReport;
use std::fmt::Write as _;

/// Returns a table of both reports' figures with the change in percent.
#[must_use]
pub fn table(before: &RunReport, after: &RunReport) -> String {
    let mut table = String::new();
    let _ = writeln!(table, "{:<22}{:>14}{:>14}{:>10}", "", "before", "after", "change");
    let mut row = |name: &str, before: Option<f64>, after: Option<f64>| {
        let cell = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let change = match (before, after) {
            (Some(before), Some(after)) if before != 0.0 => {
                format!("{:+.1} %", (after / before - 1.0) * 100.0)
            }
            _ => "-".to_owned(),
        };
        let _ = writeln!(table, "{name:<22}{:>14}{:>14}{change:>10}", cell(before), cell(after));
    };
    row("acknowledged/s", Some(before.kept_a_second), Some(after.kept_a_second));
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    row("failed", Some(before.failed() as f64), Some(after.failed() as f64));
    for quantile in ["p50", "p90", "p99", "p99.9", "max"] {
        let of = |report: &RunReport| report.latency_ms.get(quantile).copied();
        row(&format!("{quantile} ms"), of(before), of(after));
    }
    row("server CPU us", before.server_cpu_us_a_check_in, after.server_cpu_us_a_check_in);
    table
}
