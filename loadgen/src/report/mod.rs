//! The report of a run: its settings, its verdict, its results, and the result of verification. The JSON has
//! a schema number, so that reports of different versions are not compared by mistake.

mod beside;
pub mod compare;
#[cfg(test)]
mod fixtures;
pub mod hlog;
pub mod html;
mod percentiles;
pub mod quantile;
mod reasons;
mod repeats;
mod schema;
mod second;
pub mod slo;
mod text;
pub mod verdict;

pub use self::beside::BesideReport;
pub use self::percentiles::PercentilePoint;
pub use self::repeats::{RepeatReport, RepeatedRuns};
pub use self::schema::report_schema;
pub use self::second::SecondReport;

use self::percentiles::distribution;
use self::quantile::{Quantile, QuantileValues, named, values};
use self::second::second_reports;
use self::slo::Slo;
use self::verdict::{GeneratorLag, RunFindings, RunVerdict, invalid_reason};
use crate::machine::gateway::GatewaySeries;
use crate::machine::host::LoadHost;
use crate::outcome::OutcomeCounts;
use crate::sample::RunTotals;
use crate::verify::VerificationResult;
use scangate_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The number of the JSON's schema. A name or meaning that changes has the next number.
pub const SCHEMA: u32 = 3;
/// The quantiles of response and service time in every report. The service levels of a run add theirs.
const QUANTILES: [&str; 5] = ["p50", "p90", "p99", "p99.9", "max"];
/// The quantiles of the lag.
const LAG_QUANTILES: [&str; 3] = ["p50", "p99", "max"];

/// The settings of a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
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
    /// The number of generators that sent the load together.
    pub generators: usize,
    /// The seed of the plan.
    pub seed: u64,
    /// The longest wait for an answer. **Units**: milliseconds.
    pub answer_max_ms: f64,
    /// The time after which an acknowledgement is late. **Units**: milliseconds.
    pub late_after_ms: f64,
    /// The p99 of the lag above which the run is invalid. **Units**: milliseconds.
    pub lag_max_ms: f64,
}

/// What became of the verification.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum RunVerification {
    /// The run left it out.
    LeftOut,
    /// The check-ins were read back.
    Done(VerificationResult),
    /// The check-ins could not be read back, for this reason.
    Failed(String),
}

impl RunVerification {
    /// What became of this verification and of another one together.
    pub(crate) fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed(reason), _) | (_, Self::Failed(reason)) => Self::Failed(reason),
            (Self::Done(mut own), Self::Done(others)) => {
                own.add(&others);
                Self::Done(own)
            }
            (Self::LeftOut, other) | (other, Self::LeftOut) => other,
        }
    }
}

/// The measures of a run beside its scans.
#[derive(Debug, Clone)]
pub struct RunMeasures {
    /// The gateway's CPU time, if it could be read.
    pub server_cpu: Option<Duration>,
    /// The generator's CPU time as a share of its cores, if it could be read.
    pub generator_cpu_share: Option<f64>,
    /// The gateway's metrics by second.
    pub gateway: GatewaySeries,
    /// The machine that sent the load.
    pub host: LoadHost,
    /// The generator's CPU time while the scans were sent and answered, if it could be read.
    pub generator_cpu: Option<Duration>,
    /// Whether the run was interrupted.
    pub is_interrupted: bool,
    /// What became of the verification.
    pub verification: RunVerification,
}

/// The report of a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// The number of the schema.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: u32,
    /// The verdict.
    pub verdict: RunVerdict,
    /// Whether the figures say something about the gateway.
    pub valid: bool,
    /// The reason for which the run is invalid.
    pub invalid_reason: Option<String>,
    /// The service levels that the run had to meet.
    pub levels: Vec<String>,
    /// The service levels that were missed.
    pub missed: Vec<String>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// The settings of the run.
    pub asked: RunSettings,
    /// The time of day at which the plan began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub began: Timestamp,
    /// The machine that sent the load.
    pub machine: LoadHost,
    /// The number of scans in each class.
    pub outcomes: OutcomeCounts,
    /// Connections whose request the gateway accepted as early data.
    pub early: u64,
    /// The time from the start to the last answer, or to the end of the plan if that is later. **Units**:
    /// seconds.
    pub wall_s: f64,
    /// Acknowledged scans a second of that time.
    pub acknowledged_a_second: f64,
    /// Time from the intended time to the answer. **Units**: milliseconds.
    pub response_ms: QuantileValues,
    /// Time from sending to the answer. **Units**: milliseconds.
    pub service_ms: QuantileValues,
    /// The distribution of the response time.
    pub response_percentiles: Vec<PercentilePoint>,
    /// The distribution of the service time.
    pub service_percentiles: Vec<PercentilePoint>,
    /// Time from the intended time until the generator took the scan up. **Units**: milliseconds.
    pub lag_ms: QuantileValues,
    /// The generator's CPU time as a share of its cores, if it could be read.
    pub generator_cpu_share: Option<f64>,
    /// The generator's CPU time a check-in, without registration and reading back, if it could be read.
    /// **Units**: microseconds.
    pub generator_cpu_us_a_check_in: Option<f64>,
    /// The gateway's CPU time a check-in, if it could be read. **Units**: microseconds.
    pub server_cpu_us_a_check_in: Option<f64>,
    /// The reason for which the seconds have no metrics of the gateway.
    pub gateway_metrics_missing: Option<String>,
    /// The results by second. Those of several runs are added by the second's number.
    pub seconds: Vec<SecondReport>,
    /// The figures of each run. The figures beside them are those of all runs together.
    pub repeats: Vec<RepeatReport>,
    /// The load beside the scans, which no service level counts.
    #[serde(default)]
    pub beside: Vec<BesideReport>,
    /// The result of verification, unless it was left out or failed.
    pub verified: Option<VerificationResult>,
    /// The reason for which the check-ins could not be read back.
    pub verification_error: Option<String>,
}

