//! `[[area]]`: the areas and their risk.

use super::Faults;
use crate::policy::Calendar;
use crate::policy::area::{AreaRisk, Areas, Risk, is_code};
use crate::time::Timestamp;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AreaTable {
    code: Spanned<String>,
    risk: Risk,
    from: Spanned<Datetime>,
    #[serde(default)]
    to: Option<Spanned<Datetime>>,
}

pub(super) fn areas(
    pack: &[Spanned<AreaTable>],
    calendar: Option<&Calendar>,
    faults: &mut Faults<'_>,
) -> Areas {
    let mut areas = Vec::with_capacity(pack.len());
    for area in pack.iter().map(Spanned::as_ref) {
        if !is_code(area.code.as_ref()) {
            let message = "code must be the start of a GB/T 2260 code, an ISO 3166 country, or `abroad`";
            faults.at(&area.code, message);
        }
        let (from, to) = of_dates(&area.from, area.to.as_ref(), calendar, faults);
        areas.push(AreaRisk { code: area.code.as_ref().clone(), risk: area.risk, from, to });
    }
    Areas { own: areas, published: Vec::new() }
}

/// The window from the first instant of one date to that of another, or without end.
pub(super) fn of_dates(
    from: &Spanned<Datetime>,
    to: Option<&Spanned<Datetime>>,
    calendar: Option<&Calendar>,
    faults: &mut Faults<'_>,
) -> (Timestamp, Timestamp) {
    let mut midnight = |date: &Spanned<Datetime>| {
        let midnight = calendar.map(|calendar| of_date(date.as_ref(), calendar));
        if midnight == Some(None) {
            faults.at(date, "must be a date such as 2020-01-23, without a time");
        }
        midnight.flatten()
    };
    let since = midnight(from).unwrap_or(Timestamp(0));
    let until = to.and_then(&mut midnight).unwrap_or(Timestamp::MAX);
    if until <= since {
        faults.at(from, "`to` must be after `from`");
    }
    (since, until)
}

fn of_date(date: &Datetime, calendar: &Calendar) -> Option<Timestamp> {
    let (Some(date), None, None) = (date.date, date.time, date.offset) else { return None };
    let year = i16::try_from(date.year).ok()?;
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    jiff::civil::Date::new(year, month, day).ok().map(|date| calendar.midnight(date))
}
