//! The load beside the scans, in a report.

use super::QUANTILES;
use super::quantile::{QuantileValues, named, text, values};
use crate::beside::BesideTotals;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The requests or connections of one kind beside the scans.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BesideReport {
    /// The kind, with its amount and its part of the run.
    pub what: String,
    /// The requests of the plan, or the connections.
    pub planned: u64,
    /// The number of requests or connections by how they ended: a status with its problem code, or a cause.
    pub ended: BTreeMap<String, u64>,
    /// Time from the intended time to the answer. **Units**: milliseconds.
    pub response_ms: QuantileValues,
}

impl BesideReport {
    pub(super) fn of(totals: &BesideTotals) -> Self {
        Self {
            what: totals.spec.to_string(),
            planned: totals.planned,
            ended: totals.ended.clone(),
            response_ms: values(&totals.response, &named(&QUANTILES)),
        }
    }
}

impl fmt::Display for BesideReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended: Vec<String> = self.ended.iter().map(|(how, count)| format!("{count} {how}")).collect();
        write!(out, "{}: {}", self.what, ended.join(", "))?;
        if !self.response_ms.is_empty() {
            write!(out, "; ms {}", text(&self.response_ms))?;
        }
        Ok(())
    }
}
