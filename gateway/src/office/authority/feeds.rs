//! Feeds between a province and its city: signed, in sequence, all or nothing. Inward feeds have facts by
//! document. Outward feeds have this city's own facts by salted subject, so no document leaves the city.

use crate::clock;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, StrictQuery};
use crate::office::http::idempotency::RequestIds;
use crate::office::http::json;
use crate::office::residents::certificates::salt;
use crate::office::{Office, PEOPLE_AT_ONCE, blocking};
use aws_lc_rs::digest;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use scangate_core::certificate::{is_signed, subject};
use scangate_core::colour::Colour;
use scangate_core::evidence::Evidence;
use scangate_core::fact::{Fact, FactLine};
use scangate_core::id::PersonId;
use scangate_core::person::Document;
use scangate_core::text::without_mark;
use scangate_core::time::Timestamp;
use scangate_storage::registry::{FactReport, HeldListKind, NewHeldList};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};
use std::sync::Arc;

/// The longest feed.
const FEED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The worsening facts that a feed may have without a second approver.
const WORSENING_MAX: usize = 1_000;
/// The facts in an outward feed; the next feed continues after them.
const OUTWARD_MAX: usize = 100_000;
/// Facts younger than this may not have reached every gateway yet.
const SETTLING_MS: u64 = 10_000;
const SIGNATURE: &str = "scangate-signature";
const DOMAIN: &str = "scangate feed";

/// The first line of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedHead {
    source: String,
    sequence: u64,
    lines: usize,
}

/// The position of the last feed that was accepted from a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FeedPosition {
    sequence: u64,
    digest: String,
}

/// A parsed line.
struct FeedEntry {
    person: Option<PersonId>,
    fact: Option<Fact>,
    /// The colour that the source shows for the person.
    colour: Option<Colour>,
}

/// A feed from a trusted source that is the next in sequence.
struct Feed {
    head: FeedHead,
    lines: Vec<FeedEntry>,
    taken: FeedPosition,
}

/// `POST /v1/feeds`: NDJSON, a head line and one line per fact, signed in the header `scangate-signature`.
pub(in crate::office) async fn receive(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    request: Request,
) -> Result<Response, OfficeError> {
    let signature = request.headers().get(SIGNATURE).and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let body = json::signed_body(request, FEED_BYTES_MAX).await?;
    let body = String::from_utf8(body.into()).map_err(|_| OfficeError::Malformed("not UTF-8".into()))?;
    blocking(move || {
        let Some(feed) = read(&office, &body, &signature)? else {
            return Ok(axum::Json(value!({"repeated": true})).into_response());
        };
        let published = office.tables.policies.in_force();
        let facts: Vec<Fact> = feed.lines.iter().filter_map(|line| line.fact.clone()).collect();
        let matched = office.registry.match_facts(&facts)?;
        let new = facts.iter().zip(matched).filter(|(_, matched)| matched.report == FactReport::First);
        let worsening = new.filter(|(fact, _)| published.policy.worsens(fact.kind.name())).count();
        let detail =
            value!({"sequence": feed.head.sequence, "lines": feed.lines.len(), "worsening": worsening});
        if worsening > WORSENING_MAX {
            office.audit(&claims, "feed-held", feed.head.source, detail)?;
            let (sent_by, count) = (claims.subject, feed.lines.len() as u64);
            let signature = Some(signature);
            let new =
                NewHeldList { kind: HeldListKind::Feed, sent_by, at: clock::now(), count, body, signature };
            let held = office.registry.making(&ids).hold(new)?;
            metrics::counter!("scangate_held_total", "kind" => "feed").increment(1);
            tracing::warn!(%held, worsening, "a feed waits for a second approver");
            return Ok((StatusCode::ACCEPTED, axum::Json(value!({"held": held}))).into_response());
        }
        office.audit(&claims, "feed-taken", feed.head.source.clone(), detail)?;
        apply(&office, feed)
    })
    .await?
}

/// Applies a feed that a second approver approved. Its signature was verified on receipt.
pub(in crate::office) async fn apply_held(
    office: Arc<Office>,
    body: String,
) -> Result<Response, OfficeError> {
    blocking(move || {
        let head = head(&body)?;
        match next(&office, head, &body)? {
            Some(feed) => apply(&office, feed),
            None => Ok(axum::Json(value!({"repeated": true})).into_response()),
        }
    })
    .await?
}

fn head(body: &str) -> Result<FeedHead, OfficeError> {
    json::parse(without_mark(body.lines().next().unwrap_or_default().as_bytes()))
}

