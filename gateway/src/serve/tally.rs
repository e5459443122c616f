//! A worker's counters: plain numbers of its own, added to the metrics once a turn. A check-in costs no
//! shared counter.

use metrics::{Counter, Histogram};
use scangate_core::refusal::Refusal;
use std::time::Duration;

/// Upper bounds of the latency histogram, in microseconds.
pub const LATENCY_BOUNDS_US: [u64; 14] = [
    100, 200, 400, 700, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000,
];

/// The counters of a worker.
pub struct Tally {
    answered: u64,
    latencies: [u64; LATENCY_BOUNDS_US.len()],
    refused: [u64; Refusal::ALL.len()],
    check_ins: Counter,
    latency: Histogram,
    refusals: Vec<Counter>,
}

impl Tally {
    /// Counters at zero for a worker.
    #[must_use]
    pub fn new(worker: u16) -> Self {
        let worker = worker.to_string();
        let refusals = Refusal::ALL.iter().map(|refusal| {
            metrics::counter!("scangate_refusals_total", "code" => refusal.code(), "worker" => worker.clone())
        });
        Self {
            answered: 0,
            latencies: [0; LATENCY_BOUNDS_US.len()],
            refused: [0; Refusal::ALL.len()],
            refusals: refusals.collect(),
            check_ins: metrics::counter!("scangate_check_ins_total", "worker" => worker.clone()),
            latency: metrics::histogram!("scangate_check_in_seconds", "worker" => worker),
        }
    }

    /// Counts a check-in and the time from its arrival to its answer.
    pub fn answered(&mut self, took: Duration) {
        self.answered += 1;
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let slot = LATENCY_BOUNDS_US.partition_point(|&bound| bound < us);
        self.latencies[slot.min(LATENCY_BOUNDS_US.len() - 1)] += 1;
    }

    /// Counts a refusal.
    pub fn refused(&mut self, refusal: Refusal) {
        let slot = Refusal::ALL.iter().position(|known| known.code() == refusal.code());
        self.refused[slot.expect("ALL has every refusal")] += 1;
    }

    /// Adds the counts to the metrics.
    pub fn publish(&mut self) {
        if self.answered > 0 {
            self.check_ins.increment(std::mem::take(&mut self.answered));
            for (count, bound) in self.latencies.iter_mut().zip(LATENCY_BOUNDS_US) {
                #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
                let seconds = bound as f64 / 1e6;
                let count = std::mem::take(count);
                if count > 0 {
                    self.latency.record_many(seconds, usize::try_from(count).unwrap_or(usize::MAX));
                }
            }
        }
        for (count, counter) in self.refused.iter_mut().zip(&self.refusals) {
            if *count > 0 {
                counter.increment(std::mem::take(count));
            }
        }
    }
}
