//! Held lists: facts, feeds and rule packs that wait for a second approver. The approver must be another
//! subject than the sender.

use super::{facts, feeds, policies};
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json;
use crate::office::{Office, blocking};
use axum::extract::{Request, State};
use axum::response::Response;
use scangate_core::id::HeldId;
use scangate_core::policy::Policy;
use scangate_core::refusal::Refusal;
use scangate_core::token::Claims;
use scangate_storage::registry::{HeldList, HeldListKind, check_label};
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::sync::Arc;

/// `GET /v1/held`.
pub(in crate::office) async fn list(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    let all = blocking(move || office.registry.all_held()).await??;
    let held: Vec<Value> = all
        .iter()
        .map(|held| {
            let HeldList { id, kind, sent_by, at, count, .. } = held;
            value!({"held": id, "kind": kind, "sent_by": sent_by, "at": at, "entries": count})
        })
        .collect();
    Ok(axum::Json(value!({ "held": held })))
}

/// The persons whom a pack may give a more severe colour if the approver states no number.
const WORSE_MAX: u64 = 1_000;

/// The optional body of an approval.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// The highest number of more severe colours that the approver expects.
    #[serde(default)]
    worse: Option<u64>,
}

/// `POST /v1/held/{held}/approve`: answers as the list itself would have.
pub(in crate::office) async fn approve(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    held: Result<PathId<HeldId>, OfficeError>,
    request: Request,
) -> Result<Response, OfficeError> {
    let body = json::body(request, json::BODY_BYTES_MAX).await?;
    let approval = if body.is_empty() { Approval::default() } else { json::parse(&body)? };
    let PathId(held) = held?;
    foresee(&office, &claims, held, approval).await?;
    let held = release(&office, &claims, held, "held-approved").await?;
    match held.kind {
        HeldListKind::Facts => facts::apply_held(office, held.body).await,
        HeldListKind::Policy => policies::bring_into_force(office, held.body).await,
        HeldListKind::Feed => feeds::apply_held(office, held.body).await,
    }
}

/// Rejects the approval of a pack that would change more colours than the approver expects; the pack stays
/// held.
async fn foresee(
    office: &Arc<Office>,
    claims: &Claims,
    id: HeldId,
    approval: Approval,
) -> Result<(), OfficeError> {
    let (office, claims) = (Arc::clone(office), claims.clone());
    blocking(move || {
        let held = office.registry.held(id)?.ok_or(Refusal::NotFound)?;
        if held.kind != HeldListKind::Policy {
            return Ok(());
        }
        // Checked first: judging every person is expensive, and this approver might not be allowed to
        // approve.
        by_another(&held, &claims)?;
        let policy = Policy::parse(&held.body).map_err(|error| OfficeError::PolicyInvalid(error.to_string()))?;
        check_label(&office.registry.policies()?, policy.label(), &held.body)?;
        let worse = policies::flips(&office, &policy)?.worse;
        if worse <= approval.worse.unwrap_or(WORSE_MAX) {
            return Ok(());
        }
        metrics::counter!("scangate_held_total", "kind" => "mass-flip").increment(1);
        tracing::warn!(held = %id, worse, "a rule pack would give very many people a more severe colour; it stays held");
        Err(OfficeError::MassFlip(worse))
    })
    .await?
}

/// `POST /v1/held/{held}/reject`.
pub(in crate::office) async fn reject(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(held): PathId<HeldId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let held = release(&office, &claims, held, "held-rejected").await?;
    Ok(axum::Json(value!({"held": held.id, "rejected": true})))
}

/// Allows approval by another subject only. The sender may still reject the list.
fn by_another(held: &HeldList, claims: &Claims) -> Result<(), OfficeError> {
    if held.sent_by == claims.subject { Err(OfficeError::SameApprover) } else { Ok(()) }
}

async fn release(
    office: &Arc<Office>,
    claims: &Claims,
    id: HeldId,
    act: &'static str,
) -> Result<HeldList, OfficeError> {
    let (office, claims) = (Arc::clone(office), claims.clone());
    blocking(move || {
        let held = office.registry.held(id)?.ok_or(Refusal::NotFound)?;
        if act == "held-approved" {
            by_another(&held, &claims)?;
        }
        office.audit(&claims, act, id.to_string(), value!({"sent_by": held.sent_by}))?;
        Ok(office.registry.release_held(id)?.ok_or(Refusal::NotFound)?)
    })
    .await?
}
