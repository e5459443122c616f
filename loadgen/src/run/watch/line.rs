//! The plain line of a second, for logs and pipes.

use super::snapshot::{RunSnapshot, RunStage};
use super::words::{activity, elapsed, failed, left, ms, time};

/// The figures of the last second on one line.
pub(crate) fn line(snapshot: &RunSnapshot) -> String {
    let RunSnapshot { stage, second, open, .. } = snapshot;
    match *stage {
        RunStage::Sending { .. } => format!(
            "{}, {}: {:.0}/s of {:.0}/s offered, p50 {} ms, p99 {} ms, max {} ms, {}, {open} open, \
             lag p99 {} ms",
            time(elapsed(*stage)),
            left(*stage),
            second.acknowledged_a_second,
            second.offered_a_second,
            ms(second.p50_us),
            ms(second.p99_us),
            ms(second.max_us),
            failed(&second.outcomes),
            ms(second.lag_p99_us),
        ),
        RunStage::Waiting { .. } => {
            format!("{}, {}: {open} open, {}", activity(*stage), left(*stage), failed(&second.outcomes))
        }
        RunStage::ReadingBack { done: 0, .. } => activity(*stage),
        RunStage::ReadingBack { done, .. } => format!("{}, {}: {done} read", activity(*stage), left(*stage)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::BreakCause;
    use crate::watch::example::busy;
    use std::time::Duration;

    #[test]
    fn a_line_has_the_figures_of_its_second_and_the_time_left() {
        let mut snapshot = busy();
        assert_eq!(
            line(&snapshot),
            "12 s, 48 s left: 1997/s of 2000/s offered, p50 0.9 ms, p99 3.1 ms, max 120 ms, 3 failed: \
             2 refused overloaded, 1 broken reset, 12 open, lag p99 0.2 ms"
        );
        snapshot.second.outcomes.broken.insert(BreakCause::Reset, 0);
        snapshot.second.outcomes.refused.clear();
        assert!(line(&snapshot).contains(", 0 failed, 12 open"), "{}", line(&snapshot));
    }

    #[test]
    fn the_stages_after_the_sending_have_lines_of_their_own() {
        let seconds = Duration::from_secs;
        let stages = [
            (
                RunStage::Waiting { elapsed: seconds(2), most: seconds(30) },
                "waiting for the last answers, at most 28 s left: 12 open, 3 failed: \
                 2 refused overloaded, 1 broken reset",
            ),
            (
                RunStage::ReadingBack { elapsed: seconds(0), done: 0, all: 20_000 },
                "reading back 20000 check-ins",
            ),
            (
                RunStage::ReadingBack { elapsed: seconds(4), done: 500, all: 20_000 },
                "reading back 20000 check-ins, 2 min 36 s left: 500 read",
            ),
        ];
        for (stage, expected) in stages {
            assert_eq!(line(&RunSnapshot { stage, ..busy() }), expected);
        }
    }
}
