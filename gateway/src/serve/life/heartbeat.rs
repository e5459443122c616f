//! Signs of life of the workers. Each worker leaves one every second, between the turns of its loop, so a
//! worker that is stuck in a turn leaves none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The pause between two signs of life of a worker.
const BEAT_PAUSE: Duration = Duration::from_secs(1);

/// The last signs of life of all workers.
#[derive(Debug, Clone)]
pub struct Heartbeats {
    started: Instant,
    /// The time of each worker's last sign of life. **Units**: milliseconds since the start.
    last_ms: Arc<[AtomicU64]>,
}

impl Heartbeats {
    /// Signs of life of so many workers, each of which has just left one.
    #[must_use]
    pub fn new(workers: u16) -> Self {
        Self { started: Instant::now(), last_ms: (0..workers).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The age of each worker's last sign of life, by its number.
    pub fn ages(&self) -> impl Iterator<Item = Duration> {
        let now_ms = self.since_start_ms();
        self.last_ms
            .iter()
            .map(move |last| Duration::from_millis(now_ms.saturating_sub(last.load(Ordering::Relaxed))))
    }

    /// Leaves a sign of life of a worker every second, for as long as the worker's thread runs its tasks.
    pub async fn keep_beating(self, worker: u16) {
        let mut pause = tokio::time::interval(BEAT_PAUSE);
        loop {
            pause.tick().await;
            self.last_ms[usize::from(worker)].store(self.since_start_ms(), Ordering::Relaxed);
        }
    }

    fn since_start_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_runs_leaves_signs_of_life_and_another_one_ages() {
        let heartbeats =
            Heartbeats { started: Instant::now() - Duration::from_secs(60), ..Heartbeats::new(2) };
        let beating = tokio::spawn(heartbeats.clone().keep_beating(1));
        while heartbeats.ages().nth(1).unwrap() >= Duration::from_secs(60) {
            tokio::task::yield_now().await;
        }
        assert!(heartbeats.ages().next().unwrap() >= Duration::from_secs(60));
        beating.abort();
    }
}
