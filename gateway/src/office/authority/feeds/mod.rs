//! Feeds between a province and its city, or between two cities: signed, in sequence, all or nothing. A feed
//! identifies people by document, or by salted subject, which is the form of an outward feed.

mod lines;
mod outward;

pub(in crate::office) use outward::outward_feed;

use super::brake;
use crate::clock;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::idempotency::RequestIds;
use crate::office::http::json;
use crate::office::{Office, blocking};
use aws_lc_rs::digest;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use lines::{FeedAct, FeedEntry};
use scangate_core::certificate::{SALT_BYTES, is_signed};
use scangate_core::fact::Fact;
use scangate_core::id::PersonId;
use scangate_core::policy::Policy;
use scangate_core::text::without_mark;
use scangate_core::time::Timestamp;
use scangate_core::token::Claims;
use scangate_storage::registry::{FactReport, HeldList, HeldListKind, IdSource, NewHeldList};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest feed.
const FEED_BYTES_MAX: usize = 16 * 1024 * 1024;
const SIGNATURE: &str = "scangate-signature";
const DOMAIN: &str = "scangate feed";
/// The prefix of the settings that hold the positions of the feeds.
const POSITIONS: &str = "feed/";

/// The first line of a feed. The members behind `lines` are those of the outward form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedHead {
    source: String,
    sequence: u64,
    lines: usize,
    /// The salt of the subjects, as base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    /// The time after which the facts and withdrawals went on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Timestamp>,
    /// The time up to which they are complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    through: Option<Timestamp>,
}

impl FeedHead {
    fn salt(&self) -> Result<Option<[u8; SALT_BYTES]>, OfficeError> {
        let Some(salt) = &self.salt else { return Ok(None) };
        let salt = URL_SAFE_NO_PAD.decode(salt).ok().and_then(|salt| salt.try_into().ok());
        salt.map(Some).ok_or(OfficeError::Malformed("the head's salt must be 16 bytes in base64url".into()))
    }
}

/// The position of the last feed that was accepted from a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FeedPosition {
    sequence: u64,
    digest: String,
}

/// A feed from a trusted source that is the next in sequence.
pub(super) struct Feed {
    head: FeedHead,
    lines: Vec<FeedEntry>,
    taken: FeedPosition,
}

impl Feed {
    /// The facts that the feed adds.
    pub(super) fn added(&self) -> impl Iterator<Item = &Fact> {
        self.lines.iter().filter_map(|line| match &line.act {
            FeedAct::Add(fact) => Some(fact),
            FeedAct::Withdraw { .. } | FeedAct::Known(_) | FeedAct::UnknownWithdrawal | FeedAct::None => None,
        })
    }

    /// The facts that the feed withdraws, with its reasons.
    pub(super) fn withdrawn(&self) -> impl Iterator<Item = (&Fact, &str)> {
        self.lines.iter().filter_map(|line| match &line.act {
            FeedAct::Withdraw { fact, reason } => Some((fact, reason.as_str())),
            FeedAct::Add(_) | FeedAct::Known(_) | FeedAct::UnknownWithdrawal | FeedAct::None => None,
        })
    }

    /// The people whose colours the feed may change.
    fn touched(&self) -> Vec<PersonId> {
        let added = self.added().map(|fact| fact.person);
        added.chain(self.withdrawn().map(|(fact, _)| fact.person)).collect()
    }

    /// The lines that may worsen a colour: facts that worsen, and withdrawals of facts that do not, since
    /// these may have improved a colour.
    fn worsening(&self, policy: &Policy) -> u64 {
        let added = self.added().filter(|fact| policy.worsens(fact.kind.name())).count();
        let withdrawn = self.withdrawn().filter(|(fact, _)| !policy.worsens(fact.kind.name())).count();
        (added + withdrawn) as u64
    }

    fn count(&self, is_counted: impl Fn(&FeedEntry) -> bool) -> usize {
        self.lines.iter().filter(|line| is_counted(line)).count()
    }
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
        let Some(feed) = read(&office, &body, Some(&signature))? else { return Ok(repeated()) };
        let worsening = feed.worsening(&office.tables.policies.in_force().policy);
        let detail =
            value!({"sequence": feed.head.sequence, "lines": feed.lines.len(), "worsening": worsening});
        let by_source = BTreeMap::from([(feed.head.source.clone(), worsening)]);
        if !brake::spend(&office, &claims, by_source)? {
            return hold(&office, &ids, claims, &feed, (body, signature), detail);
        }
        office.audit(&claims, "feed-taken", feed.head.source.clone(), detail)?;
        apply(&office, feed)
    })
    .await?
}

fn repeated() -> Response {
    axum::Json(value!({"repeated": true})).into_response()
}

