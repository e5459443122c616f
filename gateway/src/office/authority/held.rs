//! Held lists: facts, feeds, rule packs and lists of areas that wait for a second approver. The approver must
//! be another subject than the sender.

use super::facts::{self, FactList};
use super::feeds::{self, Feed};
use super::{held_view, policies};
use crate::office::areas;
use crate::office::colours::standing::merge;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::OptionalJson;
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{Office, blocking};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use scangate_core::id::HeldId;
use scangate_core::policy::Policy;
use scangate_core::refusal::Refusal;
use scangate_core::token::Claims;
use scangate_storage::registry::{HeldList, HeldListKind};
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
pub(in crate::office) struct Approval {
    /// The highest number of more severe colours that the approver expects.
    #[serde(default)]
    worse: Option<u64>,
}

/// A held list that would be accepted if it came now.
enum Approvable {
    Facts(FactList),
    Policy(Box<Policy>),
    /// None if the feed was accepted meanwhile.
    Feed(Option<Feed>),
    Areas,
}

/// `POST /v1/held/{held}/approve`: checks the list as if it came now, and answers as the list itself would
/// have. A list with a fault stays held.
pub(in crate::office) async fn approve(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    held: Result<PathId<HeldId>, OfficeError>,
    OptionalJson(approval): OptionalJson<Approval>,
) -> Result<Response, OfficeError> {
    let PathId(id) = held?;
    let held = find(&office, id).await?;
    // Checked first: the other checks are expensive, and this approver might not be allowed to approve.
    by_another(&held, &claims)?;
    let lines = held_lines(&held).await?;
    blocking(move || {
        let checked = check(&office, &held, &lines, &approval);
        let checked = checked.or_else(|error| {
            let detail = value!({"code": error.problem()["code"], "kind": held.kind});
            office.audit(&claims, "held-not-approved", id.to_string(), detail)?;
            Err(error)
        })?;
        let held = release(&office, &claims, id, "held-approved")?;
        let answer = apply(&office, checked, &held);
        if answer.is_err() && !office.registry.hold_again(&held)? {
            tracing::error!(event = "held-list-stranded", held = %id, "an approved list was neither applied nor held again");
        }
        answer
    })
    .await?
}

async fn find(office: &Arc<Office>, id: HeldId) -> Result<HeldList, OfficeError> {
    let registry = office.registry.clone();
    Ok(blocking(move || registry.held(id)).await??.ok_or(Refusal::NotFound)?)
}

/// The lines of held facts; none of another list.
async fn held_lines(held: &HeldList) -> Result<Vec<NdjsonLine>, OfficeError> {
    match held.kind {
        HeldListKind::Facts => facts::lines(Body::from(held.body.clone())).await,
        HeldListKind::Policy | HeldListKind::Feed | HeldListKind::Areas => Ok(Vec::new()),
    }
}

fn check(
    office: &Office,
    held: &HeldList,
    lines: &[NdjsonLine],
    approval: &Approval,
) -> Result<Approvable, OfficeError> {
    Ok(match held.kind {
        HeldListKind::Facts => Approvable::Facts(facts::check_held(office, lines, held)?),
        HeldListKind::Feed => Approvable::Feed(feeds::check_held(office, held)?),
        HeldListKind::Policy => {
            let policy = policies::check_held(office, &held.body)?;
            foresee(office, held.id, &policy, approval)?;
            Approvable::Policy(Box::new(policy))
        }
        HeldListKind::Areas => {
            foresee(office, held.id, &areas::check_held(office, &held.body)?, approval)?;
            Approvable::Areas
        }
    })
}

fn apply(office: &Office, checked: Approvable, held: &HeldList) -> Result<Response, OfficeError> {
    match checked {
        Approvable::Facts(list) => facts::apply(office, list),
        Approvable::Policy(policy) => policies::bring_into_force(office, &policy, &held.body),
        Approvable::Feed(feed) => feeds::apply_held(office, feed),
        Approvable::Areas => {
            areas::bring_into_force(office, held.body.clone(), held.sent_by.clone(), held.count)
        }
    }
}

/// Rejects the approval of a pack or list of areas that would change more colours than the approver expects.
fn foresee(office: &Office, id: HeldId, policy: &Policy, approval: &Approval) -> Result<(), OfficeError> {
    let worse = policies::flips(office, policy)?.worse;
    if worse <= approval.worse.unwrap_or(WORSE_MAX) {
        return Ok(());
    }
    metrics::counter!("scangate_held_total", "kind" => "mass-flip").increment(1);
    tracing::warn!(event = "held-list-mass-flip", held = %id, worse, "a held list would give very many people a more severe colour; it stays held");
    Err(OfficeError::MassFlip(worse))
}

/// `POST /v1/held/{held}/reject`.
pub(in crate::office) async fn reject(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(held): PathId<HeldId>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let held = release(&office, &claims, held, "held-rejected")?;
        Ok(axum::Json(value!({"held": held.id, "rejected": true})))
    })
    .await?
}

/// Allows approval by another subject only. The sender may still reject the list.
fn by_another(held: &HeldList, claims: &Claims) -> Result<(), OfficeError> {
    if held.sent_by == claims.subject { Err(OfficeError::SameApprover) } else { Ok(()) }
}

/// Audits the act and removes the list. Of two concurrent callers, one gets it.
fn release(office: &Office, claims: &Claims, id: HeldId, act: &'static str) -> Result<HeldList, OfficeError> {
    let held = office.registry.held(id)?.ok_or(Refusal::NotFound)?;
    let HeldList { kind, sent_by, count, .. } = &held;
    let detail = value!({"sent_by": sent_by, "kind": kind, "entries": count});
    office.audit(claims, act, id.to_string(), detail)?;
    Ok(office.registry.release_held(id)?.ok_or(Refusal::NotFound)?)
}

/// `GET /v1/held/{held}`: what the list would do, and all of it.
pub(in crate::office) async fn show(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    held: Result<PathId<HeldId>, OfficeError>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(id) = held?;
    let held = find(&office, id).await?;
    let lines = held_lines(&held).await?;
    blocking(move || {
        office.audit(&claims, "held-read", id.to_string(), value!({"kind": held.kind}))?;
        let HeldList { id, kind, sent_by, at, count, body, .. } = &held;
        let head = value!({"held": id, "kind": kind, "sent_by": sent_by, "at": at, "entries": count});
        let content = match kind {
            HeldListKind::Facts => held_view::of_facts(&office, &lines)?,
            HeldListKind::Policy => policies::describe_held(&office, body)?,
            HeldListKind::Feed => held_view::of_feed(&office, &held)?,
            HeldListKind::Areas => areas::describe_held(&office, body)?,
        };
        Ok(axum::Json(merge(head, content)))
    })
    .await?
}
