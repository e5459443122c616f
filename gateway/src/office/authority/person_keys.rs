//! The keys and paper passes of one person: a new key for a holder who lost theirs, passes for a person
//! without a phone, and their revocation.

use crate::clock;
use crate::deployment::key_states;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::residents::people::{PhoneKey, phone_key};
use crate::office::residents::sheets::pass_sheet::DatedPass;
use crate::office::residents::sheets::{self, SheetTexts};
use crate::office::{Office, blocking};
use crate::wire::media_type::accepts_html;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::BytesMut;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use scangate_core::code::PaperPass;
use scangate_core::id::PersonId;
use scangate_core::limits::PASS_DAYS_MAX;
use scangate_core::person::Personal;
use scangate_core::refusal::Refusal;
use scangate_storage::registry::RegisteredPerson;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The longest reason for a new key.
const REASON_BYTES_MAX: usize = 1_000;

impl Office {
    /// Begins a new generation of a person's keys, under the newest kid, and returns the key. The earlier
    /// keys, codes and paper passes are invalid here now, and at the other gateways within two seconds.
    pub(in crate::office) fn renew_key(&self, person: PersonId) -> Result<PhoneKey, OfficeError> {
        let kid = self.tables.keyring.current().0;
        self.registry.move_to_kid(person, kid)?;
        self.registry.renew_key(person, clock::now())?.ok_or(OfficeError::KeyGenerationsUsed)?;
        key_states::reload(&self.registry, &self.tables, &[person])?;
        phone_key(self, RegisteredPerson { person, kid, is_new: false })
    }
}

/// The reason for a new key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct KeyRequest {
    reason: String,
}

/// `POST /v1/people/{person}/key`.
pub(in crate::office) async fn issue(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    person: Result<PathId<PersonId>, OfficeError>,
    Json(KeyRequest { reason }): Json<KeyRequest>,
) -> Result<axum::Json<PhoneKey>, OfficeError> {
    let PathId(person) = person?;
    if reason.trim().is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(OfficeError::Malformed(format!("reason must have 1 to {REASON_BYTES_MAX} bytes").into()));
    }
    blocking(move || {
        office.need_registered(person)?;
        office.audit(&claims, "key-issued", person.to_string(), json!({"reason": reason}))?;
        office.renew_key(person).map(axum::Json)
    })
    .await?
}

/// The number of days that a new pass is valid.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct PassRequest {
    days: u16,
}

/// `POST /v1/people/{person}/passes`: a paper pass, good to the end of its last day in the city. A client
/// that accepts `text/html` gets a document to print.
pub(in crate::office) async fn print_pass(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    person: Result<PathId<PersonId>, OfficeError>,
    asked: HeaderMap,
    Json(PassRequest { days }): Json<PassRequest>,
) -> Result<Response, OfficeError> {
    let PathId(person) = person?;
    if !(1..=PASS_DAYS_MAX).contains(&days) {
        return Err(OfficeError::Malformed(format!("days must be between 1 and {PASS_DAYS_MAX}").into()));
    }
    let is_sheet = accepts_html(&asked);
    blocking(move || {
        let personal = office.registry.person(person)?.ok_or(Refusal::NotFound)?.personal;
        let detail = if is_sheet { json!({"days": days, "sheet": true}) } else { json!({"days": days}) };
        office.audit(&claims, "pass-printed", person.to_string(), detail)?;
        let now = clock::now();
        let state = office.registry.key_history(person)?.now();
        let pass: PaperPass = office.tables.keyring.pass(person, state, office.day(now) + u32::from(days));
        let until = office.day_start(now, days + 1);
        if !is_sheet {
            let pass = json!({"person": person, "pass": pass.text(), "until": until});
            return Ok(axum::Json(pass).into_response());
        }
        let (first, last) = (office.date(now), office.date(until.minus_ms(1)));
        Ok(pass_document(&office, &personal, &DatedPass { text: pass.text(), first, last }))
    })
    .await?
}

/// A document with the sheet of one pass.
fn pass_document(office: &Office, personal: &Personal, pass: &DatedPass) -> Response {
    let mut text = BytesMut::new();
    sheets::begin(&mut text);
    text.extend_from_slice(SheetTexts::of(office).pass_sheet(personal, pass).as_bytes());
    sheets::end(&mut text);
    let mut answer = ([(CONTENT_TYPE, sheets::MEDIA_TYPE)], text.freeze()).into_response();
    sheets::protect(&mut answer);
    answer
}

/// `POST /v1/people/{person}/passes/revoke`: the paper passes that the person has are invalid from now on.
pub(in crate::office) async fn revoke_passes(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(person): PathId<PersonId>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || {
        office.need_registered(person)?;
        office.audit(&claims, "passes-revoked", person.to_string(), json!({}))?;
        let revoked = office.registry.revoke_passes(person, clock::now())?;
        revoked.ok_or(OfficeError::KeyGenerationsUsed)?;
        key_states::reload(&office.registry, &office.tables, &[person])?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await?
}