fn hold(
    office: &Office,
    ids: &IdSource,
    claims: Claims,
    feed: &Feed,
    (body, signature): (String, String),
    detail: Value,
) -> Result<Response, OfficeError> {
    let worsening = detail["worsening"].clone();
    office.audit(&claims, "feed-held", feed.head.source.clone(), detail)?;
    let new = NewHeldList {
        kind: HeldListKind::Feed,
        sent_by: claims.subject,
        at: clock::now(),
        count: feed.lines.len() as u64,
        body,
        signature: Some(signature),
    };
    let held = office.registry.making(ids).hold(new)?;
    metrics::counter!("scangate_held_total", "kind" => "feed").increment(1);
    tracing::warn!(event = "feed-held", %held, %worsening, "a feed waits for a second approver");
    Ok((StatusCode::ACCEPTED, axum::Json(value!({"held": held}))).into_response())
}

/// Checks a held feed as if it came now: its source is still trusted, and it is the next in sequence. `None`
/// if it was accepted meanwhile.
pub(super) fn check_held(office: &Office, held: &HeldList) -> Result<Option<Feed>, OfficeError> {
    read(office, &held.body, held.signature.as_deref())
}

/// Applies a held feed that was checked.
pub(super) fn apply_held(office: &Office, feed: Option<Feed>) -> Result<Response, OfficeError> {
    feed.map_or_else(|| Ok(repeated()), |feed| apply(office, feed))
}

fn head(body: &str) -> Result<FeedHead, OfficeError> {
    json::parse(without_mark(body.lines().next().unwrap_or_default().as_bytes()))
}

/// Verifies a feed and parses all of it; `None` if it was accepted before. A feed that version 0.1.0 held has
/// no signature any more, which was verified on receipt; its source must be trusted all the same.
fn read(office: &Office, body: &str, signature: Option<&str>) -> Result<Option<Feed>, OfficeError> {
    let (head, now) = (head(body)?, clock::now());
    let is_trusted = {
        let published = office.tables.policies.in_force();
        let mut trusted =
            published.policy.trusted().iter().filter(|line| line.feeds && line.covers(&head.source, now));
        trusted.any(|line| {
            signature.is_none_or(|signature| is_signed(&line.key, DOMAIN, body.as_bytes(), signature))
        })
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
    let lines = lines::read(office, &head, &texts)?;
    Ok(Some(Feed { head, lines, taken }))
}

fn last(office: &Office, source: &str) -> Result<Option<FeedPosition>, OfficeError> {
    let stored = office.registry.setting(&setting(source))?;
    let taken = stored.map(|stored| serde_json::from_slice(&stored)).transpose();
    taken.map_err(|_| OfficeError::StoreUnavailable)
}

fn setting(source: &str) -> String {
    format!("{POSITIONS}{source}")
}

/// Stores a feed and advances its source. Returns for how many people the source shows another colour than
/// this city, from this feed or an earlier one.
fn apply(office: &Office, feed: Feed) -> Result<Response, OfficeError> {
    let (now, source) = (clock::now(), &feed.head.source);
    let facts: Vec<Fact> = feed.added().cloned().collect();
    office.registry.record_facts(&facts)?;
    for (fact, reason) in feed.withdrawn() {
        office.registry.withdraw_fact(fact.id, reason.to_owned(), now)?;
    }
    let shown: Vec<_> = feed.lines.iter().filter_map(|line| line.person.zip(line.colour)).collect();
    office.registry.note_upstream(source, &shown, now)?;
    let before = office.registry.setting(&setting(source))?;
    let moved_on = serde_json::to_vec(&feed.taken).expect("it holds nothing that JSON cannot");
    if !office.registry.swap_setting(&setting(source), before.as_deref(), &moved_on)? {
        return Err(OfficeError::StoreUnavailable);
    }
    office.recolour(&feed.touched())?;
    let mut diverging = 0_u32;
    office.registry.shown_by(source, |person, shown| {
        diverging += u32::from(office.tables.colours.standing(person).colour != shown);
    })?;
    metrics::gauge!("scangate_feed_divergence", "source" => source.clone()).set(f64::from(diverging));
    let answer = value!({
        "source": source, "sequence": feed.head.sequence, "facts": facts.len(),
        "withdrawn": feed.withdrawn().count(),
        "known": feed.count(|line| matches!(line.act, FeedAct::Known(_))),
        "differing_facts": feed.count(|line| matches!(line.act, FeedAct::Known(FactReport::Differing))),
        "unknown": feed.count(|line| line.person.is_none()),
        "unknown_withdrawals": feed.count(|line| matches!(line.act, FeedAct::UnknownWithdrawal)),
        "diverging": diverging,
    });
    Ok(axum::Json(answer).into_response())
}
