//! The comparison of two reports: each figure with its change, the confidence interval of the change over the
//! runs of both reports, and what the interval shows.

mod figures;
mod read;
mod statistics;
mod text;

pub use self::read::{ReportError, read};

use self::figures::{ComparedFigure, FIGURES, FavouredChange};
use self::statistics::{CONFIDENCE, change, mean};
use super::{RepeatReport, RunReport, RunSettings};
use serde::Serialize;
use std::fmt;

/// The finding about a figure of two reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeVerdict {
    /// The figure became better, and the interval excludes 0.
    Better,
    /// The figure became worse, and the interval excludes 0.
    Worse,
    /// The interval includes 0, so the runs show no change.
    NoChangeShown,
    /// A report has fewer than two runs, which give no interval.
    Undecided,
}

impl fmt::Display for ChangeVerdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoChangeShown => "no change shown",
            Self::Undecided => "undecided",
        })
    }
}

/// A figure of both reports with its change.
#[derive(Debug, Clone, Serialize)]
pub struct FigureChange {
    /// The name with the unit.
    pub name: &'static str,
    /// The mean over the runs of the earlier report.
    pub before: f64,
    /// The mean over the runs of the later report.
    pub after: f64,
    /// The change of the mean, unless the earlier mean is 0. **Units**: percent of the earlier mean.
    pub change_percent: Option<f64>,
    /// The ends of the 95 % confidence interval of the change. **Units**: percent of the earlier mean.
    pub interval_percent: Option<[f64; 2]>,
    /// The finding from the interval.
    pub verdict: ChangeVerdict,
    /// Whether the figure became worse by more than the threshold.
    pub regressed: bool,
}

/// The comparison of two reports.
#[derive(Debug, Clone, Serialize)]
pub struct ReportComparison {
    /// The verdict over all figures: worse if one regressed, otherwise better if one is better.
    pub verdict: ChangeVerdict,
    /// The number of runs in the earlier report.
    pub runs_before: usize,
    /// The number of runs in the later report.
    pub runs_after: usize,
    /// The confidence of the intervals. **Units**: percent.
    pub confidence_percent: f64,
    /// The change that a figure may become worse by. **Units**: percent.
    pub threshold_percent: f64,
    /// The figures that both reports have.
    pub figures: Vec<FigureChange>,
}

/// The reason for which two reports are not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonError {
    /// The runs differ in more than the seed.
    #[error("the runs are unlike: {}", .0.join("; "))]
    Unlike(Vec<String>),
    /// The figures of a run say nothing about its gateway.
    #[error("the {which} report is invalid: {reason}")]
    Invalid {
        /// Which of both reports.
        which: &'static str,
        /// The reason for which it is invalid.
        reason: String,
    },
}

/// Compares two reports. A figure that became worse by more than the threshold, in percent, has regressed.
/// **Errors**: the runs are unlike; one is invalid.
pub fn compare(
    before: &RunReport,
    after: &RunReport,
    threshold_percent: f64,
) -> Result<ReportComparison, ComparisonError> {
    for (which, report) in [("earlier", before), ("later", after)] {
        if let Some(reason) = &report.invalid_reason {
            return Err(ComparisonError::Invalid { which, reason: reason.clone() });
        }
    }
    let has_rate = !(is_one_scan(before) && is_one_scan(after));
    let differences = differences(&before.asked, &after.asked, has_rate);
    if !differences.is_empty() {
        return Err(ComparisonError::Unlike(differences));
    }
    let (runs_before, runs_after) = (&before.repeats, &after.repeats);
    let changes = FIGURES.iter().filter_map(|figure| {
        figure_change(figure, &values(figure, runs_before)?, &values(figure, runs_after)?, threshold_percent)
    });
    let figures: Vec<FigureChange> = changes.collect();
    Ok(ReportComparison {
        verdict: whole(&figures),
        runs_before: runs_before.len(),
        runs_after: runs_after.len(),
        confidence_percent: CONFIDENCE * 1e2,
        threshold_percent,
        figures,
    })
}

