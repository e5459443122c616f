//! Transitions: where a pack says so, a colour that was given is kept until its holder has reported their health
//! on so many consecutive local days, and then gives way to the next milder one only. The whole past is walked
//! through each time, from facts and reports, so that nothing but these decides.

use super::holding::{FiredRule, Progress, holding, worst};
use super::rule::Span;
use super::{Policy, Transition};
use crate::colour::Colour;
use crate::time::Timestamp;

/// The colour that transitions have led to.
#[derive(Debug, Clone)]
pub(super) struct RetainedColour {
    pub(super) colour: Colour,
    /// What gave it, or the more severe one it came from, last.
    pub(super) because: Vec<FiredRule>,
    pub(super) progress: Progress,
}

/// Something that may change the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum WalkStep {
    /// A rule begins or ends to hold.
    Turn,
    /// A report.
    Report,
}

/// Walks through the past as it was known at the time: a code that nobody had is not kept, and one that somebody had
/// is not undone by learning later that it had already ended. What outranks a rule lifts it whenever it comes.
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

/// Where the walk is.
struct Walk<'a> {
    policy: &'a Policy,
    needed: u16,
    colour: Colour,
    because: Vec<FiredRule>,
    /// Consecutive days that were reported in this colour.
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

    /// Consecutive reports as of a day: yesterday's count while today's may still come.
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
                // From here on the milder rule gives it.
                self.take(by_rules, holding);
            }
        }
    }

    /// Takes the colour that rules give now.
    fn take(&mut self, colour: Colour, holding: &[&Span]) {
        if colour != self.colour {
            self.streak = 0;
        }
        self.colour = colour;
        let giving = holding.iter().filter(|span| self.policy.rules[span.rule].colour == colour);
        self.because =
            giving.map(|span| FiredRule { rule: span.rule, fact: span.fact, clears: None }).collect();
    }

    /// Whether everything that the colour came from is outranked by what holds now: then it is not kept.
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
