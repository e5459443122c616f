//! Held lists: facts and rule packs that wait for a second approver, who is another subject than the one
//! who sent them.

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
use scangate_storage::registry::{Held, HeldKind};
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
            let Held { id, kind, sent_by, at, count, .. } = held;
            value!({"held": id, "kind": kind, "sent_by": sent_by, "at": at, "entries": count})
        })
        .collect();
    Ok(axum::Json(value!({ "held": held })))
}

/// Persons whom a pack may give a more severe colour with nobody saying how many they expect.
const WORSE_MAX: u64 = 1_000;

/// What an approver says besides.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// How many more severe colours are expected at most.
    #[serde(default)]
    worse: Option<u64>,
}

/// `POST /v1/held/{held}/approve`: answers what the list would have answered.
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
        HeldKind::Facts => facts::apply_held(office, held.body).await,
        HeldKind::Policy => policies::bring_into_force(office, held.body).await,
        HeldKind::Feed => feeds::apply_held(office, held.body).await,
    }
}

/// Keeps a pack held that would turn very many, unless the approver expects so many.
async fn foresee(
    office: &Arc<Office>,
    claims: &Claims,
    id: HeldId,
    approval: Approval,
) -> Result<(), OfficeError> {
    let (office, claims) = (Arc::clone(office), claims.clone());
    blocking(move || {
        let held = office.registry.held(id)?.ok_or(Refusal::NotFound)?;
        if held.kind != HeldKind::Policy {
            return Ok(());
        }
        // Before everybody is judged for somebody who may not approve it.
        by_another(&held, &claims)?;
        let policy = Policy::parse(&held.body).map_err(|error| OfficeError::PolicyInvalid(error.to_string()))?;
        let worse = policies::flips(&office, &policy)?.worse;
        if worse <= approval.worse.unwrap_or(WORSE_MAX) {
            return Ok(());
        }
        metrics::counter!("scangate_held_total", "kind" => "mass-flip").increment(1);
        tracing::warn!(held = %id, worse, "a rule pack would give very many a more severe colour; it stays held");
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

/// Who sent a list may take it back, but not let it through.
fn by_another(held: &Held, claims: &Claims) -> Result<(), OfficeError> {
    if held.sent_by == claims.subject { Err(OfficeError::SameApprover) } else { Ok(()) }
}

async fn release(
    office: &Arc<Office>,
    claims: &Claims,
    id: HeldId,
    act: &'static str,
) -> Result<Held, OfficeError> {
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
