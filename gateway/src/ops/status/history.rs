//! The last hour: a bounded ring of samples. It knows no clock; readings come in as arguments.

use super::limits::{RECENT_SAMPLES, SAMPLES_MAX};
use super::reading::{ByKind, KINDS};
use super::sample::{StatusReading, StatusSample};
use crate::tables::colours::colour_counts::ByColour;
use std::collections::{BTreeMap, VecDeque};

/// The samples of the last hour, oldest first.
#[derive(Debug, Default)]
pub(super) struct StatusHistory {
    samples: VecDeque<StatusSample>,
    /// The reading at the end of the last sample.
    last: Option<StatusReading>,
}

/// What happened over some samples.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SpanTotals {
    /// Refused requests on the scan path, by problem code.
    pub(super) refusals: BTreeMap<String, u64>,
    /// Refused requests of the back office.
    pub(super) office_refusals: ByKind,
    /// The turns to each colour.
    pub(super) turns: ByColour,
}

impl SpanTotals {
    fn add(mut self, sample: &StatusSample) -> Self {
        for (code, count) in &sample.refusals {
            *self.refusals.entry(code.clone()).or_default() += count;
        }
        for at in 0..KINDS {
            self.office_refusals[at] += sample.office_refusals[at];
        }
        self.turns = self.turns.plus(&sample.turns);
        self
    }
}

impl StatusHistory {
    /// Takes the next sample. The first reading only begins one.
    pub(super) fn take(&mut self, reading: StatusReading) {
        if let Some(sample) = self.unfinished(&reading) {
            if self.samples.len() >= SAMPLES_MAX {
                self.samples.pop_front();
            }
            self.samples.push_back(sample);
        }
        self.last = Some(reading);
    }

    /// The sample since the last one was taken, up to a reading.
    pub(super) fn unfinished(&self, reading: &StatusReading) -> Option<StatusSample> {
        self.last.as_ref().map(|last| StatusSample::between(last, reading))
    }

    /// The samples, oldest first.
    pub(super) fn samples(&self) -> impl DoubleEndedIterator<Item = &StatusSample> + ExactSizeIterator {
        self.samples.iter()
    }

    /// The newest sample.
    pub(super) fn newest(&self) -> Option<&StatusSample> {
        self.samples.back()
    }

    /// The totals of the last minute, up to a reading.
    pub(super) fn last_minute(&self, reading: &StatusReading) -> SpanTotals {
        self.totals(reading, RECENT_SAMPLES)
    }

    /// The totals of the last hour, up to a reading.
    pub(super) fn last_hour(&self, reading: &StatusReading) -> SpanTotals {
        self.totals(reading, SAMPLES_MAX)
    }

    fn totals(&self, reading: &StatusReading, samples: usize) -> SpanTotals {
        let unfinished = self.unfinished(reading);
        self.samples
            .iter()
            .rev()
            .take(samples)
            .chain(&unfinished)
            .fold(SpanTotals::default(), SpanTotals::add)
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::SAMPLE_INTERVAL;
    use super::super::reading::MetricReading;
    use super::*;
    use scangate_core::time::Timestamp;

    /// The reading at the end of an interval, before which one more request was refused in each interval.
    fn reading(interval: u64) -> StatusReading {
        let refusals = BTreeMap::from([("overloaded".to_owned(), interval)]);
        let metrics = MetricReading { check_ins: 50 * interval, refusals, ..MetricReading::default() };
        let at = Timestamp(interval * SAMPLE_INTERVAL.as_secs() * 1_000);
        StatusReading { at, metrics, turns: ByColour::default(), behind_ms: interval }
    }

    #[test]
    fn an_hour_is_kept_and_the_last_minute_has_its_own_totals() {
        let mut history = StatusHistory::default();
        for interval in 0..500 {
            history.take(reading(interval));
        }
        assert_eq!(history.samples().len(), SAMPLES_MAX);
        let newest = history.newest().unwrap();
        assert!((newest.check_ins_per_s() - 5.0).abs() < 1e-9, "{newest:?}");
        assert_eq!((newest.at, newest.behind_ms, newest.refused()), (Timestamp(4_990_000), 499, 1));
        let now = reading(501);
        assert_eq!(history.last_minute(&now).refusals["overloaded"], 6 + 2);
        assert_eq!(history.last_hour(&now).refusals["overloaded"], 360 + 2);
    }

    #[test]
    fn a_first_reading_begins_a_sample_and_is_none() {
        let mut history = StatusHistory::default();
        assert_eq!(history.unfinished(&reading(7)), None);
        history.take(reading(7));
        assert!(history.newest().is_none());
        assert_eq!(history.last_minute(&reading(8)).refusals["overloaded"], 1);
    }
}
