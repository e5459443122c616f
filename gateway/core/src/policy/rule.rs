//! One rule of a pack: which facts fire it, and from when to when.

use super::area::Areas;
use super::calendar::Calendar;
use super::fact_filter::FactFilter;
use crate::colour::Colour;
use crate::fact::{Fact, FactKind, KindName};
use crate::id::FactId;
use crate::time::Timestamp;

/// For how many days a rule holds, by local dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleDays {
    /// While the difference of dates is at most this.
    Within(u16),
    /// While it is less than this.
    Under(u16),
    /// Until something else ends it.
    Unlimited,
}

/// What fires a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trigger {
    /// Facts.
    Facts(FactTrigger),
    /// So many local days without a daily report, of somebody who has begun to report.
    MissedReports(u16),
}

/// Facts that fire a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FactTrigger {
    /// Any of these.
    pub(super) facts: Vec<FactFilter>,
    /// Where it is not empty, only the first of them after one of these.
    pub(super) after: Vec<FactFilter>,
    /// What must not have come between the two.
    pub(super) unless: Vec<FactFilter>,
    pub(super) days: RuleDays,
    /// What ends it before its time.
    pub(super) ended_by: Vec<FactFilter>,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id: the reason in answers.
    pub id: String,
    /// The colour it gives.
    pub colour: Colour,
    /// What it means, for people.
    pub text: String,
    /// What clears it, for people.
    pub clears: String,
    /// Where they can do what clears it: an https address.
    pub link: Option<String>,
    /// The line of the pack that it stands on.
    pub line: usize,
    pub(super) trigger: Trigger,
    /// Rules, by number, that do not count while this one holds.
    pub(super) outranks: Vec<usize>,
}

/// From when to when something fires a rule; `to` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) rule: usize,
    /// The fact; none where it is reports that are missing.
    pub(super) fact: Option<FactId>,
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
    /// The same as it was known at the time: not before the fact was on record, nor ended before the fact that ends
    /// it was.
    pub(super) known_from: Timestamp,
    pub(super) known_to: Option<Timestamp>,
}

impl Span {
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && self.to.is_none_or(|to| now < to)
    }
}

impl FactTrigger {
    /// When one fact fires this, if ever.
    pub(super) fn span(
        &self,
        rule: usize,
        fact: &Fact,
        facts: &[Fact],
        areas: &Areas,
        calendar: &Calendar,
    ) -> Option<Span> {
        let covers = |any: &[FactFilter], fact: &Fact| any.iter().any(|which| which.covers(fact, areas));
        if !covers(&self.facts, fact) || !self.follows(fact, facts, areas) {
            return None;
        }
        let is_end = |later: &&Fact| {
            later.at >= fact.at
                && later.id != fact.id
                && later.kind.may_end(fact.id)
                && covers(&self.ended_by, later)
        };
        let by_itself = self.end_by_itself(fact, calendar);
        let ended =
            |when: fn(&Fact) -> Timestamp| facts.iter().filter(is_end).map(when).chain(by_itself).min();
        Some(Span {
            rule,
            fact: Some(fact.id),
            from: fact.at,
            to: ended(|later| later.at),
            known_from: fact.at.max(fact.recorded),
            known_to: ended(|later| later.at.max(later.recorded)),
        })
    }

    /// A fact's own `until` ends it, or else the rule's days. A stay's `until` is when the person left: from then
    /// on the days are counted.
    fn end_by_itself(&self, fact: &Fact, calendar: &Calendar) -> Option<Timestamp> {
        if matches!(fact.kind, FactKind::Stay { .. }) {
            let left = fact.until.unwrap_or(fact.at);
            return self.days.end(left, calendar).or(fact.until);
        }
        fact.until.or_else(|| self.days.end(fact.at, calendar))
    }

    /// Whether a fact is the first of its sort after one of those that must come before, with nothing of `unless`
    /// between them. Facts that name the one that they end say nothing of others.
    fn follows(&self, fact: &Fact, facts: &[Fact], areas: &Areas) -> bool {
        let covers = |any: &[FactFilter], fact: &Fact| any.iter().any(|which| which.covers(fact, areas));
        let leads = |earlier: &&Fact| {
            earlier.at <= fact.at && fact.kind.may_end(earlier.id) && covers(&self.after, earlier)
        };
        let is_first = |one: &Fact| (one.at, one.id) < (fact.at, fact.id) && covers(&self.facts, one);
        let forbids = |one: &Fact| one.at <= fact.at && covers(&self.unless, one);
        let is_between = |earlier: &Fact, one: &Fact| {
            earlier.at <= one.at && one.kind.may_end(earlier.id) && (is_first(one) || forbids(one))
        };
        self.after.is_empty()
            || facts.iter().filter(leads).any(|earlier| !facts.iter().any(|one| is_between(earlier, one)))
    }

    fn kinds(&self) -> impl Iterator<Item = KindName> {
        self.facts.iter().map(|which| which.kind)
    }
}

impl Rule {
    /// Every span of this rule by facts and reports.
    pub(super) fn spans<'a>(
        &'a self,
        number: usize,
        facts: &'a [Fact],
        reports: &'a [Timestamp],
        areas: &'a Areas,
        calendar: &'a Calendar,
    ) -> Box<dyn Iterator<Item = Span> + 'a> {
        match &self.trigger {
            Trigger::Facts(trigger) => Box::new(
                facts.iter().filter_map(move |fact| trigger.span(number, fact, facts, areas, calendar)),
            ),
            Trigger::MissedReports(days) => Box::new(missed(number, *days, reports, calendar).into_iter()),
        }
    }

    /// Whether facts of a kind can fire it.
    pub(super) fn is_fired_by(&self, kind: KindName) -> bool {
        match &self.trigger {
            Trigger::Facts(trigger) => trigger.kinds().any(|fired_by| fired_by == kind),
            Trigger::MissedReports(_) => false,
        }
    }
}

/// Since when reports are missing, counted from the last one: a later one ends it.
fn missed(rule: usize, days: u16, reports: &[Timestamp], calendar: &Calendar) -> Option<Span> {
    let last = *reports.iter().max()?;
    let from = calendar.midnight_after(last, days.saturating_add(1));
    Some(Span { rule, fact: None, from, to: None, known_from: from, known_to: None })
}

impl RuleDays {
    pub(super) fn end(self, from: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Self::Within(days) => Some(calendar.midnight_after(from, days.saturating_add(1))),
            Self::Under(days) => Some(calendar.midnight_after(from, days)),
            Self::Unlimited => None,
        }
    }
}
