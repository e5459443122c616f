//! Extensions of a case: a third hop, a venue that is not on the trail, or a longer window. Another tracer
//! approves them.

use super::records::{asked_json, extension_json};
use super::{ENTRIES_MAX, TEXT_BYTES_MAX, change_case, checked_text, ensure_own_open, own_open, window};
use crate::clock;
use crate::office::http::auth::Tracer;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{PathId, PathIds};
use crate::office::http::json::Json;
use crate::office::venues::known_venue;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::co_presence::Hops;
use scangate_core::id::{CaseId, VenueId};
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_core::token::Claims;
use scangate_storage::registry::{Case, CaseApproval, CaseExtension};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// An extension to ask for: a reason, and at least one other member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct ExtensionLine {
    #[serde(default)]
    venue: Option<VenueId>,
    #[serde(default)]
    hops: Option<u8>,
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
    reason: String,
}

/// `POST /v1/cases/{case}/extensions`.
pub(in crate::office) async fn ask(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    case: Result<PathId<CaseId>, OfficeError>,
    Json(line): Json<ExtensionLine>,
) -> Result<axum::Json<Value>, OfficeError> {
    let case = own_open(&office, &claims, case?.0).await?;
    let asked = checked(&office, &claims, &case, line).await?;
    blocking(move || {
        let changed = change_case(&office, case.id, |case| {
            ensure_own_open(case, &claims)?;
            if case.extensions.len() >= ENTRIES_MAX {
                let bound = format!("a case has {ENTRIES_MAX} extensions at most");
                return Err(OfficeError::Malformed(bound.into()));
            }
            case.extensions.push(asked.clone());
            Ok(())
        })?;
        let number = changed.extensions.len() as u64;
        // An extension has no effect before its approval, so its number can be in its audit entry.
        let mut detail = asked_json(&asked);
        detail["extension"] = number.into();
        office.audit(&claims, "extension-asked", case.id.to_string(), detail)?;
        Ok(axum::Json(extension_json(number, &asked)))
    })
    .await?
}

async fn checked(
    office: &Arc<Office>,
    claims: &Claims,
    case: &Case,
    line: ExtensionLine,
) -> Result<CaseExtension, OfficeError> {
    let ExtensionLine { venue, hops, from, to, reason } = line;
    let reason = checked_text(&reason, "reason", TEXT_BYTES_MAX)?;
    if venue.is_none() && hops.is_none() && from.is_none() && to.is_none() {
        return Err(OfficeError::Malformed("venue, hops, from or to is missing".into()));
    }
    if let Some(Err(error)) = hops.map(Hops::try_from) {
        return Err(OfficeError::Malformed(error.to_string().into()));
    }
    if let Some(venue) = venue {
        known_venue(office, venue).await?.ok_or(OfficeError::VenueUnknown)?;
    }
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(OfficeError::Malformed("from must be before to".into()));
    }
    let covered = case.window();
    window(office, from.unwrap_or(covered.from).min(covered.from), to.unwrap_or(covered.to).max(covered.to))?;
    let (asked_by, asked) = (claims.subject.clone(), clock::now());
    Ok(CaseExtension { venue, hops, from, to, reason, asked_by, asked, approval: None })
}

/// `GET /v1/cases/{case}/extensions/{extension}`: what another tracer decides on. It names no person.
pub(in crate::office) async fn read_extension(
    Tracer(_): Tracer,
    State(office): State<Arc<Office>>,
    PathIds(id, number): PathIds<CaseId, u64>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let mut case = office.registry.case(id)?.ok_or(Refusal::NotFound)?;
        let extension = extension(&mut case, number)?.clone();
        Ok(axum::Json(decision_json(&case, number, &extension)))
    })
    .await?
}

/// An extension with what an approver needs to know of its case.
fn decision_json(case: &Case, number: u64, extension: &CaseExtension) -> Value {
    let mut shown = extension_json(number, extension);
    shown["case"] = json!(case.id);
    shown["purpose"] = case.purpose.clone().into();
    shown["reference"] = case.reference.clone().into();
    shown
}

/// The extensions of a case that wait for an approval, by number.
fn waiting(case: &Case) -> impl Iterator<Item = (u64, &CaseExtension)> {
    (1_u64..).zip(&case.extensions).filter(|(_, extension)| extension.approval.is_none())
}

/// Counts the extensions that wait for an approval, those of all tracers.
/// **Cost**: reads every open case that has an extension.
pub(in crate::office) fn waiting_extensions(office: &Office) -> Result<usize, OfficeError> {
    Ok(office.registry.extended_cases()?.iter().map(|case| waiting(case).count()).sum())
}

/// `GET /v1/extensions`: the extensions that wait for an approval and that the caller may approve, oldest
/// first. They name no person.
pub(in crate::office) async fn pending(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let cases = office.registry.extended_cases()?;
        let mut pending = Vec::new();
        for case in cases.iter().filter(|case| case.tracer != claims.subject) {
            let approvable = waiting(case).filter(|(_, extension)| extension.asked_by != claims.subject);
            pending.extend(approvable.map(|(number, one)| (one.asked, decision_json(case, number, one))));
        }
        pending.sort_by_key(|(asked, _)| *asked);
        let pending: Vec<Value> = pending.into_iter().map(|(_, shown)| shown).collect();
        Ok(axum::Json(json!({ "extensions": pending })))
    })
    .await?
}

/// `POST /v1/cases/{case}/extensions/{extension}/approve`: by a tracer who neither has the case nor asked.
pub(in crate::office) async fn approve(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
    PathIds(id, number): PathIds<CaseId, u64>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let mut case = office.registry.case(id)?.ok_or(Refusal::NotFound)?;
        let mut detail = asked_json(approvable(&mut case, number, &claims)?);
        detail["extension"] = number.into();
        office.audit(&claims, "extension-approved", id.to_string(), detail)?;
        let approval = CaseApproval { by: claims.subject.clone(), at: clock::now() };
        let mut changed = change_case(&office, id, |case| {
            let extension = approvable(case, number, &claims)?;
            extension.approval.get_or_insert(approval.clone());
            Ok(())
        })?;
        Ok(axum::Json(extension_json(number, extension(&mut changed, number)?)))
    })
    .await?
}

/// The extension of this number, from 1. **Errors**: 404 where the case has none.
fn extension(case: &mut Case, number: u64) -> Result<&mut CaseExtension, OfficeError> {
    let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    at.and_then(|at| case.extensions.get_mut(at)).ok_or(Refusal::NotFound.into())
}

/// The extension of this number, if the caller may approve it.
fn approvable<'a>(
    case: &'a mut Case,
    number: u64,
    claims: &Claims,
) -> Result<&'a mut CaseExtension, OfficeError> {
    let (is_closed, is_own) = (case.closed.is_some(), case.tracer == claims.subject);
    let extension = extension(case, number)?;
    if is_own || extension.asked_by == claims.subject {
        return Err(OfficeError::SameApprover);
    }
    if is_closed { Err(OfficeError::CaseClosed) } else { Ok(extension) }
}
