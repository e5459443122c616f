//! The figures of a run that are compared, and which change of each is for the better.

use crate::report::RepeatReport;

/// The change of a figure that is for the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FavouredChange {
    /// A higher figure is better.
    Rise,
    /// A lower figure is better.
    Fall,
}

/// A figure of a run that is compared.
pub(super) struct ComparedFigure {
    /// The name with the unit.
    pub(super) name: &'static str,
    /// The change for the better.
    pub(super) favoured: FavouredChange,
    /// Reads the figure of a run, if the run has it.
    pub(super) of: fn(&RepeatReport) -> Option<f64>,
}

const fn falls(name: &'static str, of: fn(&RepeatReport) -> Option<f64>) -> ComparedFigure {
    ComparedFigure { name, favoured: FavouredChange::Fall, of }
}

/// The figures in their order. The lag is not one of them, because it is the generator's.
pub(super) const FIGURES: [ComparedFigure; 14] = [
    ComparedFigure {
        name: "acknowledged/s",
        favoured: FavouredChange::Rise,
        of: |run| Some(run.acknowledged_a_second),
    },
    falls("response p50 ms", |run| run.response_ms.get("p50").copied()),
    falls("response p90 ms", |run| run.response_ms.get("p90").copied()),
    falls("response p99 ms", |run| run.response_ms.get("p99").copied()),
    falls("response p99.9 ms", |run| run.response_ms.get("p99.9").copied()),
    falls("response max ms", |run| run.response_ms.get("max").copied()),
    falls("service p50 ms", |run| run.service_ms.get("p50").copied()),
    falls("service p99 ms", |run| run.service_ms.get("p99").copied()),
    falls("late", |run| Some(count(run.outcomes.late))),
    falls("refused", |run| Some(count(run.outcomes.refused()))),
    falls("unanswered", |run| Some(count(run.outcomes.unanswered))),
    falls("broken", |run| Some(count(run.outcomes.broken()))),
    falls("not sent", |run| Some(count(run.outcomes.not_sent))),
    falls("server CPU us", |run| run.server_cpu_us_a_check_in),
];

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}
