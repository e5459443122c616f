//! Days as a city counts them, by the dates of its own time zone.

use crate::time::Timestamp;
use crate::venue::WeekMinute;
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

    /// The zone's name in the IANA database.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
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
        self.0.to_datetime(instant(at)).date()
    }

    /// The minute of the week of an instant.
    #[must_use]
    pub fn week_minute(&self, at: Timestamp) -> WeekMinute {
        let local = self.0.to_datetime(instant(at));
        let day = u8::try_from(local.weekday().to_monday_one_offset()).unwrap_or_default();
        let (hour, minute) = (local.hour().unsigned_abs(), local.minute().unsigned_abs());
        WeekMinute { day, minute: u16::from(hour) * 60 + u16::from(minute) }
    }

    /// An instant in RFC 3339 with milliseconds and the zone's offset from UTC.
    #[must_use]
    pub fn local_text(&self, at: Timestamp) -> String {
        instant(at).to_zoned_datetime(self.0.clone()).strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
    }
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    let ms = i64::try_from(at.min(Timestamp::MAX).0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_has_its_offset_and_its_minute_of_the_week() {
        let calendar = Calendar::of_zone("Asia/Shanghai").unwrap();
        // A Monday, 23:59:30 in UTC.
        let at = Timestamp(1_641_254_370_123);
        assert_eq!(at.to_string(), "2022-01-03T23:59:30.123Z");
        assert_eq!(calendar.local_text(at), "2022-01-04T07:59:30.123+08:00");
        assert_eq!(calendar.week_minute(at), WeekMinute { day: 2, minute: 7 * 60 + 59 });
        assert_eq!(calendar.week_minute(at.minus_ms(2 * 86_400_000)), WeekMinute { day: 7, minute: 479 });
    }
}
