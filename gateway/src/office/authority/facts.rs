//! Facts: the only way a colour changes. A list that would give many people a worse colour is held for a
//! second approver.

use super::brake;
use crate::clock;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::idempotency::RequestIds;
use crate::office::http::json::{self, Json};
use crate::office::http::ndjson::{NdjsonLine, NdjsonLines};
use crate::office::{Office, blocking};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use scangate_core::fact::{Fact, FactLine};
use scangate_core::id::{FactId, PersonId};
use scangate_core::refusal::Refusal;
use scangate_core::token::Claims;
use scangate_storage::registry::{FactReport, HeldList, HeldListKind, IdSource, NewHeldList, RecordedFact};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest list of facts. The whole list is checked before any of it is stored.
const LIST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The worsening facts that a request may have without a second approver.
pub(in crate::office) const WORSENING_MAX: usize = 100;
/// The longest reason of a withdrawal.
const REASON_BYTES_MAX: usize = 1_000;

/// A parsed list: each line with its number.
pub(super) type FactList = Vec<(u64, Result<Fact, OfficeError>)>;

/// `POST /v1/facts`.
pub(in crate::office) async fn add(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    request: Request,
) -> Result<Response, OfficeError> {
    let body = json::body(request, LIST_BYTES_MAX).await?;
    let lines = lines(Body::from(body.clone())).await?;
    blocking(move || {
        let list = read(&office, &lines)?;
        if needs_approval(&office, &claims, &unrecorded(&office, &list)?)? {
            let text = String::from_utf8_lossy(&body).into_owned();
            return hold(&office, &ids, &claims, &list, text);
        }
        let count = list.iter().filter(|(_, line)| line.is_ok()).count();
        office.audit(&claims, "facts-posted", String::new(), json!({"facts": count}))?;
        apply(&office, list)
    })
    .await?
}

pub(super) async fn lines(body: Body) -> Result<Vec<NdjsonLine>, OfficeError> {
    let (mut lines, mut all) = (NdjsonLines::new(body), Vec::new());
    while let Some(line) = lines.next().await? {
        all.push(line);
    }
    Ok(all)
}

pub(super) fn read(office: &Office, lines: &[NdjsonLine]) -> Result<FactList, OfficeError> {
    let said: Vec<Result<FactLine, OfficeError>> = lines.iter().map(NdjsonLine::parse).collect();
    let people: Vec<PersonId> = said.iter().flatten().map(|said| said.person).collect();
    let mut registered = office.registry.are_registered(&people)?.into_iter();
    // All facts of a list have the same recording time: the order of its lines means nothing.
    let now = clock::now();
    let facts = said.into_iter().map(|said| {
        let said = said?;
        if registered.next() != Some(true) {
            return Err(OfficeError::PersonUnknown);
        }
        said.fact(now).map_err(OfficeError::from)
    });
    Ok(lines.iter().map(|line| line.number).zip(facts).collect())
}

/// The facts of a list that are not on record yet: a repeated list may not wait for an approver again.
fn unrecorded(office: &Office, list: &FactList) -> Result<FactList, OfficeError> {
    let facts = list.iter().filter_map(|(number, line)| Some((*number, line.as_ref().ok()?.clone())));
    let (numbers, facts): (Vec<u64>, Vec<Fact>) = facts.unzip();
    let matched = office.registry.match_facts(&facts)?;
    let lines = numbers.into_iter().zip(facts).zip(matched);
    let new = lines.filter(|(_, matched)| matched.report == FactReport::First);
    Ok(new.map(|((number, fact), _)| (number, Ok(fact))).collect())
}

/// Whether a list worsens more colours than one person may decide. Only a list that is not held counts in the
/// windows of its sources and its sender.
fn needs_approval(office: &Office, claims: &Claims, list: &FactList) -> Result<bool, OfficeError> {
    let published = office.tables.policies.in_force();
    let worsening = list.iter().filter_map(|(_, line)| line.as_ref().ok());
    let worsening: Vec<&Fact> = worsening.filter(|fact| published.policy.worsens(fact.kind.name())).collect();
    if worsening.len() > WORSENING_MAX {
        return Ok(true);
    }
    let mut by_source: BTreeMap<String, u64> = BTreeMap::new();
    for fact in worsening {
        *by_source.entry(fact.source.clone()).or_default() += 1;
    }
    Ok(!brake::spend(office, claims, by_source)?)
}

