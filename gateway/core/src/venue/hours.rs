//! A venue's opening hours, by the week of the city's own time zone.

use crate::test_site::Minute;
use serde::{Deserialize, Serialize};

/// Days of a week, Monday first.
const WEEK_DAYS: u8 = 7;
/// The most entries of a venue's opening hours: one a day for each of three shifts.
pub const OPENING_HOURS_MAX: usize = 21;

/// A minute of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekMinute {
    /// The day of the week, from 1 for Monday to 7 for Sunday.
    pub day: u8,
    /// The minute of that day. **Units**: minutes since midnight.
    pub minute: u16,
}

/// The opening hours of some days of the week. Hours that end before they begin end on the next day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenHours {
    /// The days on which the venue opens, from 1 for Monday to 7 for Sunday.
    pub days: Vec<u8>,
    /// The minute at which it opens.
    pub from: Minute,
    /// The minute at which it closes, exclusive.
    pub to: Minute,
}

impl OpenHours {
    fn contain(&self, at: WeekMinute) -> bool {
        let (from, to) = (self.from.since_midnight(), self.to.since_midnight());
        let opens_on = |day: u8| self.days.contains(&day);
        let day_before = if at.day == 1 { WEEK_DAYS } else { at.day - 1 };
        if from < to {
            return opens_on(at.day) && (from..to).contains(&at.minute);
        }
        opens_on(at.day) && at.minute >= from || opens_on(day_before) && at.minute < to
    }
}

/// The opening hours of a venue are not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenHoursError {
    /// No entry, or too many.
    #[error("hours has 1 to {OPENING_HOURS_MAX} entries")]
    Count,
    /// An entry without days, or with a day that does not exist.
    #[error("days has at least one day, from 1 for Monday to 7 for Sunday")]
    Days,
    /// An entry that begins and ends at the same minute.
    #[error("from and to differ; a whole day is from 00:00 to 24:00")]
    Empty,
}

/// The opening hours of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WeekHours(Vec<OpenHours>);

impl WeekHours {
    /// The opening hours of these entries. **Errors**: no entry or too many, a day that does not exist, or an
    /// entry without length.
    pub fn checked(entries: Vec<OpenHours>) -> Result<Self, OpenHoursError> {
        if entries.is_empty() || entries.len() > OPENING_HOURS_MAX {
            return Err(OpenHoursError::Count);
        }
        for OpenHours { days, from, to } in &entries {
            if days.is_empty() || days.iter().any(|day| !(1..=WEEK_DAYS).contains(day)) {
                return Err(OpenHoursError::Days);
            }
            if from == to {
                return Err(OpenHoursError::Empty);
            }
        }
        Ok(Self(entries))
    }

    /// Whether the venue is open at a minute of the week.
    #[must_use]
    pub fn contain(&self, at: WeekMinute) -> bool {
        self.0.iter().any(|entry| entry.contain(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(days: &[u8], from: &str, to: &str) -> Result<WeekHours, OpenHoursError> {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        WeekHours::checked(vec![OpenHours { days: days.to_vec(), from, to }])
    }

    #[test]
    fn hours_contain_their_minutes_and_may_pass_midnight() {
        let at = |day, hour: u16, minute: u16| WeekMinute { day, minute: hour * 60 + minute };
        let office = hours(&[1, 2, 3, 4, 5], "08:00", "22:00").unwrap();
        let bar = hours(&[6, 7], "20:00", "02:30").unwrap();
        let always = hours(&[1, 2, 3, 4, 5, 6, 7], "00:00", "24:00").unwrap();
        for (venue, minute, is_open) in [
            (&office, at(1, 7, 59), false),
            (&office, at(1, 8, 0), true),
            (&office, at(5, 21, 59), true),
            (&office, at(5, 22, 0), false),
            (&office, at(6, 12, 0), false),
            (&bar, at(6, 19, 59), false),
            (&bar, at(6, 20, 0), true),
            (&bar, at(7, 2, 29), true),
            (&bar, at(1, 2, 29), true),
            (&bar, at(1, 2, 30), false),
            (&bar, at(6, 1, 0), false),
            (&always, at(7, 23, 59), true),
        ] {
            assert_eq!(venue.contain(minute), is_open, "{venue:?} {minute:?}");
        }
    }

    #[test]
    fn hours_that_are_never_open_are_refused() {
        assert_eq!(hours(&[], "08:00", "22:00"), Err(OpenHoursError::Days));
        assert_eq!(hours(&[0], "08:00", "22:00"), Err(OpenHoursError::Days));
        assert_eq!(hours(&[8], "08:00", "22:00"), Err(OpenHoursError::Days));
        assert_eq!(hours(&[1], "08:00", "08:00"), Err(OpenHoursError::Empty));
        assert_eq!(WeekHours::checked(Vec::new()), Err(OpenHoursError::Count));
    }
}
