//! The lines of a published list of areas, as the authority sends them. A date means the beginning of the
//! city's local day.

use super::Calendar;
use super::area::{AreaRisk, Risk, is_code};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A line of a published list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaLine {
    /// The start of every covered area's code, or `abroad`.
    pub code: String,
    /// Its risk.
    pub risk: Risk,
    /// The start of the line's validity: an RFC 3339 time, or a date.
    pub from: String,
    /// The end of the line's validity, exclusive: a time or a date. Without it the line holds until the next
    /// list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The reason why a line is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AreaLineError {
    /// The code is of no area.
    #[error("code must be the start of a GB/T 2260 code, an ISO 3166 country, or `abroad`")]
    Code,
    /// A time cannot be read.
    #[error("from and until must be RFC 3339 times, or dates such as 2022-01-04")]
    Time,
    /// The line would never hold.
    #[error("until must be after from")]
    Backwards,
}

impl AreaLine {
    /// The line with its times in the city's calendar. **Errors**: the code is of no area, a time cannot be
    /// read, or the line ends before it begins.
    pub fn checked(&self, calendar: &Calendar) -> Result<AreaRisk, AreaLineError> {
        if !is_code(&self.code) {
            return Err(AreaLineError::Code);
        }
        let from = time(&self.from, calendar)?;
        let to = self.until.as_deref().map_or(Ok(Timestamp::MAX), |until| time(until, calendar))?;
        if to <= from {
            return Err(AreaLineError::Backwards);
        }
        Ok(AreaRisk { code: self.code.clone(), risk: self.risk, from, to })
    }
}

fn time(text: &str, calendar: &Calendar) -> Result<Timestamp, AreaLineError> {
    let is_date = text.len() == "2022-01-04".len();
    let date = text.parse::<jiff::civil::Date>().ok().filter(|_| is_date);
    let time = date.map(|date| calendar.midnight(date)).or_else(|| text.parse().ok());
    time.ok_or(AreaLineError::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    #[test]
    fn a_line_has_times_or_local_days() {
        let policy = Policy::parse(Policy::builtin("xuzhou").unwrap()).unwrap();
        let line = |code: &str, from: &str, until: Option<&str>| {
            let until = until.map(str::to_owned);
            AreaLine { code: code.into(), risk: Risk::High, from: from.into(), until }
                .checked(policy.calendar())
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let day = line("420100", "2022-01-04", Some("2022-01-05")).unwrap();
        assert_eq!((day.from, day.to), (at("2022-01-03T16:00:00Z"), at("2022-01-04T16:00:00Z")));
        let open = line("JP", "2022-01-04T00:00:00Z", None).unwrap();
        assert_eq!((open.from, open.to), (at("2022-01-04T00:00:00Z"), Timestamp::MAX));
        assert!(line("abroad", "2022-01-04", None).is_ok());
        for (code, from, until, error) in [
            ("jp", "2022-01-04", None, AreaLineError::Code),
            ("4201000", "2022-01-04", None, AreaLineError::Code),
            ("JP", "2022-13-04", None, AreaLineError::Time),
            ("JP", "yesterday", None, AreaLineError::Time),
            ("JP", "2022-01-04", Some("soon"), AreaLineError::Time),
            ("JP", "2022-01-04", Some("2022-01-04"), AreaLineError::Backwards),
        ] {
            assert_eq!(line(code, from, until), Err(error), "{code} {from} {until:?}");
        }
    }
}
