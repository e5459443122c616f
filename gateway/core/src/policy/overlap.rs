//! Overlaps: pairs of rules of different colours that one fact can fire at once, and pairs in which one rule
//! outranks the other. An overlap is not an error, as every pack orders its rules, but its author should know
//! of it.

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
    /// The rule that does not count.
    pub yields: String,
    /// The reason why both may hold.
    pub cause: OverlapCause,
    /// The reason why it counts.
    pub reason: OverlapReason,
}

/// The reason why two rules may hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapCause {
    /// One fact.
    OneFact,
    /// Different facts of one person.
    OnePerson,
}

/// The reason why one of two rules counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapReason {
    /// Its colour is more severe.
    Severity,
    /// It outranks the other rule.
    Outranked,
}

impl fmt::Display for Overlap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, counts, yields, cause, reason } = self;
        let cause = match cause {
            OverlapCause::OneFact => "one fact can fire",
            OverlapCause::OnePerson => "one person can come under",
        };
        let reason = match reason {
            OverlapReason::Severity => "which is more severe",
            OverlapReason::Outranked => "which outranks it",
        };
        write!(out, "{line}: {cause} both `{counts}` and `{yields}`; what counts is `{counts}`, {reason}")
    }
}

pub(super) fn overlaps(policy: &Policy) -> Vec<Overlap> {
    let mut found = Vec::new();
    for (number, one) in policy.rules.iter().enumerate() {
        for (later, other) in policy.rules.iter().enumerate().skip(number + 1) {
            let cause = if meet(one, other) { OverlapCause::OneFact } else { OverlapCause::OnePerson };
            let overlap = overlap((number, one), (later, other), cause);
            // Almost any two rules can hold at once by different facts. Of these, only the pairs that the
            // pack itself orders are reported.
            let is_by_one = cause == OverlapCause::OneFact && one.colour != other.colour;
            if is_by_one || overlap.reason == OverlapReason::Outranked {
                found.push(overlap);
            }
        }
    }
    found
}

fn overlap(one: (usize, &Rule), other: (usize, &Rule), cause: OverlapCause) -> Overlap {
    let outranks = |(_, rule): (usize, &Rule), (number, _): (usize, &Rule)| rule.outranks.contains(&number);
    let (counts, yields, reason) = if outranks(one, other) {
        (one.1, other.1, OverlapReason::Outranked)
    } else if outranks(other, one) {
        (other.1, one.1, OverlapReason::Outranked)
    } else if one.1.colour > other.1.colour {
        (one.1, other.1, OverlapReason::Severity)
    } else {
        (other.1, one.1, OverlapReason::Severity)
    };
    Overlap { line: counts.line, counts: counts.id.clone(), yields: yields.id.clone(), cause, reason }
}

/// Whether one fact can make both hold at one time, as the fact that fires a rule or the one that must come
/// before.
fn meet(one: &Rule, other: &Rule) -> bool {
    let (Trigger::Facts(one), Trigger::Facts(other)) = (&one.trigger, &other.trigger) else { return false };
    shares_facts(one, other) || leads_into(one, other) || leads_into(other, one)
}

fn shares_facts(one: &FactTrigger, other: &FactTrigger) -> bool {
    one.facts.iter().any(|which| other.facts.iter().any(|another| which.meets(another)))
}

/// Whether one rule may still hold by a fact when the other begins by a later fact.
fn leads_into(one: &FactTrigger, other: &FactTrigger) -> bool {
    let meet = |some: &[FactFilter], others: &[FactFilter]| {
        some.iter().any(|which| others.iter().any(|another| which.meets(another)))
    };
    meet(&one.facts, &other.after) && !meet(&one.ended_by, &other.facts)
}
