//! A snapshot for the unit tests of the line and the view.

use super::snapshot::{RunSnapshot, RunStage, WindowFigures};
use crate::client::BreakCause;
use crate::outcome::OutcomeCounts;
use std::time::Duration;

/// A run of a minute after 12 seconds, with three failed scans.
pub(crate) fn busy() -> RunSnapshot {
    let outcomes = OutcomeCounts {
        planned: 2_000,
        acknowledged: 1_997,
        refused: [("overloaded".to_owned(), 2)].into(),
        broken: [(BreakCause::Reset, 1)].into(),
        ..OutcomeCounts::default()
    };
    let second = WindowFigures {
        offered_a_second: 2_000.0,
        acknowledged_a_second: 1_997.0,
        outcomes,
        p50_us: 900,
        p99_us: 3_100,
        max_us: 120_000,
        lag_p99_us: 180,
    };
    RunSnapshot {
        stage: RunStage::Sending { elapsed: Duration::from_secs(12), length: Duration::from_secs(60) },
        recent: second.clone(),
        second,
        open: 12,
        minute: vec![2_000, 2_000, 1_000, 2_000, 0, 2_000],
    }
}
