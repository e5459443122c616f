//! The rules that hold at a time, and the colour that they lead to.

use super::Policy;
use super::rule::Span;
use crate::colour::Colour;
use crate::id::FactId;
use crate::time::Timestamp;

/// One rule that fired, and the fact that fired it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiredRule {
    /// The rule's number in its pack.
    pub rule: usize,
    /// The fact; none for missing reports.
    pub fact: Option<FactId>,
    /// The time at which the rule ends without a further fact, if it has one.
    pub clears: Option<Timestamp>,
    /// Whether it has ended, and its colour is kept until there are enough reports.
    pub is_kept: bool,
}

/// The daily reports that count towards the next milder colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The consecutive local days with a report in this colour.
    pub reported: u16,
    /// The number of days that the pack asks for.
    pub needed: u16,
}

/// The rules that hold at a time, without those that another rule outranks.
pub(super) fn holding<'a>(policy: &Policy, spans: &'a [Span], at: Timestamp) -> Vec<&'a Span> {
    let holding = || spans.iter().filter(move |span| span.holds(at));
    let outranked =
        |span: &&Span| holding().any(|other| policy.rules[other.rule].outranks.contains(&span.rule));
    holding().filter(|span| !outranked(span)).collect()
}

/// The most severe colour of these rules; green where there is none.
pub(super) fn worst(policy: &Policy, holding: &[&Span]) -> Colour {
    holding.iter().map(|span| policy.rules[span.rule].colour).max().unwrap_or(Colour::Green)
}
