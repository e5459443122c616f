//! Outward feeds: this city's own facts and their withdrawals, by salted subject, so that no document leaves
//! the city. Another gateway's `POST /v1/feeds` reads this form.

use super::{DOMAIN, FeedHead, POSITIONS, SIGNATURE};
use crate::clock;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, StrictQuery};
use crate::office::{Office, PEOPLE_AT_ONCE, blocking};
use aws_lc_rs::rand;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use scangate_core::certificate::{SALT_BYTES, subject};
use scangate_core::evidence::Evidence;
use scangate_core::fact::{Fact, Force};
use scangate_core::id::PersonId;
use scangate_core::person::Document;
use scangate_core::policy::CERTIFICATE_SOURCE;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The lines of an outward feed; the next feed continues after them.
const OUTWARD_MAX: usize = 100_000;
/// Facts younger than this may not have reached every gateway yet.
const SETTLING_MS: u64 = 10_000;

/// The time after which the facts of an outward feed went on record, and the feed's number for its reader.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct OutwardQuery {
    after: Timestamp,
    #[serde(default = "first")]
    sequence: u64,
}

const fn first() -> u64 {
    1
}

impl Parameters for OutwardQuery {
    const EXPECTED: &'static str = "the query needs `after`, a time, and takes `sequence`, a number";
}

/// `GET /v1/feeds/outward?after=TIME&sequence=N`: this city's facts and withdrawals that were recorded after
/// that time, with the time for the next request. The reader counts the feeds that it took, so several
/// readers do not disturb each other. **Cost**: reads all evidence.
pub(in crate::office) async fn outward_feed(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    StrictQuery(OutwardQuery { after, sequence }): StrictQuery<OutwardQuery>,
) -> Result<Response, OfficeError> {
    blocking(move || {
        let (records, through) = recorded(&office, after, clock::now().minus_ms(SETTLING_MS))?;
        let source = office.tables.policies.in_force().policy.name().to_owned();
        let count = records.len();
        office.audit(&claims, "feed-given", String::new(), value!({"facts": count, "sequence": sequence}))?;
        let (salt, mut text) = (salt()?, String::new());
        for records in records.chunks(PEOPLE_AT_ONCE) {
            let people: Vec<PersonId> = records.iter().map(|record| record.fact.person).collect();
            for (record, person) in records.iter().zip(office.registry.persons(&people)?) {
                // A person erased meanwhile is left out.
                let Some(person) = person else { continue };
                let line = outward_line(&source, &salt, &record.fact, &person.personal.document);
                text.push_str(&line.to_string());
                text.push('\n');
            }
        }
        let head = FeedHead {
            source,
            sequence,
            lines: text.lines().count(),
            salt: Some(URL_SAFE_NO_PAD.encode(salt)),
            after: Some(after),
            through: Some(through),
        };
        let head = serde_json::to_string(&head).expect("it holds nothing that JSON cannot");
        let text = format!("{head}\n{text}");
        let signature = office.issuer.sign(DOMAIN, text.as_bytes());
        Ok(([(CONTENT_TYPE.as_str(), "application/x-ndjson"), (SIGNATURE, &*signature)], text)
            .into_response())
    })
    .await?
}

/// The salt of one feed. With a salt for each person the reader would have to hash each of its people with
/// each line's salt.
fn salt() -> Result<[u8; SALT_BYTES], OfficeError> {
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt).map_err(|_| OfficeError::StoreUnavailable)?;
    Ok(salt)
}

/// A fact as sent: it has a salted subject in place of the person, and this city as its source.
fn outward_line(source: &str, salt: &[u8; SALT_BYTES], fact: &Fact, document: &Document) -> Value {
    let mut line = serde_json::to_value(fact).unwrap_or_default();
    if let Value::Object(members) = &mut line {
        members.remove("person");
        members.insert("source".into(), value!(source));
        members.insert("subject".into(), value!(subject(salt, document)));
        members.insert("salt".into(), value!(URL_SAFE_NO_PAD.encode(salt)));
    }
    line
}

/// A fact as it was on record after one change.
struct FactRecord {
    /// The time at which the fact or its withdrawal went on record.
    recorded: Timestamp,
    fact: Fact,
}

