//! The reads of a case: the trail, co-presence, and the visits at a venue.

use super::answer::{Answer, contacts, trail_visits, venue_visits};
use super::{change_case, ensure_own_open, own_open, persons_account, window};
use crate::clock;
use crate::office::Office;
use crate::office::http::auth::Tracer;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, PathId, PathIds, StrictQuery};
use crate::office::http::format::Format;
use crate::office::tracers::trails;
use crate::office::venues::known_venue;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use scangate_core::co_presence::{CoPresenceError, Hops, Question};
use scangate_core::id::{CaseId, PersonId, VenueId};
use scangate_core::limits::HOPS_ALONE_MAX;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_core::token::Claims;
use scangate_core::visit::{VenueBook as _, Visit};
use scangate_storage::registry::{Case, TracedPlace};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The problem's detail where a tracer's query string does not parse.
const EXPECTED: &str = "the query has an unknown, repeated or malformed parameter";

/// The persons in an answer.
enum AnswerPersons {
    /// The index person, who learns of the case anyway.
    Index,
    /// Contacts, over this many hops.
    Contacts(Vec<PersonId>, Hops),
    /// Visitors of a venue.
    Visitors(Vec<PersonId>),
}

/// Accounts for an answer before it is sent: spends its budget, counts it in the case, records its persons,
/// and audits it. **Errors**: the case was closed or handed over in the meantime.
fn account_for(
    office: &Office,
    claims: &Claims,
    act: &str,
    case: &Case,
    persons: &AnswerPersons,
    detail: Value,
) -> Result<(), OfficeError> {
    let (count, hops, traced) = match persons {
        AnswerPersons::Index => (1, 0, None),
        AnswerPersons::Contacts(met, hops) => {
            (met.len() as u64, hops.number(), Some((TracedPlace::Contact, met)))
        }
        AnswerPersons::Visitors(there) => (there.len() as u64, 0, Some((TracedPlace::Visitor, there))),
    };
    office.spend_today(&persons_account(claims), count, office.settings.tracer.load().persons_max)?;
    change_case(office, case.id, |case| {
        ensure_own_open(case, claims)?;
        case.used.answers += 1;
        case.used.persons += count;
        case.used.hops = case.used.hops.max(hops);
        Ok(())
    })?;
    if let Some((place, persons)) = traced {
        office.registry.record_traced(case.id, place, persons, clock::now())?;
    }
    office.audit(claims, act, case.id.to_string(), json!({"persons": count, "asked": detail}))
}

/// `GET /v1/cases/{case}/trail`.
pub(in crate::office) async fn trail(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    PathId(case): PathId<CaseId>,
    headers: HeaderMap,
) -> Result<Response, OfficeError> {
    let case = own_open(&office, &claims, case).await?;
    let format = Format::of(&headers);
    let answer = trails::read(&office, claims.district.clone(), move |office, trails| {
        let visits = trails.trail(case.person, case.window())?;
        account_for(office, &claims, "trail-read", &case, &AnswerPersons::Index, Value::Null)?;
        let answer = Answer::new(office, &case, case.window(), format, trails.complete_through);
        Ok(trail_visits(&answer, &visits))
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
    let case = own_open(&office, &claims, case).await?;
    let StrictQuery(CoPresenceQuery { hops, min_overlap_s }) = query?;
    let hops = Hops::try_from(hops).map_err(|error| OfficeError::Malformed(error.to_string().into()))?;
    if hops.number() > HOPS_ALONE_MAX.max(case.hops_approved()) {
        return Err(OfficeError::ExtensionNeeded);
    }
    let format = Format::of(&headers);
    let answer = trails::read(&office, claims.district.clone(), move |office, trails| {
        let question = Question { person: case.person, window: case.window(), hops, min_overlap_s };
        let found = trails.co_presence(&question).map_err(|error| match error {
            CoPresenceError::Trails(error) => OfficeError::from(error),
            CoPresenceError::TooMany => OfficeError::AnswerTooLarge,
        })?;
        let met = found.contacts.iter().map(|contact| contact.person).collect();
        let detail = json!({"hops": hops.number(), "min_overlap_s": min_overlap_s});
        let persons = AnswerPersons::Contacts(met, hops);
        account_for(office, &claims, "co-presence-read", &case, &persons, detail)?;
        let answer = Answer::new(office, &case, case.window(), format, trails.complete_through);
        let answer = answer.outside_district(claims.district.as_ref().map(|_| found.outside_district));
        Ok(contacts(&answer, &found.contacts))
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
    let case = own_open(&office, &claims, case).await?;
    known_venue(&office, venue).await?.ok_or(Refusal::NotFound)?;
    let StrictQuery(VisitsQuery { from, to }) = query?;
    let covered = case.window();
    let asked = window(&office, from.unwrap_or(covered.from), to.unwrap_or(covered.to))?;
    if asked.from < covered.from || asked.to > covered.to {
        return Err(OfficeError::ExtensionNeeded);
    }
    let format = Format::of(&headers);
    let answer = trails::read(&office, claims.district.clone(), move |office, trails| {
        let mut visits = trails.visitors(venue, covered)?;
        if !covers(office, &case, venue, &visits)? {
            return Err(OfficeError::ExtensionNeeded);
        }
        visits.retain(|visit| visit.window.overlap(asked).is_some());
        let mut outside_district = claims.district.as_ref().map(|_| 0);
        if !trails.venues.is_in_district(venue) {
            outside_district = Some(visits.len() as u64);
            visits.clear();
        }
        let detail = json!({"venue": venue, "from": asked.from, "to": asked.to});
        let persons = AnswerPersons::Visitors(persons(&visits));
        account_for(office, &claims, "venue-visits-read", &case, &persons, detail)?;
        let answer = Answer::new(office, &case, asked, format, trails.complete_through);
        Ok(venue_visits(&answer.outside_district(outside_district), venue, &visits))
    });
    answer.await
}

fn persons(visits: &[Visit]) -> Vec<PersonId> {
    let persons: BTreeSet<PersonId> = visits.iter().map(|visit| visit.person).collect();
    persons.into_iter().collect()
}

/// Whether a case covers a venue: the index person or a contact in an answer of the case was there, an
/// extension names it, or it had no visitors. `visits` are all visits there in the case's window.
fn covers(office: &Office, case: &Case, venue: VenueId, visits: &[Visit]) -> Result<bool, OfficeError> {
    let persons = persons(visits);
    if visits.is_empty() || case.has_venue(venue) || persons.contains(&case.person) {
        return Ok(true);
    }
    Ok(office.registry.are_traced(case.id, TracedPlace::Contact, &persons)?.contains(&true))
}
