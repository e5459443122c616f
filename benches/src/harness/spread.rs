//! Figures that were measured several times.

use std::fmt;

/// The figures of one thing, repeated.
#[derive(Debug, Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    /// Takes another.
    pub(crate) fn push(&mut self, figure: f64) {
        let at = self.0.partition_point(|known| *known < figure);
        self.0.insert(at, figure);
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The one below which this share of all lies.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let place = (self.0.len().saturating_sub(1) as f64 * share).round() as usize;
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }

    /// Those below which these shares of all lie, as they are printed.
    pub(crate) fn quantiles<const N: usize>(&self, shares: [f64; N]) -> String {
        shares.map(|share| format!("{:.2}", self.quantile(share))).join("/")
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = f64::NAN;
        let (least, most) = (self.0.first().unwrap_or(&nothing), self.0.last().unwrap_or(&nothing));
        out.pad(&format!("{:.1} ({least:.1} to {most:.1})", self.median()))
    }
}
