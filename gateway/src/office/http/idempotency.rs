//! Idempotency keys: a POST with `idempotency-key` acts once. For a day the same caller, path, key and body
//! get the first answer again. The key is claimed before the handler runs, on any gateway of the city, and
//! the answer is stored before it is sent. This module knows no endpoint but the ones that take no key.

use super::auth::sender;
use super::error::OfficeError;
use super::json;
use super::work_place;
use crate::clock;
use crate::office::{Office, blocking};
use aws_lc_rs::digest;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Buf as _, BufMut as _, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode};
use scangate_core::refusal::Refusal;
use scangate_storage::registry::{AnswerClaim, ClaimResult, IdSource, RequestKey};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in visible ASCII characters.
const KEY_CHARS_MAX: usize = 64;
/// The longest body of a request with a key, from a bearer of a token: it is read whole.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The longest body of such a request from a resident or without a token: a registration with a picture.
const OWN_BODY_BYTES_MAX: usize = 1024 * 1024;
/// The longest answer that is stored. A longer one is sent once.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The pause before the state of a running request is read again.
const POLL_PAUSE: Duration = Duration::from_millis(100);
/// The reads of that state: some 10 seconds, the time for which a phone waits.
const POLLS_MAX: usize = 100;
/// The interval at which a running request renews its claim. Claims become stale after several of them.
const RENEWAL: Duration = Duration::from_secs(5);

/// The interval at which an embedded store removes expired answers.
const SWEEP_PAUSE: Duration = Duration::from_secs(3_600);

/// Public paths whose caller has no token yet.
const PUBLIC: [&str; 2] = ["/v1/people", "/v1/people/sms-codes"];
/// Paths that take no key: a look-up, and streams of any length whose lines are idempotent by themselves.
const EXEMPT: [&str; 3] = ["/v1/policies/dry-run", "/v1/check-ins/batch", "/v1/check-ins/import"];

/// The source of ids for what this request makes: derived from its key if it has one.
#[derive(Clone, Default)]
pub(in crate::office) struct RequestIds(pub IdSource);

