//! The stay on record that follows from an arrival. Exactly one counts for each arrival: the one of its
//! latest correction, and none once it is withdrawn. Earlier stays are withdrawn and remain on record.

use super::read;
use crate::clock;
use crate::office::Office;
use crate::office::http::error::OfficeError;
use crate::office::residents::SOURCE;
use scangate_core::fact::{Fact, FactKind, Force};
use scangate_core::id::{PaperId, PersonId};
use scangate_core::paper::Arrival;
use scangate_core::time::Timestamp;

/// The stay of an arrival; none while the area is not known. If the arrival is ahead, the stay lasts until
/// then, and days are counted from then.
fn stay_of(
    office: &Office,
    person: PersonId,
    paper: PaperId,
    arrival: &Arrival,
    now: Timestamp,
) -> Option<Fact> {
    let kind = FactKind::Stay { area: arrival.from_area.clone()? };
    let reference = Some(format!("{paper}/{}", arrival.revision));
    let told = office.self_reported(person, kind, arrival.at, now);
    Some(Fact { until: Some(arrival.at), reference, ..told }.identified())
}

/// Whether a stay follows from this arrival. Earlier versions referred to the area, and made no corrections.
fn is_of(fact: &Fact, paper: PaperId, arrival: &Arrival) -> bool {
    let reference = fact.reference.as_deref().unwrap_or_default();
    let area = arrival.from_area.clone().map(String::from);
    let is_early = area.as_deref() == Some(reference) && says(fact, arrival);
    let is_own = reference.strip_prefix(&paper.to_string()).is_some_and(|rest| rest.starts_with('/'));
    fact.source == SOURCE && (is_own || is_early)
}

fn says(fact: &Fact, arrival: &Arrival) -> bool {
    let kind = arrival.from_area.clone().map(|area| FactKind::Stay { area });
    kind.as_ref() == Some(&fact.kind) && fact.until == Some(arrival.at)
}

/// Replaces the stays of an arrival among facts by the one that the arrival gives now.
pub(super) fn replace(
    office: &Office,
    person: PersonId,
    paper: PaperId,
    arrival: &Arrival,
    facts: &mut Vec<Fact>,
    now: Timestamp,
) {
    facts.retain(|fact| !is_of(fact, paper, arrival));
    facts.extend(stay_of(office, person, paper, arrival, now));
}

/// Puts the arrival's stay on record, withdraws every other one, and recolours the person. `before` is the
/// arrival before the change.
pub(super) fn settle(
    office: &Office,
    person: PersonId,
    paper: PaperId,
    before: Option<&Arrival>,
    reason: &str,
) -> Result<Arrival, OfficeError> {
    loop {
        let (arrival, now) = (read(office, person, paper)?, clock::now());
        let mut own = office.registry.facts_of(person)?;
        let is_of_this =
            |fact: &Fact| [Some(&arrival), before].into_iter().flatten().any(|one| is_of(fact, paper, one));
        own.retain(|fact| fact.force == Force::InForce && is_of_this(fact));
        let is_wanted = |fact: &&Fact| arrival.withdrawn.is_none() && says(fact, &arrival);
        let kept = own.iter().find(is_wanted).map(|fact| fact.id);
        let wanted = stay_of(office, person, paper, &arrival, now).filter(|_| arrival.withdrawn.is_none());
        let missing = wanted.filter(|_| kept.is_none());
        if let Some(stay) = &missing {
            office.registry.record_facts(std::slice::from_ref(stay))?;
        }
        let others: Vec<&Fact> = own.iter().filter(|fact| Some(fact.id) != kept).collect();
        for other in &others {
            office.registry.withdraw_fact(other.id, reason.to_owned(), now)?;
        }
        if missing.is_some() || !others.is_empty() {
            office.recolour(&[person])?;
        }
        let after = read(office, person, paper)?;
        // A concurrent change may have read the record before this one was complete.
        if (after.revision, after.withdrawn) == (arrival.revision, arrival.withdrawn) {
            return Ok(after);
        }
    }
}