impl ReportComparison {
    /// Whether a figure became worse by more than the threshold.
    #[must_use]
    pub fn has_regressed(&self) -> bool {
        self.figures.iter().any(|figure| figure.regressed)
    }
}

/// Whether each run of a report has a single scan. Such runs have no rate in which they could differ.
fn is_one_scan(report: &RunReport) -> bool {
    !report.repeats.is_empty() && report.repeats.iter().all(|repeat| repeat.outcomes.planned == 1)
}

/// The differences between the settings of two runs, without the seed.
fn differences(before: &RunSettings, after: &RunSettings, has_rate: bool) -> Vec<String> {
    fn differ(
        name: &str,
        before: impl PartialEq + fmt::Display,
        after: impl PartialEq + fmt::Display,
    ) -> Option<String> {
        let (before, after) = (before.to_string(), after.to_string());
        (before != after).then(|| format!("{name} {before} and {after}"))
    }
    let found = [
        differ("scenario", &before.scenario, &after.scenario),
        differ("rate", before.rate, after.rate).filter(|_| has_rate),
        differ("length in seconds", before.seconds, after.seconds).filter(|_| has_rate),
        differ("carrier", &before.carrier, &after.carrier),
        differ("residents", before.residents, after.residents),
        differ("venues", before.venues, after.venues),
        differ("longest wait in ms", before.answer_max_ms, after.answer_max_ms),
        differ("late after ms", before.late_after_ms, after.late_after_ms),
        differ("generators", before.generators, after.generators),
    ];
    found.into_iter().flatten().collect()
}

/// The values of a figure in all runs. `None` if a run does not have it.
fn values(figure: &ComparedFigure, runs: &[RepeatReport]) -> Option<Vec<f64>> {
    runs.iter().map(figure.of).collect::<Option<Vec<f64>>>().filter(|values| !values.is_empty())
}

fn figure_change(
    figure: &ComparedFigure,
    before: &[f64],
    after: &[f64],
    threshold_percent: f64,
) -> Option<FigureChange> {
    let (change, mean_before) = (change(before, after), mean(before));
    let percent = |part: f64| (mean_before != 0.0).then(|| part / mean_before * 1e2);
    let (low, high) = (
        change.half_width.map(|half| change.difference - half),
        change.half_width.map(|half| change.difference + half),
    );
    let verdict = match (low, high, figure.favoured) {
        (Some(low), Some(_), FavouredChange::Rise) if low > 0.0 => ChangeVerdict::Better,
        (Some(_), Some(high), FavouredChange::Fall) if high < 0.0 => ChangeVerdict::Better,
        (Some(low), Some(high), _) if low > 0.0 || high < 0.0 => ChangeVerdict::Worse,
        (Some(_), Some(_), _) => ChangeVerdict::NoChangeShown,
        _ => ChangeVerdict::Undecided,
    };
    // A figure that was 0 has no change in percent; every change for the worse exceeds the threshold.
    let is_large = percent(change.difference).is_none_or(|percent| percent.abs() > threshold_percent);
    Some(FigureChange {
        name: figure.name,
        before: mean_before,
        after: mean(after),
        change_percent: percent(change.difference),
        interval_percent: low.and_then(percent).zip(high.and_then(percent)).map(|(low, high)| [low, high]),
        verdict,
        regressed: verdict == ChangeVerdict::Worse && is_large,
    })
}

/// The verdict over all figures.
fn whole(figures: &[FigureChange]) -> ChangeVerdict {
    let has = |verdict| figures.iter().any(|figure| figure.verdict == verdict);
    if figures.iter().any(|figure| figure.regressed) {
        ChangeVerdict::Worse
    } else if has(ChangeVerdict::Better) {
        ChangeVerdict::Better
    } else if has(ChangeVerdict::NoChangeShown) || has(ChangeVerdict::Worse) {
        ChangeVerdict::NoChangeShown
    } else {
        ChangeVerdict::Undecided
    }
}

#[cfg(test)]
mod tests;
