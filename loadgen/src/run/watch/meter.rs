//! The figures of a run between two looks at it. The scans add to them. The watch takes them once a second.

use crate::limits::LATENCY_US_MAX;
use crate::outcome::{OutcomeCounts, ScanOutcome};
use crate::sample::{histogram, histogram_text, us};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The figures of the scans in a stretch of time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScanFigures {
    /// The scans that came to their end, by class. The planned ones are those that became due.
    pub(crate) outcomes: OutcomeCounts,
    /// The response time of the acknowledged scans. **Units**: microseconds.
    #[serde(with = "histogram_text")]
    pub(crate) response: Histogram<u64>,
    /// The lag of the scans that the generator took up. **Units**: microseconds.
    #[serde(with = "histogram_text")]
    pub(crate) lag: Histogram<u64>,
}

impl Default for ScanFigures {
    fn default() -> Self {
        Self { outcomes: OutcomeCounts::default(), response: histogram(), lag: histogram() }
    }
}

impl ScanFigures {
    /// Adds the figures of another stretch of time.
    pub(crate) fn add(&mut self, other: &Self) {
        self.outcomes.merge(&other.outcomes);
        for (own, others) in [(&mut self.response, &other.response), (&mut self.lag, &other.lag)] {
            own.add(others).expect("all histograms have the same bounds");
        }
    }

    /// A quantile of a histogram, or 0 without values. **Units**: microseconds.
    pub(crate) fn quantile_us(values: &Histogram<u64>, quantile: f64) -> u64 {
        values.value_at_quantile(quantile).min(LATENCY_US_MAX)
    }
}

/// The meter to which the scans of a run add their figures.
#[derive(Debug, Default)]
pub(crate) struct ScanMeter {
    figures: Mutex<ScanFigures>,
    /// Scans that became due since the figures were taken. The pacing thread counts them without a lock.
    due: AtomicU64,
    /// Scans that are due and have not come to their end.
    open: AtomicU64,
}

impl ScanMeter {
    fn figures(&self) -> MutexGuard<'_, ScanFigures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a scan that becomes due.
    pub(crate) fn offer(&self) {
        self.due.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// Records the lag of a scan that the generator takes up.
    pub(crate) fn take_up(&self, lag: Duration) {
        self.figures().lag.saturating_record(us(lag));
    }

    /// Records a scan that has come to its end.
    pub(crate) fn settle(&self, outcome: &ScanOutcome, response: Duration) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        let mut figures = self.figures();
        figures.outcomes.add(outcome);
        if matches!(outcome, ScanOutcome::Acknowledged(_)) {
            figures.response.saturating_record(us(response));
        }
    }

    /// Adds figures that another generator's meter gave away.
    pub(crate) fn add(&self, figures: &ScanFigures) {
        let OutcomeCounts { planned, acknowledged, .. } = figures.outcomes;
        self.due.fetch_add(planned, Ordering::Relaxed);
        self.open.fetch_add(planned, Ordering::Relaxed);
        self.open.fetch_sub(acknowledged + figures.outcomes.errors(), Ordering::Relaxed);
        self.figures().add(figures);
    }

    /// The scans that are due and have not come to their end.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Takes the figures since the last call. The lock is held while two pointers change places.
    pub(crate) fn take(&self) -> ScanFigures {
        let empty = ScanFigures::default();
        let mut taken = std::mem::replace(&mut *self.figures(), empty);
        taken.outcomes.planned = self.due.swap(0, Ordering::Relaxed);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::AcknowledgedCheckIn;
    use scangate_core::id::CheckInId;
    use scangate_core::time::Timestamp;

    #[test]
    fn figures_are_taken_once_and_open_scans_stay() {
        let meter = ScanMeter::default();
        for _ in 0..3 {
            meter.offer();
            meter.take_up(Duration::from_millis(1));
        }
        let check_in = AcknowledgedCheckIn { id: CheckInId([1; 16]), at: Timestamp(1) };
        meter.settle(&ScanOutcome::Acknowledged(check_in), Duration::from_millis(5));
        meter.settle(&ScanOutcome::Unanswered, Duration::from_secs(30));
        let taken = meter.take();
        assert_eq!(
            (taken.outcomes.planned, taken.outcomes.acknowledged, taken.outcomes.unanswered),
            (3, 1, 1)
        );
        // An unanswered scan has no response time.
        assert_eq!((taken.response.len(), taken.lag.len(), meter.open()), (1, 3, 1));
        let sum = ScanMeter::default();
        let text = serde_json::to_string(&taken).unwrap();
        sum.add(&serde_json::from_str(&text).unwrap());
        assert_eq!(sum.open(), 1);
        assert_eq!(sum.take().response.len(), 1);
        let again = meter.take();
        assert_eq!((again.outcomes, again.response.len(), again.lag.len()), (OutcomeCounts::default(), 0, 0));
        assert_eq!(meter.open(), 1);
    }
}
