//! The outcome of a scan. Every planned scan ends in exactly one class, so the classes add up to the plan.

use crate::client::BreakCause;
use crate::sample::AcknowledgedCheckIn;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The outcome of a planned scan.
#[derive(Debug, Clone)]
pub enum ScanOutcome {
    /// The gateway acknowledged the check-in.
    Acknowledged(AcknowledgedCheckIn),
    /// The gateway refused the scan with this problem code.
    Refused(String),
    /// The scan was sent, and no answer came in time.
    Unanswered,
    /// The connection failed, or the answer could not be read.
    Broken(BreakCause),
    /// No byte of the scan was sent: the backlog was full, no place on a gate became free in time, or the run
    /// was interrupted.
    NotSent,
}

/// The number of scans in each class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeCounts {
    /// The scans of the plan.
    pub planned: u64,
    /// Scans that the gateway acknowledged.
    pub acknowledged: u64,
    /// The part of the acknowledged scans whose answer came late.
    pub late: u64,
    /// Scans that the gateway refused, by problem code.
    pub refused: BTreeMap<String, u64>,
    /// Scans without an answer.
    pub unanswered: u64,
    /// Scans whose connection failed, by cause.
    pub broken: BTreeMap<BreakCause, u64>,
    /// Scans of which no byte was sent.
    pub not_sent: u64,
}

impl OutcomeCounts {
    /// Counts a scan in its class.
    pub(crate) fn add(&mut self, outcome: &ScanOutcome) {
        match outcome {
            ScanOutcome::Acknowledged(_) => self.acknowledged += 1,
            ScanOutcome::Refused(code) => *self.refused.entry(code.clone()).or_default() += 1,
            ScanOutcome::Unanswered => self.unanswered += 1,
            ScanOutcome::Broken(cause) => *self.broken.entry(*cause).or_default() += 1,
            ScanOutcome::NotSent => self.not_sent += 1,
        }
    }

    /// Adds the scans of another run or second, class by class.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.planned += other.planned;
        self.acknowledged += other.acknowledged;
        self.late += other.late;
        self.unanswered += other.unanswered;
        self.not_sent += other.not_sent;
        for (code, count) in &other.refused {
            *self.refused.entry(code.clone()).or_default() += count;
        }
        for (cause, count) in &other.broken {
            *self.broken.entry(*cause).or_default() += count;
        }
    }

    /// All refused scans.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// All scans whose connection failed.
    #[must_use]
    pub fn broken(&self) -> u64 {
        self.broken.values().sum()
    }

    /// The scans that were not acknowledged.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.refused() + self.unanswered + self.broken() + self.not_sent
    }

    /// Whether every planned scan is in exactly one class.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.acknowledged + self.errors() == self.planned && self.late <= self.acknowledged
    }
}
