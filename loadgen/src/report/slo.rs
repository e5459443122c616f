//! Service levels, written as `p99<50ms`, `errors<0.1%` or `errors<10`.

use crate::report::{Quantile, RunReport};
use std::fmt;
use std::str::FromStr;

/// The measured value that a service level bounds.
#[derive(Debug, Clone, PartialEq)]
enum SloMeasure {
    /// A latency quantile. **Units**: the bound is in milliseconds.
    Latency(Quantile),
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
    "`{0}` is not a service level: write p and a percentage such as p99.9, max or errors, `<`, and ms, s, % \
     or a count"
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
                let quantile = latency.parse().map_err(|_| wrong())?;
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
    /// The latency quantile that it bounds, if it bounds one.
    #[must_use]
    pub fn quantile(&self) -> Option<Quantile> {
        match &self.measure {
            SloMeasure::Latency(quantile) => Some(quantile.clone()),
            SloMeasure::ErrorShare | SloMeasure::Errors => None,
        }
    }

    /// Whether a run met the service level.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    pub fn is_met(&self, report: &RunReport) -> bool {
        let failed = report.failed() as f64;
        let value = match &self.measure {
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
    use crate::report::RunSettings;
    use crate::sample::{AcknowledgedCheckIn, Samples, ScanResult};
    use scangate_core::id::{CheckInId, PersonId};
    use scangate_core::time::Timestamp;
    use std::time::Duration;

    #[test]
    fn levels_are_read_and_nonsense_is_not() {
        let quantile = |name: &str| SloMeasure::Latency(name.parse().unwrap());
        for (text, measure, bound) in [
            ("p99<50ms", quantile("p99"), 50.0),
            ("p99.9 < 1s", quantile("p99.9"), 1_000.0),
            ("p95.0<2s", quantile("p95"), 2_000.0),
            ("p99.999<2s", quantile("p99.999"), 2_000.0),
            ("max<2s", quantile("max"), 2_000.0),
            ("p100<2s", quantile("max"), 2_000.0),
            ("errors<0.5%", SloMeasure::ErrorShare, 0.005),
            ("errors<1", SloMeasure::Errors, 1.0),
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
        ] {
            assert!(text.parse::<Slo>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_level_of_any_quantile_is_judged_from_all_latencies_of_the_run() {
        let samples = Samples::default();
        for ms in 1..=100 {
            let kept = ScanResult::Kept(AcknowledgedCheckIn { id: CheckInId([1; 16]), at: Timestamp(1) });
            samples.add(PersonId(1), Duration::ZERO, Duration::from_millis(ms), kept);
        }
        let totals = samples.into_totals();
        let (text, number) = (String::new, 1);
        let asked = || RunSettings {
            scenario: text(),
            rate: 1.0,
            seconds: 1.0,
            carrier: text(),
            residents: number,
            venues: number,
            seed: 1,
        };
        for (text, is_met) in [
            ("p75<76ms", true),
            ("p75<74ms", false),
            ("p95<96ms", true),
            ("p95<94ms", false),
            ("p99.99<101ms", true),
            ("p99.99<99ms", false),
            ("max<99ms", false),
        ] {
            let slo: Slo = text.parse().unwrap();
            assert_eq!(
                slo.is_met(&RunReport::new(asked(), &totals, None, None, slo.quantile())),
                is_met,
                "{text}"
            );
        }
    }
}
