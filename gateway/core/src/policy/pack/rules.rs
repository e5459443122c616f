//! `[[rule]]`: the rules that lead to a colour.

use super::{Faults, is_word};
use crate::colour::Colour;
use crate::limits::RULES_MAX;
use crate::policy;
use crate::policy::fact_filter::FactFilter;
use crate::policy::rule::{FactTrigger, RuleDays, Trigger};
use crate::policy::{FEVER, REVIEW};
use crate::words::Words;
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    id: Spanned<String>,
    colour: Spanned<Colour>,
    #[serde(default)]
    facts: Vec<Spanned<FactFilter>>,
    #[serde(default)]
    after: Vec<Spanned<FactFilter>>,
    #[serde(default)]
    unless: Vec<Spanned<FactFilter>>,
    #[serde(default)]
    missed_reports: Option<Spanned<u16>>,
    #[serde(default)]
    within_days: Option<u16>,
    #[serde(default)]
    under_days: Option<Spanned<u16>>,
    #[serde(default)]
    ended_by: Vec<Spanned<FactFilter>>,
    #[serde(default)]
    outranks: Vec<Spanned<String>>,
    text: Spanned<Words>,
    clears: Spanned<Words>,
    #[serde(default)]
    link: Option<Spanned<String>>,
}

pub(super) fn rules(pack: &[Spanned<RuleTable>], faults: &mut Faults<'_>) -> Vec<policy::Rule> {
    if let Some(beyond) = pack.get(RULES_MAX) {
        faults.at(beyond, format!("a pack has at most {RULES_MAX} rules"));
    }
    let ids: Vec<&str> = pack.iter().map(|rule| rule.as_ref().id.as_ref().as_str()).collect();
    let mut rules = Vec::with_capacity(pack.len());
    for (number, rule) in pack.iter().map(Spanned::as_ref).enumerate() {
        name(rule, &ids[..number], faults);
        if *rule.colour.as_ref() == Colour::Unknown {
            faults.at(&rule.colour, "no rule gives `unknown`");
        }
        rules.push(policy::Rule {
            id: rule.id.as_ref().clone(),
            colour: *rule.colour.as_ref(),
            text: faults.words(&rule.text),
            clears: faults.words(&rule.clears),
            link: link(rule, faults),
            line: faults.line(rule.id.span()),
            trigger: trigger(rule, faults),
            outranks: outranks(rule, &ids, faults),
        });
    }
    rules
}

/// An address to which a page may link and which can stand in a JSON answer without escaping.
fn link(rule: &RuleTable, faults: &mut Faults<'_>) -> Option<String> {
    let link = rule.link.as_ref()?;
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let is_address = link.as_ref().strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    if !is_address || !link.as_ref().bytes().all(is_plain) {
        faults.at(link, "link must be an https:// address, without blanks");
    }
    Some(link.as_ref().clone())
}

fn name(rule: &RuleTable, earlier: &[&str], faults: &mut Faults<'_>) {
    let id = rule.id.as_ref();
    if !is_word(id) || [FEVER, REVIEW].contains(&id.as_str()) {
        let words = "id must be lower-case letters, digits and hyphens, and not `fever` or `review`";
        faults.at(&rule.id, words);
    }
    if earlier.contains(&id.as_str()) {
        faults.at(&rule.id, format!("there is another rule `{id}`"));
    }
}

fn trigger(rule: &RuleTable, faults: &mut Faults<'_>) -> Trigger {
    let lists = [&rule.facts, &rule.after, &rule.unless, &rule.ended_by];
    let has_facts = lists.iter().any(|list| !list.is_empty());
    let has_days = rule.within_days.is_some() || rule.under_days.is_some();
    match &rule.missed_reports {
        Some(missed) if has_facts || has_days => {
            faults.at(missed, "missed_reports excludes facts and days");
            Trigger::MissedReports(*missed.as_ref())
        }
        Some(missed) => Trigger::MissedReports(*missed.as_ref()),
        None => {
            if rule.facts.is_empty() {
                faults.at(&rule.id, "a rule needs `facts` or `missed_reports`");
            }
            if let Some(unless) = rule.unless.first().filter(|_| rule.after.is_empty()) {
                faults.at(unless, "unless goes with `after`");
            }
            Trigger::Facts(FactTrigger {
                facts: which(&rule.facts, faults),
                after: which(&rule.after, faults),
                unless: which(&rule.unless, faults),
                days: days(rule, faults),
                ended_by: which(&rule.ended_by, faults),
            })
        }
    }
}

fn which(pack: &[Spanned<FactFilter>], faults: &mut Faults<'_>) -> Vec<FactFilter> {
    for which in pack {
        if let Some(field) = which.as_ref().foreign_field() {
            faults.at(which, format!("facts of this kind have no `{field}`"));
        }
    }
    pack.iter().map(|which| which.as_ref().clone()).collect()
}

fn days(rule: &RuleTable, faults: &mut Faults<'_>) -> RuleDays {
    match (rule.within_days, &rule.under_days) {
        (Some(_), Some(under)) => {
            faults.at(under, "within_days and under_days exclude each other");
            RuleDays::Unlimited
        }
        (Some(days), None) => RuleDays::Within(days),
        (None, Some(days)) => RuleDays::Under(*days.as_ref()),
        (None, None) => RuleDays::Unlimited,
    }
}

fn outranks(rule: &RuleTable, ids: &[&str], faults: &mut Faults<'_>) -> Vec<usize> {
    let mut outranked = Vec::with_capacity(rule.outranks.len());
    for id in &rule.outranks {
        match ids.iter().position(|other| other == id.as_ref()) {
            Some(number) if *id.as_ref() != *rule.id.as_ref() => outranked.push(number),
            Some(_) => faults.at(id, "a rule cannot outrank itself"),
            None => faults.at(id, format!("there is no rule `{}`", id.as_ref())),
        }
    }
    outranked
}
