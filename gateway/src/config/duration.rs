//! Durations as operators write them: a number and a unit.

use scangate_core::time::{DAY_MS, HOUR_MS};
use serde::Deserialize;

/// Parses a duration such as `90s`, `30m`, `24h` or `14d`. **Units**: milliseconds.
pub fn duration_ms(text: &str) -> Result<u64, String> {
    let error = || format!("`{text}` is not a duration: write a number and s, m, h or d");
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(error)?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => HOUR_MS,
        "d" => DAY_MS,
        _ => return Err(error()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms)).ok_or_else(error)
}

/// The time after which a person learns of an answer to a tracer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DurationSetting")]
pub struct TellAfter(u64);

/// A duration in the configuration: a text, or a number of hours.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a number of hours, or a text such as `24h`, is expected")]
enum DurationSetting {
    Hours(u64),
    Text(String),
}

impl TellAfter {
    /// The time. **Units**: milliseconds.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0
    }
}

impl Default for TellAfter {
    fn default() -> Self {
        Self(24 * HOUR_MS)
    }
}

impl TryFrom<DurationSetting> for TellAfter {
    type Error = String;

    fn try_from(setting: DurationSetting) -> Result<Self, String> {
        match setting {
            DurationSetting::Hours(hours) => Ok(Self(hours.saturating_mul(HOUR_MS))),
            DurationSetting::Text(text) => duration_ms(&text).map(Self),
        }
    }
}
