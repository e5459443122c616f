//! Days as a city counts them, by the dates of its own time zone.

use crate::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A time zone's dates.
#[derive(Debug, Clone)]
pub struct Calendar(TimeZone);

impl Calendar {
    /// The calendar of a zone of the IANA database, which is built into the program.
    #[must_use]
    pub fn of_zone(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// The first instant of the date that is `days` after the date of `at`.
    #[must_use]
    pub fn midnight_after(&self, at: Timestamp, days: u16) -> Timestamp {
        self.midnight(self.date(at).saturating_add(jiff::Span::new().days(i32::from(days))))
    }

    /// The number of the date of `at`, in days since 1970.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> i32 {
        let since = self.date(at).since((jiff::Unit::Day, Date::constant(1970, 1, 1)));
        since.map(|span| span.get_days()).unwrap_or(i32::MAX)
    }

    /// The first instant of a date.
    #[must_use]
    pub fn midnight(&self, date: Date) -> Timestamp {
        let midnight = self.0.to_timestamp(date.at(0, 0, 0, 0)).map(jiff::Timestamp::as_millisecond);
        midnight.ok().and_then(|ms| u64::try_from(ms).ok()).map_or(Timestamp::MAX, Timestamp)
    }

    /// The date of an instant.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        let ms = i64::try_from(at.min(Timestamp::MAX).0).unwrap_or(i64::MAX);
        self.0.to_datetime(jiff::Timestamp::from_millisecond(ms).unwrap_or_default()).date()
    }
}
