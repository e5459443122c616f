//! A table of two reports side by side.

use crate::report::{RunReport, SCHEMA};
use serde::Deserialize;
use std::fmt::Write as _;

/// The error for a file that is not a report of this version's schema.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The text is not a report.
    #[error("it is not a report of loadgen")]
    Malformed(#[from] serde_json::Error),
    /// The report has another schema.
    #[error("its schema is {0}, and this loadgen reads {SCHEMA}: make both reports with one version")]
    OtherSchema(u32),
}

#[derive(Deserialize)]
struct SchemaNumber {
    /// Reports had no number before schema 2.
    #[serde(default = "first_schema")]
    schema: u32,
}

fn first_schema() -> u32 {
    1
}

/// Reads the JSON of a report. **Errors**: the schema is another; the text is not a report.
pub fn read(json: &[u8]) -> Result<RunReport, ReportError> {
    let SchemaNumber { schema } = serde_json::from_slice(json)?;
    if schema == SCHEMA { Ok(serde_json::from_slice(json)?) } else { Err(ReportError::OtherSchema(schema)) }
}

/// Returns a table of both reports' figures with the change in percent.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
pub fn table(before: &RunReport, after: &RunReport) -> String {
    let mut table = String::new();
    let _ = writeln!(table, "{:<22}{:>14}{:>14}{:>10}", "", "before", "after", "change");
    let _ = writeln!(
        table,
        "{:<22}{:>14}{:>14}",
        "verdict",
        before.verdict.to_string(),
        after.verdict.to_string()
    );
    let mut row = |name: &str, of: &dyn Fn(&RunReport) -> Option<f64>| {
        let (before, after) = (of(before), of(after));
        let cell = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let change = match (before, after) {
            (Some(before), Some(after)) if before != 0.0 => {
                format!("{:+.1} %", (after / before - 1.0) * 100.0)
            }
            _ => "-".to_owned(),
        };
        let _ = writeln!(table, "{name:<22}{:>14}{:>14}{change:>10}", cell(before), cell(after));
    };
    row("acknowledged/s", &|report| Some(report.acknowledged_a_second));
    row("planned", &|report| Some(report.outcomes.planned as f64));
    row("acknowledged", &|report| Some(report.outcomes.acknowledged as f64));
    row("late", &|report| Some(report.outcomes.late as f64));
    row("refused", &|report| Some(report.outcomes.refused() as f64));
    row("unanswered", &|report| Some(report.outcomes.unanswered as f64));
    row("broken", &|report| Some(report.outcomes.broken() as f64));
    row("not sent", &|report| Some(report.outcomes.not_sent as f64));
    for quantile in ["p50", "p90", "p99", "p99.9", "max"] {
        row(&format!("response {quantile} ms"), &|report| report.response_ms.get(quantile).copied());
    }
    for quantile in ["p50", "p99"] {
        row(&format!("service {quantile} ms"), &|report| report.service_ms.get(quantile).copied());
    }
    row("lag p99 ms", &|report| report.lag_ms.get("p99").copied());
    row("server CPU us", &|report| report.server_cpu_us_a_check_in);
    table
}
