//! The verdict on a run: whether it measured the gateway at all, and whether the gateway did well.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The share of its cores above which the generator is itself what the run measures. **Units**: 1 is all
/// cores.
const CPU_SHARE_MAX: f64 = 0.9;

/// The late scans of which a run has at least so many if its generator was the limit. In a run of a hundred
/// scans one pause of the machine is the p99.
const LATE_SCANS_MIN: u64 = 5;

/// The verdict on a run, of which the exit code is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunVerdict {
    /// Every acknowledged check-in was read back, and every service level was met.
    Ok,
    /// A check-in was lost or could not be read back, the run was interrupted, or nothing was acknowledged.
    Failed,
    /// A service level was missed.
    Missed,
    /// The generator was the limit, so the figures say nothing about the gateway.
    Invalid,
}

impl RunVerdict {
    /// The rank of the verdict among those of several runs: the gravest has the highest.
    pub(super) fn gravity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Missed => 1,
            Self::Invalid => 2,
            Self::Failed => 3,
        }
    }

    /// The exit code; clap exits with 2 on wrong usage.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Missed => 3,
            Self::Invalid => 4,
        }
    }
}

impl fmt::Display for RunVerdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Invalid => "invalid",
        })
    }
}

/// The findings from which a verdict is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunFindings {
    /// A check-in was lost or doubled, or could not be read back.
    pub(super) is_lost: bool,
    /// The generator was the limit.
    pub(super) is_invalid: bool,
    /// A service level was missed.
    pub(super) is_missed: bool,
    /// The run was interrupted, or nothing was acknowledged.
    pub(super) is_incomplete: bool,
}

impl RunFindings {
    /// The gravest finding. A slow generator excuses no lost check-in, but every missed level.
    pub(super) fn verdict(self) -> RunVerdict {
        match self {
            Self { is_lost: true, .. } => RunVerdict::Failed,
            Self { is_invalid: true, .. } => RunVerdict::Invalid,
            Self { is_missed: true, .. } => RunVerdict::Missed,
            Self { is_incomplete: true, .. } => RunVerdict::Failed,
            _ => RunVerdict::Ok,
        }
    }
}

/// The lag of a run's generator.
#[derive(Debug, Clone, Copy)]
pub(super) struct GeneratorLag {
    /// The p99. **Units**: milliseconds.
    pub(super) p99_ms: f64,
    /// The scans whose lag is above the bound.
    pub(super) late: u64,
}

/// The reason for which a run is invalid, if it is. **Units**: `lag_max` is in milliseconds; `cpu_share` is a
/// share of the cores.
pub(super) fn invalid_reason(
    lag: Option<GeneratorLag>,
    lag_max: f64,
    cpu_share: Option<f64>,
) -> Option<String> {
    let is_late = |lag: &GeneratorLag| lag.p99_ms > lag_max && lag.late >= LATE_SCANS_MIN;
    let lag = lag.filter(is_late).map(|GeneratorLag { p99_ms, .. }| {
        format!("the generator was late: the p99 of its lag is {p99_ms:.1} ms, more than {lag_max:.0} ms")
    });
    let cpu = cpu_share.filter(|share| *share > CPU_SHARE_MAX).map(|share| {
        format!(
            "the generator used {:.0} % of its cores, more than {:.0} %",
            share * 1e2,
            CPU_SHARE_MAX * 1e2
        )
    });
    let reasons: Vec<String> = lag.into_iter().chain(cpu).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_finding_is_the_verdict() {
        let none = RunFindings { is_lost: false, is_invalid: false, is_missed: false, is_incomplete: false };
        let missed = RunFindings { is_missed: true, is_incomplete: true, ..none };
        let invalid = RunFindings { is_invalid: true, ..missed };
        let lost = RunFindings { is_lost: true, ..invalid };
        let incomplete = RunFindings { is_incomplete: true, ..none };
        let codes = [none, incomplete, missed, invalid, lost].map(|one| one.verdict().exit_code());
        assert_eq!(codes, [0, 1, 3, 4, 1]);
    }

    #[test]
    fn a_late_or_busy_generator_makes_a_run_invalid() {
        let lag = |p99_ms, late| Some(GeneratorLag { p99_ms, late });
        assert_eq!(invalid_reason(lag(20.0, 9), 20.0, Some(0.9)), None);
        assert_eq!(invalid_reason(lag(90.0, LATE_SCANS_MIN - 1), 20.0, None), None);
        assert_eq!(invalid_reason(None, 20.0, None), None);
        assert!(invalid_reason(lag(20.1, LATE_SCANS_MIN), 20.0, None).unwrap().contains("20.1 ms"));
        let both = invalid_reason(lag(20.1, 9), 20.0, Some(0.91)).unwrap();
        assert!(both.contains("; the generator used 91 %"), "{both}");
    }
}
