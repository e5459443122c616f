//! The person behind an id in an answer: name, phone and document type.

use super::{TEXT_BYTES_MAX, change_case, checked_text, ensure_own_open, own_open, persons_account};
use crate::clock;
use crate::office::http::auth::Tracer;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use scangate_core::id::{CaseId, PersonId};
use scangate_core::refusal::Refusal;
use scangate_storage::registry::{Case, TracedPlace};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The names that one case may reveal a day: more people than an office telephones in a day.
pub(super) const REVEALS_A_DAY_MAX: u64 = 500;

/// The account of the names that a case reveals in a day.
pub(super) fn reveals_account(case: CaseId) -> String {
    format!("reveals/{case}")
}

/// A person to reveal, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct RevealLine {
    person: PersonId,
    reason: String,
}

/// `POST /v1/cases/{case}/reveal`.
pub(in crate::office) async fn reveal(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    case: Result<PathId<CaseId>, OfficeError>,
    Json(RevealLine { person, reason }): Json<RevealLine>,
) -> Result<Response, OfficeError> {
    let case = own_open(&office, &claims, case?.0).await?;
    let reason = checked_text(&reason, "reason", TEXT_BYTES_MAX)?;
    blocking(move || {
        if !is_in_answer(&office, &case, person)? {
            return Err(Refusal::NotFound.into());
        }
        let personal = office.registry.person(person)?.ok_or(Refusal::NotFound)?.personal;
        office.spend_today(&reveals_account(case.id), 1, REVEALS_A_DAY_MAX)?;
        office.spend_today(&persons_account(&claims), 1, office.settings.tracer.load().persons_max)?;
        change_case(&office, case.id, |case| {
            ensure_own_open(case, &claims)?;
            case.used.reveals += 1;
            Ok(())
        })?;
        office.registry.record_traced(case.id, TracedPlace::Revealed, &[person], clock::now())?;
        let detail = json!({"person": person, "reason": reason});
        office.audit(&claims, "person-revealed", case.id.to_string(), detail)?;
        let answer = json!({
            "person": person, "name": personal.name, "phone": personal.phone,
            "document_type": personal.document.r#type,
        });
        Ok(axum::Json(answer).into_response())
    })
    .await?
}

/// Whether a person is the index person or stands in an answer of the case.
fn is_in_answer(office: &Office, case: &Case, person: PersonId) -> Result<bool, OfficeError> {
    if person == case.person {
        return Ok(true);
    }
    for place in [TracedPlace::Contact, TracedPlace::Visitor] {
        if office.registry.are_traced(case.id, place, &[person])?.contains(&true) {
            return Ok(true);
        }
    }
    Ok(false)
}