impl RunReport {
    /// Makes the report of a run and judges it by these service levels.
    ///
    /// # Panics
    /// If a planned scan is in no class or in two, because such a report would be false.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    pub fn new(asked: RunSettings, totals: &RunTotals, measures: RunMeasures, levels: &[Slo]) -> Self {
        let outcomes = totals.outcomes.clone();
        assert!(outcomes.is_settled(), "the classes do not add up to the plan: {outcomes:?}");
        let acknowledged = outcomes.acknowledged;
        let always = named(&QUANTILES);
        let of_levels: Vec<Quantile> = levels.iter().filter_map(Slo::quantile).collect();
        let lag_ms = values(&totals.lag, &named(&LAG_QUANTILES));
        let RunMeasures {
            server_cpu,
            generator_cpu,
            generator_cpu_share,
            gateway,
            host,
            is_interrupted,
            verification,
        } = measures;
        let us_a_check_in = |cpu: Option<Duration>| {
            cpu.filter(|_| acknowledged > 0).map(|cpu| cpu.as_secs_f64() * 1e6 / acknowledged as f64)
        };
        let p99 = lag_ms.get("p99").copied();
        let lag = p99.map(|p99_ms| GeneratorLag { p99_ms, late: totals.lag_above(asked.lag_max_ms) });
        let reason = invalid_reason(lag, asked.lag_max_ms, generator_cpu_share);
        let (verified, verification_error) = match verification {
            RunVerification::LeftOut => (None, None),
            RunVerification::Done(result) => (Some(result), None),
            RunVerification::Failed(reason) => (None, Some(reason)),
        };
        let wall_s = totals.wall.as_secs_f64();
        let mut report = Self {
            schema: SCHEMA,
            verdict: RunVerdict::Ok,
            valid: reason.is_none(),
            invalid_reason: reason,
            levels: levels.iter().map(Slo::to_string).collect(),
            missed: Vec::new(),
            interrupted: is_interrupted,
            early: totals.early,
            wall_s,
            acknowledged_a_second: if wall_s > 0.0 { acknowledged as f64 / wall_s } else { 0.0 },
            response_ms: values(&totals.response, always.iter().chain(&of_levels)),
            service_ms: values(&totals.service, &always),
            response_percentiles: distribution(&totals.response),
            service_percentiles: distribution(&totals.service),
            lag_ms,
            generator_cpu_share,
            generator_cpu_us_a_check_in: us_a_check_in(generator_cpu),
            server_cpu_us_a_check_in: us_a_check_in(server_cpu),
            seconds: second_reports(totals, &gateway),
            beside: totals.beside.iter().map(BesideReport::of).collect(),
            gateway_metrics_missing: gateway.missing,
            repeats: Vec::new(),
            verified,
            verification_error,
            began: totals.began,
            machine: host,
            outcomes,
            asked,
        };
        report.missed = levels.iter().filter(|slo| !slo.is_met(&report)).map(Slo::to_string).collect();
        report.verdict = report.findings().verdict();
        report
    }

    fn findings(&self) -> RunFindings {
        let is_wrong = self.verified.as_ref().is_some_and(|result| !result.is_ok());
        RunFindings {
            is_lost: is_wrong || self.verification_error.is_some(),
            is_invalid: !self.valid,
            is_missed: !self.missed.is_empty(),
            is_incomplete: self.interrupted || self.outcomes.acknowledged == 0,
        }
    }
}
