//! Transitions: a pack may retain a colour after its rules have ended. The colour then lasts until its holder
//! has reported their health on a number of consecutive local days, and becomes one step milder. Each
//! judgement walks through the whole past, so only facts and reports decide.

use super::holding::{FiredRule, Progress, holding, worst};
use super::rule::Span;
use super::{Policy, Transition};
use crate::colour::Colour;
use crate::time::Timestamp;

/// The colour that the transitions have led to.
#[derive(Debug, Clone)]
pub(super) struct RetainedColour {
    pub(super) colour: Colour,
    /// The rules that last gave it, or last gave the more severe colour from which it came.
    pub(super) because: Vec<FiredRule>,
    pub(super) progress: Progress,
}

/// The kind of a point in time at which the colour may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum WalkStep {
    /// A rule begins or ceases to hold.
    Turn,
    /// A daily report arrives.
    Report,
}

/// Walks through the past as it was known at the time. A colour that was never shown is not retained, and a
/// colour that was shown is not undone by a fact that arrived later. A rule that outranks another lifts it at
/// any time.
pub(super) fn retain(
    policy: &Policy,
    transition: Transition,
    spans: &[Span],
    reports: &[Timestamp],
    now: Timestamp,
) -> RetainedColour {
    let known: Vec<Span> = spans
        .iter()
        .map(|span| match policy.rules[span.rule].colour {
            Colour::Yellow | Colour::Red => Span { from: span.known_from, to: span.known_to, ..*span },
            Colour::Green | Colour::Unknown => *span,
        })
        .filter(|span| span.to.is_none_or(|to| span.from < to))
        .collect();
    let turns = known.iter().flat_map(|span| [Some(span.from), span.to]).flatten();
    let mut steps: Vec<(Timestamp, WalkStep)> = turns
        .map(|at| (at, WalkStep::Turn))
        .chain(reports.iter().map(|&at| (at, WalkStep::Report)))
        .filter(|(at, _)| *at <= now)
        .collect();
    steps.sort_unstable();
    steps.dedup();
    let mut walk = Walk {
        policy,
        needed: transition.reports,
        colour: Colour::Green,
        because: Vec::new(),
        streak: 0,
        reported: None,
    };
    for (at, step) in steps {
        if step == WalkStep::Report {
            walk.report(policy.calendar.day(at));
        }
        walk.settle(&holding(policy, &known, at), policy.calendar.day(at));
    }
    walk.retained(policy.calendar.day(now))
}

/// The state of the walk.
struct Walk<'a> {
    policy: &'a Policy,
    needed: u16,
    colour: Colour,
    because: Vec<FiredRule>,
    /// The consecutive days with a report in this colour.
    streak: u16,
    /// The last local day with a report, in days since 1970.
    reported: Option<i32>,
}

impl Walk<'_> {
    fn report(&mut self, day: i32) {
        match self.reported {
            Some(last) if last == day => return,
            Some(last) if last + 1 == day => self.streak = self.streak.saturating_add(1),
            Some(_) | None => self.streak = 1,
        }
        self.reported = Some(day);
    }

    /// The consecutive reports as of a day. Yesterday's count stands while today's report may still come.
    fn streak_on(&self, day: i32) -> u16 {
        if self.reported.is_some_and(|last| last + 1 >= day) { self.streak } else { 0 }
    }

    fn settle(&mut self, holding: &[&Span], day: i32) {
        let by_rules = worst(self.policy, holding);
        if by_rules >= self.colour || self.is_outranked(holding) {
            self.take(by_rules, holding);
        } else if self.streak_on(day) >= self.needed {
            self.colour = if self.colour == Colour::Red { Colour::Yellow } else { Colour::Green };
            self.streak = 0;
            if self.colour == by_rules {
                // From here on the milder rule gives the colour.
                self.take(by_rules, holding);
            }
        }
    }

    /// Sets the colour that the rules give now.
    fn take(&mut self, colour: Colour, holding: &[&Span]) {
        if colour != self.colour {
            self.streak = 0;
        }
        self.colour = colour;
        let giving = holding.iter().filter(|span| self.policy.rules[span.rule].colour == colour);
        self.because = giving
            .map(|span| FiredRule { rule: span.rule, fact: span.fact, clears: None, is_kept: true })
            .collect();
    }

    /// Whether a rule that holds now outranks every rule that gave the colour. The colour is then not
    /// retained.
    fn is_outranked(&self, holding: &[&Span]) -> bool {
        let outranks =
            |rule: usize| holding.iter().any(|span| self.policy.rules[span.rule].outranks.contains(&rule));
        !self.because.is_empty() && self.because.iter().all(|because| outranks(because.rule))
    }

    fn retained(self, day: i32) -> RetainedColour {
        let progress = Progress { reported: self.streak_on(day).min(self.needed), needed: self.needed };
        RetainedColour { colour: self.colour, because: self.because, progress }
    }
}
