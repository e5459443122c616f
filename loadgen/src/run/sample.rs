//! The results of a run: the class of every scan, every latency measured from its intended time, and the list
//! of acknowledged check-ins.

use crate::client::BreakCause;
use crate::limits::LATENCY_US_MAX;
use crate::outcome::{OutcomeCounts, ScanOutcome};
use hdrhistogram::Histogram;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The part of a check-in's answer that verification needs.
#[derive(Debug, Clone, Deserialize)]
pub struct AcknowledgedCheckIn {
    /// The check-in's id.
    pub id: CheckInId,
    /// The check-in time that the gateway assigned.
    pub at: Timestamp,
}

/// What a run remembers of its acknowledged check-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptAnswers {
    /// The id and time of each, so that verification can read it back. **Cost**: 24 to 48 bytes a check-in.
    All,
    /// Only their number.
    Count,
}

/// A scan that has come to its end.
#[derive(Debug)]
pub(crate) struct SettledScan {
    /// The person who scanned.
    pub(crate) person: PersonId,
    /// The class of the scan.
    pub(crate) outcome: ScanOutcome,
    /// The time since the start of the run.
    pub(crate) at: Duration,
    /// The time since the intended time.
    pub(crate) response: Duration,
    /// The time since the scan was sent, if it was.
    pub(crate) service: Option<Duration>,
    /// The time from the intended time until the generator took the scan up.
    pub(crate) lag: Duration,
}

/// The scans that came to their end in one second of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct SecondSample {
    /// Scans that were acknowledged.
    pub acknowledged: u64,
    /// Scans that were not acknowledged.
    pub failed: u64,
    /// The median response time of the acknowledged scans. **Units**: microseconds.
    pub p50_us: u64,
    /// The 99th percentile of their response time. **Units**: microseconds.
    pub p99_us: u64,
}

/// The results of all scans of a run.
pub struct RunTotals {
    /// The number of scans in each class.
    pub outcomes: OutcomeCounts,
    /// Time from the intended time to the acknowledgement. A scan for whose answer the run waited in vain
    /// counts with the time waited. **Units**: microseconds.
    pub response: Histogram<u64>,
    /// Time from sending to the acknowledgement. **Units**: microseconds.
    pub service: Histogram<u64>,
    /// Time from the intended time until the generator took the scan up. **Units**: microseconds.
    pub lag: Histogram<u64>,
    /// The results by second, from the first second of the run.
    pub seconds: Vec<SecondSample>,
    /// The scans of the plan by second of the intended time.
    pub offered: Vec<u64>,
    /// Acknowledged check-ins by person.
    pub kept: HashMap<PersonId, Vec<AcknowledgedCheckIn>>,
    /// Connections whose request the gateway accepted as early data.
    pub early: u64,
    /// The time from the start to the last answer, or to the end of the plan if that is later.
    pub wall: Duration,
    /// Latencies of the last second in `seconds`. **Units**: microseconds.
    latest: Histogram<u64>,
}

/// An empty histogram of latencies. **Units**: microseconds.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(LATENCY_US_MAX, 3).expect("a histogram accepts these constant bounds")
}

/// A latency as a histogram records it. **Units**: microseconds.
pub(crate) fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(LATENCY_US_MAX).clamp(1, LATENCY_US_MAX)
}

impl RunTotals {
    /// The results of a plan of which no scan has been sent.
    #[must_use]
    pub fn new(planned: u64) -> Self {
        Self {
            outcomes: OutcomeCounts { planned, ..OutcomeCounts::default() },
            response: histogram(),
            service: histogram(),
            lag: histogram(),
            seconds: Vec::new(),
            offered: Vec::new(),
            kept: HashMap::new(),
            early: 0,
            wall: Duration::ZERO,
            latest: histogram(),
        }
    }

    /// The scans that the generator took up later than this after their intended time. **Units**:
    /// milliseconds.
    #[must_use]
    pub fn lag_above(&self, ms: f64) -> u64 {
        let max = us(Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX));
        self.lag.count_between(self.lag.next_non_equivalent(max), LATENCY_US_MAX)
    }

    /// The sample of this second. Seconds only move on, so that one histogram is enough for all of them.
    fn second(&mut self, at: Duration) -> &mut SecondSample {
        let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        if second >= self.seconds.len() {
            self.close_second();
            self.seconds.resize(second + 1, SecondSample::default());
        }
        self.seconds.last_mut().expect("it has been resized to one second at least")
    }

    fn close_second(&mut self) {
        if let Some(last) = self.seconds.last_mut() {
            last.p50_us = self.latest.value_at_quantile(0.5);
            last.p99_us = self.latest.value_at_quantile(0.99);
            self.latest.reset();
        }
    }

    fn settle(&mut self, scan: SettledScan, late_after: Duration, keep: KeptAnswers) {
        let SettledScan { person, outcome, at, response, service, lag } = scan;
        self.outcomes.add(&outcome);
        self.lag.saturating_record(us(lag));
        match outcome {
            ScanOutcome::Acknowledged(check_in) => {
                self.second(at).acknowledged += 1;
                self.latest.saturating_record(us(response));
                self.response.saturating_record(us(response));
                self.service.saturating_record(us(service.unwrap_or(response)));
                self.outcomes.late += u64::from(response > late_after);
                self.wall = self.wall.max(at);
                if keep == KeptAnswers::All {
                    self.kept.entry(person).or_default().push(check_in);
                }
                return;
            }
            ScanOutcome::Refused(_) => self.wall = self.wall.max(at),
            // The wait until now is the least that the answer would have taken.
            ScanOutcome::Unanswered | ScanOutcome::Broken(BreakCause::Timeout) => {
                self.response.saturating_record(us(response));
            }
            ScanOutcome::NotSent if response > lag => self.response.saturating_record(us(response)),
            // A failure without a wait says nothing about latency.
            ScanOutcome::NotSent | ScanOutcome::Broken(_) => {}
        }
        self.second(at).failed += 1;
    }
}

/// The shared results to which the tasks of a run add theirs.
pub(crate) struct Samples {
    totals: Mutex<RunTotals>,
    late_after: Duration,
    keep: KeptAnswers,
}

impl Samples {
    pub(crate) fn new(planned: u64, late_after: Duration, keep: KeptAnswers) -> Self {
        Self { totals: Mutex::new(RunTotals::new(planned)), late_after, keep }
    }

    /// The results so far.
    pub(crate) fn totals(&self) -> MutexGuard<'_, RunTotals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the final results.
    pub(crate) fn take(&self) -> RunTotals {
        let mut totals = self.totals();
        totals.close_second();
        std::mem::replace(&mut totals, RunTotals::new(0))
    }

    /// Counts a connection whose request the gateway accepted as early data.
    pub(crate) fn add_early(&self) {
        self.totals().early += 1;
    }

    /// Adds a scan that has come to its end.
    pub(crate) fn settle(&self, scan: SettledScan) {
        self.totals().settle(scan, self.late_after, self.keep);
    }

    /// Ends the sending: the scans by second that were due, the number that never will be, and the time that
    /// the plan has taken.
    pub(crate) fn end_plan(&self, offered: Vec<u64>, not_due: u64, took: Duration) {
        let mut totals = self.totals();
        totals.offered = offered;
        totals.outcomes.not_sent += not_due;
        totals.wall = totals.wall.max(took);
    }
}
