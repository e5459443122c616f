//! A scenario that ran several times: the figures of each run, and one report for all of them.

use super::quantile::QuantileValues;
use super::slo::Slo;
use super::verdict::RunVerdict;
use super::{RunMeasures, RunReport, RunSettings};
use crate::outcome::OutcomeCounts;
use crate::sample::{RunOrder, RunTotals};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The figures of one run of a repeated scenario.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RepeatReport {
    /// The seed of this run's plan.
    pub seed: u64,
    /// The verdict on this run alone.
    pub verdict: RunVerdict,
    /// The reason for which this run is invalid.
    pub invalid_reason: Option<String>,
    /// The service levels that this run missed.
    pub missed: Vec<String>,
    /// The number of scans in each class.
    pub outcomes: OutcomeCounts,
    /// Acknowledged scans a second.
    pub acknowledged_a_second: f64,
    /// Time from the intended time to the answer. **Units**: milliseconds.
    pub response_ms: QuantileValues,
    /// Time from sending to the answer. **Units**: milliseconds.
    pub service_ms: QuantileValues,
    /// Time from the intended time until the generator took the scan up. **Units**: milliseconds.
    pub lag_ms: QuantileValues,
    /// The generator's CPU time as a share of its cores, if it could be read.
    pub generator_cpu_share: Option<f64>,
    /// The generator's CPU time a check-in, if it could be read. **Units**: microseconds.
    pub generator_cpu_us_a_check_in: Option<f64>,
    /// The gateway's CPU time a check-in, if it could be read. **Units**: microseconds.
    pub server_cpu_us_a_check_in: Option<f64>,
}

impl From<RunReport> for RepeatReport {
    fn from(report: RunReport) -> Self {
        Self {
            seed: report.asked.seed,
            verdict: report.verdict,
            invalid_reason: report.invalid_reason,
            missed: report.missed,
            outcomes: report.outcomes,
            acknowledged_a_second: report.acknowledged_a_second,
            response_ms: report.response_ms,
            service_ms: report.service_ms,
            lag_ms: report.lag_ms,
            generator_cpu_share: report.generator_cpu_share,
            generator_cpu_us_a_check_in: report.generator_cpu_us_a_check_in,
            server_cpu_us_a_check_in: report.server_cpu_us_a_check_in,
        }
    }
}

/// The runs of a scenario, of which the first has the seed of the settings and each further one the next.
pub struct RepeatedRuns {
    asked: RunSettings,
    levels: Vec<Slo>,
    merged: Option<(RunTotals, RunMeasures)>,
    repeats: Vec<RepeatReport>,
}

impl RepeatedRuns {
    /// A scenario that has not run yet, with its service levels.
    #[must_use]
    pub fn new(asked: RunSettings, levels: &[Slo]) -> Self {
        Self { asked, levels: levels.to_vec(), merged: None, repeats: Vec::new() }
    }

    /// The seed of the next run.
    #[must_use]
    pub fn next_seed(&self) -> u64 {
        self.asked.seed.wrapping_add(self.repeats.len() as u64)
    }

    /// Adds a run that has ended and was read back. Its list of check-ins is dropped.
    ///
    /// # Panics
    /// If a planned scan is in no class or in two.
    pub fn add(&mut self, mut totals: RunTotals, measures: RunMeasures) {
        let asked = RunSettings { seed: self.next_seed(), ..self.asked.clone() };
        self.repeats.push(RunReport::new(asked, &totals, measures.clone(), &self.levels).into());
        totals.kept.clear();
        self.merged = Some(match self.merged.take() {
            None => (totals, measures),
            Some((mut all, others)) => {
                let measures = others.merge(all.wall, measures, totals.wall);
                all.merge(totals, RunOrder::Sequential);
                (all, measures)
            }
        });
    }

    /// The results of all runs so far, if there was one.
    #[must_use]
    pub fn totals(&self) -> Option<&RunTotals> {
        self.merged.as_ref().map(|(totals, _)| totals)
    }

    /// The report of all runs. Its figures are those of the merged runs, its verdict is the gravest of
    /// theirs, and a level that one run missed is missed. `None` if nothing ran.
    #[must_use]
    pub fn report(self) -> Option<RunReport> {
        let (totals, measures) = self.merged?;
        let mut report = RunReport::new(self.asked, &totals, measures, &self.levels);
        let is_missed = |level: &String| self.repeats.iter().any(|repeat| repeat.missed.contains(level));
        report.missed = report.levels.iter().filter(|level| is_missed(level)).cloned().collect();
        let invalid = self.repeats.iter().find_map(|repeat| {
            let reason = repeat.invalid_reason.as_ref()?;
            let is_one_of_many = self.repeats.len() > 1;
            Some(if is_one_of_many { format!("with seed {}, {reason}", repeat.seed) } else { reason.clone() })
        });
        (report.valid, report.invalid_reason) = (invalid.is_none(), invalid);
        let verdicts = self.repeats.iter().map(|repeat| repeat.verdict);
        report.verdict = verdicts.max_by_key(|verdict| verdict.gravity()).unwrap_or(report.verdict);
        report.repeats = self.repeats;
        Some(report)
    }
}