/// Verifies a feed and parses all of it; `None` if it was accepted before.
fn read(office: &Office, body: &str, signature: &str) -> Result<Option<Feed>, OfficeError> {
    let (head, now) = (head(body)?, clock::now());
    let is_trusted = {
        let published = office.tables.policies.in_force();
        let mut trusted =
            published.policy.trusted().iter().filter(|line| line.feeds && line.covers(&head.source, now));
        trusted.any(|line| is_signed(&line.key, DOMAIN, body.as_bytes(), signature))
    };
    if !is_trusted {
        return Err(OfficeError::FeedUntrusted);
    }
    next(office, head, body)
}

/// Parses a feed if it is the next one of its source.
fn next(office: &Office, head: FeedHead, body: &str) -> Result<Option<Feed>, OfficeError> {
    let whole = digest::digest(&digest::SHA256, body.as_bytes());
    let taken = FeedPosition { sequence: head.sequence, digest: URL_SAFE_NO_PAD.encode(whole.as_ref()) };
    let last = last(office, &head.source)?;
    if last.as_ref() == Some(&taken) {
        return Ok(None);
    }
    let expected = last.map_or(1, |last| last.sequence + 1);
    if head.sequence != expected {
        return Err(OfficeError::FeedOutOfOrder(expected));
    }
    let texts: Vec<&str> = body.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    if texts.len() != head.lines {
        return Err(OfficeError::Malformed("the head has another number of lines than the feed".into()));
    }
    let lines = lines(office, &head, &texts)?;
    Ok(Some(Feed { head, lines, taken }))
}

fn last(office: &Office, source: &str) -> Result<Option<FeedPosition>, OfficeError> {
    let stored = office.registry.setting(&setting(source))?;
    let taken = stored.map(|stored| serde_json::from_slice(&stored)).transpose();
    taken.map_err(|_| OfficeError::StoreUnavailable)
}

fn setting(source: &str) -> String {
    format!("feed/{source}")
}

/// A line as sent: it has the document in place of the person.
#[derive(Deserialize)]
struct FeedLine {
    document: Document,
    #[serde(default)]
    colour: Option<Colour>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

/// Parses every line or none. **Errors**: the number of the first bad line.
fn lines(office: &Office, head: &FeedHead, texts: &[&str]) -> Result<Vec<FeedEntry>, OfficeError> {
    let of_line = |number: usize, wrong: &dyn std::fmt::Display| {
        OfficeError::Malformed(format!("line {}: {wrong}; nothing of the feed was stored", number + 2).into())
    };
    let mut sent = Vec::with_capacity(texts.len());
    for (number, text) in texts.iter().enumerate() {
        let mut line: FeedLine =
            serde_json::from_str(text).map_err(|_| of_line(number, &"it needs a document"))?;
        line.document = line.document.checked().map_err(|error| of_line(number, &error))?;
        sent.push(line);
    }
    let documents: Vec<&Document> = sent.iter().map(|line| &line.document).collect();
    let people = office.registry.people_by_document(&documents)?;
    let mut read = Vec::with_capacity(sent.len());
    for (number, (line, person)) in sent.into_iter().zip(people).enumerate() {
        let FeedLine { colour, rest, .. } = line;
        let fact = if rest.is_empty() {
            None
        } else {
            let fact = fact(head, person, rest).map_err(|wrong| of_line(number, &wrong))?;
            fact.filter(|_| person.is_some())
        };
        read.push(FeedEntry { person, fact, colour });
    }
    Ok(read)
}

/// The fact of a line.
fn fact(
    head: &FeedHead,
    person: Option<PersonId>,
    mut rest: serde_json::Map<String, Value>,
) -> Result<Option<Fact>, String> {
    // A person who is not registered here is checked too: a feed is valid as a whole or rejected.
    rest.insert("person".into(), value!(person.unwrap_or(PersonId(0))));
    rest.entry("source").or_insert_with(|| value!(head.source));
    let line: FactLine =
        serde_json::from_value(Value::Object(rest)).map_err(|_| "it is not a fact".to_owned())?;
    line.fact(clock::now()).map(Some).map_err(|error| error.to_string())
}

/// Stores a feed and advances its source. Returns for how many people the source shows another colour than
/// this city, from this feed or an earlier one.
fn apply(office: &Office, feed: Feed) -> Result<Response, OfficeError> {
    let Feed { head, lines, taken } = feed;
    let facts: Vec<Fact> = lines.iter().filter_map(|line| line.fact.clone()).collect();
    let recorded = office.registry.record_facts(&facts)?;
    let repeated = recorded.iter().filter(|fact| fact.report != FactReport::First).count();
    let differing = recorded.iter().filter(|fact| fact.report == FactReport::Differing).count();
    let shown: Vec<_> = lines.iter().filter_map(|line| line.person.zip(line.colour)).collect();
    office.registry.note_upstream(&head.source, &shown, clock::now())?;
    let before = office.registry.setting(&setting(&head.source))?;
    let moved_on = serde_json::to_vec(&taken).expect("it holds nothing that JSON cannot");
    if !office.registry.swap_setting(&setting(&head.source), before.as_deref(), &moved_on)? {
        return Err(OfficeError::StoreUnavailable);
    }
    office.recolour(&facts.iter().map(|fact| fact.person).collect::<Vec<_>>())?;
    let mut diverging = 0_u32;
    office.registry.shown_by(&head.source, |person, shown| {
        diverging += u32::from(office.tables.colours.standing(person).colour != shown);
    })?;
    metrics::gauge!("scangate_feed_divergence", "source" => head.source.clone()).set(f64::from(diverging));
    let unknown = lines.iter().filter(|line| line.person.is_none()).count();
    let answer = value!({
        "source": head.source, "sequence": head.sequence, "facts": facts.len(), "unknown": unknown,
        "repeated_facts": repeated, "differing_facts": differing, "diverging": diverging,
    });
    Ok(axum::Json(answer).into_response())
}

/// The time after which the facts of an outward feed went on record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct OutwardQuery {
    after: Timestamp,
}

