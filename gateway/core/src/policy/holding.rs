//! What rules give at a time: those that hold, which colour they lead to, and what is remembered of why.

use super::Policy;
use super::rule::Span;
use crate::colour::Colour;
use crate::id::FactId;
use crate::time::Timestamp;

/// One rule that fired, and what fired it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiredRule {
    /// The rule's number in its pack.
    pub rule: usize,
    /// The fact; none where it is reports that are missing.
    pub fact: Option<FactId>,
    /// When it ends by itself, if it does.
    pub clears: Option<Timestamp>,
}

/// Daily reports on the way to the next milder colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Consecutive local days that were reported in this colour.
    pub reported: u16,
    /// How many it takes.
    pub needed: u16,
}

/// The rules that hold at a time, without those that another one outranks.
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