impl RunMeasures {
    /// The measures of this run, which took `wall`, and of one that came after it. A generator's share is
    /// weighted by time. CPU time that one run could not read is not known for both.
    fn merge(mut self, wall: Duration, other: Self, other_wall: Duration) -> Self {
        let (own, others) = (wall.as_secs_f64(), other_wall.as_secs_f64());
        let mean = |(a, b)| if own + others > 0.0 { (a * own + b * others) / (own + others) } else { a };
        self.gateway.merge(&other.gateway);
        let sum = |(own, others)| own + others;
        Self {
            server_cpu: self.server_cpu.zip(other.server_cpu).map(sum),
            generator_cpu: self.generator_cpu.zip(other.generator_cpu).map(sum),
            generator_cpu_share: self.generator_cpu_share.zip(other.generator_cpu_share).map(mean),
            gateway: self.gateway,
            host: self.host,
            is_interrupted: self.is_interrupted || other.is_interrupted,
            verification: self.verification.merge(other.verification),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::ScanOutcome;
    use crate::report::RunVerification;
    use crate::report::fixtures::{acknowledged, measures, settings, settled};
    use crate::sample::{KeptAnswers, Samples};
    use crate::verify::VerificationResult;

    /// The results of a run of two scans, one of which has this outcome.
    fn totals(outcome: ScanOutcome, response_ms: u64) -> RunTotals {
        let samples = Samples::new(2, Duration::from_millis(50), KeptAnswers::All);
        samples.settle(settled(acknowledged(), Duration::from_millis(1)));
        samples.settle(settled(outcome, Duration::from_millis(response_ms)));
        samples.end_plan(vec![2], 0, Duration::from_secs(1));
        samples.take()
    }

    fn read_back(found: u64, share: f64) -> RunMeasures {
        let result =
            VerificationResult { acknowledged: 2, found, missing: 2 - found, doubled: 0, changed: 0 };
        let (server_cpu, generator_cpu_share) = (Some(Duration::from_millis(3)), Some(share));
        RunMeasures {
            server_cpu,
            generator_cpu_share,
            verification: RunVerification::Done(result),
            ..measures()
        }
    }

    #[test]
    fn the_report_of_several_runs_has_each_and_their_sum() {
        let levels = ["errors<1".parse().unwrap(), "max<10s".parse().unwrap()];
        let mut runs = RepeatedRuns::new(settings(), &levels);
        runs.add(totals(acknowledged(), 9), read_back(2, 0.2));
        assert_eq!(runs.next_seed(), 2);
        runs.add(totals(ScanOutcome::Unanswered, 900), read_back(2, 0.4));
        runs.add(totals(acknowledged(), 9), read_back(2, 0.6));
        assert_eq!(runs.totals().map(|totals| totals.kept.len()), Some(0));
        let report = runs.report().unwrap();
        assert_eq!(report.repeats.iter().map(|repeat| repeat.seed).collect::<Vec<_>>(), [1, 2, 3]);
        let verdicts: Vec<_> = report.repeats.iter().map(|repeat| repeat.verdict).collect();
        assert_eq!(verdicts, [RunVerdict::Ok, RunVerdict::Missed, RunVerdict::Ok]);
        assert_eq!(
            (report.verdict, report.missed.as_slice()),
            (RunVerdict::Missed, ["errors<1".to_owned()].as_slice())
        );
        assert_eq!((report.outcomes.planned, report.outcomes.acknowledged), (6, 5));
        assert_eq!(report.verified.map(|verified| verified.found), Some(6));
        assert!((report.acknowledged_a_second - 5.0 / 3.0).abs() < 1e-9, "{}", report.acknowledged_a_second);
        assert!(report.generator_cpu_share.is_some_and(|share| (share - 0.4).abs() < 1e-9));
        assert!(report.server_cpu_us_a_check_in.is_some_and(|us| (us - 1_800.0).abs() < 1e-6));
    }

    #[test]
    fn a_lost_check_in_or_an_invalid_run_decides_over_all_others() {
        let runs = |second: RunMeasures| {
            let mut runs = RepeatedRuns::new(settings(), &[]);
            runs.add(totals(acknowledged(), 9), read_back(2, 0.2));
            runs.add(totals(acknowledged(), 9), second);
            runs.report().unwrap()
        };
        assert_eq!(runs(read_back(1, 0.2)).verdict, RunVerdict::Failed);
        let invalid = runs(read_back(2, 0.99));
        assert_eq!((invalid.verdict, invalid.valid), (RunVerdict::Invalid, false));
        assert!(
            invalid.invalid_reason.is_some_and(|reason| reason.starts_with("with seed 2, the generator"))
        );
        let unread = RunMeasures { verification: RunVerification::Failed("gone".to_owned()), ..measures() };
        let failed = runs(unread);
        assert_eq!(
            (failed.verdict, failed.verification_error.as_deref()),
            (RunVerdict::Failed, Some("gone"))
        );
        assert!(RepeatedRuns::new(settings(), &[]).report().is_none());
    }
}
