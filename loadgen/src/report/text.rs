//! The report as text for a terminal.

use super::quantile::text;
use super::{RepeatReport, RunReport, VerificationResult};
use std::fmt::Write as _;

impl RunReport {
    /// The report as text for a terminal. It begins with the reason for which a run is invalid.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Some(reason) = &self.invalid_reason {
            let _ = writeln!(out, "INVALID: {reason}");
        }
        let _ = writeln!(out, "{} · {}", self.asked.scenario, self.asked.carrier);
        self.write_outcomes(&mut out);
        self.write_times(&mut out);
        for beside in &self.beside {
            let _ = writeln!(out, "  beside         {beside}");
        }
        if let Some(verified) = &self.verified {
            self.write_verified(&mut out, verified);
        }
        if let Some(error) = &self.verification_error {
            let _ = writeln!(out, "  read back      failed: {error}");
        }
        self.write_repeats(&mut out);
        for level in &self.missed {
            let _ = writeln!(out, "  missed         {level}");
        }
        let interrupted = if self.interrupted { ", interrupted" } else { "" };
        let _ = writeln!(out, "  verdict        {}{interrupted}", self.verdict);
        out
    }

    fn write_outcomes(&self, out: &mut String) {
        let outcomes = &self.outcomes;
        let _ = writeln!(out, "  planned        {}", outcomes.planned);
        let _ = writeln!(
            out,
            "  acknowledged   {} ({:.0}/s of {:.0}/s asked), {} late",
            outcomes.acknowledged, self.acknowledged_a_second, self.asked.rate, outcomes.late
        );
        for (code, count) in &outcomes.refused {
            let _ = writeln!(out, "  refused        {count} {code}");
        }
        if outcomes.unanswered > 0 {
            let _ = writeln!(out, "  unanswered     {}", outcomes.unanswered);
        }
        for (cause, count) in &outcomes.broken {
            let _ = writeln!(out, "  broken         {count} {cause}");
        }
        if outcomes.not_sent > 0 {
            let _ = writeln!(out, "  not sent       {}", outcomes.not_sent);
        }
        if self.early > 0 {
            let _ = writeln!(out, "  early data     {} of them", self.early);
        }
    }

    fn write_times(&self, out: &mut String) {
        let _ = writeln!(out, "  response ms    {}", text(&self.response_ms));
        let _ = writeln!(out, "  service ms     {}", text(&self.service_ms));
        let _ = writeln!(out, "  lag ms         {}", text(&self.lag_ms));
        let share = self.generator_cpu_share.map(|share| format!("{:.0} % of the cores", share * 1e2));
        let cost = self.generator_cpu_us_a_check_in.map(|us| format!("{us:.1} us a check-in"));
        let own: Vec<String> = cost.into_iter().chain(share).collect();
        if !own.is_empty() {
            let _ = writeln!(out, "  own CPU        {}", own.join(", "));
        }
        if let Some(us) = self.server_cpu_us_a_check_in {
            let with = if self.beside.is_empty() { "" } else { ", with the load beside" };
            let _ = writeln!(out, "  server CPU     {us:.1} us a check-in{with}");
        }
        if let Some(reason) = &self.gateway_metrics_missing {
            let _ = writeln!(out, "  metrics        no metrics from the gateway: {reason}");
        }
    }

    /// Writes a line for each run of a scenario that ran several times.
    fn write_repeats(&self, out: &mut String) {
        for repeat in self.repeats.iter().filter(|_| self.repeats.len() > 1) {
            let RepeatReport { seed, verdict, acknowledged_a_second, response_ms, .. } = repeat;
            let ms = text(response_ms);
            let _ =
                writeln!(out, "  seed {seed:<9} {acknowledged_a_second:.0}/s, response ms {ms}, {verdict}");
        }
    }

    fn write_verified(&self, out: &mut String, verified: &VerificationResult) {
        let VerificationResult { acknowledged, found, missing, doubled, changed } = verified;
        let _ = writeln!(
            out,
            "  read back      {found} of {acknowledged}; {missing} missing, {doubled} doubled, {changed} changed"
        );
        if let Some(repeated @ 1..) = self.outcomes.acknowledged.checked_sub(*acknowledged) {
            let _ = writeln!(out, "  repeated       {repeated} scans of a check-in that was made before");
        }
    }
}
