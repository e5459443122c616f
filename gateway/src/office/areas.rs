//! The list of areas and their risk that the authority publishes: one list at a time. Judging uses the rule
//! pack's own lines and the list. A list that gives many people a more severe colour waits for a second
//! approver. The list in force is public.

use super::authority::facts::WORSENING_MAX;
use super::authority::policies::{self, flips, foresee};
use super::http::auth::Authority;
use super::http::error::OfficeError;
use super::http::idempotency::RequestIds;
use super::http::json;
use super::{Office, blocking};
use crate::clock;
use crate::tables::published_areas::sign_areas;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use scangate_core::limits::AREA_LINES_MAX;
use scangate_core::policy::{AreaLine, AreaRisk, Policy};
use scangate_core::time::Timestamp;
use scangate_core::words::place_name;
use scangate_storage::registry::{HeldListKind, NewHeldList, StoredAreas};
use serde_json::{Value, json as value};
use std::sync::Arc;

/// The longest list. **Units**: bytes.
const LIST_BYTES_MAX: usize = 256 * 1024;

/// `POST /v1/areas`: brings a list into force in place of the list before. If more people than
/// [`WORSENING_MAX`] would get a more severe colour, it is held for a second approver.
pub(in crate::office) async fn publish(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    request: Request,
) -> Result<Response, OfficeError> {
    let body = json::body(request, LIST_BYTES_MAX).await?;
    let body = String::from_utf8(body.into()).map_err(|_| OfficeError::Malformed("not UTF-8".into()))?;
    blocking(move || {
        let lines = lines(&office, &body)?;
        let count = lines.len() as u64;
        let policy = office.tables.policies.in_force().policy.clone().with_areas(lines);
        if flips(&office, &policy)?.worse <= WORSENING_MAX as u64 {
            office.audit(&claims, "areas-published", String::new(), value!({"entries": count}))?;
            return bring_into_force(&office, body, claims.subject, count);
        }
        office.audit(&claims, "areas-held", String::new(), value!({"entries": count}))?;
        let new = NewHeldList {
            kind: HeldListKind::Areas,
            sent_by: claims.subject,
            at: clock::now(),
            count,
            body,
            signature: None,
        };
        let held = office.registry.making(&ids).hold(new)?;
        metrics::counter!("scangate_held_total", "kind" => "areas").increment(1);
        tracing::warn!(event = "areas-held", %held, areas = count, "a list of areas waits for a second approver");
        let answer = axum::Json(value!({"held": held, "entries": count}));
        Ok((StatusCode::ACCEPTED, answer).into_response())
    })
    .await?
}

/// The lines of a list, in the calendar of the pack in force. **Errors**: the first line that is not valid,
/// with its number; too many lines; an empty text, which an interrupted export leaves. Only a blank line ends
/// the list before without another one.
fn lines(office: &Office, text: &str) -> Result<Vec<AreaRisk>, OfficeError> {
    if text.is_empty() {
        return Err(OfficeError::Malformed("the list is empty; a blank line ends the list before".into()));
    }
    let published = office.tables.policies.in_force();
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let checked = numbered.map(|(before, line)| {
        let line =
            json::parse::<AreaLine>(line.as_bytes()).map_err(|error| error.problem()["detail"].clone());
        let line = line.and_then(|line| {
            line.checked(published.policy.calendar()).map_err(|error| error.to_string().into())
        });
        line.map_err(|detail: Value| {
            let detail = detail.as_str().unwrap_or_default();
            OfficeError::Malformed(format!("line {}: {detail}", before + 1).into())
        })
    });
    let lines = checked.collect::<Result<Vec<AreaRisk>, OfficeError>>()?;
    if lines.len() > AREA_LINES_MAX {
        return Err(OfficeError::Malformed(format!("a list has at most {AREA_LINES_MAX} lines").into()));
    }
    Ok(lines)
}

/// The pack in force with a held list in place of the published one. **Errors**: a line is not valid.
pub(in crate::office) fn check_held(office: &Office, text: &str) -> Result<Policy, OfficeError> {
    let lines = lines(office, text)?;
    Ok(office.tables.policies.in_force().policy.clone().with_areas(lines))
}

/// A held list for its approver: its lines, and the dry run.
pub(in crate::office) fn describe_held(office: &Office, text: &str) -> Result<Value, OfficeError> {
    let dry_run = foresee(office, &check_held(office, text)?)?;
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok(value!({"dry_run": dry_run, "lines": lines}))
}

/// Brings a list into force, and recolours every person.
pub(in crate::office) fn bring_into_force(
    office: &Office,
    text: String,
    by: String,
    count: u64,
) -> Result<Response, OfficeError> {
    let at = clock::now();
    let signature = sign_areas(&office.issuer, at, &text);
    let list = StoredAreas { text, by, at, signature };
    let number = office.registry.publish_areas(&list)?.ok_or(OfficeError::StoreUnavailable)?;
    policies::follow(office)?;
    let label = office.tables.policies.in_force().policy.label().to_owned();
    tracing::info!(
        event = "areas-in-force",
        policy = label,
        areas = count,
        "a list of areas came into force"
    );
    Ok(axum::Json(value!({"policy": label, "number": number})).into_response())
}

/// `GET /v1/areas`: the lines that count now, and the published list with its signature. Public.
pub(in crate::office) async fn list(State(office): State<Arc<Office>>) -> axum::Json<Value> {
    let published = office.tables.policies.in_force();
    let list = published.areas.as_ref().map(|list| {
        value!({
            "at": list.at, "text": list.text, "signature": list.signature, "key": office.issuer.public_key(),
        })
    });
    axum::Json(value!({
        "policy": published.policy.label(), "areas": shown(&published.policy, clock::now()), "list": list,
    }))
}

/// The areas that have a risk at a time, as answers show them.
pub(in crate::office) fn shown(policy: &Policy, now: Timestamp) -> Vec<Value> {
    let shown = policy.areas(now).map(|area| {
        let to = Some(area.to).filter(|&to| to < Timestamp::MAX);
        value!({
            "code": area.code, "name": place_name(&area.code), "risk": area.risk, "from": area.from, "to": to,
        })
    });
    shown.collect()
}
