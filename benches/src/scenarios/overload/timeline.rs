//! The events of a run by the time at which they happened, in short buckets.

use crate::harness::spread::Spread;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::time::{Duration, Instant};

/// The length of a bucket.
pub(super) const BUCKET: Duration = Duration::from_millis(100);
/// The number of buckets over which the load is compared with the calm: one second.
const WINDOW: usize = 10;
/// The share by which the load may differ from the calm.
const TOLERANCE: f64 = 0.1;

/// The events of one bucket.
#[derive(Default, Clone)]
pub(super) struct Bucket {
    /// Requests that a connection took.
    pub(super) sent: u64,
    /// Refusals with status 503.
    pub(super) refused: u64,
    /// Requests without an answer in time.
    pub(super) unanswered: u64,
    /// Requests that the generator could not send in time.
    pub(super) unsent: u64,
    /// Those of them for which too many others were in flight.
    pub(super) held_back: u64,
    /// Requests with another status, or whose connection broke.
    pub(super) broken: u64,
    /// The latencies of the acknowledged check-ins. **Units**: microseconds.
    pub(super) latencies_us: Vec<u32>,
    /// The delays by which the generator began check-ins after their intended time. **Units**: microseconds.
    pub(super) delays_us: Vec<u32>,
}

/// The buckets of a run. Phases follow each other without a gap.
pub(super) struct Timeline {
    origin: Cell<Instant>,
    base: Cell<usize>,
    buckets: RefCell<Vec<Bucket>>,
}

/// The sums over a range of buckets.
pub(super) struct TimelineSum {
    pub(super) sent: u64,
    pub(super) acknowledged: u64,
    pub(super) refused: u64,
    pub(super) unanswered: u64,
    pub(super) unsent: u64,
    pub(super) held_back: u64,
    pub(super) broken: u64,
}

/// The level to which the load has to return.
#[derive(Debug, Clone, Copy)]
pub(super) struct CalmLevel {
    /// Acknowledged check-ins a second.
    pub(super) goodput: f64,
    /// The 99th percentile of their latency. **Units**: milliseconds.
    pub(super) p99: f64,
}

impl Timeline {
    pub(super) fn new() -> Self {
        Self { origin: Cell::new(Instant::now()), base: Cell::new(0), buckets: RefCell::default() }
    }

    fn now(&self) -> usize {
        let passed = self.origin.get().elapsed().as_millis() / BUCKET.as_millis();
        self.base.get() + usize::try_from(passed).unwrap_or(usize::MAX)
    }

    /// Begins a new bucket. Returns its number.
    pub(super) fn cut(&self) -> usize {
        let next = self.now() + 1;
        self.base.set(next);
        self.origin.set(Instant::now());
        next
    }

    /// Adds an event to the present bucket.
    pub(super) fn add(&self, event: impl FnOnce(&mut Bucket)) {
        let (now, mut buckets) = (self.now(), self.buckets.borrow_mut());
        if buckets.len() <= now {
            buckets.resize_with(now + 1, Bucket::default);
        }
        event(&mut buckets[now]);
    }

    /// Reads the buckets of a range. Buckets without an event may be missing at its end.
    pub(super) fn read<T>(&self, range: &Range<usize>, of: impl FnOnce(&[Bucket]) -> T) -> T {
        let buckets = self.buckets.borrow();
        let end = range.end.min(buckets.len());
        of(&buckets[range.start.min(end)..end])
    }

    /// The sums over a range.
    pub(super) fn sum(&self, range: &Range<usize>) -> TimelineSum {
        self.read(range, TimelineSum::of)
    }

    /// The latencies, or other times, of a range. **Units**: milliseconds.
    pub(super) fn spread(&self, range: &Range<usize>, of: fn(&Bucket) -> &Vec<u32>) -> Spread {
        let ms = |buckets: &[Bucket]| buckets.iter().flat_map(of).map(|&us| f64::from(us) / 1e3).collect();
        self.read(range, ms)
    }
}

impl TimelineSum {
    fn of(buckets: &[Bucket]) -> Self {
        let sum = |count: fn(&Bucket) -> u64| buckets.iter().map(count).sum();
        Self {
            sent: sum(|bucket| bucket.sent),
            acknowledged: sum(|bucket| bucket.latencies_us.len() as u64),
            refused: sum(|bucket| bucket.refused),
            unanswered: sum(|bucket| bucket.unanswered),
            unsent: sum(|bucket| bucket.unsent),
            held_back: sum(|bucket| bucket.held_back),
            broken: sum(|bucket| bucket.broken),
        }
    }
}

impl CalmLevel {
    /// Whether a second has this goodput and latency, within the tolerance. A better figure counts as well.
    fn is_met(&self, window: &[Bucket]) -> bool {
        let mut latencies: Vec<u32> =
            window.iter().flat_map(|bucket| bucket.latencies_us.iter().copied()).collect();
        let seconds = (BUCKET * u32::try_from(window.len()).unwrap_or(u32::MAX)).as_secs_f64();
        if latencies.is_empty() || (latencies.len() as f64 / seconds) < self.goodput * (1.0 - TOLERANCE) {
            return false;
        }
        let place = latencies.len() * 99 / 100;
        let (_, p99, _) = latencies.select_nth_unstable(place);
        f64::from(*p99) / 1e3 <= self.p99 * (1.0 + TOLERANCE)
    }

    /// The time from the first bucket to the first second that is as calm.
    pub(super) fn reached_after(&self, buckets: &[Bucket]) -> Option<Duration> {
        let at = buckets.windows(WINDOW).position(|window| self.is_met(window))?;
        Some(BUCKET * u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The share of all seconds that are as calm.
    pub(super) fn share(&self, buckets: &[Bucket]) -> f64 {
        let windows = buckets.windows(WINDOW);
        let (count, met) = (windows.len(), windows.filter(|window| self.is_met(window)).count());
        met as f64 / count as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(count: usize, us: u32) -> Bucket {
        Bucket { latencies_us: vec![us; count], ..Bucket::default() }
    }

    #[test]
    fn the_return_to_calm_needs_goodput_and_latency() {
        let calm = CalmLevel { goodput: 1_000.0, p99: 2.0 };
        let phase = |first: Bucket| [vec![first; 7], vec![bucket(100, 2_000); 20]].concat();
        let reached = |first| calm.reached_after(&phase(first));
        assert_eq!(reached(bucket(100, 2_000)), Some(Duration::ZERO));
        // Six fast buckets of a second leave 1 % and more of slow check-ins.
        assert_eq!(reached(bucket(100, 9_000)), Some(BUCKET * 7));
        // A second with one empty bucket still has 90 %.
        assert_eq!(reached(bucket(0, 0)), Some(BUCKET * 6));
        assert_eq!(calm.reached_after(&vec![bucket(80, 1_000); 30]), None);
        assert!(calm.share(&phase(bucket(0, 0))) < 1.0);
    }

    #[test]
    fn phases_share_no_bucket() {
        let timeline = Timeline::new();
        timeline.add(|bucket| bucket.sent += 1);
        let second = timeline.cut();
        timeline.add(|bucket| bucket.sent += 2);
        assert_eq!(timeline.sum(&(0..second)).sent, 1);
        assert_eq!(timeline.sum(&(second..second + 9)).sent, 2);
    }
}
