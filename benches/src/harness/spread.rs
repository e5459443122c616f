//! Figures that are measured several times.

use std::fmt;

/// The repeated measurements of one figure, in ascending order.
#[derive(Debug, Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    /// Adds a measurement.
    pub(crate) fn push(&mut self, figure: f64) {
        let at = self.0.partition_point(|known| *known < figure);
        self.0.insert(at, figure);
    }

    /// Adds the measurements of another spread.
    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.sort_unstable_by(f64::total_cmp);
    }

    /// The median.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The quantile of this share, from 0 to 1.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index in the list")]
        let place = (self.0.len().saturating_sub(1) as f64 * share).round() as usize;
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }

    /// The quantiles of these shares as printed text.
    pub(crate) fn quantiles<const N: usize>(&self, shares: [f64; N]) -> String {
        shares.map(|share| format!("{:.2}", self.quantile(share))).join("/")
    }
}

impl FromIterator<f64> for Spread {
    fn from_iter<T: IntoIterator<Item = f64>>(figures: T) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_unstable_by(f64::total_cmp);
        Self(figures)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = f64::NAN;
        let (least, most) = (self.0.first().unwrap_or(&nothing), self.0.last().unwrap_or(&nothing));
        out.pad(&format!("{:.1} ({least:.1} to {most:.1})", self.median()))
    }
}
