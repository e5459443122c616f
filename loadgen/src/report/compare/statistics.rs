//! The change of a mean between two sets of runs, with its confidence interval.
//!
//! The interval is Welch's: the two sets may have different variances and sizes. It assumes that the mean of
//! a figure over several runs is about normally distributed, and that the runs do not influence each other.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// The confidence of an interval. **Units**: 1 is certainty.
pub(super) const CONFIDENCE: f64 = 0.95;

/// A change of a mean, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MeanChange {
    /// The mean after, less the mean before.
    pub(super) difference: f64,
    /// The half width of the interval around it. `None` if a set has fewer than two values.
    pub(super) half_width: Option<f64>,
}

/// The mean of values. An empty list has the mean 0.
#[expect(clippy::cast_precision_loss, reason = "a report has at most 100 runs")]
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The variance of the mean of these values, which needs at least two of them.
#[expect(clippy::cast_precision_loss, reason = "a report has at most 100 runs")]
fn variance_of_mean(values: &[f64]) -> Option<(f64, f64)> {
    let freedom = (values.len() as f64) - 1.0;
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (freedom >= 1.0).then(|| (squares / freedom / (freedom + 1.0), freedom))
}

/// The change of the mean between two sets of values.
pub(super) fn change(before: &[f64], after: &[f64]) -> MeanChange {
    let half_width = || {
        let ((before, freedom_before), (after, freedom_after)) =
            (variance_of_mean(before)?, variance_of_mean(after)?);
        let variance = before + after;
        if variance <= 0.0 {
            return Some(0.0);
        }
        // The degrees of freedom by Welch and Satterthwaite.
        let freedom = variance.powi(2) / (before.powi(2) / freedom_before + after.powi(2) / freedom_after);
        let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(f64::midpoint(1.0, CONFIDENCE));
        Some(t * variance.sqrt())
    };
    MeanChange { difference: mean(after) - mean(before), half_width: half_width() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welchs_interval_is_that_of_an_independent_calculation() {
        // Integrating the density of t numerically gives these 7.0469 degrees of freedom a quantile of
        // 2.36144.
        let before = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9];
        let after = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0];
        let found = change(&before, &after);
        assert!((found.difference - 2.5).abs() < 1e-9, "{found:?}");
        assert!(found.half_width.is_some_and(|width| (width - 4.196_094).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn a_set_of_one_has_no_interval_and_equal_values_a_narrow_one() {
        assert_eq!(change(&[1.0], &[2.0, 3.0]), MeanChange { difference: 1.5, half_width: None });
        assert_eq!(change(&[1.0, 1.0], &[2.0, 2.0]), MeanChange { difference: 1.0, half_width: Some(0.0) });
        assert_eq!(change(&[], &[]).half_width, None);
    }
}
