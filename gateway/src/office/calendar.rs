//! The city's days, by the calendar of the rule pack in force.

use super::Office;
use jiff::civil::Date;
use scangate_core::time::Timestamp;

impl Office {
    /// The number of the city's day at a time, counted from 1970.
    pub(super) fn day(&self, at: Timestamp) -> u32 {
        let day = self.tables.policies.in_force().policy.calendar().day(at);
        u32::try_from(day).unwrap_or_default()
    }

    /// The city's date at a time.
    pub(super) fn date(&self, at: Timestamp) -> Date {
        self.tables.policies.in_force().policy.calendar().date(at)
    }

    /// The first instant of the city's next day.
    pub(super) fn tomorrow(&self, now: Timestamp) -> Timestamp {
        self.day_start(now, 1)
    }

    /// The first instant of the city's day that is `days` after the day of `at`.
    pub(super) fn day_start(&self, at: Timestamp, days: u16) -> Timestamp {
        self.tables.policies.in_force().policy.calendar().midnight_after(at, days)
    }

    /// The first instant of a date of the city's.
    pub(super) fn midnight(&self, date: Date) -> Timestamp {
        self.tables.policies.in_force().policy.calendar().midnight(date)
    }
}

/// Parses a date as requests and answers write it, such as 2022-01-04.
pub(super) fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}
