//! Held lists: facts and rule packs that wait for a second approver, who is another subject than the one
//! who sent them.

use super::bearer::Authority;
use super::wrong::Wrong;
use super::{Office, blocking, facts, policies};
use axum::extract::{Path, State};
use axum::response::Response;
use scangate_core::id::HeldId;
use scangate_core::refusal::Refusal;
use scangate_core::token::Claims;
use scangate_storage::registry::{Held, HeldKind};
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /v1/held`.
pub(super) async fn list(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, Wrong> {
    let all = blocking(move || office.registry.all_held()).await??;
    let held: Vec<Value> = all
        .iter()
        .map(|held| {
            let Held { id, kind, sent_by, at, count, .. } = held;
            json!({"held": id, "kind": kind, "sent_by": sent_by, "at": at, "entries": count})
        })
        .collect();
    Ok(axum::Json(json!({ "held": held })))
}

/// `POST /v1/held/{held}/approve`: answers what the list would have answered.
pub(super) async fn approve(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    Path(held): Path<String>,
) -> Result<Response, Wrong> {
    let held = release(&office, &claims, held, "held-approved").await?;
    match held.kind {
        HeldKind::Facts => facts::apply_held(office, held.body).await,
        HeldKind::Policy => policies::bring_into_force(office, held.body).await,
    }
}

/// `POST /v1/held/{held}/reject`.
pub(super) async fn reject(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    Path(held): Path<String>,
) -> Result<axum::Json<Value>, Wrong> {
    let held = release(&office, &claims, held, "held-rejected").await?;
    Ok(axum::Json(json!({"held": held.id, "rejected": true})))
}

async fn release(
    office: &Arc<Office>,
    claims: &Claims,
    text: String,
    act: &'static str,
) -> Result<Held, Wrong> {
    let id: HeldId = text.parse().map_err(|_| Refusal::NotFound)?;
    let (office, claims) = (Arc::clone(office), claims.clone());
    blocking(move || {
        let held = office.registry.held(id)?.ok_or(Refusal::NotFound)?;
        // Who sent a list may take it back, but not let it through.
        if held.sent_by == claims.subject && act == "held-approved" {
            return Err(Wrong::SameApprover);
        }
        office.audit(&claims, act, id.to_string(), json!({"sent_by": held.sent_by}))?;
        Ok(office.registry.release_held(id)?.ok_or(Refusal::NotFound)?)
    })
    .await?
}
