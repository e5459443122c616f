//! Keys by kid: a new one becomes current without a restart, an old one is withdrawn when its phones have
//! moved on.

use super::bearer::Operator;
use super::wrong::Wrong;
use super::{Office, blocking};
use crate::keyring::Kids;
use axum::extract::{Path, State};
use http::StatusCode;
use scangate_core::refusal::Refusal;
use serde_json::json;
use std::sync::Arc;

/// The setting that keeps the kids.
pub const SETTING: &str = "kids";

/// `GET /v1/keys`.
pub(super) async fn list(Operator(_): Operator, State(office): State<Arc<Office>>) -> axum::Json<Kids> {
    axum::Json(office.gate.keyring.kids())
}

/// `POST /v1/keys/rotate`: the next kid is current; codes under the others are still taken.
pub(super) async fn rotate(
    Operator(claims): Operator,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Kids>, Wrong> {
    let mut kids = office.gate.keyring.kids();
    let next = kids.accepted.iter().copied().max().unwrap_or(kids.current).checked_add(1);
    let next = next.ok_or(Wrong::Malformed("all 255 kids are used".into()))?;
    kids.current = next;
    kids.accepted.push(next);
    office.audit(&claims, "key-rotated", next.to_string(), json!({}))?;
    keep(&office, kids).await.map(axum::Json)
}

/// `DELETE /v1/keys/{kid}`: codes under it are refused from now on.
pub(super) async fn withdraw(
    Operator(claims): Operator,
    State(office): State<Arc<Office>>,
    Path(kid): Path<String>,
) -> Result<StatusCode, Wrong> {
    let mut kids = office.gate.keyring.kids();
    let kid: u8 = kid.parse().map_err(|_| Refusal::NotFound)?;
    if !kids.accepted.contains(&kid) {
        return Err(Refusal::NotFound.into());
    }
    if kid == kids.current {
        return Err(Wrong::Malformed("the current kid cannot be withdrawn: rotate first".into()));
    }
    kids.accepted.retain(|accepted| *accepted != kid);
    office.audit(&claims, "key-withdrawn", kid.to_string(), json!({}))?;
    keep(&office, kids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps the kids, then swaps them: a restart never knows fewer than phones were given.
async fn keep(office: &Arc<Office>, kids: Kids) -> Result<Kids, Wrong> {
    let (registry, kept) = (office.registry.clone(), kids.clone());
    blocking(move || {
        let value = serde_json::to_vec(&kept).expect("kids hold nothing that JSON cannot");
        registry.set(SETTING, &value)
    })
    .await??;
    office.gate.keyring.swap(kids.clone());
    Ok(kids)
}
