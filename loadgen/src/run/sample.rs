//! What a run saw: every answer counted, every latency from its intended time, every acknowledged check-in
//! on a list.

use hdrhistogram::Histogram;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest latency that is told apart: a minute.
const LATENCY_US_MAX: u64 = 60_000_000;

/// The part of an answer that counts.
#[derive(Debug, Clone, Deserialize)]
pub struct AcknowledgedCheckIn {
    /// The check-in.
    pub id: CheckInId,
    /// The gateway's time.
    pub at: Timestamp,
}

/// What became of a scan.
#[derive(Debug, Clone)]
pub enum ScanResult {
    /// It was acknowledged.
    Kept(AcknowledgedCheckIn),
    /// The gateway refused it, with this code.
    Refused(String),
    /// No answer came: the connection broke, or the answer made no sense.
    Broken,
    /// It was never sent: too many waited.
    Dropped,
}

/// One second of a run.
pub struct SecondSample {
    /// Scans answered well.
    pub kept: u64,
    /// Scans that were not.
    pub failed: u64,
    /// Latencies in microseconds.
    pub latencies: Histogram<u64>,
}

/// All that a run saw.
pub struct RunTotals {
    /// Latencies of all that were acknowledged, in microseconds.
    pub latencies: Histogram<u64>,
    /// Second by second, by intended time.
    pub seconds: BTreeMap<u64, SecondSample>,
    /// How many were refused, by code; `broken` and `dropped` stand here, too.
    pub failures: BTreeMap<String, u64>,
    /// Acknowledged check-ins by person.
    pub kept: HashMap<PersonId, Vec<AcknowledgedCheckIn>>,
    /// How many those are.
    pub kept_count: u64,
    /// Connections whose request the gateway took as early data.
    pub early: u64,
}

/// Where the tasks of a run put what they saw.
pub struct Samples(Mutex<RunTotals>);

fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(LATENCY_US_MAX, 3).expect("the bounds are constants that a histogram takes")
}

impl Default for Samples {
    fn default() -> Self {
        Self(Mutex::new(RunTotals {
            latencies: histogram(),
            seconds: BTreeMap::new(),
            failures: BTreeMap::new(),
            kept: HashMap::new(),
            kept_count: 0,
            early: 0,
        }))
    }
}

impl Samples {
    /// What was seen so far.
    pub fn totals(&self) -> MutexGuard<'_, RunTotals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything, at the end.
    #[must_use]
    pub fn into_totals(self) -> RunTotals {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection whose request was taken as early data.
    pub fn add_early(&self) {
        self.totals().early += 1;
    }

    /// Adds a scan that was intended at a time after the start and took so long from then.
    pub fn add(&self, person: PersonId, intended: Duration, took: Duration, outcome: ScanResult) {
        let mut seen = self.totals();
        let us = u64::try_from(took.as_micros()).unwrap_or(LATENCY_US_MAX).clamp(1, LATENCY_US_MAX);
        let empty = || SecondSample { kept: 0, failed: 0, latencies: histogram() };
        let second = seen.seconds.entry(intended.as_secs()).or_insert_with(empty);
        let failure = match outcome {
            ScanResult::Kept(acknowledged) => {
                second.kept += 1;
                second.latencies.saturating_record(us);
                seen.latencies.saturating_record(us);
                seen.kept_count += 1;
                seen.kept.entry(person).or_default().push(acknowledged);
                return;
            }
            ScanResult::Refused(code) => code,
            ScanResult::Broken => "broken".to_owned(),
            ScanResult::Dropped => "dropped".to_owned(),
        };
        second.failed += 1;
        *seen.failures.entry(failure).or_default() += 1;
    }
}
