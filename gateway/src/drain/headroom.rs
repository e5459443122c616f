//! Estimates the time until the journal is full if nothing is drained: the free space over the smoothed rate
//! of check-ins. A state machine: the time is an argument.

use scangate_storage::journal::Sequence;
use std::time::{Duration, Instant};

/// The time constant of the smoothed rate.
const SMOOTHED_OVER: Duration = Duration::from_secs(10);

/// The estimate's state.
pub struct Headroom {
    at: Instant,
    end: Sequence,
    /// **Units**: check-ins a second.
    rate: f64,
}

impl Headroom {
    /// Starts at the journal's present end.
    #[must_use]
    pub fn new(now: Instant, end: Sequence) -> Self {
        Self { at: now, end, rate: 0.0 }
    }

    /// Updates the rate with the journal's present end. Returns the seconds until `room` check-ins are used
    /// up; infinity without check-ins.
    pub fn seconds(&mut self, now: Instant, end: Sequence, room: u64) -> f64 {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        let (new, room) = (end.0.saturating_sub(self.end.0) as f64, room as f64);
        if elapsed > 0.0 {
            let weight = 1.0 - (-elapsed / SMOOTHED_OVER.as_secs_f64()).exp();
            self.rate += (new / elapsed - self.rate) * weight;
            (self.at, self.end) = (now, end);
        }
        room / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_found_and_silence_lasts_for_ever() {
        let start = Instant::now();
        let mut headroom = Headroom::new(start, Sequence(0));
        assert!(headroom.seconds(start, Sequence(0), 1_000).is_infinite() || headroom.rate == 0.0);
        let mut seconds = 0.0;
        for second in 1..=100 {
            seconds = headroom.seconds(start + Duration::from_secs(second), Sequence(second * 200), 60_000);
        }
        assert!((seconds - 300.0).abs() < 1.0, "{seconds}");
    }
}
