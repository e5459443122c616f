//! What waits for people: duties past their deadline, applications for a review, lists for a second approver,
//! and extensions of cases. The counts are read from the registry every ten seconds and then stay in memory.

use scangate_core::time::Timestamp;
use scangate_storage::registry::HeldListKind;

/// The duties with a deadline, as the metric's labels.
pub const DUTIES: [&str; 4] = ["arrival", "appeal", "question", "review"];

/// The kinds of held lists, as the metric's labels.
pub const HELD_KINDS: [&str; 4] = ["facts", "policy", "feed", "areas"];

/// What waited for people at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingWork {
    /// The time at which the registry was read.
    pub at: Timestamp,
    /// Overdue duties, in the order of [`DUTIES`].
    pub overdue: [u32; DUTIES.len()],
    /// Applications that wait for a review.
    pub reviews: u32,
    /// Lists that wait for a second approver, in the order of [`HELD_KINDS`].
    pub held: [u32; HELD_KINDS.len()],
    /// Extensions of cases that wait for another tracer.
    pub extensions: u32,
}

impl WaitingWork {
    /// Counts lists by their kind, in the order of [`HELD_KINDS`].
    pub(super) fn by_kind(lists: impl Iterator<Item = HeldListKind>) -> [u32; HELD_KINDS.len()] {
        lists.fold([0; HELD_KINDS.len()], |mut held, kind| {
            held[match kind {
                HeldListKind::Facts => 0,
                HeldListKind::Policy => 1,
                HeldListKind::Feed => 2,
                HeldListKind::Areas => 3,
            }] += 1;
            held
        })
    }

    /// Sets the metrics.
    pub(super) fn publish(&self) {
        for (duty, overdue) in DUTIES.into_iter().zip(self.overdue) {
            metrics::gauge!("scangate_overdue", "duty" => duty).set(overdue);
        }
        for (kind, held) in HELD_KINDS.into_iter().zip(self.held) {
            metrics::gauge!("scangate_held_waiting", "kind" => kind).set(held);
        }
        metrics::gauge!("scangate_reviews_waiting").set(self.reviews);
        metrics::gauge!("scangate_extensions_waiting").set(self.extensions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labels_are_the_kinds_of_lists() {
        use HeldListKind::{Areas, Facts, Feed, Policy};
        for (at, kind) in [Facts, Policy, Feed, Areas].into_iter().enumerate() {
            assert_eq!(serde_json::to_value(kind).unwrap(), HELD_KINDS[at]);
            let mut counted = [0; HELD_KINDS.len()];
            counted[at] = 2;
            assert_eq!(WaitingWork::by_kind([kind, kind].into_iter()), counted);
        }
    }
}
