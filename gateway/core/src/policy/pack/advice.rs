//! `[[advice]]`: what the city asks of people with symptoms, under a rule or of a class.

use super::Faults;
use crate::colour::Reasons;
use crate::fact::Symptom;
use crate::limits::RULES_MAX;
use crate::person::PersonClass;
use crate::policy::explanation::Advice;
use crate::policy::rule::Rule;
use crate::words::Words;
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdviceTable {
    #[serde(default)]
    symptoms: Vec<Symptom>,
    #[serde(default)]
    rules: Vec<Spanned<String>>,
    #[serde(default)]
    classes: Vec<PersonClass>,
    text: Spanned<Words>,
}

pub(super) fn advice(pack: &[AdviceTable], rules: &[Rule], faults: &mut Faults<'_>) -> Vec<Advice> {
    pack.iter().map(|table| of_table(table, rules, faults)).collect()
}

fn of_table(table: &AdviceTable, rules: &[Rule], faults: &mut Faults<'_>) -> Advice {
    if table.symptoms.is_empty() && table.rules.is_empty() && table.classes.is_empty() {
        faults.at(&table.text, "advice needs `symptoms`, `rules` or `classes`");
    }
    let mut reasons = Reasons::NONE;
    for id in &table.rules {
        match rules.iter().take(RULES_MAX).position(|rule| rule.id == *id.as_ref()) {
            Some(number) => reasons = reasons.and(Reasons::rule(number)),
            None => faults.at(id, format!("there is no rule `{}`", id.as_ref())),
        }
    }
    let (symptoms, classes) = (table.symptoms.clone(), table.classes.clone());
    Advice { symptoms, rules: reasons, classes, words: faults.words(&table.text) }
}
