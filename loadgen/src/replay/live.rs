//! A register sent live: each recorded check-in becomes a scan, in the register's own rhythm and faster by a
//! factor. Afterwards every acknowledged check-in is read back.

use super::register::RecordedVisit;
use super::{NamedCity, register_city, register_span};
use crate::client::{LoadTarget, Version};
use crate::drive::{Carrier, LoadRun, drive};
use crate::interrupt::Interruption;
use crate::outcome::OutcomeCounts;
use crate::plan::{PlannedScan, ScanPlan};
use crate::verify::{VerificationResult, verify_watched};
use crate::watch::RunBoard;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The number of gate connections. With their scans in flight they carry a hundred thousand scans a second
/// that are answered within two milliseconds.
const CONNECTIONS: usize = 16;
/// Scans in flight on each connection.
const IN_FLIGHT: usize = 16;
/// The longest live replay: as long as the longest run.
const LENGTH_MAX: Duration = Duration::from_secs(86_400);

/// The end of a live replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveOutcome {
    /// The register's scans by class.
    pub outcomes: OutcomeCounts,
    /// What was read back of the acknowledged check-ins.
    pub verified: VerificationResult,
}

impl LiveOutcome {
    /// Whether every scan was acknowledged, and every check-in was read back.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.outcomes.acknowledged == self.outcomes.planned && self.verified.is_ok()
    }
}

/// The parts of a class with their counts, in brackets.
fn parts<T: fmt::Display>(counts: impl IntoIterator<Item = (T, u64)>) -> String {
    let parts: Vec<String> = counts.into_iter().map(|(part, count)| format!("{part} {count}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

impl fmt::Display for LiveOutcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcomes, verified } = self;
        let codes = parts(outcomes.refused.iter().map(|(code, count)| (code, *count)));
        let causes = parts(outcomes.broken.iter().map(|(cause, count)| (cause, *count)));
        writeln!(out, "  planned        {}", outcomes.planned)?;
        writeln!(out, "  acknowledged   {}", outcomes.acknowledged)?;
        writeln!(out, "  refused        {}{codes}", outcomes.refused())?;
        writeln!(out, "  unanswered     {}", outcomes.unanswered)?;
        writeln!(out, "  broken         {}{causes}", outcomes.broken())?;
        writeln!(out, "  not sent       {}", outcomes.not_sent)?;
        let repeated = outcomes.acknowledged.saturating_sub(verified.acknowledged);
        if repeated > 0 {
            writeln!(out, "  repeated       {repeated} of them, by a person at a venue within 30 s")?;
        }
        writeln!(
            out,
            "  read back      {} of {} check-ins, {} missing, {} doubled, {} changed",
            verified.found, verified.acknowledged, verified.missing, verified.doubled, verified.changed
        )
    }
}

/// The scans of a register.
struct RecordedPlan {
    scans: std::vec::IntoIter<PlannedScan>,
    length: Duration,
}

impl Iterator for RecordedPlan {
    type Item = PlannedScan;

    fn next(&mut self) -> Option<PlannedScan> {
        self.scans.next()
    }
}

impl ScanPlan for RecordedPlan {
    fn length(&self) -> Duration {
        self.length
    }

    fn left(&self) -> u64 {
        self.scans.len() as u64
    }

    /// A register leaves nothing to chance.
    fn seed(&self) -> u64 {
        0
    }
}

/// Sends a register live, `speed` times as fast as it was recorded, until the end or an interruption.
/// **Errors**: it would take longer than a day; the city cannot be registered, or the trails cannot be read
/// back.
pub async fn replay_live(
    target: Arc<LoadTarget>,
    authority: &str,
    visits: &[RecordedVisit],
    speed: f64,
    interruption: Interruption,
    board: &Arc<RunBoard>,
) -> anyhow::Result<LiveOutcome> {
    let length = live_length(visits, speed)?;
    let mut connection = target.connect(Version::Http3).await?;
    let named = register_city(&mut connection, authority, visits).await?;
    let plan = RecordedPlan { scans: planned(&named, visits, speed)?.into_iter(), length };
    let city = Arc::new(named.city);
    let gates = Carrier::Gates { connections: CONNECTIONS, in_flight: IN_FLIGHT, version: Version::Http3 };
    let run = LoadRun::new(Arc::clone(&target), Arc::clone(&city), gates, plan);
    let run = LoadRun { board: Arc::clone(board), ..run };
    let totals = drive(run, interruption).await?;
    let verified = verify_watched(&target, &city.residents, &totals.kept, board).await?;
    Ok(LiveOutcome { outcomes: totals.outcomes, verified })
}

