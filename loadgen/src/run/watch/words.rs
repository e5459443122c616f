//! The words that the line and the view share.

use super::snapshot::RunStage;
use crate::outcome::OutcomeCounts;
use std::time::Duration;

/// A time in whole seconds, and from two minutes on in minutes too.
pub(crate) fn time(time: Duration) -> String {
    let seconds = (time + Duration::from_millis(500)).as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A latency in milliseconds.
pub(crate) fn ms(us: u64) -> String {
    let ms = Duration::from_micros(us).as_secs_f64() * 1e3;
    if ms < 100.0 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

/// The scans that were not acknowledged, such as `3 failed: 2 refused overloaded, 1 unanswered`.
pub(crate) fn failed(outcomes: &OutcomeCounts) -> String {
    let refused = outcomes.refused.iter().map(|(code, count)| (*count, format!("refused {code}")));
    let broken = outcomes.broken.iter().map(|(cause, count)| (*count, format!("broken {cause}")));
    let others = [(outcomes.unanswered, "unanswered".to_owned()), (outcomes.not_sent, "not sent".to_owned())];
    let classes: Vec<String> = refused
        .chain(broken)
        .chain(others)
        .filter(|(count, _)| *count > 0)
        .map(|(count, class)| format!("{count} {class}"))
        .collect();
    let failed = format!("{} failed", outcomes.errors());
    if classes.is_empty() { failed } else { format!("{failed}: {}", classes.join(", ")) }
}

/// The time since the beginning of a stage.
pub(crate) fn elapsed(stage: RunStage) -> Duration {
    match stage {
        RunStage::Sending { elapsed, .. }
        | RunStage::Waiting { elapsed, .. }
        | RunStage::ReadingBack { elapsed, .. } => elapsed,
    }
}

/// The time left in a stage, such as `48 s left`.
pub(crate) fn left(stage: RunStage) -> String {
    let Some(left) = stage.left().map(time) else { return String::new() };
    match stage {
        RunStage::Waiting { .. } => format!("at most {left} left"),
        RunStage::Sending { .. } | RunStage::ReadingBack { .. } => format!("{left} left"),
    }
}

/// The work of the run in this stage.
pub(crate) fn activity(stage: RunStage) -> String {
    match stage {
        RunStage::Sending { .. } => "sending".to_owned(),
        RunStage::Waiting { .. } => "waiting for the last answers".to_owned(),
        RunStage::ReadingBack { all, .. } => format!("reading back {all} check-ins"),
    }
}