impl FactRecord {
    /// The record of a fact for a feed of this window, if the fact or its withdrawal falls into it. A
    /// withdrawal behind the window is left to the next feed.
    fn of(fact: &Fact, after: Timestamp, through: Timestamp) -> Option<Self> {
        let falls_into = |at: Timestamp| after < at && at <= through;
        let withdrawn_at = match &fact.force {
            Force::InForce => None,
            // A withdrawal without a time counts from the beginning.
            Force::Withdrawn(withdrawal) => Some(withdrawal.at.unwrap_or(fact.recorded)),
        };
        let last = withdrawn_at.filter(|at| *at <= through).unwrap_or(fact.recorded);
        let force =
            if withdrawn_at.is_some_and(|at| at > through) { Force::InForce } else { fact.force.clone() };
        falls_into(last).then(|| Self { recorded: last, fact: Fact { force, ..fact.clone() } })
    }
}

/// The sources whose facts are not this city's own: every one that ever sent a feed, and those that are
/// trusted to send one.
fn foreign_sources(office: &Office) -> Result<BTreeSet<String>, OfficeError> {
    let settings = office.registry.settings_named(POSITIONS)?;
    let mut sources: BTreeSet<String> =
        settings.iter().filter_map(|name| name.strip_prefix(POSITIONS)).map(str::to_owned).collect();
    let published = office.tables.policies.in_force();
    let feeds = published.policy.trusted().iter().filter(|line| line.feeds);
    sources.extend(feeds.map(|line| line.issuer.clone()));
    Ok(sources)
}

/// This city's own facts and withdrawals after a time, in the order of recording, and the time up to which
/// they are complete.
fn recorded(
    office: &Office,
    after: Timestamp,
    through: Timestamp,
) -> Result<(Vec<FactRecord>, Timestamp), OfficeError> {
    let foreign = foreign_sources(office)?;
    let is_own =
        |fact: &&Fact| !foreign.contains(&fact.source) && !fact.source.starts_with(CERTIFICATE_SOURCE);
    let mut records: Vec<FactRecord> = Vec::new();
    office.registry.evidence(|_, Evidence { facts: known, .. }| {
        records.extend(known.iter().filter(is_own).filter_map(|fact| FactRecord::of(fact, after, through)));
    })?;
    records.sort_unstable_by_key(|record| (record.recorded, record.fact.id));
    let Some(first_left) = records.get(OUTWARD_MAX).map(|record| record.recorded) else {
        return Ok((records, through));
    };
    // Records of the same instant stay together: those of the first instant that does not fit come with the
    // next feed.
    records.retain(|record| record.recorded < first_left);
    Ok((records, first_left.minus_ms(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::fact::{FactKind, Withdrawal};
    use scangate_core::id::FactId;

    #[test]
    fn a_withdrawal_goes_out_once_in_the_feed_of_its_own_time() {
        let at = Timestamp;
        let fact = |recorded: u64, withdrawn: Option<Option<u64>>| Fact {
            id: FactId(1),
            person: PersonId(1),
            kind: FactKind::Confirmed,
            at: at(1),
            until: None,
            recorded: at(recorded),
            source: "cdc".into(),
            reference: None,
            force: withdrawn.map_or(Force::InForce, |time| {
                Force::Withdrawn(Withdrawal { reason: "mistaken".into(), at: time.map(Timestamp) })
            }),
        };
        // Recorded, withdrawn, and whether a feed of 10 to 20 has the fact in force or withdrawn.
        for (recorded, withdrawn, expected) in [
            (10, None, None),
            (11, None, Some(true)),
            (20, None, Some(true)),
            (21, None, None),
            (5, Some(Some(10)), None),
            (5, Some(Some(15)), Some(false)),
            (5, Some(Some(21)), None),
            (15, Some(Some(18)), Some(false)),
            (15, Some(Some(25)), Some(true)),
            (15, Some(None), Some(false)),
            (5, Some(None), None),
        ] {
            let record = FactRecord::of(&fact(recorded, withdrawn), at(10), at(20));
            let force = record.map(|record| record.fact.force == Force::InForce);
            assert_eq!(force, expected, "{recorded} {withdrawn:?}");
        }
    }
}
