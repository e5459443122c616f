//! Trails, visits and co-presence by loops over all pairs, written from the contract's wording. Nothing here
//! is shared with the engine that it checks.

use super::expected::ExpectedRecord;
use scangate_core::check_in::Direction;
use scangate_core::colour::{Colour, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A window of a case. **Units**: milliseconds since 1970, the end exclusive.
pub(super) type CaseWindow = (u64, u64);

/// A visit.
#[derive(Debug, Clone)]
struct Stay {
    id: CheckInId,
    person: PersonId,
    venue: VenueId,
    from: u64,
    to: u64,
    certainty: &'static str,
    evidence: &'static str,
    is_many: bool,
    outcome: Option<Value>,
}

/// The visits of a city, complete up to a time.
pub(super) struct BruteForce {
    stays: Vec<Stay>,
    through: u64,
}

/// Whether a record counts before another one of the same check-in.
fn counts_before(one: &ExpectedRecord, other: &ExpectedRecord) -> bool {
    if one.is_late() != other.is_late() {
        return other.is_late();
    }
    if one.at != other.at {
        return one.at < other.at;
    }
    let is_refused = |record: &ExpectedRecord| matches!(record.outcome, Some((_, Verdict::Refuse)));
    if is_refused(one) != is_refused(other) {
        return is_refused(one) != one.is_late();
    }
    let is_known = |record: &ExpectedRecord| !matches!(record.outcome, Some((Colour::Unknown, _)));
    if is_known(one) != is_known(other) {
        return is_known(one);
    }
    // Nothing else tells them apart: an order of the ways to check in, so that every reader keeps one.
    let ways = ["poster", "door", "terminal", "paper", "companion"];
    let way = |record: &ExpectedRecord| ways.iter().position(|way| *way == record.evidence);
    way(one) < way(other)
}

/// The one record of each check-in that counts, by time, then venue, then id.
fn counting(records: &[ExpectedRecord]) -> Vec<ExpectedRecord> {
    let mut counting: BTreeMap<CheckInId, ExpectedRecord> = BTreeMap::new();
    for record in records {
        let best = counting.entry(record.id).or_insert(*record);
        if counts_before(record, best) {
            *best = *record;
        }
    }
    let mut counting: Vec<ExpectedRecord> = counting.into_values().collect();
    counting.sort_by_key(|record| (record.at, record.parts.venue, record.id));
    counting
}

fn overlap(one: (u64, u64), other: (u64, u64)) -> Option<(u64, u64)> {
    let (from, to) = (one.0.max(other.0), one.1.min(other.1));
    (from < to).then_some((from, to))
}

impl BruteForce {
    /// The visits of these records, at venues with these dwells in milliseconds.
    pub(super) fn new(
        records: &[ExpectedRecord],
        dwells: &BTreeMap<VenueId, u64>,
        through: Timestamp,
    ) -> Self {
        let records = counting(records);
        let mut stays = Vec::new();
        for (number, record) in records.iter().enumerate() {
            if record.parts.direction == Direction::Out {
                continue;
            }
            let of_person = |other: &&ExpectedRecord| other.parts.person == record.parts.person;
            let next = records[number + 1..].iter().filter(of_person);
            let next = next.filter(|next| next.parts.direction == Direction::In).map(|next| next.at.0).next();
            let outs = records
                .iter()
                .filter(of_person)
                .filter(|out| out.parts.direction == Direction::Out && out.parts.venue == record.parts.venue);
            let out = outs.map(|out| out.at.0).filter(|&out| out >= record.at.0).min();
            let (to, certainty) = end(record, next, out, dwells[&record.parts.venue]);
            let own: Vec<&ExpectedRecord> = records.iter().filter(of_person).collect();
            stays.push(Stay {
                id: record.id,
                person: record.parts.person,
                venue: record.parts.venue,
                from: record.at.0,
                to,
                certainty: if to > through.0 { "open" } else { certainty },
                evidence: record.evidence,
                is_many: is_many_at_once(record, &own),
                outcome: record.outcome.map(|(colour, verdict)| json!([colour, verdict])),
            });
        }
        Self { stays, through: through.0 }
    }

    /// The visits in a person's trail.
    pub(super) fn trail(&self, person: PersonId, window: CaseWindow) -> Vec<Value> {
        let own = self.stays.iter().filter(|stay| stay.person == person && stay.is_in(window));
        own.map(|stay| stay.value("venue", json!(stay.venue))).collect()
    }

    /// The visits at a venue.
    pub(super) fn visitors(&self, venue: VenueId, window: CaseWindow) -> Vec<Value> {
        let there = self.stays.iter().filter(|stay| stay.venue == venue && stay.is_in(window));
        let mut there: Vec<&Stay> = there.collect();
        there.sort_by_key(|stay| (stay.from, stay.person, stay.id));
        there.into_iter().map(|stay| stay.value("person", json!(stay.person))).collect()
    }

    /// The contacts of a person over one hop or two.
    pub(super) fn contacts(&self, person: PersonId, window: CaseWindow, hops: u64) -> Vec<Value> {
        let mut found = vec![person];
        let mut sources = vec![(person, 0)];
        let mut contacts = Vec::new();
        for hop in 1..=hops {
            let mut met: BTreeMap<PersonId, Vec<(u64, u64, Value)>> = BTreeMap::new();
            for &(source, since) in &sources {
                for own in self.stays.iter().filter(|stay| stay.person == source && stay.is_in(window)) {
                    for other in self.stays.iter().filter(|other| !found.contains(&other.person)) {
                        if let Some(encounter) = self.encounter(own, since, other, window) {
                            met.entry(other.person).or_default().push(encounter);
                        }
                    }
                }
            }
            sources.clear();
            for (contact, encounters) in met {
                found.push(contact);
                sources.push((contact, encounters.iter().map(|met| met.0).min().unwrap_or_default()));
                contacts.push((hop, contact, encounters));
            }
        }
        let total = |encounters: &[(u64, u64, Value)]| -> u64 {
            encounters.iter().map(|(from, to, _)| (to - from) / 1_000).sum()
        };
        contacts.sort_by_key(|(hop, contact, met)| (*hop, std::cmp::Reverse(total(met)), *contact));
        let value = |(hop, contact, met): (u64, PersonId, Vec<(u64, u64, Value)>)| {
            json!({
                "person": contact, "hop": hop, "overlap_s": total(&met), "present_s": present_s(&met),
                "encounters": met.into_iter().map(|(_, _, value)| value).collect::<Vec<_>>(),
            })
        };
        contacts.into_iter().map(value).collect()
    }

    /// The time that a source, from a time on, shared with another person's visit.
    fn encounter(
        &self,
        own: &Stay,
        since: u64,
        other: &Stay,
        window: CaseWindow,
    ) -> Option<(u64, u64, Value)> {
        if own.venue != other.venue || !other.is_in(window) {
            return None;
        }
        let whole = overlap((own.from.max(since), own.to), (other.from, other.to))?;
        // What began before the record's end has lasted a second at least.
        let (from, to) = (whole.0, whole.1.min(self.through.max(whole.0 + 1_000)));
        if from >= self.through || to - from < 1_000 {
            return None;
        }
        let certainty = if whole.1 > self.through {
            "open"
        } else if own.certainty == "measured" && other.certainty == "measured" {
            "measured"
        } else {
            "inferred"
        };
        let value = json!({
            "venue": own.venue, "from": Timestamp(from), "to": Timestamp(to),
            "overlap_s": (to - from) / 1_000, "certainty": certainty, "via": own.person,
            "evidence": other.evidence, "via_evidence": own.evidence,
            "marks": marks(own.is_many || other.is_many),
        });
        Some((from, to, value))
    }
}

impl Stay {
    fn is_in(&self, window: CaseWindow) -> bool {
        overlap((self.from, self.to), window).is_some()
    }

    fn value(&self, name: &str, other: Value) -> Value {
        let mut value = json!({
            "id": self.id, "from": Timestamp(self.from), "to": Timestamp(self.to),
            "certainty": self.certainty, "evidence": self.evidence, "marks": marks(self.is_many),
        });
        value[name] = other;
        if let Some(outcome) = &self.outcome {
            (value["colour"], value["verdict"]) = (outcome[0].clone(), outcome[1].clone());
        }
        value
    }
}

fn marks(is_many: bool) -> Value {
    if is_many { json!(["many-at-once"]) } else { json!([]) }
}

/// The end of a visit: the first of check-out, next check-in anywhere, and dwell.
fn end(record: &ExpectedRecord, next: Option<u64>, out: Option<u64>, dwell: u64) -> (u64, &'static str) {
    let from = record.at.0;
    if matches!(record.outcome, Some((_, Verdict::Refuse))) {
        return (from + 1_000, "inferred");
    }
    let inferred = next.unwrap_or(u64::MAX).min(from + dwell);
    let (to, certainty) = match out {
        Some(out) if out <= inferred => (out, "measured"),
        Some(_) | None => (inferred, "inferred"),
    };
    (if to == from { from + 1_000 } else { to }, certainty)
}

/// Whether within 70 seconds, the time for which a code is valid, the person scanned at three venues.
fn is_many_at_once(record: &ExpectedRecord, own: &[&ExpectedRecord]) -> bool {
    own.iter().any(|first| {
        let within = |other: &&&ExpectedRecord| other.at >= first.at && other.at.0 - first.at.0 < 70_000;
        let mut venues: Vec<VenueId> = own.iter().filter(within).map(|other| other.parts.venue).collect();
        venues.sort();
        venues.dedup();
        within(&&record) && venues.len() >= 3
    })
}

/// The seconds that encounters cover, each once.
fn present_s(encounters: &[(u64, u64, Value)]) -> u64 {
    let mut spans: Vec<(u64, u64)> = encounters.iter().map(|(from, to, _)| (*from, *to)).collect();
    spans.sort_unstable();
    let (mut covered_ms, mut until) = (0, 0);
    for (from, to) in spans {
        covered_ms += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    covered_ms / 1_000
}
