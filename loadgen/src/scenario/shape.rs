//! The shape of a run: how its rate rises and falls, as straight lines between points.

use crate::scenario::amount::Share;
use serde::{Deserialize, Serialize};

/// The number of parts of a run in each of which the rate is taken as constant.
pub(crate) const SHAPE_PARTS: u16 = 1_000;
/// The most points of a shape.
const POINTS_MAX: usize = 200;

/// One point of a shape: the share of the run that has passed, and the relative rate there.
type ShapePoint = (Share, f64);

/// The relative rate over the length of a run. Two points at one place are a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ShapePoint>", into = "Vec<ShapePoint>")]
pub struct Shape(Vec<ShapePoint>);

/// The error for points that make no shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// There are too few or too many points.
    #[error("a shape has from 1 to {POINTS_MAX} points")]
    Count,
    /// A point is before its predecessor.
    #[error("the points of a shape are in the order of the run")]
    Order,
    /// A relative rate is negative or no number.
    #[error("a relative rate is a number from 0 to 1000000")]
    Height,
    /// All relative rates are 0.
    #[error("a shape has a relative rate above 0")]
    Empty,
}

impl TryFrom<Vec<ShapePoint>> for Shape {
    type Error = ShapeError;
    fn try_from(points: Vec<ShapePoint>) -> Result<Self, ShapeError> {
        if points.is_empty() || points.len() > POINTS_MAX {
            return Err(ShapeError::Count);
        }
        if !points.is_sorted_by_key(|(at, _)| *at) {
            return Err(ShapeError::Order);
        }
        if points.iter().any(|(_, height)| !(0.0..=1e6).contains(height)) {
            return Err(ShapeError::Height);
        }
        let shape = Self(points);
        if shape.heights().all(|height| height <= 0.0) { Err(ShapeError::Empty) } else { Ok(shape) }
    }
}

impl From<Shape> for Vec<ShapePoint> {
    fn from(shape: Shape) -> Self {
        shape.0
    }
}

impl Default for Shape {
    /// A constant rate.
    fn default() -> Self {
        Self(vec![(Share(0.0), 1.0)])
    }
}

impl Shape {
    /// The relative rate in each part of the run.
    pub(crate) fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        (0..SHAPE_PARTS).map(|part| self.height((f64::from(part) + 0.5) / f64::from(SHAPE_PARTS)))
    }

    /// The relative rate at a point of the run. Before the first point and after the last it is theirs.
    fn height(&self, at: f64) -> f64 {
        let next = self.0.partition_point(|(point, _)| point.0 <= at);
        let (Some(&(before, from)), Some(&(after, to))) =
            (self.0.get(next.wrapping_sub(1)), self.0.get(next))
        else {
            return self.0[next.min(self.0.len() - 1)].1;
        };
        from + (to - from) * (at - before.0) / (after.0 - before.0)
    }

    /// The share of all scans before each part, from 0 to 1.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let mut sums = vec![0.0];
        sums.extend(self.heights().map(|height| {
            sum += height;
            sum
        }));
        sums.iter_mut().for_each(|share| *share /= sum);
        sums
    }

    /// The highest rate relative to the mean.
    #[must_use]
    pub fn peak(&self) -> f64 {
        let mean = self.heights().sum::<f64>() / f64::from(SHAPE_PARTS);
        self.heights().fold(0.0, f64::max) / mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(points: &[(f64, f64)]) -> Result<Shape, ShapeError> {
        points.iter().map(|&(at, height)| (Share(at), height)).collect::<Vec<_>>().try_into()
    }

    #[test]
    fn the_rate_is_a_straight_line_between_points_and_jumps_at_a_step() {
        let stadium = shape(&[(0.2, 1.0), (0.4, 3.0), (0.4, 10.0), (0.8, 10.0)]).unwrap();
        for (at, height) in [(0.0, 1.0), (0.3, 2.0), (0.399_999, 3.0), (0.4, 10.0), (1.0, 10.0)] {
            assert!((stadium.height(at) - height).abs() < 1e-3, "{at}");
        }
        assert!((Shape::default().peak() - 1.0).abs() < 1e-9);
        let step = shape(&[(0.5, 1.0), (0.5, 9.0)]).unwrap();
        assert!((step.peak() - 1.8).abs() < 1e-9);
        assert!((step.shares()[500] - 0.1).abs() < 1e-9);
    }

    #[test]
    fn points_without_order_or_height_are_no_shape() {
        assert_eq!(shape(&[]), Err(ShapeError::Count));
        assert_eq!(shape(&[(0.5, 1.0), (0.4, 1.0)]), Err(ShapeError::Order));
        assert_eq!(shape(&[(0.5, -1.0)]), Err(ShapeError::Height));
        assert_eq!(shape(&[(0.5, f64::NAN)]), Err(ShapeError::Height));
        assert_eq!(shape(&[(0.5, 0.0)]), Err(ShapeError::Empty));
    }
}