impl Parameters for OutwardQuery {
    const EXPECTED: &'static str = "the query needs `after`, a time";
}

/// `GET /v1/feeds/outward?after=TIME`: this city's facts recorded after that time, with the time for the next
/// request. **Cost**: reads all evidence.
pub(in crate::office) async fn outward_feed(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    StrictQuery(OutwardQuery { after }): StrictQuery<OutwardQuery>,
) -> Result<Response, OfficeError> {
    blocking(move || {
        let (facts, through) = recorded(&office, after, clock::now().minus_ms(SETTLING_MS))?;
        let source = office.tables.policies.in_force().policy.name().to_owned();
        office.audit(&claims, "feed-given", String::new(), value!({"facts": facts.len()}))?;
        let mut text = String::new();
        for facts in facts.chunks(PEOPLE_AT_ONCE) {
            let people: Vec<PersonId> = facts.iter().map(|fact| fact.person).collect();
            for (fact, person) in facts.iter().zip(office.registry.persons(&people)?) {
                // A person who was erased meanwhile is left out.
                let Some(person) = person else { continue };
                text.push_str(&outward_line(&office, fact, &person.personal.document).to_string());
                text.push('\n');
            }
        }
        let head =
            value!({"source": source, "after": after, "through": through, "lines": text.lines().count()});
        let text = format!("{head}\n{text}");
        let signature = office.issuer.sign(DOMAIN, text.as_bytes());
        Ok(([(CONTENT_TYPE.as_str(), "application/x-ndjson"), (SIGNATURE, &*signature)], text)
            .into_response())
    })
    .await?
}

/// A fact as sent: it has a salted subject in place of the person.
fn outward_line(office: &Office, fact: &Fact, document: &Document) -> Value {
    let salt = salt(office, fact.person);
    let mut line = serde_json::to_value(fact).unwrap_or_default();
    if let Value::Object(members) = &mut line {
        members.remove("person");
        members.insert("subject".into(), value!(subject(&salt, document)));
        members.insert("salt".into(), value!(URL_SAFE_NO_PAD.encode(salt)));
    }
    line
}

/// This city's own facts after a time, in the order of recording, and the time up to which they are complete.
fn recorded(
    office: &Office,
    after: Timestamp,
    through: Timestamp,
) -> Result<(Vec<Fact>, Timestamp), OfficeError> {
    let sources: Vec<String> = {
        let published = office.tables.policies.in_force();
        let feeds = published.policy.trusted().iter().filter(|line| line.feeds);
        feeds.map(|line| line.issuer.clone()).collect()
    };
    let mut facts: Vec<Fact> = Vec::new();
    office.registry.evidence(|_, Evidence { facts: known, .. }| {
        let is_own = |fact: &&Fact| {
            after < fact.recorded && fact.recorded <= through && !sources.contains(&fact.source)
        };
        facts.extend(known.iter().filter(is_own).cloned());
    })?;
    facts.sort_unstable_by_key(|fact| (fact.recorded, fact.id));
    let Some(first_left) = facts.get(OUTWARD_MAX).map(|fact| fact.recorded) else {
        return Ok((facts, through));
    };
    // Facts of the same instant stay together: those of the first instant that does not fit come with the
    // next feed.
    facts.retain(|fact| fact.recorded < first_left);
    Ok((facts, first_left.minus_ms(1)))
}
