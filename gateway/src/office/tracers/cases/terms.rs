//! The terms of tracing: what a tracer must know before a case is opened.

use super::{cases_account, persons_account};
use crate::office::http::auth::Tracer;
use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /v1/tracing`: the purposes of cases, the time after which people learn of a trace, and the retention.
/// With them are the city's time zone and what is left of the caller's budgets.
pub(in crate::office) async fn terms(
    Tracer(claims): Tracer,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let settings = office.settings.tracer.load();
        let left = json!({
            "cases": office.left_today(&cases_account(&claims), settings.cases_max)?,
            "persons": office.left_today(&persons_account(&claims), settings.persons_max)?,
        });
        Ok(axum::Json(json!({
            "purposes": settings.purposes, "tell_after_ms": settings.tell_after.ms(),
            "retention_days": office.settings.retention_days,
            "zone": office.tables.policies.in_force().policy.calendar().zone(), "left": left,
        })))
    })
    .await?
}
