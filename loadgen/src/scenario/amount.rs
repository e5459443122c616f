//! Rates, times and shares as people write them, on the command line and in scenario files.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::time::Duration;

/// The highest rate. **Units**: scans a second.
const RATE_MAX: f64 = 5e6;

/// A rate. **Units**: scans or requests a second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Rate(pub f64);

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
#[serde(transparent)]
pub struct Share(pub f64);

/// A rate or a share, as a file has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(f64),
    Text(String),
}

/// Reads a rate such as `500` or `20k`. **Errors**: it is not between 0.1 and 5000k.
pub fn rate(text: &str) -> Result<Rate, String> {
    let (number, factor) = match text.strip_suffix('k') {
        Some(thousands) => (thousands, 1e3),
        None => (text, 1.0),
    };
    let rate = number.parse::<f64>().ok().map(|number| number * factor);
    rate.filter(|rate| (0.1..=RATE_MAX).contains(rate))
        .map(Rate)
        .ok_or_else(|| format!("`{text}` is not a rate from 0.1 to 5000k a second"))
}

/// Reads the length of a run, such as `30s` or `5m`. **Errors**: it is not between 0.1 seconds and a day.
pub fn length(text: &str) -> Result<Duration, String> {
    let length = time_span(text)?;
    let is_fit = (Duration::from_millis(100)..=Duration::from_secs(86_400)).contains(&length);
    is_fit.then_some(length).ok_or_else(|| format!("`{text}` is not a duration from 0.1 seconds to 24 hours"))
}

/// Reads a wait, of which no histogram of an hour loses sight. **Errors**: it is not between 1 ms and 10
/// minutes.
pub fn wait(text: &str) -> Result<Duration, String> {
    let wait = time_span(text)?;
    let is_fit = (Duration::from_millis(1)..=Duration::from_secs(600)).contains(&wait);
    is_fit.then_some(wait).ok_or_else(|| format!("`{text}` is not a wait from 1 ms to 10 minutes"))
}

fn time_span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time: write a number and ms, s, m or h");
    let (number, unit) =
        text.split_at(text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len()));
    let seconds = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    let number = number.parse::<f64>().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

/// Reads a share such as `0.2` or `20%`. **Errors**: it is not between 0 and 1.
fn share(text: &str) -> Result<Share, String> {
    let part = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    part.ok()
        .filter(|part| (0.0..=1.0).contains(part))
        .map(Share)
        .ok_or_else(|| format!("`{text}` is not a share from 0 to 1 or from 0% to 100%"))
}

fn read<'de, D: Deserializer<'de>, T>(input: D, parse: fn(&str) -> Result<T, String>) -> Result<T, D::Error> {
    let text = match NumberOrText::deserialize(input)? {
        NumberOrText::Number(number) => number.to_string(),
        NumberOrText::Text(text) => text,
    };
    parse(&text).map_err(de::Error::custom)
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        read(input, rate)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        read(input, share)
    }
}

/// The length of a run in a file, written as text.
pub(super) mod length_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de};
    use std::time::Duration;

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        super::length(&String::deserialize(input)?).map_err(de::Error::custom)
    }

    pub(in super::super) fn serialize<S: Serializer>(length: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&format!("{}ms", length.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units_and_bounds() {
        assert_eq!(wait("20ms"), Ok(Duration::from_millis(20)));
        assert_eq!(length("1.5m"), Ok(Duration::from_secs(90)));
        for text in ["", "5", "ms", "-1s", "NaNs", "5d", "1e400s"] {
            assert!(time_span(text).is_err(), "{text}");
        }
        assert!(wait("0.1ms").is_err() && wait("11m").is_err() && length("50ms").is_err());
    }

    #[test]
    fn rates_and_shares_are_read_with_their_bounds() {
        assert_eq!((rate("500"), rate("1.5k")), (Ok(Rate(500.0)), Ok(Rate(1_500.0))));
        assert_eq!((share("0.25"), share("25 %")), (Ok(Share(0.25)), Ok(Share(0.25))));
        for text in ["", "k", "0", "-1", "nan", "6000k"] {
            assert!(rate(text).is_err(), "{text}");
        }
        for text in ["", "%", "-0.1", "1.1", "101%", "nan"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
