//! The metrics at one time, as numbers. They are read from the text of `/metrics`, so the status counts
//! nothing that a metric counts already.

use crate::serve::LATENCY_BOUNDS_US;
use crate::wire::route::OfficeKind;
use std::collections::BTreeMap;

/// The number of kinds of work of the back office.
pub(super) const KINDS: usize = OfficeKind::ALL.len();

/// A number for each kind of work, in the order of [`OfficeKind::ALL`].
pub(super) type ByKind = [u64; KINDS];

/// A histogram: how many times were at most each bound of [`LATENCY_BOUNDS_US`], and how many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TimeBuckets([u64; LATENCY_BOUNDS_US.len() + 1]);

impl TimeBuckets {
    /// The difference from an earlier histogram.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at].saturating_sub(earlier.0[at])))
    }

    /// The bound that 99 % of the times do not exceed; none without times. **Units**: microseconds.
    pub(super) fn p99_us(&self) -> Option<u64> {
        let Self([at_most @ .., all]) = self;
        let wanted = all - all / 100;
        let at = at_most.iter().position(|&count| count >= wanted).unwrap_or(at_most.len() - 1);
        (*all > 0).then(|| LATENCY_BOUNDS_US[at])
    }

    /// Adds a series of the histogram. Its bound is in seconds.
    fn add(&mut self, bound_s: f64, count: u64) {
        let Self([at_most @ .., all]) = self;
        if bound_s.is_infinite() {
            *all += count;
        } else if let Some(at) = LATENCY_BOUNDS_US.iter().position(|&us| is_bound(bound_s, us)) {
            at_most[at] += count;
        }
    }
}

/// Whether a bound in seconds is this one in microseconds.
fn is_bound(bound_s: f64, us: u64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
    let difference = bound_s * 1e6 - us as f64;
    difference.abs() < 0.5
}

/// The metrics that the status shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct MetricReading {
    /// Answered check-ins.
    pub(super) check_ins: u64,
    /// The times from a request to its answer.
    pub(super) answers: TimeBuckets,
    /// Refused requests on the scan path, by problem code.
    pub(super) refusals: BTreeMap<String, u64>,
    /// The times of the journal's fsyncs.
    pub(super) fsyncs: TimeBuckets,
    /// The time until the journal is full; none without check-ins. **Units**: seconds.
    pub(super) journal_full_in_s: Option<f64>,
    /// Check-ins that the trail store does not have yet.
    pub(super) backlog: u64,
    /// Occupied places of the back office.
    pub(super) places: ByKind,
    /// Refused requests of the back office.
    pub(super) office_refusals: ByKind,
}

/// A line of the text: name, labels and value.
struct MetricLine<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

impl<'a> MetricLine<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        Some(Self { name, labels, value: value.parse().ok()? })
    }

    /// The value of a label. The labels that are read here have no quotes in their values.
    fn label(&self, name: &str) -> Option<&'a str> {
        let mut labels = self.labels.trim_end_matches('}').split("\",");
        labels
            .find_map(|label| label.strip_prefix(name)?.strip_prefix("=\""))
            .map(|value| value.trim_end_matches('"'))
    }

    /// The value of a counter.
    fn count(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float is cast to the nearest whole number"
        )]
        let count = self.value as u64;
        count
    }

    fn add_to(&self, kinds: &mut ByKind) {
        let kind = self.label("kind");
        if let Some(at) = OfficeKind::ALL.iter().position(|own| Some(own.label()) == kind) {
            kinds[at] += self.count();
        }
    }

    fn add_to_buckets(&self, buckets: &mut TimeBuckets) {
        if let Some(bound_s) = self.label("le").and_then(|bound| bound.parse().ok()) {
            buckets.add(bound_s, self.count());
        }
    }
}

