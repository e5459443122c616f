//! A judgement: a person's standing and the rules and facts that gave it. It also has the person's progress
//! towards a milder colour, and the next time at which the standing may change by itself.

use super::holding::{FiredRule, Progress, holding, worst};
use super::rule::Span;
use super::transition::retain;
use super::{Evidence, Policy};
use crate::colour::{Colour, Reasons, Standing};
use crate::time::Timestamp;

/// A pack's judgement of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The standing.
    pub standing: Standing,
    /// The rules that gave it, in the order of the pack, then of the facts' ids. If the colour is only
    /// retained until enough reports are in, these are the rules that gave it last. Rules with a link that
    /// hold are always included: they ask the person to do something, whatever the colour is.
    pub because: Vec<FiredRule>,
    /// The progress of the reports, if the pack asks for them and the colour is not green.
    pub progress: Option<Progress>,
    /// The next time at which the standing may change without a new fact.
    pub changes_at: Option<Timestamp>,
}

pub(super) fn judge(policy: &Policy, evidence: &Evidence, now: Timestamp) -> Judgement {
    let Evidence { reports, review, .. } = evidence;
    if review.as_ref().is_some_and(|review| review.withholds_colour(now)) {
        let (standing, because) = (Standing::UNREVIEWED, Vec::new());
        return Judgement { standing, because, progress: None, changes_at: None };
    }
    let rules = policy.rules.iter().enumerate();
    let spans: Vec<Span> = rules
        .flat_map(|(number, rule)| rule.spans(number, evidence, &policy.areas, &policy.calendar))
        .filter_map(|span| policy.while_trusted(span, evidence))
        .collect();
    let holding = holding(policy, &spans, now);
    let by_rules = worst(policy, &holding);
    let retained = policy.transition.map(|transition| retain(policy, transition, &spans, reports, now));
    let colour = retained.as_ref().map_or(by_rules, |retained| retained.colour.max(by_rules));
    let gives = |span: &Span| policy.rules[span.rule].colour == colour;
    // A rule with a link asks the person to do something, so it is reported whatever the colour is.
    let prompts = |span: &Span| policy.rules[span.rule].link.is_some();
    let is_retained = retained.as_ref().is_some_and(|retained| retained.colour > by_rules);
    let reported = holding.iter().filter(|span| prompts(span) || !is_retained && gives(span));
    // Where a colour is kept until there are enough reports, time alone does not clear it.
    let by_time = |rule: usize| policy.transition.is_none() || policy.rules[rule].colour == Colour::Green;
    let fired = |span: &&Span| {
        let clears = span.to.filter(|_| by_time(span.rule));
        FiredRule { rule: span.rule, fact: span.fact, clears, is_kept: false }
    };
    let mut because: Vec<FiredRule> = reported.map(fired).collect();
    if let Some(retained) = retained.as_ref().filter(|_| is_retained) {
        because.extend(&retained.because);
    }
    because.sort_unstable_by_key(|because| (because.rule, because.fact));
    because.dedup();
    let reasons = because.iter().fold(Reasons::NONE, |all, because| all.and(Reasons::rule(because.rule)));
    let turns = spans.iter().flat_map(|span| [Some(span.from), span.to]).flatten();
    Judgement {
        standing: Standing { colour, reasons },
        because,
        progress: retained.filter(|_| colour > Colour::Green).map(|retained| retained.progress),
        changes_at: turns.filter(|&at| at > now).min(),
    }
}
