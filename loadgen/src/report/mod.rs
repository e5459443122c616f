//! The report of a run: its settings, its results, and the result of verification. The JSON names are stable,
//! so that reports of different versions can be compared.

pub mod compare;
pub mod html;
pub mod slo;

use crate::sample::{RunTotals, SecondSample};
use crate::verify::VerificationResult;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

/// The latency quantiles in every report. The service levels of a run add theirs.
const QUANTILES: [&str; 5] = ["p50", "p90", "p99", "p99.9", "max"];

/// A latency quantile, by its name in a report: `p` and a percentage, or `max`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantile {
    name: String,
    at: f64,
}

/// The error for a text that names no quantile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a quantile: write p and a percentage of at most 100, or max")]
pub struct QuantileError;

impl FromStr for Quantile {
    type Err = QuantileError;
    fn from_str(text: &str) -> Result<Self, QuantileError> {
        let percent = match text.strip_prefix('p') {
            Some(percent) => percent.parse().map_err(|_| QuantileError)?,
            None if text == "max" => 100.0,
            None => return Err(QuantileError),
        };
        if !(0.0..=100.0).contains(&percent) {
            return Err(QuantileError);
        }
        let name = if percent == 100.0 { "max".to_owned() } else { format!("p{percent}") };
        Ok(Self { name, at: percent / 100.0 })
    }
}

/// The settings of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunSettings {
    /// The scenario.
    pub scenario: String,
    /// The requested rate. **Units**: scans a second.
    pub rate: f64,
    /// The length of the run. **Units**: seconds.
    pub seconds: f64,
    /// A description of the connections that carried the scans.
    pub carrier: String,
    /// The number of residents.
    pub residents: usize,
    /// The number of venues.
    pub venues: usize,
    /// The seed of the plan.
    pub seed: u64,
}

/// The results of one second of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecondReport {
    /// The second's number from the start of the run.
    pub second: u64,
    /// Acknowledged scans.
    pub kept: u64,
    /// Scans that were not acknowledged.
    pub failed: u64,
    /// The median latency of the acknowledged scans. **Units**: milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of their latency. **Units**: milliseconds.
    pub p99_ms: f64,
}

/// The report of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReport {
    /// The settings of the run.
    pub asked: RunSettings,
    /// Acknowledged scans.
    pub kept: u64,
    /// Connections whose request the gateway accepted as early data.
    pub early: u64,
    /// Scans that were not acknowledged, by problem code.
    pub failures: BTreeMap<String, u64>,
    /// Acknowledged scans a second.
    pub kept_a_second: f64,
    /// Latency from the intended time. **Units**: milliseconds.
    pub latency_ms: BTreeMap<String, f64>,
    /// The gateway's CPU time a check-in, if it could be read. **Units**: microseconds.
    pub server_cpu_us_a_check_in: Option<f64>,
    /// The results by second.
    pub seconds: Vec<SecondReport>,
    /// The result of verification, unless the run left it out.
    pub verified: Option<VerificationResult>,
}

fn ms(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64() * 1e3
}

fn second_report(second: u64, sample: &SecondSample) -> SecondReport {
    SecondReport {
        second,
        kept: sample.kept,
        failed: sample.failed,
        p50_ms: ms(sample.latencies.value_at_quantile(0.5)),
        p99_ms: ms(sample.latencies.value_at_quantile(0.99)),
    }
}

impl RunReport {
    /// Makes the report of a run, with these latency quantiles beside those of every report.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    pub fn new(
        asked: RunSettings,
        totals: &RunTotals,
        cpu: Option<Duration>,
        verified: Option<VerificationResult>,
        quantiles: impl IntoIterator<Item = Quantile>,
    ) -> Self {
        let kept = totals.kept_count;
        let always = QUANTILES.iter().filter_map(|name| name.parse().ok());
        let latency_ms = always
            .chain(quantiles)
            .map(|Quantile { name, at }| (name, ms(totals.latencies.value_at_quantile(at))))
            .collect();
        let seconds = totals.seconds.iter().map(|(&second, sample)| second_report(second, sample));
        Self {
            kept,
            early: totals.early,
            failures: totals.failures.clone(),
            kept_a_second: kept as f64 / asked.seconds,
            latency_ms: if kept == 0 { BTreeMap::new() } else { latency_ms },
            server_cpu_us_a_check_in: cpu
                .filter(|_| kept > 0)
                .map(|cpu| cpu.as_secs_f64() * 1e6 / kept as f64),
            seconds: seconds.collect(),
            verified,
            asked,
        }
    }

    /// Scans that were not acknowledged.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// A latency quantile, if the report has it.
    #[must_use]
    pub fn latency_ms(&self, quantile: &Quantile) -> Option<f64> {
        self.latency_ms.get(&quantile.name).copied()
    }

    /// The report as text for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{} · {}\n", self.asked.scenario, self.asked.carrier);
        let _ = writeln!(
            text,
            "  acknowledged   {} ({:.0}/s of {:.0}/s asked)",
            self.kept, self.kept_a_second, self.asked.rate
        );
        if self.early > 0 {
            let _ = writeln!(text, "  early data     {} of them", self.early);
        }
        for (code, count) in &self.failures {
            let _ = writeln!(text, "  {code:<14} {count}");
        }
        let quantiles = self.latency_ms.iter();
        let mut quantiles: Vec<(Quantile, &f64)> =
            quantiles.filter_map(|(name, ms)| Some((name.parse().ok()?, ms))).collect();
        quantiles.sort_by(|(one, _), (other, _)| one.at.total_cmp(&other.at));
        let latencies: Vec<String> =
            quantiles.iter().map(|(quantile, ms)| format!("{} {ms:.2}", quantile.name)).collect();
        let _ = writeln!(text, "  latency ms     {}", latencies.join("  "));
        if let Some(us) = self.server_cpu_us_a_check_in {
            let _ = writeln!(text, "  server CPU     {us:.1} us a check-in");
        }
        if let Some(verified) = &self.verified {
            self.write_verified(&mut text, verified);
        }
        text
    }

    fn write_verified(&self, text: &mut String, verified: &VerificationResult) {
        let VerificationResult { acknowledged, found, missing, doubled, changed } = verified;
        let _ = writeln!(
            text,
            "  read back      {found} of {acknowledged}; {missing} missing, {doubled} doubled, {changed} changed"
        );
        if let Some(repeated @ 1..) = self.kept.checked_sub(*acknowledged) {
            let _ = writeln!(text, "  repeated       {repeated} scans of a check-in that was made before");
        }
    }
}
