//! Service levels, written as `p99<50ms`, `errors<0.1%` or `errors<10`.

use crate::report::RunReport;
use std::fmt;
use std::str::FromStr;

/// The measured value that a service level bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum SloMeasure {
    /// A latency quantile from 0 to 1, where 1 is the maximum. **Units**: the bound is in milliseconds.
    Latency(f64),
    /// The share of scans that failed.
    ErrorShare,
    /// The number of scans that failed.
    Errors,
}

/// A service level that a run must meet.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    text: String,
    measure: SloMeasure,
    bound: f64,
}

/// The error for a text that is not a service level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a service level: write p50, p90, p99, p99.9, max or errors, `<`, and ms, s, % or a count"
)]
pub struct SloError(String);

impl FromStr for Slo {
    type Err = SloError;
    fn from_str(text: &str) -> Result<Self, SloError> {
        let wrong = || SloError(text.to_owned());
        let (measure, bound) = text.split_once('<').ok_or_else(wrong)?;
        let bound = bound.trim();
        let number =
            |text: &str| text.trim().parse::<f64>().ok().filter(|number| *number >= 0.0).ok_or_else(wrong);
        let (measure, bound) = match measure.trim() {
            "errors" => match bound.strip_suffix('%') {
                Some(percent) => (SloMeasure::ErrorShare, number(percent)? / 100.0),
                None => (SloMeasure::Errors, number(bound)?),
            },
            latency => {
                let quantile = match latency {
                    "max" => 1.0,
                    _ => number(latency.strip_prefix('p').ok_or_else(wrong)?)? / 100.0,
                };
                let ms = match (bound.strip_suffix("ms"), bound.strip_suffix('s')) {
                    (Some(ms), _) => number(ms)?,
                    (None, Some(seconds)) => number(seconds)? * 1e3,
                    (None, None) => return Err(wrong()),
                };
                (SloMeasure::Latency(quantile), ms)
            }
        };
        Ok(Self { text: text.to_owned(), measure, bound })
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Slo {
    /// Whether a run met the service level.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    pub fn is_met(&self, report: &RunReport) -> bool {
        let failed = report.failed() as f64;
        let value = match self.measure {
            SloMeasure::Latency(quantile) => match report.latency_ms(quantile) {
                Some(ms) => ms,
                None => return false,
            },
            SloMeasure::ErrorShare => failed / ((report.kept as f64 + failed).max(1.0)),
            SloMeasure::Errors => failed,
        };
        value < self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_and_nonsense_is_not() {
        for (text, measure, bound) in [
            ("p99<50ms", SloMeasure::Latency(0.99), 50.0),
            ("p99.9 < 1s", SloMeasure::Latency(0.999), 1_000.0),
            ("max<2s", SloMeasure::Latency(1.0), 2_000.0),
            ("errors<0.5%", SloMeasure::ErrorShare, 0.005),
            ("errors<1", SloMeasure::Errors, 1.0),
        ] {
            let slo: Slo = text.parse().unwrap();
            assert!((slo.bound - bound).abs() < 1e-9, "{text}");
            match (slo.measure, measure) {
                (SloMeasure::Latency(one), SloMeasure::Latency(other)) => assert!((one - other).abs() < 1e-9),
                (one, other) => assert_eq!(one, other),
            }
        }
        for text in ["", "p99", "p99<", "p99<50", "q99<50ms", "errors<-1", "p99>50ms", "errors<x%"] {
            assert!(text.parse::<Slo>().is_err(), "{text}");
        }
    }
}
