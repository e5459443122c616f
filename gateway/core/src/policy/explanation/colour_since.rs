//! The time since which a person has had their colour.

use crate::colour::Colour;
use crate::evidence::Evidence;
use crate::fact::{Fact, Force};
use crate::policy::Policy;
use crate::time::Timestamp;

impl Policy {
    /// The earliest time from which this pack has given a person the colour of `now` without a break. At each
    /// time only the evidence on record then counts, so a fact that is recorded later does not move it.
    /// **Cost**: one judgement for each change of the record or of a rule since then.
    #[must_use]
    pub fn colour_since(&self, evidence: &Evidence, now: Timestamp) -> Timestamp {
        let mut turns = changes(evidence);
        // The clock of the gateway that recorded the last change may be ahead.
        let now = turns.last().map_or(now, |&last| now.max(last));
        let colour = self.judge(&evidence.clone().as_of(now), now).standing.colour;
        let (mut since, mut end) = (now, now.plus_ms(1));
        while let Some(start) = turns.pop() {
            let stretch = self.colours_between(&evidence.clone().as_of(start), start, end);
            for (at, at_that_time) in stretch.into_iter().rev() {
                if at_that_time != colour {
                    return since;
                }
                since = at;
            }
            end = start;
        }
        since
    }

    /// The colours that unchanged evidence gives from one time until before another, each with its start.
    fn colours_between(
        &self,
        evidence: &Evidence,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<(Timestamp, Colour)> {
        let mut colours = Vec::new();
        let mut next = Some(from);
        while let Some(at) = next.filter(|&at| at < to) {
            let judgement = self.judge(evidence, at);
            colours.push((at, judgement.standing.colour));
            next = judgement.changes_at;
        }
        colours
    }
}

/// The times at which the record changed, in order, after the beginning of time.
fn changes(evidence: &Evidence) -> Vec<Timestamp> {
    let withdrawn = |fact: &Fact| match &fact.force {
        Force::Withdrawn(withdrawal) => withdrawal.at,
        Force::InForce => None,
    };
    let facts = evidence.facts.iter().flat_map(|fact| [Some(fact.recorded), withdrawn(fact)]).flatten();
    let reports = evidence.reports.iter().copied();
    let mut times: Vec<Timestamp> = facts.chain(reports).chain([Timestamp(0)]).collect();
    times.sort_unstable();
    times.dedup();
    times
}
