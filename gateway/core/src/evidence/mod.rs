//! Evidence: all that a person's colour is judged by besides the pack and the time. Nothing else counts, so that
//! a colour can be worked out again by whoever has these.

pub mod fact;
pub mod report;

use self::fact::{Fact, Force, Withdrawal};
use crate::time::Timestamp;

/// What is on record about one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Every fact, withdrawn ones too, in any order.
    pub facts: Vec<Fact>,
    /// When the person reported their health, in any order.
    pub reports: Vec<Timestamp>,
}

impl Evidence {
    /// What was on record at a time, as it stood then: nothing that came later, and what was withdrawn only later
    /// counts.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        self.facts.retain(|fact| fact.recorded <= now);
        self.reports.retain(|&reported| reported <= now);
        for fact in &mut self.facts {
            if matches!(&fact.force, Force::Withdrawn(Withdrawal { at: Some(at), .. }) if now < *at) {
                fact.force = Force::InForce;
            }
        }
        self
    }
}

impl From<Vec<Fact>> for Evidence {
    /// Facts of somebody who never reported.
    fn from(facts: Vec<Fact>) -> Self {
        Self { facts, reports: Vec::new() }
    }
}
