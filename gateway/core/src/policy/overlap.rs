//! Overlaps: rules of different colours that one and the same fact can fire at once, and rules of which one outranks
//! the other. They are no errors, as every pack has an order; but who writes a pack should have meant them.

use super::fact_filter::FactFilter;
use super::rule::{FactTrigger, Trigger};
use super::{Policy, Rule};
use std::fmt;

/// Two rules that may hold at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The line of the rule that counts.
    pub line: usize,
    /// The rule that counts.
    pub counts: String,
    /// The one that does not.
    pub yields: String,
    /// What makes both hold.
    pub by: OverlapCause,
    /// Why it counts.
    pub settled: OverlapReason,
}

/// What makes two rules hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapCause {
    /// One fact.
    OneFact,
    /// Different facts of one person.
    OnePerson,
}

/// Why one of two rules counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapReason {
    /// It is the more severe.
    Severity,
    /// The pack says so.
    Outranked,
}

impl fmt::Display for Overlap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, counts, yields, by, settled } = self;
        let by = match by {
            OverlapCause::OneFact => "one fact can fire",
            OverlapCause::OnePerson => "one person can come under",
        };
        let why = match settled {
            OverlapReason::Severity => "which is more severe",
            OverlapReason::Outranked => "which outranks it",
        };
        write!(out, "{line}: {by} both `{counts}` and `{yields}`; what counts is `{counts}`, {why}")
    }
}

pub(super) fn overlaps(policy: &Policy) -> Vec<Overlap> {
    let mut found = Vec::new();
    for (number, one) in policy.rules.iter().enumerate() {
        for (later, other) in policy.rules.iter().enumerate().skip(number + 1) {
            let by = if meet(one, other) { OverlapCause::OneFact } else { OverlapCause::OnePerson };
            let overlap = overlap((number, one), (later, other), by);
            // By different facts almost any two rules can hold at once: of these only what the pack says itself.
            let is_by_one = by == OverlapCause::OneFact && one.colour != other.colour;
            if is_by_one || overlap.settled == OverlapReason::Outranked {
                found.push(overlap);
            }
        }
    }
    found
}

fn overlap(one: (usize, &Rule), other: (usize, &Rule), by: OverlapCause) -> Overlap {
    let outranks = |(_, rule): (usize, &Rule), (number, _): (usize, &Rule)| rule.outranks.contains(&number);
    let (counts, yields, settled) = if outranks(one, other) {
        (one.1, other.1, OverlapReason::Outranked)
    } else if outranks(other, one) {
        (other.1, one.1, OverlapReason::Outranked)
    } else if one.1.colour > other.1.colour {
        (one.1, other.1, OverlapReason::Severity)
    } else {
        (other.1, one.1, OverlapReason::Severity)
    };
    Overlap { line: counts.line, counts: counts.id.clone(), yields: yields.id.clone(), by, settled }
}

/// Whether one fact can fire both at one time: as what fires it, or as what must come before.
fn meet(one: &Rule, other: &Rule) -> bool {
    let (Trigger::Facts(one), Trigger::Facts(other)) = (&one.trigger, &other.trigger) else { return false };
    shares_facts(one, other) || leads_into(one, other) || leads_into(other, one)
}

fn shares_facts(one: &FactTrigger, other: &FactTrigger) -> bool {
    one.facts.iter().any(|which| other.facts.iter().any(|another| which.meets(another)))
}

/// Whether a rule may go on holding by one fact when another begins by a fact that follows it.
fn leads_into(one: &FactTrigger, other: &FactTrigger) -> bool {
    let meet = |some: &[FactFilter], others: &[FactFilter]| {
        some.iter().any(|which| others.iter().any(|another| which.meets(another)))
    };
    meet(&one.facts, &other.after) && !meet(&one.ended_by, &other.facts)
}
