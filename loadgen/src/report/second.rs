//! The results of a run by second: how each scan ended, how long the acknowledged ones took, and the
//! gateway's own metrics.

use super::quantile::ms;
use crate::client::BreakCause;
use crate::machine::gateway::GatewaySeries;
use crate::sample::{RunTotals, SecondSample};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The results of one second of a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SecondReport {
    /// The second's number from the start of the run.
    pub second: u64,
    /// The scans of the plan whose intended time is in this second.
    pub offered: u64,
    /// Acknowledgements that came in this second.
    pub acknowledged: u64,
    /// Scans that ended in this second without an acknowledgement.
    pub failed: u64,
    /// Scans that the gateway refused in this second, by problem code.
    pub refused: BTreeMap<String, u64>,
    /// Scans whose wait for an answer ended in this second.
    pub unanswered: u64,
    /// Scans whose connection failed in this second, by cause.
    pub broken: BTreeMap<BreakCause, u64>,
    /// Scans of this second of which no byte was sent.
    pub not_sent: u64,
    /// The median response time of the acknowledgements. **Units**: milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of their response time. **Units**: milliseconds.
    pub p99_ms: f64,
    /// The longest of their response times. **Units**: milliseconds.
    pub max_ms: f64,
    /// The gateway's CPU time a second, if its metrics could be read. **Units**: cores.
    pub server_cpu_cores: Option<f64>,
    /// Check-ins in the gateway's journal that waited for the trail store, if its metrics could be read.
    pub backlog: Option<f64>,
    /// The mean time of the journal's fsyncs, if there was one. **Units**: milliseconds.
    pub fsync_ms: Option<f64>,
}

/// The reports of all seconds of a run, from its first.
pub(super) fn second_reports(totals: &RunTotals, gateway: &GatewaySeries) -> Vec<SecondReport> {
    let (samples, offered) = (&totals.seconds, &totals.offered);
    let numbers = (0_u64..).zip(0..samples.len().max(offered.len()));
    let of = |(second, index): (u64, usize)| {
        let SecondSample { outcomes, response, .. } = samples.get(index).cloned().unwrap_or_default();
        let response = response.open();
        let metrics = gateway.seconds.get(index).copied().flatten();
        SecondReport {
            second,
            offered: offered.get(index).copied().unwrap_or_default(),
            acknowledged: outcomes.acknowledged,
            failed: outcomes.errors(),
            p50_ms: ms(response.value_at_quantile(0.5)),
            p99_ms: ms(response.value_at_quantile(0.99)),
            max_ms: ms(response.max()),
            refused: outcomes.refused,
            unanswered: outcomes.unanswered,
            broken: outcomes.broken,
            not_sent: outcomes.not_sent,
            server_cpu_cores: metrics.map(|metrics| metrics.cpu_cores()),
            backlog: metrics.map(|metrics| metrics.backlog()),
            fsync_ms: metrics.and_then(|metrics| metrics.fsync_ms()),
        }
    };
    numbers.map(of).collect()
}
