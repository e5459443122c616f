//! The records of cases: a tracer's list, one case with its use, and changes to it.

use super::reveal::{REVEALS_A_DAY_MAX, reveals_account};
use super::{
    ENTRIES_MAX, TEXT_BYTES_MAX, cases_account, change_case, checked_text, checked_word, kept_from_within,
    own, persons_account,
};
use crate::clock;
use crate::office::http::auth::Tracer;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::tracers::traced::office_of;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::id::CaseId;
use scangate_core::refusal::Refusal;
use scangate_core::token::Claims;
use scangate_storage::registry::{Case, CaseExtension, CaseNote};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /v1/cases`: the caller's cases, oldest first.
pub(in crate::office) async fn list(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let cases = office.registry.cases_of(&claims.subject)?;
        let cases: Vec<Value> = cases.iter().map(|case| head(&office, case)).collect();
        Ok(axum::Json(json!({ "cases": cases })))
    })
    .await?
}

/// `GET /v1/cases/{case}`.
pub(in crate::office) async fn read(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    PathId(case): PathId<CaseId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let case = own(&office, &claims, case).await?;
    blocking(move || whole(&office, &claims, &case).map(axum::Json)).await?
}

/// A case without its notes and extensions.
fn head(office: &Office, case: &Case) -> Value {
    let window = case.window();
    let status = if case.closed.is_some() { "closed" } else { "open" };
    let mut shown = json!({
        "case": case.id, "person": case.person, "purpose": case.purpose, "reference": case.reference,
        "office": office_of(office, case), "from": window.from, "to": window.to, "opened": case.opened,
        "status": status,
    });
    if let Some(closed) = case.closed {
        shown["closed"] = json!(closed);
    }
    if let Some(kept_from) = kept_from_within(office, window) {
        shown["kept_from"] = json!(kept_from);
    }
    shown
}

/// A case with its notes, its extensions, its use and the budgets that are left.
fn whole(office: &Office, claims: &Claims, case: &Case) -> Result<Value, OfficeError> {
    let note = |note: &CaseNote| json!({"at": note.at, "by": note.by, "note": note.text});
    let numbered = (1_u64..).zip(&case.extensions);
    let used = case.used;
    let settings = office.settings.tracer.load();
    let mut shown = head(office, case);
    shown["notes"] = case.notes.iter().map(note).collect();
    shown["extensions"] = numbered.map(|(number, extension)| extension_json(number, extension)).collect();
    shown["used"] = json!({
        "answers": used.answers, "persons": used.persons, "hops": used.hops, "reveals": used.reveals,
    });
    shown["left"] = json!({
        "cases": office.left_today(&cases_account(claims), settings.cases_max)?,
        "persons": office.left_today(&persons_account(claims), settings.persons_max)?,
        "reveals": office.left_today(&reveals_account(case.id), REVEALS_A_DAY_MAX)?,
    });
    Ok(shown)
}

/// An extension with its number, as answers show it.
pub(super) fn extension_json(number: u64, extension: &CaseExtension) -> Value {
    let mut shown = asked_json(extension);
    let status = if extension.approval.is_some() { "approved" } else { "pending" };
    shown["extension"] = number.into();
    shown["status"] = status.into();
    shown["asked_by"] = extension.asked_by.clone().into();
    shown["asked"] = json!(extension.asked);
    if let Some(approval) = &extension.approval {
        shown["approved_by"] = approval.by.clone().into();
        shown["approved"] = json!(approval.at);
    }
    shown
}

/// What an extension asks for, and its reason.
pub(super) fn asked_json(extension: &CaseExtension) -> Value {
    let mut asked = json!({"reason": extension.reason});
    let members = [
        ("venue", json!(extension.venue)),
        ("hops", json!(extension.hops)),
        ("from", json!(extension.from)),
        ("to", json!(extension.to)),
    ];
    for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
        asked[name] = value;
    }
    asked
}

/// The only status that a change may set.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NewStatus {
    Closed,
}

/// A change to a case: at least one member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct CaseChange {
    #[serde(default)]
    status: Option<NewStatus>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    tracer: Option<String>,
}

/// `PATCH /v1/cases/{case}`: closes it, adds a note, hands it to another tracer.
pub(in crate::office) async fn change(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    case: Result<PathId<CaseId>, OfficeError>,
    Json(change): Json<CaseChange>,
) -> Result<axum::Json<Value>, OfficeError> {
    let case = own(&office, &claims, case?.0).await?;
    let note = change.note.map(|note| checked_text(&note, "note", TEXT_BYTES_MAX)).transpose()?;
    let tracer = change.tracer.map(|tracer| checked_word(&tracer, "tracer")).transpose()?;
    let is_closed = matches!(change.status, Some(NewStatus::Closed));
    if !is_closed && note.is_none() && tracer.is_none() {
        return Err(OfficeError::Malformed("status, note or tracer is missing".into()));
    }
    blocking(move || {
        let (id, object) = (case.id, case.id.to_string());
        ensure_place_for(&case, note.as_ref())?;
        if is_closed && case.closed.is_none() {
            office.audit(&claims, "case-closed", object.clone(), json!({}))?;
        }
        if note.is_some() {
            office.audit(&claims, "case-noted", object.clone(), json!({}))?;
        }
        if let Some(tracer) = tracer.as_ref().filter(|tracer| **tracer != claims.subject) {
            office.audit(&claims, "case-handed-over", object, json!({"to": tracer}))?;
        }
        let now = clock::now();
        let changed = change_case(&office, id, |case| {
            if case.tracer != claims.subject {
                return Err(Refusal::NotFound.into());
            }
            ensure_place_for(case, note.as_ref())?;
            if is_closed {
                case.closed.get_or_insert(now);
            }
            let new = note.iter().map(|text| {
                let (by, text) = (claims.subject.clone(), text.clone());
                CaseNote { at: now, by, text }
            });
            case.notes.extend(new);
            if let Some(tracer) = &tracer {
                case.tracer.clone_from(tracer);
            }
            Ok(())
        });
        whole(&office, &claims, &changed?).map(axum::Json)
    })
    .await?
}

fn ensure_place_for(case: &Case, note: Option<&String>) -> Result<(), OfficeError> {
    if note.is_some() && case.notes.len() >= ENTRIES_MAX {
        return Err(OfficeError::Malformed(format!("a case has {ENTRIES_MAX} notes at most").into()));
    }
    Ok(())
}
