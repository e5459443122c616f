//! Areas and their risk: a pack's table, with dates, and the list that the authority published. A code covers
//! every code that begins with it. If several lines cover an area at one time, the longest code counts, so a
//! district may differ from its province. A published line replaces the pack's lines of its code while it
//! holds.

use crate::fact::Area;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The risk of a stay in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Low, which is also the risk of an area that no line covers.
    Low,
    /// Middle.
    Mid,
    /// High.
    High,
}

/// The code that covers every country and region beyond the mainland's border.
pub(super) const ABROAD: &str = "abroad";

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaRisk {
    /// The start of every covered area's code, or `abroad`.
    pub code: String,
    /// Its risk.
    pub risk: Risk,
    /// The start of the line's validity.
    pub from: Timestamp,
    /// The end of the line's validity, exclusive.
    pub to: Timestamp,
}

impl AreaRisk {
    /// Whether the line is valid at a time.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }

    fn covers(&self, area: &Area, from: Timestamp, to: Timestamp) -> bool {
        let is_there = if self.code == ABROAD { area.is_abroad() } else { area.is_in(&self.code) };
        is_there && self.from <= to && from < self.to
    }

    /// The length of the code; of several lines the longest counts.
    fn exactness(&self) -> usize {
        if self.code == ABROAD { 0 } else { self.code.len() }
    }
}

/// The table.
#[derive(Debug, Clone, Default)]
pub(super) struct Areas {
    /// The pack's own lines.
    pub(super) own: Vec<AreaRisk>,
    /// The lines that the authority published.
    pub(super) published: Vec<AreaRisk>,
}

impl Areas {
    /// Of these lines, those that count at a time, the pack's own first. **Cost**: the list once for each of
    /// the pack's own lines that `of` selects.
    pub(super) fn holding<'a>(
        &'a self,
        at: Timestamp,
        of: impl Fn(&AreaRisk) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = &'a AreaRisk> {
        let published = move || self.published.iter().filter(move |line| line.holds(at));
        let is_replaced = move |own: &AreaRisk| published().any(|line| line.code == own.code);
        let own = self.own.iter().filter(move |line| line.holds(at) && of(line) && !is_replaced(line));
        own.chain(published().filter(move |line| of(line)))
    }

    /// The risk of a stay in an area between two times: the highest risk in that time. **Cost**: the table
    /// once, and again for each line that begins or ends in between.
    pub(super) fn risk(&self, area: &Area, from: Timestamp, to: Timestamp) -> Risk {
        self.turns(area, from, to).into_iter().map(|(_, risk)| risk).max().unwrap_or(Risk::Low)
    }

    /// The stretch of a stay in which this is the highest risk of its days so far. It ends if the risk rises
    /// further. None if there is no such stretch.
    pub(super) fn stretch(
        &self,
        area: &Area,
        from: Timestamp,
        to: Timestamp,
        risk: Risk,
    ) -> Option<(Timestamp, Option<Timestamp>)> {
        let turns = self.turns(area, from, to);
        let first = |is_so: fn(&Risk, &Risk) -> bool| {
            turns.iter().filter(|(_, then)| is_so(then, &risk)).map(|(at, _)| *at).min()
        };
        let (reached, exceeded) = (first(Risk::ge)?, first(Risk::gt));
        exceeded.is_none_or(|exceeded| reached < exceeded).then_some((reached, exceeded))
    }

    /// The risk of an area at `from`, and at each time up to `to` at which it may change.
    fn turns(&self, area: &Area, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Risk)> {
        let lines = || self.own.iter().chain(&self.published);
        let covering = || lines().filter(move |line| line.covers(area, from, to));
        if covering().next().is_none() {
            return vec![(from, Risk::Low)];
        }
        let risk_at = |at: Timestamp| {
            let holding = self.holding(at, |line| line.covers(area, at, at));
            holding.max_by_key(|line| (line.exactness(), line.risk)).map_or(Risk::Low, |line| line.risk)
        };
        // The risk changes only where a line begins or ends.
        let turns = covering().flat_map(|line| [line.from, line.to]).filter(|&at| from < at && at <= to);
        std::iter::once(from).chain(turns).map(|at| (at, risk_at(at))).collect()
    }
}

