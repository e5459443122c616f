//! Quantiles by their names in a report, and their values in a histogram.

use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

/// A latency quantile, by its name in a report: `p` and a percentage, or `max`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantile {
    name: String,
    at: f64,
}

/// The error for a text that names no quantile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a quantile: write p and a percentage of at most 100, or max")]
pub struct QuantileError;

impl FromStr for Quantile {
    type Err = QuantileError;
    fn from_str(text: &str) -> Result<Self, QuantileError> {
        let percent = match text.strip_prefix('p') {
            Some(percent) => percent.parse().map_err(|_| QuantileError)?,
            None if text == "max" => 100.0,
            None => return Err(QuantileError),
        };
        if !(0.0..=100.0).contains(&percent) {
            return Err(QuantileError);
        }
        let name = if percent == 100.0 { "max".to_owned() } else { format!("p{percent}") };
        Ok(Self { name, at: percent / 100.0 })
    }
}

/// The values of quantiles by name. **Units**: milliseconds.
pub type QuantileValues = BTreeMap<String, f64>;

impl Quantile {
    /// The value in a list of values, if the list has it.
    #[must_use]
    pub fn of(&self, values: &QuantileValues) -> Option<f64> {
        values.get(&self.name).copied()
    }
}

pub(super) fn ms(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64() * 1e3
}

/// Reads quantiles from a histogram of microseconds. An empty histogram has none.
pub(super) fn values<'a>(
    histogram: &Histogram<u64>,
    quantiles: impl IntoIterator<Item = &'a Quantile>,
) -> QuantileValues {
    let quantiles = quantiles.into_iter().filter(|_| !histogram.is_empty());
    quantiles.map(|one| (one.name.clone(), ms(histogram.value_at_quantile(one.at)))).collect()
}

/// The quantiles of these names.
pub(super) fn named(names: &[&str]) -> Vec<Quantile> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

/// Values as text, in ascending order.
pub(super) fn text(values: &QuantileValues) -> String {
    let mut ordered: Vec<(Quantile, f64)> =
        values.iter().filter_map(|(name, ms)| Some((name.parse().ok()?, *ms))).collect();
    ordered.sort_by(|(one, _), (other, _)| one.at.total_cmp(&other.at));
    let words: Vec<String> = ordered.iter().map(|(one, ms)| format!("{} {ms:.2}", one.name)).collect();
    words.join("  ")
}
