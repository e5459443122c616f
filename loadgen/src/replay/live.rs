//! A register sent live: each recorded check-in becomes a scan, in the register's own rhythm and faster by a
//! factor. Afterwards every acknowledged check-in is read back.

use super::register::RecordedVisit;
use super::{NamedCity, register_city, register_span};
use crate::client::{LoadTarget, Version};
use crate::drive::{Carrier, LoadRun, drive};
use crate::plan::PlannedScan;
use crate::sample::RunTotals;
use crate::verify::{VerificationResult, verify};
use std::collections::BTreeMap;
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

/// The classes in which the scans of a live replay end. Their sum is the number of planned scans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveOutcome {
    /// Scans that the register holds.
    pub planned: u64,
    /// Scans that the gateway acknowledged.
    pub acknowledged: u64,
    /// Scans that the gateway refused, by problem code.
    pub refused: BTreeMap<String, u64>,
    /// Scans without an answer at the end.
    pub unanswered: u64,
    /// Scans whose connection broke.
    pub broken: u64,
    /// Scans that were never sent.
    pub not_sent: u64,
    /// What was read back of the acknowledged check-ins.
    pub verified: VerificationResult,
}

impl LiveOutcome {
    fn new(planned: u64, totals: &RunTotals, verified: VerificationResult) -> Self {
        let mut refused = totals.failures.clone();
        let broken = refused.remove("broken").unwrap_or_default();
        let not_sent = refused.remove("dropped").unwrap_or_default();
        let settled = totals.kept_count + broken + not_sent + refused.values().sum::<u64>();
        let unanswered = planned.saturating_sub(settled);
        Self { planned, acknowledged: totals.kept_count, refused, unanswered, broken, not_sent, verified }
    }

    /// Whether every scan was acknowledged, and every check-in was read back.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.acknowledged == self.planned && self.verified.is_ok()
    }
}

impl fmt::Display for LiveOutcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { planned, acknowledged, refused, unanswered, broken, not_sent, verified } = self;
        let codes: Vec<String> = refused.iter().map(|(code, count)| format!("{code} {count}")).collect();
        let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
        writeln!(out, "  planned        {planned}")?;
        writeln!(out, "  acknowledged   {acknowledged}")?;
        writeln!(out, "  refused        {}{codes}", refused.values().sum::<u64>())?;
        writeln!(out, "  unanswered     {unanswered}")?;
        writeln!(out, "  broken         {broken}")?;
        writeln!(out, "  not sent       {not_sent}")?;
        let repeated = acknowledged.saturating_sub(verified.acknowledged);
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

/// Sends a register live, `speed` times as fast as it was recorded. **Errors**: it would take longer than a
/// day; the city cannot be registered, or the trails cannot be read back.
pub async fn replay_live(
    target: Arc<LoadTarget>,
    authority: &str,
    visits: &[RecordedVisit],
    speed: f64,
) -> anyhow::Result<LiveOutcome> {
    let length = live_length(visits, speed)?;
    let mut connection = target.connect(Version::Http3).await?;
    let named = register_city(&mut connection, authority, visits).await?;
    let scans = planned(&named, visits, speed)?;
    let count = scans.len() as u64;
    let city = Arc::new(named.city);
    let gates = Carrier::Gates { connections: CONNECTIONS, in_flight: IN_FLIGHT, version: Version::Http3 };
    let shares = vec![(gates, scans)];
    let run = LoadRun { target: Arc::clone(&target), city: Arc::clone(&city), shares, length };
    let totals = drive(run).await?.into_totals();
    let verified = verify(&target, &city.residents, &totals.kept).await?;
    Ok(LiveOutcome::new(count, &totals, verified))
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
    use crate::sample::{AcknowledgedCheckIn, Samples, ScanResult};
    use scangate_core::id::{CheckInId, PersonId};
    use scangate_core::time::Timestamp;

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
    fn every_planned_scan_is_in_one_class() {
        let samples = Samples::default();
        for result in [
            ScanResult::Refused("too-many".to_owned()),
            ScanResult::Refused("too-many".to_owned()),
            ScanResult::Broken,
            ScanResult::Dropped,
        ] {
            samples.add(PersonId(1), Duration::ZERO, Duration::ZERO, result);
        }
        let outcome = LiveOutcome::new(9, &samples.into_totals(), VerificationResult::default());
        assert_eq!(outcome.refused, [("too-many".to_owned(), 2)].into());
        assert_eq!((outcome.unanswered, outcome.broken, outcome.not_sent), (5, 1, 1));
        assert!(!outcome.is_ok() && outcome.to_string().contains("refused        2 (too-many 2)"));
    }

    #[test]
    fn a_scan_that_repeats_another_is_acknowledged_and_named() {
        let samples = Samples::default();
        let kept = AcknowledgedCheckIn { id: CheckInId([1; 16]), at: Timestamp(1) };
        for _ in 0..2 {
            samples.add(PersonId(1), Duration::ZERO, Duration::ZERO, ScanResult::Kept(kept.clone()));
        }
        let verified = VerificationResult { acknowledged: 1, found: 1, ..VerificationResult::default() };
        let outcome = LiveOutcome::new(2, &samples.into_totals(), verified);
        assert!(outcome.is_ok() && outcome.to_string().contains("repeated       1 of them"), "{outcome}");
    }
}
