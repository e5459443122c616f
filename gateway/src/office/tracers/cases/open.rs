//! Opening a case.

use super::{cases_account, checked_word, kept_from_within, window};
use crate::clock;
use crate::office::http::auth::Tracer;
use crate::office::http::error::OfficeError;
use crate::office::http::idempotency::RequestIds;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use crate::rooms::authenticate::authenticate_code;
use axum::extract::State;
use scangate_core::certificate::PresentedCertificate;
use scangate_core::check_in::Mode;
use scangate_core::co_presence::PersonAsk;
use scangate_core::id::PersonId;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use scangate_storage::registry::NewCase;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The length of an id as text: a letter and 13 characters. Every person code is longer.
const ID_CHARS: usize = 14;

/// A case to open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct CaseLine {
    /// A person's id, a person code that the patient shows, or another city's certificate.
    person: String,
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
    let (purpose, reference) =
        (checked_word(&line.purpose, "purpose")?, checked_word(&line.reference, "reference")?);
    if !office.settings.tracer.load().purposes.contains(&purpose) {
        return Err(OfficeError::PurposeUnsupported);
    }
    let person = person(&office, &line.person)?;
    ensure_known(&office, person, window).await?;
    blocking(move || {
        let kept_from = kept_from_within(&office, window);
        ensure_some_is_kept(window, kept_from)?;
        office.spend_today(&cases_account(&claims), 1, office.settings.tracer.load().cases_max)?;
        let in_district = claims.district.clone().unwrap_or_else(|| office.city());
        let tracer = claims.subject.clone();
        let opened = clock::now();
        let new = NewCase { tracer, person, purpose, reference, office: in_district, window, opened };
        let case = office.registry.making(&ids).open_case(new)?;
        let detail = json!({"person": person, "purpose": case.purpose, "reference": case.reference});
        office.audit(&claims, "case-opened", case.id.to_string(), detail)?;
        let mut answer = json!({"case": case.id});
        if let Some(kept_from) = kept_from {
            answer["kept_from"] = json!(kept_from);
        }
        Ok(axum::Json(answer))
    })
    .await?
}

/// **Errors**: the person is not registered, and no terminal accepted a certificate of the person in this
/// window.
async fn ensure_known(office: &Arc<Office>, person: PersonId, window: Window) -> Result<(), OfficeError> {
    let shared = Arc::clone(office);
    if blocking(move || shared.registry.is_registered(person)).await?? {
        return Ok(());
    }
    office.caught_up().await;
    let shared = Arc::clone(office);
    let trail = blocking(move || shared.trails.persons(&[PersonAsk { person, window }])).await??;
    let is_known = trail.iter().flatten().any(|seen| matches!(seen.mode, Mode::Certificate | Mode::Late));
    if is_known { Ok(()) } else { Err(OfficeError::PersonUnknown) }
}

/// The person of an id or of a person code that is valid now, or the pseudonym of a certificate's subject,
/// whose validity may be over.
fn person(office: &Office, text: &str) -> Result<PersonId, Refusal> {
    if let Ok(person) = text.parse() {
        return Ok(person);
    }
    if text.len() <= ID_CHARS {
        return Err(Refusal::Malformed("person is a person's id, a person code or a certificate"));
    }
    if let Ok(presented) = PresentedCertificate::parse(text) {
        return Ok(presented.pseudonym());
    }
    authenticate_code(text, &office.tables, clock::now())
}

/// **Errors**: the window lies wholly before the trails that are kept, or wholly in the future.
fn ensure_some_is_kept(window: Window, kept_from: Option<Timestamp>) -> Result<(), OfficeError> {
    let is_gone = kept_from.is_some_and(|kept_from| window.to <= kept_from);
    if is_gone || window.from > clock::now() { Err(OfficeError::WindowEmpty) } else { Ok(()) }
}
