//! A run's report: what was asked, what was seen, what was read back. JSON with stable names, so that runs
//! can be compared.

pub mod compare;
pub mod html;
pub mod slo;

use crate::sample::RunTotals;
use crate::verify::VerificationResult;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Quantiles in a report.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// What was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunSettings {
    /// The scenario.
    pub scenario: String,
    /// Scans a second.
    pub rate: f64,
    /// How long. **Units**: seconds.
    pub seconds: f64,
    /// How scans were carried, in words.
    pub carrier: String,
    /// Residents and venues of the city.
    pub residents: usize,
    /// See `residents`.
    pub venues: usize,
    /// The seed.
    pub seed: u64,
}

/// One second of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecondReport {
    /// Which, from the start.
    pub second: u64,
    /// Scans acknowledged.
    pub kept: u64,
    /// Scans that were not.
    pub failed: u64,
    /// Their latency. **Units**: milliseconds.
    pub p50_ms: f64,
    /// See `p50_ms`.
    pub p99_ms: f64,
}

/// The report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReport {
    /// What was asked for.
    pub asked: RunSettings,
    /// Scans acknowledged.
    pub kept: u64,
    /// Connections whose request was taken as early data.
    pub early: u64,
    /// Scans that were not, by problem code.
    pub failures: BTreeMap<String, u64>,
    /// Scans acknowledged a second.
    pub kept_a_second: f64,
    /// Latency from the intended time. **Units**: milliseconds.
    pub latency_ms: BTreeMap<String, f64>,
    /// The gateway's CPU time a check-in, where it could be read. **Units**: microseconds.
    pub server_cpu_us_a_check_in: Option<f64>,
    /// Second by second.
    pub seconds: Vec<SecondReport>,
    /// What was read back, unless that was left out.
    pub verified: Option<VerificationResult>,
}

fn ms(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64() * 1e3
}

impl RunReport {
    /// Makes the report of a run.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    pub fn new(
        asked: RunSettings,
        seen: &RunTotals,
        cpu: Option<Duration>,
        verified: Option<VerificationResult>,
    ) -> Self {
        let kept = seen.kept_count;
        let quantile = |quantile| ms(seen.latencies.value_at_quantile(quantile));
        let latency_ms = QUANTILES.iter().map(|(name, at)| ((*name).to_owned(), quantile(*at))).collect();
        let seconds = seen.seconds.iter().map(|(&second, of)| SecondReport {
            second,
            kept: of.kept,
            failed: of.failed,
            p50_ms: ms(of.latencies.value_at_quantile(0.5)),
            p99_ms: ms(of.latencies.value_at_quantile(0.99)),
        });
        Self {
            kept,
            early: seen.early,
            failures: seen.failures.clone(),
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

    /// A latency quantile, where it is one of the report's.
    #[must_use]
    pub fn latency_ms(&self, quantile: f64) -> Option<f64> {
        let (name, _) = QUANTILES.iter().find(|(_, at)| (at - quantile).abs() < 1e-9)?;
        self.latency_ms.get(*name).copied()
    }

    /// The report in words.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{} · {}", self.asked.scenario, self.asked.carrier);
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
        let latencies: Vec<String> = QUANTILES
            .iter()
            .filter_map(|(name, _)| Some(format!("{name} {:.2}", self.latency_ms.get(*name)?)))
            .collect();
        let _ = writeln!(text, "  latency ms     {}", latencies.join("  "));
        if let Some(us) = self.server_cpu_us_a_check_in {
            let _ = writeln!(text, "  server CPU     {us:.1} us a check-in");
        }
        if let Some(verified) = &self.verified {
            let VerificationResult { acknowledged, found, missing, doubled, changed } = verified;
            let _ = writeln!(
                text,
                "  read back      {found} of {acknowledged}; {missing} missing, {doubled} doubled, {changed} changed"
            );
            if let Some(repeated @ 1..) = self.kept.checked_sub(*acknowledged) {
                let _ = writeln!(text, "  repeated       {repeated} scans were of a check-in made before");
            }
        }
        text
    }
}
