//! One rule of a pack: which facts fire it, and from when to when.

use super::calendar::Calendar;
use crate::colour::Colour;
use crate::fact::{Fact, Force, KindName};
use crate::time::Timestamp;

/// For how many days a rule holds, by local dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Days {
    /// While the difference of dates is at most this.
    Within(u16),
    /// While it is less than this.
    Under(u16),
    /// Until something else ends it.
    Unlimited,
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
    pub(super) facts: Vec<KindName>,
    pub(super) days: Days,
    pub(super) ended_by: Vec<KindName>,
}

/// From when to when a fact fires a rule; `to` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
}

impl Rule {
    /// When one fact fires this rule, if ever.
    pub(super) fn span(&self, fact: &Fact, facts: &[Fact], calendar: &Calendar) -> Option<Span> {
        if fact.force != Force::InForce || !self.facts.contains(&fact.kind.name()) {
            return None;
        }
        let by_itself = fact.until.or_else(|| self.days.end(fact.at, calendar));
        let ended = facts.iter().filter(|later| self.is_ended_by(fact, later)).map(|later| later.at).min();
        let to = by_itself.into_iter().chain(ended).min();
        Some(Span { from: fact.at, to })
    }

    fn is_ended_by(&self, fact: &Fact, later: &Fact) -> bool {
        later.force == Force::InForce && later.at >= fact.at && self.ended_by.contains(&later.kind.name())
    }
}

impl Days {
    fn end(self, from: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Self::Within(days) => Some(calendar.midnight_after(from, days.saturating_add(1))),
            Self::Under(days) => Some(calendar.midnight_after(from, days)),
            Self::Unlimited => None,
        }
    }
}
