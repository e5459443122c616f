//! A resident's own facts, one at a time and in words. A reason names its fact, so nothing is listed here.

use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::fact::{Fact, Force};
use scangate_core::id::FactId;
use scangate_core::refusal::Refusal;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /v1/people/me/facts/{fact}`. Somebody else's fact answers as one that does not exist.
pub(in crate::office) async fn read(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(fact): PathId<FactId>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        office.need_registered(id)?;
        let own = office.registry.facts_of(id)?.into_iter().find(|own| own.id == fact);
        Ok(axum::Json(shown(&own.ok_or(Refusal::NotFound)?)))
    })
    .await?
}

fn shown(fact: &Fact) -> Value {
    json!({
        "fact": fact.id, "kind": fact.kind.name().word(), "at": fact.at, "until": fact.until,
        "recorded": fact.recorded, "withdrawn": fact.force != Force::InForce, "words": fact.words(),
    })
}
