//! Appeals against a colour: each is to be answered by a time, and what is due first stands first. An answer changes no
//! colour; where the appeal is right, the authority withdraws the fact.

use super::super::bearer::{Authority, Resident};
use super::super::json::Json;
use super::super::wrong::Wrong;
use super::super::{Office, blocking};
use super::declarations::Text;
use super::{checked_text, paper_id};
use crate::clock;
use axum::extract::{Path, State};
use scangate_core::id::PaperId;
use scangate_core::paper::{Answer, Appeal, Paper};
use scangate_core::refusal::Refusal;
use scangate_core::time::HOUR_MS;
use serde_json::{Value, json};
use std::sync::Arc;

/// `POST /v1/people/me/appeals`.
pub(in super::super) async fn add(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(Text { text }): Json<Text>,
) -> Result<axum::Json<Value>, Wrong> {
    let (text, at) = (checked_text(&text)?, clock::now());
    blocking(move || {
        let hours = office.gate.policies.in_force().policy.terms().appeal_hours;
        let appeal = Appeal { text, at, due: at.plus_ms(u64::from(hours) * HOUR_MS), answer: None };
        let paper = office.file(id, Paper::Appeal(appeal.clone()))?;
        Ok(axum::Json(shown(paper, &appeal)))
    })
    .await?
}

/// `GET /v1/people/me/appeals`.
pub(in super::super) async fn list(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, Wrong> {
    let of_kind = |paper| match paper {
        Paper::Appeal(appeal) => Some(appeal),
        Paper::Declaration(_) | Paper::Arrival(_) => None,
    };
    let appeals = blocking(move || office.papers(id, of_kind, |appeal| appeal.at)).await??;
    let shown: Vec<Value> = appeals.iter().map(|(id, appeal)| shown(*id, appeal)).collect();
    Ok(axum::Json(json!({ "appeals": shown })))
}

fn shown(id: PaperId, appeal: &Appeal) -> Value {
    json!({
        "appeal": id, "text": appeal.text, "at": appeal.at, "due": appeal.due,
        "overdue": appeal.answer.is_none() && clock::now() > appeal.due,
        "answer": appeal.answer.as_ref().map(|answer| json!({"at": answer.at, "text": answer.text})),
    })
}

/// `GET /v1/appeals`: those that wait for an answer, what is due first in front.
pub(in super::super) async fn open(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, Wrong> {
    blocking(move || {
        let open: Vec<Value> = office
            .registry
            .open_papers()?
            .into_iter()
            .filter_map(|filed| match filed.paper {
                Paper::Appeal(appeal) => {
                    let mut shown = shown(filed.id, &appeal);
                    shown["person"] = json!(filed.person);
                    Some(shown)
                }
                Paper::Declaration(_) | Paper::Arrival(_) => None,
            })
            .collect();
        office.audit(&claims, "appeals-read", String::new(), json!({"appeals": open.len()}))?;
        Ok(axum::Json(json!({ "appeals": open })))
    })
    .await?
}

/// `POST /v1/appeals/{appeal}/answer`. The first answer stands.
pub(in super::super) async fn answer(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    Path(appeal): Path<String>,
    Json(Text { text }): Json<Text>,
) -> Result<axum::Json<Value>, Wrong> {
    let (id, text) = (paper_id(&appeal)?, checked_text(&text)?);
    blocking(move || {
        let person = office.registry.open_paper(id)?.ok_or(Refusal::NotFound)?.person;
        office.audit(&claims, "appeal-answered", id.to_string(), json!({}))?;
        let answer = Answer { at: clock::now(), by: claims.subject, text };
        let changed = office.registry.change_paper(person, id, |paper| match paper {
            Paper::Appeal(appeal) if appeal.answer.is_none() => {
                appeal.answer = Some(answer.clone());
                Ok(())
            }
            Paper::Appeal(_) | Paper::Declaration(_) | Paper::Arrival(_) => Err(Refusal::NotFound),
        })?;
        match changed.ok_or(Refusal::NotFound)?? {
            Paper::Appeal(appeal) => Ok(axum::Json(shown(id, &appeal))),
            Paper::Declaration(_) | Paper::Arrival(_) => Err(Refusal::NotFound.into()),
        }
    })
    .await?
}
