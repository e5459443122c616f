//! Requests beside the scans, at a rate: the same times and the same people for the same seed.

use super::facts::FactLists;
use super::requests::{draw, ended, exchange, index, request};
use super::{BesideLoad, BesideWindow, SharedTotals};
use crate::carriers::{StandingConnection, in_time};
use crate::city::LoadCity;
use crate::client::{BreakCause, Handshake, LoadTarget, Version};
use crate::drive::now;
use crate::limits::{BESIDE_IN_FLIGHT_MAX, BESIDE_WAIT_MAX};
use crate::plan::SplitMix64;
use crate::replay::open_case;
use crate::scenario::beside::BesideKind;
use anyhow::Context as _;
use bytes::Bytes;
use http::Request;
use scangate_core::time::Step;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections of forged codes.
const FORGERS: u64 = 16;
/// Cases whose co-presence is asked for.
const CASES: u32 = 20;
/// The time before the run that a case covers.
const CASE_LENGTH_MS: u64 = 3_600_000;

/// A maker of requests of one kind.
pub(super) enum BesideSender {
    Refreshes { target: Arc<LoadTarget>, city: Arc<LoadCity>, seed: u64 },
    CoPresence { connection: StandingConnection, tracer: String, cases: Vec<String> },
    FactLists(FactLists),
    ForgedCodes { connections: Vec<StandingConnection>, city: Arc<LoadCity>, seed: u64 },
    Handshakes { attacked: Arc<LoadTarget> },
}

impl BesideSender {
    /// Prepares a kind. **Errors**: the gateway refuses it.
    pub(super) async fn of(kind: BesideKind, load: &BesideLoad, seed: u64) -> anyhow::Result<Self> {
        let BesideLoad { target, attacked, city, tokens, .. } = load;
        let city = Arc::clone(city);
        Ok(match kind {
            BesideKind::Refreshes => Self::Refreshes { target: Arc::clone(target), city, seed },
            BesideKind::CoPresence => {
                let tracer = tokens.tracer.clone().context("co-presence needs a tracer's token")?;
                let cases = open_cases(target, &city, &tracer).await?;
                let connection = StandingConnection::new(target, Version::Http3);
                Self::CoPresence { connection, tracer, cases }
            }
            BesideKind::FactLists => Self::FactLists(FactLists::new(target, city, &tokens.authority, seed)),
            BesideKind::ForgedCodes => {
                let connection = |_| StandingConnection::new(attacked, Version::Http3);
                Self::ForgedCodes { connections: (0..FORGERS).map(connection).collect(), city, seed }
            }
            BesideKind::Handshakes | BesideKind::SlowBodies | BesideKind::SilentConnections => {
                Self::Handshakes { attacked: Arc::clone(attacked) }
            }
        })
    }

    /// Sends the request with this number. Returns how it ended.
    async fn send(&self, number: u64) -> Result<String, BreakCause> {
        match self {
            Self::Refreshes { target, city, seed } => refresh(target, city, draw(*seed, number)).await,
            Self::CoPresence { connection, tracer, cases } => {
                let case = &cases[index(number, cases.len())];
                let path = format!("/v1/cases/{case}/co-presence");
                exchange(connection, request("GET", &path, tracer, String::new())).await
            }
            Self::FactLists(lists) => lists.send(number).await,
            Self::ForgedCodes { connections, city, seed } => {
                let connection = &connections[index(number, connections.len())];
                exchange(connection, forged(city, draw(*seed, number))).await
            }
            Self::Handshakes { attacked } => {
                let arrival = in_time(attacked.arrive(Handshake::Full)).await?;
                if let Some(quic) = arrival.connection.quic() {
                    quic.close(quinn::VarInt::from_u32(0), b"");
                }
                Ok("connected".to_owned())
            }
        }
    }
}

/// Sends requests at even intervals from the window's beginning to its end.
pub(super) async fn send_at_rate(
    sender: Arc<BesideSender>,
    rate: f64,
    mut window: BesideWindow,
    totals: SharedTotals,
) {
    let places = Arc::new(Semaphore::new(BESIDE_IN_FLIGHT_MAX as usize));
    for number in 0_u64.. {
        #[expect(clippy::cast_precision_loss, reason = "a run has fewer than 2^53 requests")]
        let at = window.begins + Duration::from_secs_f64(number as f64 / rate);
        if !window.wait_until(at).await {
            break;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            totals.add("not sent".to_owned(), None);
            continue;
        };
        let (sender, totals) = (Arc::clone(&sender), totals.clone());
        tokio::spawn(async move {
            let ended = timeout(BESIDE_WAIT_MAX, sender.send(number)).await;
            let took = at.elapsed();
            match ended {
                Ok(Ok(ended)) => totals.add(ended, Some(took)),
                Ok(Err(cause)) => totals.add(cause.to_string(), None),
                Err(_) => totals.add("unanswered".to_owned(), Some(took)),
            }
            drop(place);
        });
    }
    // Each request holds its place until it has ended.
    drop(places.acquire_many(BESIDE_IN_FLIGHT_MAX).await);
}

/// Opens cases about residents, so that their co-presence can be asked for.
async fn open_cases(target: &LoadTarget, city: &LoadCity, tracer: &str) -> anyhow::Result<Vec<String>> {
    let mut connection = target.connect(Version::Http3).await?;
    let (from, to) = (now().0.saturating_sub(CASE_LENGTH_MS), now().0 + CASE_LENGTH_MS);
    let mut cases = Vec::new();
    for resident in city.residents.iter().take(CASES as usize) {
        let (from, to) = (i64::try_from(from)?, i64::try_from(to)?);
        cases.push(open_case(&mut connection, tracer, resident.person, from, to).await?);
    }
    Ok(cases)
}

/// Opens a resident's page as a phone does: a connection, the page, and the record.
async fn refresh(target: &LoadTarget, city: &LoadCity, chosen: u64) -> Result<String, BreakCause> {
    let mut connection = in_time(target.arrive(Handshake::Full)).await?.connection;
    let page = connection.exchange(request("GET", "/me", "", String::new())).await;
    let page = page.map_err(|error| error.cause())?;
    if !page.status().is_success() {
        return Ok(ended(&page));
    }
    let resident = &city.residents[index(chosen, city.residents.len())];
    let record = request("GET", "/v1/people/me", &resident.authorization(now()), String::new());
    let record = connection.exchange(record).await.map_err(|error| error.cause())?;
    if let Some(quic) = connection.quic() {
        quic.close(quinn::VarInt::from_u32(0x100), b"");
    }
    Ok(ended(&record))
}

/// A check-in whose code has the form of a resident's and a wrong MAC.
fn forged(city: &LoadCity, chosen: u64) -> Request<Bytes> {
    let resident = &city.residents[index(chosen, city.residents.len())];
    let mut code = resident.code(Step::of(now()));
    let last = if code.pop() == Some('A') { 'B' } else { 'A' };
    code.push(last);
    let venue = &city.venues[index(SplitMix64(chosen).draw(), city.venues.len())].poster;
    request("POST", "/v1/check-ins", "", json!({"venue": venue, "person": code}).to_string())
}