/// Whether a text is a valid code of the table.
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
        let own = vec![
            line("42", Risk::High, 100, 1_000),
            line("4205", Risk::Mid, 500, 1_000),
            line("4206", Risk::Mid, 100, 500),
            line("5101", Risk::High, 0, 1_000),
            line("510101", Risk::Low, 700, 1_000),
            line("33", Risk::High, 0, 500),
            line("33", Risk::Low, 500, 1_000),
            line(ABROAD, Risk::Mid, 0, 1_000),
            line("JP", Risk::High, 0, 1_000),
            line("81", Risk::High, 0, 1_000),
            line("MO", Risk::High, 0, 1_000),
        ];
        let areas = Areas { own, published: Vec::new() };
        for (code, from, to, risk) in [
            ("420100", 100, 100, Risk::High),
            ("420100", 50, 99, Risk::Low),
            ("420100", 50, 100, Risk::High),
            ("420100", 1_000, 1_000, Risk::Low),
            ("420500", 200, 200, Risk::High),
            ("420500", 600, 600, Risk::Mid),
            // If the longest code covers only a part of the time, the highest risk counts.
            ("420500", 400, 600, Risk::High),
            ("420600", 200, 499, Risk::Mid),
            ("420600", 200, 500, Risk::High),
            ("510101", 100, 900, Risk::High),
            ("510101", 700, 900, Risk::Low),
            ("330100", 400, 600, Risk::High),
            ("330100", 500, 600, Risk::Low),
            ("330100", 900, 2_000, Risk::Low),
            ("FR", 1, 1, Risk::Mid),
            ("JP", 1, 1, Risk::High),
            ("HK", 1, 1, Risk::High),
            ("810000", 1, 1, Risk::High),
            ("MO", 1, 1, Risk::High),
            ("820000", 1, 1, Risk::High),
            ("TW", 1, 1, Risk::Mid),
            ("710000", 1, 1, Risk::Mid),
            ("CN", 1, 1, Risk::Low),
            ("110000", 1, 1, Risk::Low),
        ] {
            let area = Area::try_from(code.to_owned()).unwrap();
            assert_eq!(areas.risk(&area, Timestamp(from), Timestamp(to)), risk, "{code} {from} {to}");
        }
    }

    #[test]
    fn a_published_line_replaces_the_packs_lines_of_its_code_while_it_holds() {
        let own = vec![line("42", Risk::High, 0, 1_000), line("4205", Risk::Mid, 0, 1_000)];
        let published = vec![
            line("42", Risk::Low, 300, 600),
            line("4205", Risk::High, 500, 700),
            line("JP", Risk::Mid, 100, 200),
        ];
        let areas = Areas { own, published };
        for (code, from, to, risk) in [
            ("420100", 299, 299, Risk::High),
            ("420100", 300, 599, Risk::Low),
            ("420100", 599, 600, Risk::High),
            ("420500", 300, 300, Risk::Mid),
            ("420500", 500, 500, Risk::High),
            ("420500", 700, 700, Risk::Mid),
            ("JP", 99, 99, Risk::Low),
            ("JP", 50, 150, Risk::Mid),
        ] {
            let area = Area::try_from(code.to_owned()).unwrap();
            assert_eq!(areas.risk(&area, Timestamp(from), Timestamp(to)), risk, "{code} {from} {to}");
        }
        let holding: Vec<_> =
            areas.holding(Timestamp(550), |_| true).map(|line| (line.code.as_str(), line.risk)).collect();
        assert_eq!(holding, [("42", Risk::Low), ("4205", Risk::High)]);
    }
}
