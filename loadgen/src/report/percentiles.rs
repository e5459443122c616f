//! The course of a histogram over its percentiles, for a plot.

use super::quantile::ms;
use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The points between a percentile and the one that halves its distance to 100 %.
const TICKS_A_HALVING: u32 = 5;
/// The highest percentile of the points.
const PERCENTILE_MAX: f64 = 99.999;

/// A point of a latency's distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PercentilePoint {
    /// The percentile. **Units**: percent of the scans.
    pub percentile: f64,
    /// The latency that this share of the scans did not exceed. **Units**: milliseconds.
    pub ms: f64,
}

/// The distribution of a histogram of microseconds, up to p99.999 or the last percentile that it
/// distinguishes.
pub(super) fn distribution(histogram: &Histogram<u64>) -> Vec<PercentilePoint> {
    let points = histogram.iter_quantiles(TICKS_A_HALVING).map(|step| PercentilePoint {
        percentile: step.quantile_iterated_to() * 100.0,
        ms: ms(step.value_iterated_to()),
    });
    points.filter(|point| point.percentile <= PERCENTILE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_rises_to_the_last_percentile_that_it_has() {
        let mut histogram = Histogram::new(3).unwrap();
        assert_eq!(distribution(&histogram), []);
        for ms in 1..=1_000 {
            histogram.record(ms * 1_000).unwrap();
        }
        let points = distribution(&histogram);
        assert!(
            points.windows(2).all(|pair| pair[0].percentile < pair[1].percentile && pair[0].ms <= pair[1].ms)
        );
        let median = points.iter().find(|point| point.percentile >= 50.0).unwrap();
        assert!((median.ms - 500.0).abs() < 1.0, "{median:?}");
        let last = points.last().unwrap();
        assert!((99.8..=PERCENTILE_MAX).contains(&last.percentile), "{last:?}");
    }
}