impl MetricReading {
    /// Reads the text of `/metrics`. Lines that the status does not show are skipped.
    pub(super) fn of(text: &str) -> Self {
        let mut reading = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')).filter_map(MetricLine::of) {
            match line.name.strip_suffix("_bucket").unwrap_or(line.name) {
                "scangate_check_ins_total" => reading.check_ins += line.count(),
                "scangate_check_in_seconds" => line.add_to_buckets(&mut reading.answers),
                "scangate_refusals_total" => {
                    let code = line.label("code").unwrap_or_default().to_owned();
                    *reading.refusals.entry(code).or_default() += line.count();
                }
                "scangate_journal_fsync_seconds" => line.add_to_buckets(&mut reading.fsyncs),
                "scangate_journal_room_seconds" => {
                    reading.journal_full_in_s = Some(line.value).filter(|seconds| seconds.is_finite());
                }
                "scangate_backlog" => reading.backlog = line.count(),
                "scangate_office_places" => line.add_to(&mut reading.places),
                "scangate_office_refusals_total" => line.add_to(&mut reading.office_refusals),
                _ => {}
            }
        }
        reading
    }

    /// The refusals since an earlier reading, by code. Codes without any are left out.
    pub(super) fn refusals_since(&self, earlier: &Self) -> BTreeMap<String, u64> {
        let before = |code: &String| earlier.refusals.get(code).copied().unwrap_or(0);
        let new = self.refusals.iter().map(|(code, count)| (code, count.saturating_sub(before(code))));
        new.filter(|(_, count)| *count > 0).map(|(code, count)| (code.clone(), count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP scangate_check_ins_total Check-ins\n\
        scangate_check_ins_total{worker=\"0\"} 5\n\
        scangate_check_ins_total{worker=\"1\"} 7\n\
        scangate_check_in_seconds_bucket{worker=\"0\",le=\"0.0001\"} 1\n\
        scangate_check_in_seconds_bucket{worker=\"0\",le=\"10\"} 5\n\
        scangate_check_in_seconds_bucket{worker=\"0\",le=\"+Inf\"} 5\n\
        scangate_check_in_seconds_sum{worker=\"0\"} 31\n\
        scangate_refusals_total{code=\"overloaded\",worker=\"0\"} 2\n\
        scangate_refusals_total{code=\"overloaded\",worker=\"1\"} 3\n\
        scangate_journal_room_seconds inf\n\
        scangate_backlog 1200\n\
        scangate_office_places{kind=\"tracers\"} 4\n\
        scangate_office_refusals_total{kind=\"imports\"} 9\n";

    #[test]
    fn workers_are_added_up_and_labels_are_told_apart() {
        let reading = MetricReading::of(TEXT);
        assert_eq!((reading.check_ins, reading.backlog), (12, 1_200));
        assert_eq!(reading.refusals, BTreeMap::from([("overloaded".to_owned(), 5)]));
        assert_eq!((reading.places, reading.office_refusals), ([0, 0, 4, 0, 0], [0, 0, 0, 0, 9]));
        assert_eq!(reading.journal_full_in_s, None);
        assert_eq!(reading.answers.p99_us(), Some(10_000_000));
        let full = MetricReading::of("scangate_journal_room_seconds 81.5\n");
        assert_eq!(full.journal_full_in_s, Some(81.5));
    }

    #[test]
    fn only_new_refusals_count() {
        let before = MetricReading::of(TEXT);
        let text = TEXT.replace("overloaded\",worker=\"0\"} 2", "overloaded\",worker=\"0\"} 6")
            + "scangate_refusals_total{code=\"malformed\",worker=\"0\"} 0\n";
        let refused = MetricReading::of(&text).refusals_since(&before);
        assert_eq!(refused, BTreeMap::from([("overloaded".to_owned(), 4)]));
    }

    #[test]
    fn the_p99_is_the_bound_that_99_of_100_do_not_exceed() {
        let mut buckets = TimeBuckets::default();
        assert_eq!(buckets.p99_us(), None);
        for (bound_s, count) in [(0.0001, 98), (0.001, 99), (0.01, 100), (f64::INFINITY, 100)] {
            buckets.add(bound_s, count);
        }
        assert_eq!(buckets.p99_us(), Some(1_000));
        let mut later = buckets;
        later.add(f64::INFINITY, 2);
        later.add(10.0, 1);
        assert_eq!(later.since(&buckets).p99_us(), Some(10_000_000), "one of two took longer");
    }
}
