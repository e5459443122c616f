//! Service levels, written as `p99<50ms`, `rate>19k`, `errors<0.1%` or `unanswered<1`.

use crate::outcome::OutcomeCounts;
use crate::report::RunReport;
use crate::report::quantile::Quantile;
use std::fmt;
use std::str::FromStr;

/// A set of scans that a service level bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScanClass {
    /// All scans that were not acknowledged.
    Errors,
    /// Refused scans.
    Refused,
    /// Scans without an answer.
    Unanswered,
    /// Scans whose connection failed.
    Broken,
    /// Scans that were not sent.
    NotSent,
    /// Scans that were acknowledged late.
    Late,
}

impl ScanClass {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "errors" => Self::Errors,
            "refused" => Self::Refused,
            "unanswered" => Self::Unanswered,
            "broken" => Self::Broken,
            "not-sent" => Self::NotSent,
            "late" => Self::Late,
            _ => return None,
        })
    }

    fn count(self, outcomes: &OutcomeCounts) -> u64 {
        match self {
            Self::Errors => outcomes.errors(),
            Self::Refused => outcomes.refused(),
            Self::Unanswered => outcomes.unanswered,
            Self::Broken => outcomes.broken(),
            Self::NotSent => outcomes.not_sent,
            Self::Late => outcomes.late,
        }
    }
}

/// The measured value that a service level bounds.
#[derive(Debug, Clone, PartialEq)]
enum SloMeasure {
    /// A quantile of the response time. **Units**: the bound is in milliseconds.
    Response(Quantile),
    /// The share of the planned scans that are in a class.
    Share(ScanClass),
    /// The number of scans in a class.
    Count(ScanClass),
    /// Acknowledged scans a second, of which the bound is the least.
    Rate,
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
    "`{0}` is not a service level: write a quantile with ms or s (p99.9<50ms, max<2s), a class with a count or % \
     (errors, refused, unanswered, broken, not-sent or late: errors<0.1%, unanswered<1), or a rate (rate>19k)"
)]
pub struct SloError(String);

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| *number >= 0.0)
}

fn upper_bound(measure: &str, bound: &str) -> Option<(SloMeasure, f64)> {
    if let Some(class) = ScanClass::named(measure) {
        return Some(match bound.strip_suffix('%') {
            Some(percent) => (SloMeasure::Share(class), number(percent)? / 100.0),
            None => (SloMeasure::Count(class), number(bound)?),
        });
    }
    let quantile = measure.parse().ok()?;
    let ms = match (bound.strip_suffix("ms"), bound.strip_suffix('s')) {
        (Some(ms), _) => number(ms)?,
        (None, Some(seconds)) => number(seconds)? * 1e3,
        (None, None) => return None,
    };
    Some((SloMeasure::Response(quantile), ms))
}

fn lower_bound(measure: &str, bound: &str) -> Option<(SloMeasure, f64)> {
    let rate = match bound.strip_suffix('k') {
        Some(thousands) => number(thousands)? * 1e3,
        None => number(bound)?,
    };
    (measure == "rate").then_some((SloMeasure::Rate, rate))
}

impl FromStr for Slo {
    type Err = SloError;
    fn from_str(text: &str) -> Result<Self, SloError> {
        let bounds = |(measure, bound): (&str, &str), read: fn(&str, &str) -> Option<(SloMeasure, f64)>| {
            read(measure.trim(), bound.trim())
        };
        let read = match (text.split_once('<'), text.split_once('>')) {
            (Some(parts), None) => bounds(parts, upper_bound),
            (None, Some(parts)) => bounds(parts, lower_bound),
            _ => None,
        };
        let (measure, bound) = read.ok_or_else(|| SloError(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), measure, bound })
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Slo {
    /// The quantile that it bounds, if it bounds one.
    #[must_use]
    pub fn quantile(&self) -> Option<Quantile> {
        match &self.measure {
            SloMeasure::Response(quantile) => Some(quantile.clone()),
            SloMeasure::Share(_) | SloMeasure::Count(_) | SloMeasure::Rate => None,
        }
    }

    /// Whether a run met the service level. A quantile of a run without any latency is missed.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    pub fn is_met(&self, report: &RunReport) -> bool {
        let outcomes = &report.outcomes;
        match &self.measure {
            SloMeasure::Response(quantile) => {
                quantile.of(&report.response_ms).is_some_and(|ms| ms < self.bound)
            }
            SloMeasure::Share(class) => (class.count(outcomes) as f64) < self.bound * outcomes.planned as f64,
            SloMeasure::Count(class) => (class.count(outcomes) as f64) < self.bound,
            SloMeasure::Rate => report.acknowledged_a_second > self.bound,
        }
    }
}

#[cfg(test)]
mod tests;