impl<S: Send + Sync> FromRequestParts<S> for RequestIds {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Answers a request with a key once, and passes every other request on.
pub(in crate::office) async fn answer_once(
    State(office): State<Arc<Office>>,
    request: Request,
    next: Next,
) -> Result<Response, OfficeError> {
    let (parts, body) = request.into_parts();
    let Some((scope, bytes_max)) = scope(&parts, &office)? else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let body = json::body(Request::from_parts(parts.clone(), body), bytes_max).await?;
    let key = RequestKey { scope, body: hash("scangate request body", [&body]) };
    let mut claim = match claim(&office, key).await? {
        KeyClaim::Act(claim) => claim,
        KeyClaim::Answer(answer) => return Ok(answer),
    };
    let mut request = Request::from_parts(parts, Body::from(body));
    let seed = hash("scangate request", [&key.scope[..], &key.body]);
    request.extensions_mut().insert(RequestIds(IdSource::derived(seed)));
    let answer = run(&office, &mut claim, async { gathered(next.run(request).await).await }).await;
    Ok(settle(&office, claim, answer).await)
}

/// The scope of a request's key and the most bytes of its body; none for a request without a key, and for one
/// that its handler rejects for want of a valid token. **Errors**: the key is malformed.
fn scope(parts: &Parts, office: &Office) -> Result<Option<([u8; 32], usize)>, OfficeError> {
    let path = parts.uri.path();
    let mut keys = parts.headers.get_all(KEY).iter();
    let Some(key) = keys.next().filter(|_| parts.method == Method::POST && !EXEMPT.contains(&path)) else {
        return Ok(None);
    };
    let sender = if PUBLIC.contains(&path) { Some(String::new()) } else { sender(parts, office) };
    let Some(sender) = sender else { return Ok(None) };
    let is_key = (1..=KEY_CHARS_MAX).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    if !is_key || keys.next().is_some() {
        let bounds =
            format!("idempotency-key must be one header of 1 to {KEY_CHARS_MAX} visible ASCII characters");
        return Err(OfficeError::Malformed(bounds.into()));
    }
    let whole = parts.uri.path_and_query().map_or(path, |whole| whole.as_str());
    let named = [sender.as_bytes(), parts.method.as_str().as_bytes(), whole.as_bytes(), key.as_bytes()];
    let is_own = sender.is_empty() || sender.starts_with("resident/");
    let bytes_max = if is_own { OWN_BODY_BYTES_MAX } else { BODY_BYTES_MAX };
    Ok(Some((hash("scangate idempotency key", named), bytes_max)))
}

/// SHA-256 over a domain and parts, each after its length.
fn hash<const N: usize>(domain: &str, parts: [&[u8]; N]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [domain.as_bytes()].into_iter().chain(parts) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// A key after it was claimed.
enum KeyClaim {
    /// This request acts.
    Act(AnswerClaim),
    /// The first request's answer, or the problem of another body.
    Answer(Response),
}

/// Claims a key. While another request with this key is running, it waits for that request's answer.
/// **Errors**: the answer did not come in time.
async fn claim(office: &Arc<Office>, key: RequestKey) -> Result<KeyClaim, OfficeError> {
    for _ in 0..POLLS_MAX {
        let registry = office.registry.clone();
        match blocking(move || registry.claim_answer(&key, clock::now())).await?? {
            ClaimResult::Claimed(claim) => return Ok(KeyClaim::Act(claim)),
            ClaimResult::OtherBody => return Err(OfficeError::KeyReused),
            ClaimResult::Answered(answer) => {
                let mut answer = decode(answer).ok_or(OfficeError::StoreUnavailable)?;
                answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                return Ok(KeyClaim::Answer(answer));
            }
            ClaimResult::Running => work_place::without(sleep(POLL_PAUSE)).await,
        }
    }
    // The first request may be carried out yet.
    Err(Refusal::Unconfirmed.into())
}

/// Runs a request, and renews its claim meanwhile.
async fn run<T>(office: &Arc<Office>, claim: &mut AnswerClaim, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut ticks = interval_at(Instant::now() + RENEWAL, RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => {
                let (registry, mut held) = (office.registry.clone(), claim.clone());
                let renewed = blocking(move || registry.renew_claim(&mut held, clock::now()).map(|_| held));
                // After a failure the next renewal tries again.
                if let Ok(Ok(held)) = renewed.await {
                    *claim = held;
                }
            }
        }
    }
}

/// An answer of the handler.
enum HandlerAnswer {
    /// The whole answer.
    Whole(http::response::Parts, Bytes),
    /// An answer that is too long to be stored, or that broke off.
    Streaming(Response),
}

async fn gathered(response: Response) -> HandlerAnswer {
    let (parts, body) = response.into_parts();
    let (mut whole, mut rest) = (BytesMut::new(), body.into_data_stream());
    while let Some(piece) = rest.next().await {
        match piece {
            Ok(piece) if whole.len() + piece.len() <= ANSWER_BYTES_MAX => whole.extend_from_slice(&piece),
            piece => {
                let begun = stream::iter([Ok(whole.freeze()), piece]);
                return HandlerAnswer::Streaming(Response::from_parts(
                    parts,
                    Body::from_stream(begun.chain(rest)),
                ));
            }
        }
    }
    HandlerAnswer::Whole(parts, whole.freeze())
}

/// Stores the answer of a request that had an effect, and releases the key of any other one. An answer that
/// cannot be stored is sent all the same: its request was acted on.
async fn settle(office: &Arc<Office>, mut claim: AnswerClaim, answer: HandlerAnswer) -> Response {
    let (stored, response) = match answer {
        HandlerAnswer::Whole(parts, body) => {
            let is_final = parts.status.is_success() && !has_transient_problem(&parts, &body);
            (is_final.then(|| encode(&parts, &body)), Response::from_parts(parts, Body::from(body)))
        }
        HandlerAnswer::Streaming(response) => (None, response),
    };
    let registry = office.registry.clone();
    let settled = blocking(move || match stored {
        Some(answer) => registry.store_answer(&mut claim, answer).map(drop),
        None => registry.release_claim(&claim),
    });
    if let Ok(Err(error)) = settled.await {
        tracing::warn!(event = "answer-unstored", %error, "the answer to a request with an idempotency key was not stored");
    }
    response
}

/// Removes expired answers from an embedded store, at the start and every hour.
pub async fn sweep_answers(office: Arc<Office>) {
    let mut ticks = interval(SWEEP_PAUSE);
    loop {
        ticks.tick().await;
        let registry = office.registry.clone();
        if let Ok(Err(error)) = blocking(move || registry.sweep_answers(clock::now())).await {
            tracing::warn!(event = "answers-unswept", %error, "expired answers were not removed; the next sweep tries again");
        }
    }
}

/// Whether a line of the answer is a problem that a repetition may not have: only those carry a retry time.
fn has_transient_problem(parts: &http::response::Parts, body: &[u8]) -> bool {
    let is_lines = parts.headers.get(CONTENT_TYPE).is_some_and(|of| of == "application/x-ndjson");
    is_lines && std::str::from_utf8(body).is_ok_and(|text| text.contains("\"retry_after_ms\":"))
}

/// **Shape**: status (2), length of the content type (2), content type, body.
fn encode(parts: &http::response::Parts, body: &[u8]) -> Vec<u8> {
    let of = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let mut answer = Vec::with_capacity(4 + of.len() + body.len());
    answer.put_u16(parts.status.as_u16());
    answer.put_u16(u16::try_from(of.len()).unwrap_or_default());
    answer.put_slice(of);
    answer.put_slice(body);
    answer
}

fn decode(answer: Vec<u8>) -> Option<Response> {
    let mut rest = Bytes::from(answer);
    let status = StatusCode::from_u16(rest.try_get_u16().ok()?).ok()?;
    let length = usize::from(rest.try_get_u16().ok()?);
    let of = (length <= rest.len()).then(|| rest.split_to(length))?;
    let mut response = Response::new(Body::from(rest));
    *response.status_mut() = status;
    if !of.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_bytes(&of).ok()?);
    }
    Some(response)
}
