//! Advice: what a city asks of people with certain symptoms or under certain rules, in its own words.

use crate::colour::Reasons;
use crate::fact::Symptom;
use crate::policy::Policy;
use crate::words::Words;

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Advice {
    /// It is given for any of these symptoms.
    pub(in crate::policy) symptoms: Vec<Symptom>,
    /// It is given while any of these rules holds.
    pub(in crate::policy) rules: Reasons,
    pub(in crate::policy) words: Words,
}

impl Policy {
    /// The advice to a person who reports these symptoms; none where the pack has none for them.
    #[must_use]
    pub fn advice_on_symptoms(&self, symptoms: &[Symptom]) -> Option<Words> {
        let is_meant = |advice: &&Advice| advice.symptoms.iter().any(|symptom| symptoms.contains(symptom));
        Words::joined(self.advice.iter().filter(is_meant).map(|advice| &advice.words))
    }

    /// Each piece of advice with the reasons at a door on which it is given: any of them suffices.
    pub fn advice_by_reasons(&self) -> impl Iterator<Item = (Reasons, &Words)> {
        self.advice.iter().map(|advice| {
            let is_on_fever = advice.symptoms.contains(&Symptom::Fever);
            (if is_on_fever { advice.rules.and(Reasons::FEVER) } else { advice.rules }, &advice.words)
        })
    }
}
