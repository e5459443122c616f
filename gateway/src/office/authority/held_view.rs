//! The expected effect of a held list of facts or a held feed: counts by kind, source, venue and change of
//! colour, and the lines.

use super::facts;
use super::feeds;
use crate::clock;
use crate::office::colours::cpu_throttle::CpuThrottle;
use crate::office::colours::standing::merge;
use crate::office::http::error::OfficeError;
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{Office, PEOPLE_AT_ONCE};
use scangate_core::fact::{Fact, FactKind, Force, Withdrawal};
use scangate_core::id::{FactId, PersonId};
use scangate_storage::registry::{HeldList, Person};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Held facts.
pub(super) fn of_facts(office: &Office, lines: &[NdjsonLine]) -> Result<Value, OfficeError> {
    let list = facts::read(office, lines)?;
    let facts: Vec<&Fact> = list.iter().filter_map(|(_, line)| line.as_ref().ok()).collect();
    let problems: Vec<Value> =
        list.iter().filter_map(|(number, line)| Some(line.as_ref().err()?.line(*number))).collect();
    // A line that is not JSON has its problem only.
    let lines: Vec<Value> = lines.iter().filter_map(|line| line.parse().ok()).collect();
    let counts = counts(&facts, &[], office)?;
    Ok(merge(counts, json!({"lines": lines, "problems": problems})))
}

/// A held feed. Where it would not be accepted now, the problem stands in place of the counts.
pub(super) fn of_feed(office: &Office, held: &HeldList) -> Result<Value, OfficeError> {
    let lines = held.body.lines().skip(1).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines: Vec<Value> = lines.collect();
    let effect = match feeds::check_held(office, held) {
        Ok(Some(feed)) => {
            let (added, withdrawn) = (feed.added().collect::<Vec<_>>(), feed.withdrawn());
            let withdrawn: Vec<&Fact> = withdrawn.map(|(fact, _)| fact).collect();
            merge(counts(&added, &withdrawn, office)?, json!({"withdrawals": withdrawn.len()}))
        }
        Ok(None) => json!({"repeated": true}),
        Err(OfficeError::StoreUnavailable) => return Err(OfficeError::StoreUnavailable),
        Err(error) => json!({"problems": [error.problem()]}),
    };
    Ok(merge(effect, json!({ "lines": lines })))
}

/// Counts of added facts, and of the people whose colour changes by added and withdrawn facts.
fn counts(added: &[&Fact], withdrawn: &[&Fact], office: &Office) -> Result<Value, OfficeError> {
    let (mut by_kind, mut by_source, mut by_venue) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for fact in added {
        *by_kind.entry(json!(fact.kind.name()).as_str().unwrap_or_default().to_owned()).or_insert(0_u64) += 1;
        *by_source.entry(fact.source.as_str()).or_insert(0_u64) += 1;
        if let FactKind::CoLocated { venue: Some(venue) } = fact.kind {
            *by_venue.entry(venue.to_string()).or_insert(0_u64) += 1;
        }
    }
    let changes = colour_changes(added, withdrawn, office)?;
    Ok(json!({
        "by_kind": by_kind, "by_source": by_source, "by_venue": by_venue, "colour_changes": changes,
    }))
}

/// The people whose colour would change, by their colours now and then.
fn colour_changes(
    added: &[&Fact],
    withdrawn: &[&Fact],
    office: &Office,
) -> Result<BTreeMap<String, u64>, OfficeError> {
    let (now, published) = (clock::now(), office.tables.policies.in_force());
    let mut by_person: BTreeMap<PersonId, Vec<&Fact>> = BTreeMap::new();
    for fact in added {
        by_person.entry(fact.person).or_default().push(fact);
    }
    for fact in withdrawn {
        by_person.entry(fact.person).or_default();
    }
    let gone: BTreeSet<FactId> = withdrawn.iter().map(|fact| fact.id).collect();
    let people: Vec<PersonId> = by_person.keys().copied().collect();
    let (mut changes, mut throttle) = (BTreeMap::new(), CpuThrottle::on());
    for people in people.chunks(PEOPLE_AT_ONCE) {
        let registered = office.registry.evidence_of_registered(people)?.into_iter().flatten();
        for (Person { id: person, .. }, mut evidence) in registered {
            let before = published.policy.judge(&evidence, now).standing.colour;
            evidence.facts.extend(by_person[&person].iter().map(|&fact| fact.clone()));
            for fact in evidence.facts.iter_mut().filter(|fact| gone.contains(&fact.id)) {
                fact.force = Force::Withdrawn(Withdrawal { reason: String::new(), at: Some(now) });
            }
            let after = published.policy.judge(&evidence, now).standing.colour;
            if before != after {
                *changes.entry(format!("{}-{}", before.word(), after.word())).or_insert(0) += 1;
            }
            throttle.pause();
        }
    }
    Ok(changes)
}
