//! Daily reports of residents about their own health. One report a local day counts; a symptom in a report
//! also becomes a fact.

use crate::fact::Symptom;
use crate::scan::Temperature;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A daily report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it was made.
    pub at: Timestamp,
    /// The measured temperature.
    pub temperature: Option<Temperature>,
    /// The symptoms that the person reported.
    pub symptoms: Vec<Symptom>,
}

impl Report {
    /// All symptoms of the report. A temperature at or above the pack's threshold is one.
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
