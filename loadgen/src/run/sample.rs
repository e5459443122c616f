//! The results of a run: the count of every answer, every latency measured from its intended time, and the
//! list of acknowledged check-ins.

use hdrhistogram::Histogram;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest latency that the histogram distinguishes: one minute.
const LATENCY_US_MAX: u64 = 60_000_000;

/// The part of a check-in's answer that verification needs.
#[derive(Debug, Clone, Deserialize)]
pub struct AcknowledgedCheckIn {
    /// The check-in's id.
    pub id: CheckInId,
    /// The check-in time that the gateway assigned.
    pub at: Timestamp,
}

/// The result of a scan.
#[derive(Debug, Clone)]
pub enum ScanResult {
    /// The gateway acknowledged the check-in.
    Kept(AcknowledgedCheckIn),
    /// The gateway refused the scan with this problem code.
    Refused(String),
    /// The connection broke, or the answer could not be parsed.
    Broken,
    /// The scan was never sent, because the backlog was full.
    Dropped,
}

/// The scans whose intended time is in one second of a run.
pub struct SecondSample {
    /// Scans that were acknowledged.
    pub kept: u64,
    /// Scans that were not acknowledged.
    pub failed: u64,
    /// Latencies of the acknowledged scans. **Units**: microseconds.
    pub latencies: Histogram<u64>,
}

/// The results of all scans of a run.
pub struct RunTotals {
    /// Latencies of all acknowledged scans. **Units**: microseconds.
    pub latencies: Histogram<u64>,
    /// The results by second of the intended time.
    pub seconds: BTreeMap<u64, SecondSample>,
    /// The number of failed scans by problem code, or by `broken` and `dropped`.
    pub failures: BTreeMap<String, u64>,
    /// Acknowledged check-ins by person.
    pub kept: HashMap<PersonId, Vec<AcknowledgedCheckIn>>,
    /// The number of acknowledged check-ins.
    pub kept_count: u64,
    /// Connections whose request the gateway accepted as early data.
    pub early: u64,
}

/// The shared results to which the tasks of a run add theirs.
pub struct Samples(Mutex<RunTotals>);

fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(LATENCY_US_MAX, 3).expect("a histogram accepts these constant bounds")
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
    /// The results so far.
    pub fn totals(&self) -> MutexGuard<'_, RunTotals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The final results.
    #[must_use]
    pub fn into_totals(self) -> RunTotals {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection whose request the gateway accepted as early data.
    pub fn add_early(&self) {
        self.totals().early += 1;
    }

    /// Adds a scan with its intended time since the start and its latency from that time.
    pub fn add(&self, person: PersonId, intended: Duration, took: Duration, result: ScanResult) {
        let mut totals = self.totals();
        let us = u64::try_from(took.as_micros()).unwrap_or(LATENCY_US_MAX).clamp(1, LATENCY_US_MAX);
        let empty = || SecondSample { kept: 0, failed: 0, latencies: histogram() };
        let second = totals.seconds.entry(intended.as_secs()).or_insert_with(empty);
        let failure = match result {
            ScanResult::Kept(acknowledged) => {
                second.kept += 1;
                second.latencies.saturating_record(us);
                totals.latencies.saturating_record(us);
                totals.kept_count += 1;
                totals.kept.entry(person).or_default().push(acknowledged);
                return;
            }
            ScanResult::Refused(code) => code,
            ScanResult::Broken => "broken".to_owned(),
            ScanResult::Dropped => "dropped".to_owned(),
        };
        second.failed += 1;
        *totals.failures.entry(failure).or_default() += 1;
    }
}
