//! Areas and their risk: a pack's table, with dates. A code covers what begins with it; of several that cover
//! an area the longest counts, so that a district may be told apart from its province.

use crate::fact::Area;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How dangerous it was to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// What no line of the table says otherwise of.
    Low,
    /// Some.
    Mid,
    /// Much.
    High,
}

/// The code that covers every country but China.
pub(super) const ABROAD: &str = "abroad";

/// A line of the table.
#[derive(Debug, Clone)]
pub struct AreaRisk {
    /// What a covered area's code begins with, or `abroad`.
    pub code: String,
    /// Its risk.
    pub risk: Risk,
    /// Since when.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
}

impl AreaRisk {
    /// Whether the line holds at a time.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }

    fn covers(&self, area: &Area, from: Timestamp, to: Timestamp) -> bool {
        let is_there = if self.code == ABROAD { area.is_abroad() } else { area.is_in(&self.code) };
        is_there && self.from <= to && from < self.to
    }

    /// How exactly it says where.
    fn exactness(&self) -> usize {
        if self.code == ABROAD { 0 } else { self.code.len() }
    }
}

/// The table.
#[derive(Debug, Clone, Default)]
pub(super) struct Areas(pub(super) Vec<AreaRisk>);

impl Areas {
    /// The risk of having been somewhere between two times: the highest of that time.
    pub(super) fn risk(&self, area: &Area, from: Timestamp, to: Timestamp) -> Risk {
        let covering = self.0.iter().filter(|line| line.covers(area, from, to));
        covering.max_by_key(|line| (line.exactness(), line.risk)).map_or(Risk::Low, |line| line.risk)
    }
}

/// Whether a text can stand as a code of the table.
pub(super) fn is_code(code: &str) -> bool {
    let is_division = (1..=6).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    let is_country = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    is_division || is_country || code == ABROAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(code: &str, risk: Risk, from: u64, to: u64) -> AreaRisk {
        AreaRisk { code: code.into(), risk, from: Timestamp(from), to: Timestamp(to) }
    }

    #[test]
    fn the_longest_code_counts_while_it_is_in_force() {
        let areas = Areas(vec![
            line("42", Risk::High, 100, 1_000),
            line("4205", Risk::Mid, 500, 1_000),
            line(ABROAD, Risk::Mid, 0, 1_000),
            line("JP", Risk::High, 0, 1_000),
        ]);
        for (code, from, to, risk) in [
            ("420100", 100, 100, Risk::High),
            ("420100", 50, 99, Risk::Low),
            ("420100", 50, 100, Risk::High),
            ("420100", 1_000, 1_000, Risk::Low),
            ("420500", 200, 200, Risk::High),
            ("420500", 600, 600, Risk::Mid),
            ("FR", 1, 1, Risk::Mid),
            ("JP", 1, 1, Risk::High),
            ("CN", 1, 1, Risk::Low),
            ("110000", 1, 1, Risk::Low),
        ] {
            let area = Area::try_from(code.to_owned()).unwrap();
            assert_eq!(areas.risk(&area, Timestamp(from), Timestamp(to)), risk, "{code} {from} {to}");
        }
    }
}
