//! Test sites: their places, opening hours and slots. Minutes are counted in the city's own days.

use crate::id::TestSiteId;
use crate::limits::{SLOT_MINUTES_MIN, SLOT_PLACES_MAX};
use crate::time::Timestamp;
use crate::venue::Doors;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const MINUTE_MS: u64 = 60_000;
const DAY_MINUTES: u16 = 24 * 60;

/// A minute of a day.
///
/// **Shape**: `HH:MM`, from `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Minute(u16);

/// The opening hours are not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// A time is not valid.
    #[error("opens and closes are HH:MM, from 00:00 to 24:00")]
    Minute,
    /// The slots are too short, or not even one fits into the hours.
    #[error("slot_minutes is at least {SLOT_MINUTES_MIN}, and fits between opens and closes")]
    Slot,
    /// A slot has no places or too many.
    #[error("places is from 1 to {SLOT_PLACES_MAX}")]
    Places,
}

impl Minute {
    /// The minutes since midnight.
    #[must_use]
    pub const fn since_midnight(self) -> u16 {
        self.0
    }
}

impl FromStr for Minute {
    type Err = OpeningError;

    fn from_str(text: &str) -> Result<Self, OpeningError> {
        let (hours, minutes) = text.split_once(':').ok_or(OpeningError::Minute)?;
        let two = |digits: &str| {
            let is_two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            is_two.then(|| digits.parse::<u16>().ok()).flatten().ok_or(OpeningError::Minute)
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        let minute = hours * 60 + minutes;
        if minutes < 60 && minute <= DAY_MINUTES { Ok(Self(minute)) } else { Err(OpeningError::Minute) }
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for Minute {
    type Error = OpeningError;
    fn try_from(text: String) -> Result<Self, OpeningError> {
        text.parse()
    }
}

impl From<Minute> for String {
    fn from(minute: Minute) -> Self {
        minute.to_string()
    }
}

/// The opening hours of a test site, and the places of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// When the first slot of a day begins.
    pub opens: Minute,
    /// When the last slot of a day has ended.
    pub closes: Minute,
    /// The length of a slot.
    pub slot_minutes: u16,
    /// The number of people who may book each slot.
    pub places: u16,
}

impl Opening {
    /// These hours, if they hold at least one slot. **Errors**: no slot fits, or a slot has no places or too
    /// many.
    pub fn checked(self) -> Result<Self, OpeningError> {
        let open = self.closes.0.saturating_sub(self.opens.0);
        if self.slot_minutes < SLOT_MINUTES_MIN || self.slot_minutes > open {
            return Err(OpeningError::Slot);
        }
        if (1..=SLOT_PLACES_MAX).contains(&self.places) { Ok(self) } else { Err(OpeningError::Places) }
    }

    /// The start times of a day's slots. Every slot ends before the site closes.
    pub fn slots(self, midnight: Timestamp) -> impl Iterator<Item = Timestamp> {
        let last = self.closes.0.checked_sub(self.slot_minutes);
        let minutes = last.into_iter().flat_map(move |last| self.opens.0..=last);
        let begins = minutes.step_by(usize::from(self.slot_minutes.max(1)));
        begins.map(move |minute| midnight.plus_ms(u64::from(minute) * MINUTE_MS))
    }

    /// The start and end of a slot, by the clock of its day.
    #[must_use]
    pub fn clock(self, midnight: Timestamp, begins: Timestamp) -> (Minute, Minute) {
        let since = begins.since_ms(midnight) / MINUTE_MS;
        let from = u16::try_from(since).unwrap_or(DAY_MINUTES).min(DAY_MINUTES);
        (Minute(from), Minute((from + self.slot_minutes).min(DAY_MINUTES)))
    }
}

/// A test site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestSite {
    /// Its id.
    pub id: TestSiteId,
    /// Its name.
    pub name: String,
    /// Its district, by the city's own names.
    pub district: String,
    /// Its address.
    pub address: String,
    /// When it takes samples.
    pub opening: Opening,
    /// Whether it accepts bookings.
    pub doors: Doors,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(opens: &str, closes: &str, slot_minutes: u16, places: u16) -> Result<Opening, OpeningError> {
        Opening { opens: opens.parse()?, closes: closes.parse()?, slot_minutes, places }.checked()
    }

    #[test]
    fn slots_fill_the_hours_and_the_last_one_ends_in_time() {
        let midnight = Timestamp(1_000 * MINUTE_MS);
        let begin = |opening: Opening| -> Vec<u64> {
            opening.slots(midnight).map(|at| at.since_ms(midnight) / MINUTE_MS).collect()
        };
        assert_eq!(begin(opening("08:00", "09:40", 30, 5).unwrap()), [480, 510, 540]);
        assert_eq!(begin(opening("23:00", "24:00", 60, 1).unwrap()), [1_380]);
        let (from, to) =
            opening("23:00", "24:00", 60, 1).unwrap().clock(midnight, midnight.plus_ms(82_800_000));
        assert_eq!((from.to_string(), to.to_string()), ("23:00".to_owned(), "24:00".to_owned()));
        assert_eq!(begin(opening("00:00", "24:00", 1_440, 1).unwrap()), [0]);
    }

    #[test]
    fn invalid_hours_are_refused() {
        for wrong in ["8:00", "08:60", "24:01", "0800", "08:0x", "+8:00", "", "：08:00"] {
            assert_eq!(opening(wrong, "20:00", 30, 5), Err(OpeningError::Minute), "{wrong}");
        }
        for (opens, closes, minutes) in
            [("08:00", "08:00", 30), ("09:00", "08:00", 30), ("08:00", "08:20", 30)]
        {
            assert_eq!(opening(opens, closes, minutes, 5), Err(OpeningError::Slot), "{opens} {closes}");
        }
        assert_eq!(opening("08:00", "20:00", SLOT_MINUTES_MIN - 1, 5), Err(OpeningError::Slot));
        assert_eq!(opening("08:00", "20:00", 30, 0), Err(OpeningError::Places));
        assert_eq!(opening("08:00", "20:00", 30, SLOT_PLACES_MAX + 1), Err(OpeningError::Places));
        assert_eq!(opening("08:05", "24:00", 5, 1).unwrap().opens.to_string(), "08:05");
    }
}
