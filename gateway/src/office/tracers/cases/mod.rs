//! Cases of tracers: trails, co-presence and visits at a venue. An answer needs a case of the caller's own,
//! and its audit entry is on disk before it is sent.

mod answer;

use super::trails;
use crate::clock;
use crate::office::http::auth::Tracer;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, PathId, PathIds, StrictQuery};
use crate::office::http::format::Format;
use crate::office::http::idempotency::RequestIds;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use answer::{contacts, trail_visits, venue_visits};
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use scangate_core::co_presence::{self, CoPresenceError, Hops, Question};
use scangate_core::id::{CaseId, PersonId, VenueId};
use scangate_core::limits::HOPS_MAX;
use scangate_core::refusal::Refusal;
use scangate_core::text::label;
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_core::token::Claims;
use scangate_core::visit::Window;
use scangate_storage::registry::{Case, NewCase};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A case to open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct CaseLine {
    person: PersonId,
    purpose: String,
    reference: String,
    from: Timestamp,
    to: Timestamp,
}

/// `POST /v1/cases`.
pub(in crate::office) async fn open(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    Json(line): Json<CaseLine>,
) -> Result<axum::Json<Value>, OfficeError> {
    let window = window(&office, line.from, line.to)?;
    if label(&line.purpose).is_none() || label(&line.reference).is_none() {
        return Err(OfficeError::unprintable("purpose and reference"));
    }
    blocking(move || {
        if !office.registry.is_registered(line.person)? {
            return Err(OfficeError::PersonUnknown);
        }
        spend(&office, &claims, "cases", 1, office.settings.tracer_cases_max)?;
        let CaseLine { person, purpose, reference, .. } = line;
        let tracer = claims.subject.clone();
        let new = NewCase { tracer, person, purpose, reference, window, opened: clock::now() };
        let case = office.registry.making(&ids).open_case(new)?;
        let detail = json!({"person": person, "purpose": case.purpose, "reference": case.reference});
        office.audit(&claims, "case-opened", case.id.to_string(), detail)?;
        Ok(axum::Json(json!({"case": case.id})))
    })
    .await?
}

fn window(office: &Office, from: Timestamp, to: Timestamp) -> Result<Window, OfficeError> {
    if from >= to {
        return Err(OfficeError::Malformed("from must be before to".into()));
    }
    let days = office.settings.retention_days;
    if to.since_ms(from) > u64::from(days) * DAY_MS {
        return Err(OfficeError::Malformed(format!("from and to may lie {days} days apart at most").into()));
    }
    Ok(Window { from, to })
}

/// Spends part of a tracer's budget of the day.
fn spend(office: &Office, claims: &Claims, what: &str, amount: u64, max: u64) -> Result<(), OfficeError> {
    let (account, day) = (format!("{what}/{}", claims.subject), clock::now().0 / DAY_MS);
    if office.registry.spend(&account, day, amount, max)? { Ok(()) } else { Err(OfficeError::BudgetSpent) }
}

/// Returns the caller's own case. Another tracer's case answers 404.
async fn own(office: &Arc<Office>, claims: &Claims, id: CaseId) -> Result<Case, OfficeError> {
    let registry = office.registry.clone();
    let case = blocking(move || registry.case(id)).await?;
    let case = case.map_err(|error| OfficeError::from(error).complete_through(office.complete_so_far()))?;
    case.filter(|case| case.tracer == claims.subject).ok_or(Refusal::NotFound.into())
}

/// The problem's detail where a tracer's query string does not parse.
const EXPECTED: &str = "the query has an unknown, repeated or malformed parameter";

/// Spends the budget of an answer and audits it, before it is sent.
fn account_for(
    office: &Office,
    claims: &Claims,
    act: &str,
    case: &Case,
    persons: usize,
    detail: Value,
) -> Result<(), OfficeError> {
    spend(office, claims, "persons", persons as u64, office.settings.tracer_persons_max)?;
    office.audit(claims, act, case.id.to_string(), json!({"persons": persons, "asked": detail}))
}

