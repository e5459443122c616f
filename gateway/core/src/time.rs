//! Points in time, as milliseconds since 1970 in UTC, and the steps of the codes. Nothing here reads a clock;
//! the caller passes `now`.

#![expect(
    clippy::cast_possible_truncation,
    reason = "every cast is of a remainder or of a value just bounded"
)]

use crate::limits;
use std::fmt;
use std::str::FromStr;

/// Milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;
/// Milliseconds of an hour.
pub const HOUR_MS: u64 = 3_600_000;

/// A point in time. **Units**: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

/// The text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time between the years 1970 and 9999")]
pub struct TimeError;

/// Length of a printed time, `2022-01-04T00:00:00.123Z`.
pub const TIMESTAMP_TEXT_BYTES: usize = 24;
/// The place of the seconds in a printed time.
const SECOND: std::ops::Range<usize> = 17..19;
const YEAR_10_000_MS: u64 = 253_402_300_800_000;

impl Timestamp {
    /// The latest time that can be printed.
    pub const MAX: Self = Self(YEAR_10_000_MS - 1);

    /// The time `ms` milliseconds later.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The time `ms` milliseconds earlier, not before 1970.
    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds from `earlier` to this time; 0 if `earlier` is not earlier.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Days since 1970 in UTC.
    #[must_use]
    pub const fn utc_day(self) -> u32 {
        let day = self.0 / DAY_MS;
        if day > u32::MAX as u64 { u32::MAX } else { day as u32 }
    }

    /// The start of the next day in UTC.
    #[must_use]
    pub const fn next_utc_day(self) -> Self {
        Self((self.0 / DAY_MS + 1).saturating_mul(DAY_MS))
    }

    /// Hours since 1970 in UTC.
    #[must_use]
    pub const fn utc_hour(self) -> u32 {
        let hour = self.0 / HOUR_MS;
        if hour > u32::MAX as u64 { u32::MAX } else { hour as u32 }
    }

    /// Prints RFC 3339 in UTC with milliseconds. A time after the year 9999 prints as the last millisecond of
    /// 9999. **Cost**: about twenty divisions and no allocation.
    #[must_use]
    pub fn text(self) -> [u8; TIMESTAMP_TEXT_BYTES] {
        let ms = self.0.min(YEAR_10_000_MS - 1);
        let (year, month, day) = civil(ms / DAY_MS);
        let in_day = ms % DAY_MS;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], in_day / HOUR_MS);
        put(&mut text[14..16], in_day / 60_000 % 60);
        put(&mut text[17..19], in_day / 1_000 % 60);
        put(&mut text[20..23], in_day % 1_000);
        text
    }

    /// Prints the IMF-fixdate of HTTP's `date` (RFC 9110 section 5.6.7).
    #[must_use]
    pub fn http_date(self) -> [u8; 29] {
        const DAYS: &[u8; 21] = b"ThuFriSatSunMonTueWed";
        const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let ms = self.0.min(YEAR_10_000_MS - 1);
        let (year, month, day) = civil(ms / DAY_MS);
        let in_day = ms % DAY_MS;
        let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
        let week_day = (ms / DAY_MS % 7) as usize * 3;
        text[0..3].copy_from_slice(&DAYS[week_day..week_day + 3]);
        put(&mut text[5..7], day);
        let name = (month - 1) as usize * 3;
        text[8..11].copy_from_slice(&MONTHS[name..name + 3]);
        put(&mut text[12..16], year);
        put(&mut text[17..19], in_day / HOUR_MS);
        put(&mut text[20..22], in_day / 60_000 % 60);
        put(&mut text[23..25], in_day / 1_000 % 60);
        text
    }
}

/// Writes a number over zeros, right-aligned.
fn put(field: &mut [u8], mut number: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of a day since 1970, by counting in eras of 400 years that begin in March.
const fn civil(day: u64) -> (u64, u64, u64) {
    const DAYS_OF_ERA: u64 = 146_097;
    const DAYS_FROM_MARCH_0_TO_1970: u64 = 719_468;
    let day = day + DAYS_FROM_MARCH_0_TO_1970;
    let (era, of_era) = (day / DAYS_OF_ERA, day % DAYS_OF_ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_month)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().iter().try_for_each(|&byte| fmt::Write::write_char(out, byte.into()))
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        if !is_rfc_3339(text.as_bytes()) {
            return Err(TimeError);
        }
        let time: jiff::Timestamp = text.parse().map_err(|_| TimeError)?;
        let ms = u64::try_from(time.as_millisecond()).map_err(|_| TimeError)?;
        // The parser takes second 60 of any minute as its second 59. A leap second ends a day of UTC.
        let is_second = &text[SECOND] != "60" || ms % DAY_MS / 1_000 == 86_399;
        if is_second && ms < YEAR_10_000_MS { Ok(Self(ms)) } else { Err(TimeError) }
    }
}