fn hold(
    office: &Office,
    ids: &IdSource,
    claims: &Claims,
    list: &FactList,
    body: String,
) -> Result<Response, OfficeError> {
    let count = list.iter().filter(|(_, line)| line.is_ok()).count() as u64;
    office.audit(claims, "facts-held", String::new(), json!({"facts": count}))?;
    let new = NewHeldList {
        kind: HeldListKind::Facts,
        sent_by: claims.subject.clone(),
        at: clock::now(),
        count,
        body,
        signature: None,
    };
    let held = office.registry.making(ids).hold(new)?;
    metrics::counter!("scangate_held_total", "kind" => "facts").increment(1);
    tracing::warn!(event = "facts-held", %held, facts = count, "a list of facts waits for a second approver");
    let problems: Vec<Value> =
        list.iter().filter_map(|(number, line)| Some(line.as_ref().err()?.line(*number))).collect();
    let answer = axum::Json(json!({"held": held, "facts": count, "problems": problems}));
    Ok((StatusCode::ACCEPTED, answer).into_response())
}

/// Stores facts, recolours their persons, and answers with one line each.
pub(super) fn apply(office: &Office, list: FactList) -> Result<Response, OfficeError> {
    let facts: Vec<Fact> = list.iter().filter_map(|(_, line)| line.as_ref().ok()).cloned().collect();
    let mut recorded = office.registry.record_facts(&facts)?.into_iter();
    office.recolour(&facts.iter().map(|fact| fact.person).collect::<Vec<_>>())?;
    let mut text = String::new();
    for (number, line) in list {
        let answer = match line {
            Ok(fact) => {
                let RecordedFact { id, report } = recorded.next().ok_or(OfficeError::StoreUnavailable)?;
                let colour = office.tables.colours.standing(fact.person).colour.word();
                match report {
                    FactReport::First => json!({"fact": id, "colour": colour}),
                    FactReport::Repeated => json!({"fact": id, "colour": colour, "repeated": true}),
                    FactReport::Differing => {
                        json!({"fact": id, "colour": colour, "repeated": true, "differs": true})
                    }
                }
            }
            Err(wrong) => wrong.line(number),
        };
        text.push_str(&answer.to_string());
        text.push('\n');
    }
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], text).into_response())
}

/// Checks a held list as if it came now. **Errors**: the first problem, if a line that was valid when the
/// list came is not valid any more.
pub(super) fn check_held(
    office: &Office,
    lines: &[NdjsonLine],
    held: &HeldList,
) -> Result<FactList, OfficeError> {
    let list = read(office, lines)?;
    let valid = list.iter().filter(|(_, line)| line.is_ok()).count() as u64;
    let problem = list.iter().find_map(|(_, line)| line.as_ref().err());
    match problem.filter(|_| valid < held.count) {
        Some(problem) => Err(problem.clone()),
        None => Ok(list),
    }
}

/// The reason of a withdrawal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct WithdrawalRequest {
    reason: String,
}

/// `POST /v1/facts/{fact}/withdraw`.
pub(in crate::office) async fn withdraw(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    fact: Result<PathId<FactId>, OfficeError>,
    Json(WithdrawalRequest { reason }): Json<WithdrawalRequest>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(id) = fact?;
    if reason.trim().is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(OfficeError::Malformed(format!("reason must have 1 to {REASON_BYTES_MAX} bytes").into()));
    }
    blocking(move || {
        office.registry.fact(id)?.ok_or(Refusal::NotFound)?;
        office.audit(&claims, "fact-withdrawn", id.to_string(), json!({"reason": reason}))?;
        let fact = office.registry.withdraw_fact(id, reason, clock::now())?.ok_or(Refusal::NotFound)?;
        office.recolour(&[fact.person])?;
        let colour = office.tables.colours.standing(fact.person).colour.word();
        Ok(axum::Json(json!({"fact": id, "colour": colour})))
    })
    .await?
}