/// `GET /v1/cases/{case}/trail`.
pub(in crate::office) async fn trail(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    PathId(case): PathId<CaseId>,
    headers: HeaderMap,
) -> Result<Response, OfficeError> {
    let case = own(&office, &claims, case).await?;
    let format = Format::of(&headers);
    let answer = trails::read(&office, move |office, sources| {
        let visits = co_presence::trail(&sources.trails, &sources.dwells, case.person, case.window())?;
        account_for(office, &claims, "trail-read", &case, 1, Value::Null)?;
        Ok(trail_visits(format, &case, sources.complete_through, &visits))
    });
    answer.await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct CoPresenceQuery {
    #[serde(default = "one_hop")]
    hops: u8,
    #[serde(default = "one_second")]
    min_overlap_s: u64,
}

impl Parameters for CoPresenceQuery {
    const EXPECTED: &'static str = EXPECTED;
}

fn one_hop() -> u8 {
    1
}

fn one_second() -> u64 {
    1
}

/// `GET /v1/cases/{case}/co-presence`.
pub(in crate::office) async fn co_presence(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    PathId(case): PathId<CaseId>,
    query: Result<StrictQuery<CoPresenceQuery>, OfficeError>,
    headers: HeaderMap,
) -> Result<Response, OfficeError> {
    let case = own(&office, &claims, case).await?;
    let StrictQuery(CoPresenceQuery { hops: asked_hops, min_overlap_s }) = query?;
    let hops = match asked_hops {
        0 => return Err(OfficeError::Malformed("hops must be 1 or 2".into())),
        1 => Hops::One,
        HOPS_MAX => Hops::Two,
        3.. => return Err(OfficeError::HopsNeedApproval),
    };
    let format = Format::of(&headers);
    let answer = trails::read(&office, move |office, sources| {
        let question = Question { person: case.person, window: case.window(), hops, min_overlap_s };
        let found = co_presence::co_presence(&sources.trails, &sources.dwells, &question);
        let found = found.map_err(|error| match error {
            CoPresenceError::Trails(error) => OfficeError::from(error),
            CoPresenceError::TooMany => OfficeError::AnswerTooLarge,
        })?;
        let detail = json!({"hops": asked_hops, "min_overlap_s": min_overlap_s});
        account_for(office, &claims, "co-presence-read", &case, found.len(), detail)?;
        Ok(contacts(format, &case, sources.complete_through, &found))
    });
    answer.await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct VisitsQuery {
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
}

impl Parameters for VisitsQuery {
    const EXPECTED: &'static str = EXPECTED;
}

/// `GET /v1/cases/{case}/venues/{venue}/visits`. The window is the case's or a part of it.
pub(in crate::office) async fn visits(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    PathIds(case, venue): PathIds<CaseId, VenueId>,
    query: Result<StrictQuery<VisitsQuery>, OfficeError>,
    headers: HeaderMap,
) -> Result<Response, OfficeError> {
    let case = own(&office, &claims, case).await?;
    office.tables.venues.get(venue).ok_or(Refusal::NotFound)?;
    let StrictQuery(VisitsQuery { from, to }) = query?;
    let asked_window = window(&office, from.unwrap_or(case.from), to.unwrap_or(case.to))?;
    if asked_window.from < case.from || asked_window.to > case.to {
        return Err(OfficeError::Malformed("from and to must lie within the case's".into()));
    }
    let format = Format::of(&headers);
    let answer = trails::read(&office, move |office, sources| {
        let visits = co_presence::visitors(&sources.trails, &sources.dwells, venue, asked_window)?;
        let persons: BTreeSet<PersonId> = visits.iter().map(|visit| visit.person).collect();
        let detail = json!({"venue": venue, "from": asked_window.from, "to": asked_window.to});
        account_for(office, &claims, "venue-visits-read", &case, persons.len(), detail)?;
        Ok(venue_visits(format, &case, venue, sources.complete_through, &visits))
    });
    answer.await
}