/// Whether a text has the shape of RFC 3339 section 5.6: date, `T` or a space, time with seconds, `Z` or the
/// offset from UTC in hours to 23 and minutes to 59. The parser alone would accept more of ISO 8601, and
/// offsets of more than a day.
fn is_rfc_3339(text: &[u8]) -> bool {
    const SHAPE: &[u8; 19] = b"dddd-dd-ddTdd:dd:dd";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        _ => byte == shape,
    };
    let Some((time, rest)) = text.split_first_chunk::<19>() else { return false };
    let fraction = match rest.strip_prefix(b".") {
        Some(fraction) => 1 + fraction.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        None => 0,
    };
    let from_utc = match &rest[fraction..] {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', zone @ ..] => {
            zone.len() == 5
                && zone.iter().zip(b"dd:dd").all(fits)
                && zone[..2] <= b"23"[..]
                && zone[3..] <= b"59"[..]
        }
        _ => false,
    };
    from_utc && fraction != 1 && time.iter().zip(SHAPE).all(fits)
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A step of the changing codes: Unix seconds / 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub u32);

impl Step {
    /// The step that contains `at`; times after the year 6,000 share the last step.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        let step = at.0 / limits::STEP_MS;
        Self(if step > u32::MAX as u64 { u32::MAX } else { step as u32 })
    }

    /// The start of the step.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 as u64 * limits::STEP_MS)
    }

    /// Whether a code of this step is valid at `now`. It is valid from 10 s before its own 30 s, as a phone's
    /// clock may run fast, to the end of the next 30 s.
    #[must_use]
    pub const fn is_valid_at(self, now: Timestamp) -> bool {
        let from = self.start().minus_ms(limits::STEP_EARLY_MS);
        let until = self.start().plus_ms(2 * limits::STEP_MS);
        from.0 <= now.0 && now.0 < until.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_known_times() {
        for (ms, text, http) in [
            (0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_641_254_400_123, "2022-01-04T00:00:00.123Z", "Tue, 04 Jan 2022 00:00:00 GMT"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z", "Tue, 29 Feb 2000 12:34:56 GMT"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z", "Sun, 28 Feb 2100 23:59:59 GMT"),
        ] {
            assert_eq!(Timestamp(ms).to_string(), text);
            assert_eq!(std::str::from_utf8(&Timestamp(ms).http_date()).unwrap(), http);
            assert_eq!(text.parse(), Ok(Timestamp(ms)));
        }
        assert_eq!("2022-01-04T08:00:00+08:00".parse(), Ok(Timestamp(1_641_254_400_000)));
        for text in ["2022-01-04t00:00:00z", "2022-01-04 00:00:00Z", "2022-01-03T19:00:00.000-05:00"] {
            assert_eq!(text.parse(), Ok(Timestamp(1_641_254_400_000)), "{text}");
        }
        for (text, ms) in [
            ("2022-01-04T00:00:00+23:59", 1_641_168_060_000),
            ("2022-01-03T00:00:00-23:59", 1_641_254_340_000),
            ("2022-01-04T00:00:00-00:00", 1_641_254_400_000),
            ("2022-01-04T00:00:00.123999999Z", 1_641_254_400_123),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000),
            ("2016-12-31T15:59:60-08:00", 1_483_228_799_000),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp(ms)), "{text}");
        }
        for text in [
            "2022-01-04",
            "20220104T000000Z",
            "2022-01-04T00:00Z",
            "2022-01-04T00Z",
            "2022-01-04T00:00:00",
            "2022-01-04T00:00:00.Z",
            "2022-01-04T00:00:00,5Z",
            "2022-01-04T00:00:00+00",
            "2022-01-04T00:00:00+0000",
            "2022-01-04T00:00:00+00:00:30",
            "2022-01-04T00:00:00Z[u-ca=iso8601]",
            "+002022-01-04T00:00:00Z",
            "2022-01-04T00:00:00Z ",
            "2022-01-04T00:00:00+24:00",
            "2022-01-04T00:00:00-24:00",
            "2022-01-04T00:00:00+25:59",
            "2022-01-04T00:00:00+08:60",
            "2022-01-04T00:00:00+99:99",
            "2022-01-04T24:00:00Z",
            "2022-01-04T00:60:00Z",
            "2022-01-04T23:59:61Z",
            "2022-02-29T00:00:00Z",
            "2022-11-31T00:00:00Z",
            "２０２２-01-04T00:00:00Z",
            "2022-01-04T00:00:60Z",
            "2022-01-04T23:59:60+08:00",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        assert!("1969-12-31T23:59:59Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_step_lives_from_ten_seconds_early_to_the_end_of_the_next() {
        let step = Step(1_000);
        let start = step.start().0;
        for (now, valid) in [
            (start - 10_001, false),
            (start - 10_000, true),
            (start, true),
            (start + 59_999, true),
            (start + 60_000, false),
        ] {
            assert_eq!(step.is_valid_at(Timestamp(now)), valid, "{now}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_time_reads_back(ms in 0..YEAR_10_000_MS) {
            prop_assert_eq!(Timestamp(ms).to_string().parse(), Ok(Timestamp(ms)));
        }
    }
}
