//! The reasons for a verdict, as sentences for the reader of a report.

use super::RunReport;

impl RunReport {
    /// The reasons for the verdict, the decisive one first. A run that is ok has reasons as well.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(error) = &self.verification_error {
            reasons.push(format!("The check-ins could not be read back: {error}."));
        }
        if let Some(wrong) = self.verified.as_ref().filter(|verified| !verified.is_ok()) {
            reasons.push(format!(
                "Of {} acknowledged check-ins {} are missing, {} doubled and {} changed.",
                wrong.acknowledged, wrong.missing, wrong.doubled, wrong.changed
            ));
        }
        if let Some(reason) = &self.invalid_reason {
            reasons.push(format!("The figures say nothing about the gateway: {reason}."));
        }
        reasons.extend(self.missed.iter().map(|level| format!("The service level {level} was missed.")));
        if self.outcomes.acknowledged == 0 {
            reasons.push("The gateway acknowledged no scan.".to_owned());
        }
        if self.interrupted {
            reasons.push("The run was interrupted.".to_owned());
        }
        if reasons.is_empty() {
            reasons.push(self.praise());
        }
        reasons
    }

    /// The reason of a run that is ok.
    fn praise(&self) -> String {
        let read_back = match &self.verified {
            Some(verified) => format!("All {} acknowledged check-ins were read back", verified.found),
            None => "The acknowledged check-ins were not read back, as asked".to_owned(),
        };
        let errors = self.outcomes.errors();
        match self.levels.len() {
            0 if errors > 0 => format!(
                "{read_back}. Of {} scans {errors} were not acknowledged, and the run had no service level.",
                self.outcomes.planned
            ),
            0 => format!("{read_back}. The run had no service level."),
            1 => format!("{read_back}, and the service level was met."),
            2 => format!("{read_back}, and both service levels were met."),
            levels => format!("{read_back}, and all {levels} service levels were met."),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::outcome::ScanOutcome;
    use crate::report::fixtures::{acknowledged, report, settled};
    use crate::sample::{KeptAnswers, Samples};
    use std::time::Duration;

    #[test]
    fn a_run_without_a_level_names_the_scans_that_were_not_acknowledged() {
        let samples = Samples::new(2, Duration::from_secs(5), KeptAnswers::All);
        samples.settle(settled(acknowledged(), Duration::from_millis(1)));
        samples.settle(settled(ScanOutcome::Unanswered, Duration::from_secs(30)));
        let reasons = report(&samples, &[]).reasons();
        assert!(reasons[0].contains("Of 2 scans 1 were not acknowledged"), "{reasons:?}");
    }
}
