//! The figures of a run at one time, as values. The line and the view are functions of them.

use super::meter::{ScanFigures, ScanMeter};
use crate::outcome::OutcomeCounts;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The seconds of which the view shows latencies and errors. A shorter time flickers, a longer one hides the
/// beginning of trouble.
pub(crate) const RECENT_SECONDS: usize = 5;
/// The seconds of which the view shows the rate.
pub(crate) const MINUTE_SECONDS: usize = 60;

/// The stage of a run, with the time since its beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RunStage {
    /// The scans of the plan are sent.
    Sending { elapsed: Duration, length: Duration },
    /// Every scan has been sent. Scans still wait for their answer, at most this long.
    Waiting { elapsed: Duration, most: Duration },
    /// The acknowledged check-ins are read back.
    ReadingBack { elapsed: Duration, done: u64, all: u64 },
}

impl RunStage {
    /// The time left in this stage, or `None` while it cannot be estimated.
    pub(crate) fn left(self) -> Option<Duration> {
        match self {
            Self::Sending { elapsed, length: whole } | Self::Waiting { elapsed, most: whole } => {
                Some(whole.saturating_sub(elapsed))
            }
            Self::ReadingBack { done: 0, .. } => None,
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            Self::ReadingBack { elapsed, done, all } => {
                Some(elapsed.mul_f64(all.saturating_sub(done) as f64 / done as f64))
            }
        }
    }

    /// The share of this stage that is over, from 0 to 1.
    pub(crate) fn share(self) -> f64 {
        let share = match self {
            Self::Sending { elapsed, length: whole } | Self::Waiting { elapsed, most: whole } => {
                elapsed.as_secs_f64() / whole.as_secs_f64()
            }
            #[expect(clippy::cast_precision_loss, reason = "a bar of some dozen columns")]
            Self::ReadingBack { done, all, .. } => done as f64 / all as f64,
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 }
    }
}

/// The figures of the last seconds of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WindowFigures {
    /// The scans that became due. **Units**: scans a second.
    pub(crate) offered_a_second: f64,
    /// The scans that were acknowledged. **Units**: scans a second.
    pub(crate) acknowledged_a_second: f64,
    /// The scans that came to their end, by class.
    pub(crate) outcomes: OutcomeCounts,
    /// The median response time. **Units**: microseconds.
    pub(crate) p50_us: u64,
    /// The 99th percentile of the response time. **Units**: microseconds.
    pub(crate) p99_us: u64,
    /// The longest response time. **Units**: microseconds.
    pub(crate) max_us: u64,
    /// The 99th percentile of the generator's lag. **Units**: microseconds.
    pub(crate) lag_p99_us: u64,
}

impl WindowFigures {
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds are far below 2^53")]
    fn new(figures: &ScanFigures, over: Duration) -> Self {
        let rate = |count: u64| if over.is_zero() { 0.0 } else { count as f64 / over.as_secs_f64() };
        let of_response = |quantile| ScanFigures::quantile_us(&figures.response, quantile);
        Self {
            offered_a_second: rate(figures.outcomes.planned),
            acknowledged_a_second: rate(figures.outcomes.acknowledged),
            outcomes: figures.outcomes.clone(),
            p50_us: of_response(0.5),
            p99_us: of_response(0.99),
            max_us: of_response(1.0),
            lag_p99_us: ScanFigures::quantile_us(&figures.lag, 0.99),
        }
    }
}

/// The figures of a run at one time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunSnapshot {
    /// The stage of the run.
    pub(crate) stage: RunStage,
    /// The figures of the last second.
    pub(crate) second: WindowFigures,
    /// The figures of the last `RECENT_SECONDS`.
    pub(crate) recent: WindowFigures,
    /// Scans that are due and have not come to their end: those in flight, and those that wait for a place.
    pub(crate) open: u64,
    /// Acknowledged scans a second in the last minute, oldest first.
    pub(crate) minute: Vec<u64>,
}

/// The seconds of a run that the watch remembers. **Cost**: some 2 MiB, however long the run is.
#[derive(Debug)]
pub(crate) struct WatchHistory {
    taken_at: Instant,
    recent: VecDeque<(ScanFigures, Duration)>,
    minute: VecDeque<u64>,
}

impl WatchHistory {
    /// A history that begins at this time.
    pub(crate) fn new(begin: Instant) -> Self {
        Self { taken_at: begin, recent: VecDeque::new(), minute: VecDeque::new() }
    }

    /// The time since the figures were last taken.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.taken_at)
    }

    /// Leaves out the time until now, in which there was nothing to watch.
    pub(crate) fn skip_to(&mut self, now: Instant) {
        self.taken_at = self.taken_at.max(now);
    }

    /// Takes the figures of the time since the last call, and returns what there is to show.
    pub(crate) fn take(&mut self, stage: RunStage, meter: &ScanMeter, now: Instant) -> RunSnapshot {
        let (figures, over) = (meter.take(), self.age(now));
        self.taken_at = now;
        let second = WindowFigures::new(&figures, over);
        if self.minute.len() == MINUTE_SECONDS {
            self.minute.pop_front();
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is a small count"
        )]
        self.minute.push_back(second.acknowledged_a_second.round() as u64);
        if self.recent.len() == RECENT_SECONDS {
            self.recent.pop_front();
        }
        self.recent.push_back((figures, over));
        let (mut figures, mut over) = (ScanFigures::default(), Duration::ZERO);
        for (some, part) in &self.recent {
            figures.add(some);
            over += *part;
        }
        let recent = WindowFigures::new(&figures, over);
        RunSnapshot {
            stage,
            second,
            recent,
            open: meter.open(),
            minute: self.minute.iter().copied().collect(),
        }
    }
}
