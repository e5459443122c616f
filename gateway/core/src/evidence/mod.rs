//! Evidence: the facts, daily reports, registration and review that decide a person's colour, together with
//! the pack and the time.
//! Nothing else counts, so a colour can be recomputed from these alone.

pub mod fact;
pub mod report;

use self::fact::{Fact, Force, Withdrawal};
use crate::paper::Review;
use crate::time::Timestamp;

/// The record of one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Every fact, including withdrawn ones, in any order.
    pub facts: Vec<Fact>,
    /// When the person reported their health, in any order.
    pub reports: Vec<Timestamp>,
    /// When the person registered; none if that is not known. Missing reports are counted from then.
    pub registered: Option<Timestamp>,
    /// The review of the person's application; none for a person who was not reviewed.
    pub review: Option<Review>,
}

impl Evidence {
    /// The record as it stood at a time. Later entries are absent, and a fact that was withdrawn only later
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
    /// The evidence of a person who never reported, and whose registration does not count.
    fn from(facts: Vec<Fact>) -> Self {
        Self { facts, ..Self::default() }
    }
}
