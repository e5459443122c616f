//! A sample: the figures of one interval, as the difference of two readings of the metrics.

use super::reading::{ByKind, MetricReading};
use crate::tables::colours::colour_counts::ByColour;
use scangate_core::time::Timestamp;
use std::collections::BTreeMap;

/// The counters and gauges at one time.
#[derive(Debug, Clone)]
pub(super) struct StatusReading {
    /// The time of the reading.
    pub(super) at: Timestamp,
    /// The metrics.
    pub(super) metrics: MetricReading,
    /// The turns of colour since the start.
    pub(super) turns: ByColour,
    /// The age of the newest check-in that is certainly in the trail store. **Units**: milliseconds.
    pub(super) behind_ms: u64,
}

/// The figures of one interval.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StatusSample {
    /// The end of the interval.
    pub(super) at: Timestamp,
    /// The length of the interval. **Units**: milliseconds.
    pub(super) over_ms: u64,
    /// Answered check-ins.
    pub(super) check_ins: u64,
    /// The time that 99 % of the answers did not exceed. **Units**: microseconds.
    pub(super) p99_us: Option<u64>,
    /// The time that 99 % of the fsyncs did not exceed. **Units**: microseconds.
    pub(super) fsync_p99_us: Option<u64>,
    /// Refused requests on the scan path, by problem code. Codes without any are left out.
    pub(super) refusals: BTreeMap<String, u64>,
    /// Refused requests of the back office.
    pub(super) office_refusals: ByKind,
    /// The turns to each colour.
    pub(super) turns: ByColour,
    /// How far behind the trail store is at the end of the interval. **Units**: milliseconds.
    pub(super) behind_ms: u64,
}

impl StatusSample {
    /// The sample of the time between two readings.
    pub(super) fn between(from: &StatusReading, to: &StatusReading) -> Self {
        let (before, after) = (&from.metrics, &to.metrics);
        let refused = |at: usize| after.office_refusals[at].saturating_sub(before.office_refusals[at]);
        Self {
            at: to.at,
            over_ms: to.at.since_ms(from.at),
            check_ins: after.check_ins.saturating_sub(before.check_ins),
            p99_us: after.answers.since(&before.answers).p99_us(),
            fsync_p99_us: after.fsyncs.since(&before.fsyncs).p99_us(),
            refusals: after.refusals_since(before),
            office_refusals: std::array::from_fn(refused),
            turns: to.turns.since(&from.turns),
            behind_ms: to.behind_ms,
        }
    }

    /// Check-ins a second.
    pub(super) fn check_ins_per_s(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let (check_ins, over_ms) = (self.check_ins as f64, self.over_ms.max(1) as f64);
        check_ins * 1_000.0 / over_ms
    }

    /// Refused requests of the scan path, all codes together.
    pub(super) fn refused(&self) -> u64 {
        self.refusals.values().sum()
    }
}
