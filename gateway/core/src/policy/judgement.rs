//! A judgement: a person's standing with the rules and facts that gave it, and when time alone changes it.

use super::Policy;
use super::rule::Span;
use crate::colour::{Colour, Reasons, Standing};
use crate::fact::Fact;
use crate::id::FactId;
use crate::time::Timestamp;

/// One rule that fired, and the fact that fired it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Because {
    /// The rule's number in its pack.
    pub rule: usize,
    /// The fact.
    pub fact: FactId,
    /// When it ends by itself, if it does.
    pub clears: Option<Timestamp>,
}

/// What a pack says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The standing.
    pub standing: Standing,
    /// What gave it, in the order of the pack's rules, then of the facts' ids.
    pub because: Vec<Because>,
    /// The next time at which the standing may change with no new fact.
    pub changes_at: Option<Timestamp>,
}

pub(super) fn judge(policy: &Policy, facts: &[Fact], now: Timestamp) -> Judgement {
    let mut fired = Vec::new();
    let mut changes_at: Option<Timestamp> = None;
    for (number, rule) in policy.rules.iter().enumerate() {
        for fact in facts {
            let Some(span) = rule.span(fact, facts, &policy.calendar) else { continue };
            let next = [Some(span.from), span.to].into_iter().flatten().find(|&at| at > now);
            changes_at = changes_at.into_iter().chain(next).min();
            if span.holds(now) {
                fired.push((rule.colour, Because { rule: number, fact: fact.id, clears: span.to }));
            }
        }
    }
    let colour = fired.iter().map(|(colour, _)| *colour).max().unwrap_or(Colour::Green);
    let mut because: Vec<Because> =
        fired.into_iter().filter(|(fired, _)| *fired == colour).map(|(_, because)| because).collect();
    because.sort_unstable_by_key(|because| (because.rule, because.fact));
    let reasons = because.iter().fold(Reasons::NONE, |all, because| all.and(Reasons::rule(because.rule)));
    Judgement { standing: Standing { colour, reasons }, because, changes_at }
}

impl Span {
    fn holds(self, now: Timestamp) -> bool {
        self.from <= now && self.to.is_none_or(|to| now < to)
    }
}
