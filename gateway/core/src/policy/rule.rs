//! One rule of a pack: the facts that fire it, and the spans of time in which it holds.

use super::area::Areas;
use super::calendar::Calendar;
use super::fact_filter::FactFilter;
use crate::colour::Colour;
use crate::evidence::Evidence;
use crate::fact::{Fact, FactKind, KindName};
use crate::id::FactId;
use crate::time::Timestamp;
use crate::words::Words;

/// The days for which a rule holds, by local dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleDays {
    /// While the difference of dates is at most this.
    Within(u16),
    /// While it is less than this.
    Under(u16),
    /// Until another fact ends it.
    Unlimited,
}

/// The trigger of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trigger {
    /// Facts.
    Facts(FactTrigger),
    /// This many local days without a daily report.
    MissedReports(u16),
}

/// Facts that fire a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FactTrigger {
    /// The rule fires on any of these.
    pub(super) facts: Vec<FactFilter>,
    /// If not empty, the rule fires only on the first of `facts` after one of these.
    pub(super) after: Vec<FactFilter>,
    /// Facts that must not have come between the two.
    pub(super) unless: Vec<FactFilter>,
    pub(super) days: RuleDays,
    /// Facts that end the rule early.
    pub(super) ended_by: Vec<FactFilter>,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id, which is the reason in answers.
    pub id: String,
    /// The colour it gives.
    pub colour: Colour,
    /// Its meaning, for people.
    pub text: Words,
    /// The condition that clears it, for people.
    pub clears: Words,
    /// The https address at which people can fulfil that condition.
    pub link: Option<String>,
    /// Its line in the pack.
    pub line: usize,
    pub(super) trigger: Trigger,
    /// The numbers of the rules that do not count while this one holds.
    pub(super) outranks: Vec<usize>,
}

/// The time in which a rule holds; `to` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) rule: usize,
    /// The fact; none for missing reports.
    pub(super) fact: Option<FactId>,
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
    /// The same span as it was known at the time. It begins when its fact was recorded at the earliest, and
    /// ends when the ending fact was recorded at the earliest.
    pub(super) known_from: Timestamp,
    pub(super) known_to: Option<Timestamp>,
}

impl Span {
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && self.to.is_none_or(|to| now < to)
    }
}

impl FactTrigger {
    /// The span in which one fact fires this, if it does.
    pub(super) fn span(
        &self,
        rule: usize,
        fact: &Fact,
        facts: &[Fact],
        areas: &Areas,
        calendar: &Calendar,
    ) -> Option<Span> {
        let covers = |any: &[FactFilter], fact: &Fact| any.iter().any(|which| which.covers(fact, areas));
        let (from, until) = self.stretch(fact, areas)?;
        if !self.follows(fact, facts, areas) {
            return None;
        }
        let is_end = |later: &&Fact| {
            later.at >= fact.at
                && later.id != fact.id
                && later.kind.may_end(fact.id)
                && covers(&self.ended_by, later)
        };
        let by_itself = self.end_by_itself(fact, calendar).into_iter().chain(until).min();
        let ended =
            |when: fn(&Fact) -> Timestamp| facts.iter().filter(is_end).map(when).chain(by_itself).min();
        Some(Span {
            rule,
            fact: Some(fact.id),
            from,
            to: ended(|later| later.at),
            known_from: from.max(fact.recorded),
            known_to: ended(|later| later.at.max(later.recorded)),
        })
    }

    /// The time in which a fact matches one of `facts`; it may have no end.
    fn stretch(&self, fact: &Fact, areas: &Areas) -> Option<(Timestamp, Option<Timestamp>)> {
        let stretches = self.facts.iter().filter_map(|which| which.stretch(fact, areas));
        let end = |one: Option<Timestamp>, other| one.zip(other).map(|(one, other)| one.max(other));
        stretches.reduce(|one, other| (one.0.min(other.0), end(one.1, other.1)))
    }

    /// The fact's own `until`, or else the end of the rule's days. A stay's `until` is the time at which the
    /// person left, from which the days are counted. Without it the person is still there.
    fn end_by_itself(&self, fact: &Fact, calendar: &Calendar) -> Option<Timestamp> {
        if matches!(fact.kind, FactKind::Stay { .. }) {
            let left = fact.until?;
            return self.days.end(left, calendar).or(fact.until);
        }
        fact.until.or_else(|| self.days.end(fact.at, calendar))
    }

    /// Whether a fact is the first of `facts` after one of `after`, with none of `unless` between the two. A
    /// fact that names the fact that it ends does not count for any other.
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
    /// Every span in which facts and reports fire this rule.
    pub(super) fn spans<'a>(
        &'a self,
        number: usize,
        evidence: &'a Evidence,
        areas: &'a Areas,
        calendar: &'a Calendar,
    ) -> Box<dyn Iterator<Item = Span> + 'a> {
        let facts = &evidence.facts;
        match &self.trigger {
            Trigger::Facts(trigger) => Box::new(
                facts.iter().filter_map(move |fact| trigger.span(number, fact, facts, areas, calendar)),
            ),
            Trigger::MissedReports(days) => Box::new(missed(number, *days, evidence, calendar).into_iter()),
        }
    }

    /// Whether facts of a kind can fire this rule.
    pub(super) fn is_fired_by(&self, kind: KindName) -> bool {
        match &self.trigger {
            Trigger::Facts(trigger) => trigger.kinds().any(|fired_by| fired_by == kind),
            Trigger::MissedReports(_) => false,
        }
    }
}

/// The span since which reports are missing, counted from the last report, or else from the registration. The
/// next report ends it.
fn missed(rule: usize, days: u16, evidence: &Evidence, calendar: &Calendar) -> Option<Span> {
    let last = evidence.reports.iter().copied().max().or(evidence.registered)?;
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
