//! Reviews: the checks of an application before its first colour. An application that passes every check is
//! approved at once. Any other waits for the authority, and its person has no colour until then.

use crate::policy::ApplicationCheck;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The review of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When the person applied.
    pub applied: Timestamp,
    /// The deadline of the authority's decision.
    pub due: Timestamp,
    /// The checks that failed; none for an application that was approved by itself.
    pub failed: Vec<ApplicationCheck>,
    /// The authority's latest decision.
    pub decision: Option<ReviewDecision>,
}

/// The authority's decision about an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDecision {
    /// The status that it gives: approved or rejected.
    pub status: ReviewStatus,
    /// When it was made.
    pub at: Timestamp,
    /// Its author, by the token's subject.
    pub by: String,
    /// The reason, which the person reads.
    pub reason: Option<String>,
}

/// The state of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewStatus {
    /// The colour follows from facts.
    Approved,
    /// The authority must decide.
    Waiting,
    /// The authority rejected the application, and the person has no colour.
    Rejected,
}

impl Review {
    /// The state now.
    #[must_use]
    pub fn status(&self) -> ReviewStatus {
        match &self.decision {
            Some(decision) => decision.status,
            None if self.failed.is_empty() => ReviewStatus::Approved,
            None => ReviewStatus::Waiting,
        }
    }

    /// Whether the person has no colour at a time, because the application was not approved by then.
    #[must_use]
    pub fn withholds_colour(&self, now: Timestamp) -> bool {
        match (self.status(), &self.decision) {
            (ReviewStatus::Approved, Some(decision)) => now < decision.at,
            (ReviewStatus::Approved, None) => false,
            (ReviewStatus::Waiting | ReviewStatus::Rejected, _) => true,
        }
    }

    /// Takes a decision. A decision that repeats the state changes nothing, and the first one is kept.
    /// Returns false if the application is approved already and cannot be rejected any more.
    pub fn decide(&mut self, decision: &ReviewDecision) -> bool {
        match (self.status(), decision.status) {
            (ReviewStatus::Approved, ReviewStatus::Rejected) => false,
            (now, new) if now == new => true,
            (ReviewStatus::Approved | ReviewStatus::Waiting | ReviewStatus::Rejected, _) => {
                self.decision = Some(decision.clone());
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(failed: Vec<ApplicationCheck>) -> Review {
        Review { applied: Timestamp(5), due: Timestamp(9), failed, decision: None }
    }

    fn decision(status: ReviewStatus, at: u64) -> ReviewDecision {
        ReviewDecision { status, at: Timestamp(at), by: "office".into(), reason: None }
    }

    #[test]
    fn hb_13_an_application_without_a_failed_check_is_approved_by_itself() {
        let mut passed = review(vec![]);
        assert_eq!(passed.status(), ReviewStatus::Approved);
        assert!(!passed.withholds_colour(Timestamp(5)));
        assert!(!passed.decide(&decision(ReviewStatus::Rejected, 6)));
        assert!(passed.decide(&decision(ReviewStatus::Approved, 6)) && passed.decision.is_none());
    }

    #[test]
    fn hb_13_a_colour_is_withheld_until_the_approval_and_in_a_replay_too() {
        let mut failed = review(vec![ApplicationCheck::Phone]);
        assert_eq!(failed.status(), ReviewStatus::Waiting);
        assert!(failed.withholds_colour(Timestamp(u64::MAX)));
        assert!(failed.decide(&decision(ReviewStatus::Rejected, 6)));
        assert!(failed.decide(&decision(ReviewStatus::Rejected, 7)));
        assert_eq!(failed.decision, Some(decision(ReviewStatus::Rejected, 6)));
        assert!(failed.withholds_colour(Timestamp(8)));
        // An appeal may be right.
        assert!(failed.decide(&decision(ReviewStatus::Approved, 8)));
        assert_eq!(failed.status(), ReviewStatus::Approved);
        assert!(failed.withholds_colour(Timestamp(7)) && !failed.withholds_colour(Timestamp(8)));
        assert!(!failed.decide(&decision(ReviewStatus::Rejected, 9)));
    }
}
