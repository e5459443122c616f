//! Advice: what a city asks of people with certain symptoms, under certain rules or of certain classes, in
//! its own words.

use crate::colour::Reasons;
use crate::fact::Symptom;
use crate::person::PersonClass;
use crate::policy::Policy;
use crate::words::Words;

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Advice {
    /// It is given for any of these symptoms.
    pub(in crate::policy) symptoms: Vec<Symptom>,
    /// It is given while any of these rules holds.
    pub(in crate::policy) rules: Reasons,
    /// It is given to people of any of these classes at a door.
    pub(in crate::policy) classes: Vec<PersonClass>,
    pub(in crate::policy) words: Words,
}

/// A piece of advice as a door gives it.
#[derive(Debug, Clone, Copy)]
pub struct DoorAdvice<'a> {
    /// It is given for any of these reasons.
    pub reasons: Reasons,
    /// It is given to people of any of these classes.
    pub classes: &'a [PersonClass],
    /// Its words.
    pub words: &'a Words,
}

impl Policy {
    /// The advice to a person who reports these symptoms; none where the pack has none for them.
    #[must_use]
    pub fn advice_on_symptoms(&self, symptoms: &[Symptom]) -> Option<Words> {
        let is_meant = |advice: &&Advice| advice.symptoms.iter().any(|symptom| symptoms.contains(symptom));
        Words::joined(self.advice.iter().filter(is_meant).map(|advice| &advice.words))
    }

    /// Each piece of advice as a door gives it.
    pub fn advice_at_doors(&self) -> impl Iterator<Item = DoorAdvice<'_>> {
        self.advice.iter().map(|Advice { symptoms, rules, classes, words }| {
            let is_on_fever = symptoms.contains(&Symptom::Fever);
            let reasons = if is_on_fever { rules.and(Reasons::FEVER) } else { *rules };
            DoorAdvice { reasons, classes, words }
        })
    }
}
