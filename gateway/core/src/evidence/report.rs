//! Daily reports: what residents say of their own health. One a local day counts; what is reported besides, such as
//! a symptom, becomes a fact of its own.

use crate::fact::Symptom;
use crate::scan::Temperature;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it was made.
    pub at: Timestamp,
    /// The temperature taken.
    pub temperature: Option<Temperature>,
    /// What was felt.
    pub symptoms: Vec<Symptom>,
}

impl Report {
    /// The symptoms it amounts to: a temperature from the pack's threshold on is one.
    #[must_use]
    pub fn all_symptoms(&self, fever: Temperature) -> Vec<Symptom> {
        let mut symptoms = self.symptoms.clone();
        let is_fever = self.temperature.is_some_and(|measured| measured >= fever);
        if is_fever && !symptoms.contains(&Symptom::Fever) {
            symptoms.insert(0, Symptom::Fever);
        }
        symptoms
    }
}
