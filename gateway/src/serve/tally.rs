//! A worker's counters: plain numbers of its own, added to the metrics once a turn. A check-in costs no
//! shared counter.

use metrics::{Counter, Histogram};
use scangate_core::refusal::Refusal;
use std::time::Duration;

/// Upper bounds of the latency histogram, in microseconds.
pub const LATENCY_BOUNDS_US: [u64; 14] = [
    100, 200, 400, 700, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000,
];

/// The times that fell between two bounds.
#[derive(Debug, Clone, Copy, Default)]
struct LatencyBucket {
    count: u64,
    sum_ns: u64,
}

impl LatencyBucket {
    /// The mean of the times. It lies between the same two bounds, so it stands for each of them in a
    /// histogram without a change of its sum. **Units**: seconds.
    fn mean_s(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a turn's times are far below the 53 bits of a float")]
        let mean_ns = self.sum_ns as f64 / self.count as f64;
        mean_ns / 1e9
    }
}

/// The counters of a worker.
pub struct Tally {
    answered: u64,
    latencies: [LatencyBucket; LATENCY_BOUNDS_US.len()],
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
            latencies: [LatencyBucket::default(); LATENCY_BOUNDS_US.len()],
            refused: [0; Refusal::ALL.len()],
            refusals: refusals.collect(),
            check_ins: metrics::counter!("scangate_check_ins_total", "worker" => worker.clone()),
            latency: metrics::histogram!("scangate_check_in_seconds", "worker" => worker),
        }
    }

    /// Counts a check-in and the time from its arrival to its answer.
    pub fn answered(&mut self, took: Duration) {
        self.answered += 1;
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let slot = LATENCY_BOUNDS_US.partition_point(|&bound| bound * 1_000 < ns);
        let bucket = &mut self.latencies[slot.min(LATENCY_BOUNDS_US.len() - 1)];
        bucket.count += 1;
        bucket.sum_ns = bucket.sum_ns.saturating_add(ns);
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
            for bucket in &mut self.latencies {
                let bucket = std::mem::take(bucket);
                if bucket.count > 0 {
                    let count = usize::try_from(bucket.count).unwrap_or(usize::MAX);
                    self.latency.record_many(bucket.mean_s(), count);
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

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    const HISTOGRAM: &str = "scangate_check_in_seconds";

    #[test]
    fn the_histogram_has_the_true_sum_and_each_time_in_its_bucket() {
        #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
        let bounds = LATENCY_BOUNDS_US.map(|us| us as f64 / 1e6);
        let recorder = PrometheusBuilder::new().set_buckets(&bounds).unwrap().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let mut tally = Tally::new(0);
            // The two first share a bucket; the third is a bound itself; the last is beyond all bounds.
            for us in [120, 130, 50_000, 50_001, 20_000_000] {
                tally.answered(Duration::from_micros(us));
            }
            tally.publish();
        });
        let text = recorder.handle().render();
        let value = |series: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(series)).unwrap();
            line.rsplit(' ').next().unwrap().parse().unwrap()
        };
        let bucket = |le: &str| value(&format!("{HISTOGRAM}_bucket{{worker=\"0\",le=\"{le}\"}}"));
        assert!((value(&format!("{HISTOGRAM}_sum")) - 20.100_251).abs() < 1e-9, "{text}");
        let counted = ["0.0001", "0.0002", "0.02", "0.05", "0.1", "10", "+Inf"].map(bucket);
        assert_eq!(counted, [0.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0]);
    }
}