/// The time that a register takes at this speed. **Errors**: it is longer than a day.
pub fn live_length(visits: &[RecordedVisit], speed: f64) -> anyhow::Result<Duration> {
    let (first, last) = register_span(visits)?;
    let length = after(first, last, speed);
    let (hours, most) = (length.as_secs() / 3_600, LENGTH_MAX.as_secs() / 3_600);
    anyhow::ensure!(
        length <= LENGTH_MAX,
        "the register takes {hours} hours at this speed, and at most {most} are possible: use a higher \
         --speed, or --from and --to"
    );
    Ok(length)
}

/// The time from the start to a check-in.
fn after(first: i64, at: i64, speed: f64) -> Duration {
    let recorded = Duration::from_millis(u64::try_from(at - first).unwrap_or_default());
    recorded.div_f64(speed)
}

/// The scans of a register in order of time.
fn planned(named: &NamedCity<'_>, visits: &[RecordedVisit], speed: f64) -> anyhow::Result<Vec<PlannedScan>> {
    let (first, _) = register_span(visits)?;
    let scan = |visit: &RecordedVisit| {
        Ok(PlannedScan {
            at: after(first, visit.at, speed),
            resident: u32::try_from(named.users[&visit.user[..]])?,
            venue: u32::try_from(named.places[&visit.venue[..]])?,
        })
    };
    let mut scans: Vec<PlannedScan> = visits.iter().map(scan).collect::<anyhow::Result<_>>()?;
    scans.sort_by_key(|scan| scan.at);
    Ok(scans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::LoadCity;
    use crate::client::BreakCause;

    fn visit(user: u8, venue: u8, seconds: i64) -> RecordedVisit {
        let at = 1_641_254_400_000 + seconds * 1_000;
        RecordedVisit { user: vec![user], venue: vec![venue], at, line: 1 }
    }

    #[test]
    fn the_rhythm_stays_and_the_speed_divides_it() {
        let visits = [visit(7, 1, 100), visit(8, 2, 0), visit(7, 2, 50)];
        let (users, places) = ([(&[7][..], 0), (&[8], 1)].into(), [(&[1][..], 0), (&[2], 1)].into());
        let city = LoadCity { venues: Vec::new(), residents: Vec::new() };
        let scans = planned(&NamedCity { users, places, city }, &visits, 10.0).unwrap();
        let scan =
            |seconds, resident, venue| PlannedScan { at: Duration::from_secs(seconds), resident, venue };
        assert_eq!(scans, [scan(0, 1, 1), scan(5, 0, 1), scan(10, 0, 0)]);
        assert_eq!(live_length(&visits, 10.0).unwrap(), Duration::from_secs(10));
        let long = [visit(7, 1, 0), visit(7, 1, 86_401)];
        assert!(live_length(&long, 1.0).unwrap_err().to_string().contains("24 hours at this speed"));
        assert!(live_length(&long, 2.0).is_ok());
    }

    #[test]
    fn the_classes_are_printed_and_any_other_than_acknowledged_fails_the_replay() {
        let mut outcomes = OutcomeCounts { planned: 9, acknowledged: 6, ..OutcomeCounts::default() };
        outcomes.refused.insert("too-many".to_owned(), 2);
        outcomes.broken.insert(BreakCause::Reset, 1);
        let outcome = LiveOutcome { outcomes, verified: VerificationResult::default() };
        let text = outcome.to_string();
        assert!(!outcome.is_ok());
        assert!(text.contains("refused        2 (too-many 2)\n"), "{text}");
        assert!(text.contains("broken         1 (reset 1)\n"), "{text}");
    }

    #[test]
    fn a_scan_that_repeats_another_is_acknowledged_and_named() {
        let outcomes = OutcomeCounts { planned: 2, acknowledged: 2, ..OutcomeCounts::default() };
        let verified = VerificationResult { acknowledged: 1, found: 1, ..VerificationResult::default() };
        let outcome = LiveOutcome { outcomes, verified };
        assert!(outcome.is_ok() && outcome.to_string().contains("repeated       1 of them"), "{outcome}");
    }
}
