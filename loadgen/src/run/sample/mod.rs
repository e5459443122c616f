//! The results of a run: the class of every scan, every latency measured from its intended time, and the list
//! of acknowledged check-ins.

mod second;

pub(crate) use self::second::histogram_text;
pub use self::second::{CompactHistogram, SecondSample};
use self::second::{CompactLatencies, SecondLatencies};

use crate::beside::BesideTotals;
use crate::client::BreakCause;
use crate::limits::LATENCY_US_MAX;
use crate::outcome::{OutcomeCounts, ScanOutcome};
use hdrhistogram::Histogram;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// The order in time of two runs whose results are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOrder {
    /// Several generators sent parts of one load at the same time.
    Parallel,
    /// One run came after the other.
    Sequential,
}

/// The results of all scans of a run. Written as text they lack the acknowledged check-ins.
#[derive(Serialize, Deserialize)]
pub struct RunTotals {
    /// The number of scans in each class.
    pub outcomes: OutcomeCounts,
    /// Time from the intended time to the acknowledgement. A scan for whose answer the run waited in vain
    /// counts with the time waited. **Units**: microseconds.
    #[serde(with = "histogram_text")]
    pub response: Histogram<u64>,
    /// Time from sending to the acknowledgement. **Units**: microseconds.
    #[serde(with = "histogram_text")]
    pub service: Histogram<u64>,
    /// Time from the intended time until the generator took the scan up. **Units**: microseconds.
    #[serde(with = "histogram_text")]
    pub lag: Histogram<u64>,
    /// The results by second, from the first second of the run.
    pub seconds: Vec<SecondSample>,
    /// The scans of the plan by second of the intended time.
    pub offered: Vec<u64>,
    /// Acknowledged check-ins by person.
    #[serde(skip)]
    pub kept: HashMap<PersonId, Vec<AcknowledgedCheckIn>>,
    /// Connections whose request the gateway accepted as early data.
    pub early: u64,
    /// The time from the start to the last answer, or to the end of the plan if that is later.
    pub wall: Duration,
    /// The load beside the scans.
    pub beside: Vec<BesideTotals>,
    /// The time of day at which the plan began.
    pub began: Timestamp,
    /// The last second in `seconds`.
    #[serde(skip)]
    latest: SecondLatencies,
    /// Seconds that are over, and whose latencies are not compact yet.
    #[serde(skip)]
    over: Vec<(usize, SecondLatencies)>,
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
            beside: Vec::new(),
            began: Timestamp(0),
            latest: SecondLatencies::default(),
            over: Vec::new(),
        }
    }

    /// The scans that the generator took up later than this after their intended time. **Units**:
    /// milliseconds.
    #[must_use]
    pub fn lag_above(&self, ms: f64) -> u64 {
        let max = us(Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX));
        self.lag.count_between(self.lag.next_non_equivalent(max), LATENCY_US_MAX)
    }

    /// The sample of this second. Seconds only move on, so that one is open at a time.
    fn second(&mut self, at: Duration) -> &mut SecondSample {
        let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        if second >= self.seconds.len() {
            self.end_second();
            self.seconds.resize(second + 1, SecondSample::default());
        }
        self.seconds.last_mut().expect("it has been resized to one second at least")
    }

    fn end_second(&mut self) {
        if let Some(second) = self.seconds.len().checked_sub(1) {
            self.over.push((second, std::mem::take(&mut self.latest)));
        }
    }

    /// Keeps the latencies of a second that is over.
    fn keep_second(&mut self, second: usize, latencies: CompactLatencies) {
        if let Some(sample) = self.seconds.get_mut(second) {
            (sample.response, sample.service) = (latencies.response, latencies.service);
        }
    }

    /// Adds the results of another run. Seconds with the same number become one second, whose quantiles are
    /// exact because each second keeps its histograms. **Cost**: two histograms are decoded for each second.
    pub fn merge(&mut self, other: Self, order: RunOrder) {
        self.outcomes.merge(&other.outcomes);
        for (own, others) in [
            (&mut self.response, &other.response),
            (&mut self.service, &other.service),
            (&mut self.lag, &other.lag),
        ] {
            own.add(others).expect("all histograms of a run have the same bounds");
        }
        self.seconds.resize(self.seconds.len().max(other.seconds.len()), SecondSample::default());
        for (own, others) in self.seconds.iter_mut().zip(&other.seconds) {
            own.merge(others);
        }
        self.offered.resize(self.offered.len().max(other.offered.len()), 0);
        for (own, others) in self.offered.iter_mut().zip(&other.offered) {
            *own += others;
        }
        for (person, mut check_ins) in other.kept {
            self.kept.entry(person).or_default().append(&mut check_ins);
        }
        self.early += other.early;
        merge_beside(&mut self.beside, other.beside, order);
        self.wall = match order {
            RunOrder::Parallel => self.wall.max(other.wall),
            RunOrder::Sequential => self.wall + other.wall,
        };
        self.began = self.began.min(other.began);
    }

    fn settle(&mut self, scan: SettledScan, late_after: Duration, keep: KeptAnswers) {
        let SettledScan { person, outcome, at, response, service, lag } = scan;
        self.outcomes.add(&outcome);
        self.second(at).outcomes.add(&outcome);
        self.lag.saturating_record(us(lag));
        match outcome {
            ScanOutcome::Acknowledged(check_in) => {
                let (response_us, service_us) = (us(response), us(service.unwrap_or(response)));
                self.latest.response.saturating_record(response_us);
                self.latest.service.saturating_record(service_us);
                self.response.saturating_record(response_us);
                self.service.saturating_record(service_us);
                let late = u64::from(response > late_after);
                self.second(at).outcomes.late += late;
                self.outcomes.late += late;
                self.wall = self.wall.max(at);
                if keep == KeptAnswers::All {
                    self.kept.entry(person).or_default().push(check_in);
                }
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
    }
}

/// Adds the load beside the scans of another run, which has the same kinds.
fn merge_beside(own: &mut Vec<BesideTotals>, others: Vec<BesideTotals>, order: RunOrder) {
    if own.is_empty() {
        *own = others;
        return;
    }
    for (own, other) in own.iter_mut().zip(&others) {
        own.merge(other, order);
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

    /// Notes the time of day at which the plan begins.
    pub(crate) fn begin(&self, at: Timestamp) {
        self.totals().began = at;
    }

    /// The results so far.
    pub(crate) fn totals(&self) -> MutexGuard<'_, RunTotals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the final results.
    pub(crate) fn take(&self) -> RunTotals {
        let mut totals = std::mem::replace(&mut *self.totals(), RunTotals::new(0));
        totals.end_second();
        for (second, latencies) in std::mem::take(&mut totals.over) {
            totals.keep_second(second, latencies.compact());
        }
        totals
    }

    /// Counts a connection whose request the gateway accepted as early data.
    pub(crate) fn add_early(&self) {
        self.totals().early += 1;
    }

    /// Adds a scan that has come to its end. The first scan of a second makes the one before compact, which
    /// takes about a millisecond, while the other scans go on.
    pub(crate) fn settle(&self, scan: SettledScan) {
        let over = {
            let mut totals = self.totals();
            totals.settle(scan, self.late_after, self.keep);
            std::mem::take(&mut totals.over)
        };
        for (second, latencies) in over {
            let compact = latencies.compact();
            self.totals().keep_second(second, compact);
        }
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

#[cfg(test)]
mod tests;
