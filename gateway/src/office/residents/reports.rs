//! Daily health reports: one per local day counts, and symptoms become a fact immediately. The answer has the
//! advice that the rule pack gives on them.

use crate::clock;
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::fact::{FactKind, Symptom};
use scangate_core::id::PersonId;
use scangate_core::limits::REPORTS_A_DAY_MAX;
use scangate_core::report::Report;
use scangate_core::scan::Temperature;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The body of a report.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct HealthReport {
    #[serde(default)]
    temperature: Option<Temperature>,
    #[serde(default)]
    symptoms: Vec<Symptom>,
}

/// `POST /v1/people/me/reports`.
pub(in crate::office) async fn add(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(health): Json<HealthReport>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || report(&office, id, health).map(axum::Json)).await?
}

/// `GET /v1/people/me/reports`.
pub(in crate::office) async fn list(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    let reports = blocking(move || office.registry.reports_of(id)).await??;
    Ok(axum::Json(json!({ "reports": reports })))
}

/// Stores a health report of a person, from themselves or a guardian.
pub(super) fn report(office: &Office, id: PersonId, health: HealthReport) -> Result<Value, OfficeError> {
    office.need_registered(id)?;
    office.count_today("reports", id, REPORTS_A_DAY_MAX)?;
    let now = clock::now();
    let HealthReport { temperature, symptoms } = health;
    let report = Report { at: now, temperature, symptoms };
    let published = office.tables.policies.in_force();
    let which = report.all_symptoms(published.policy.fever());
    let advice = published.policy.advice_on_symptoms(&which);
    let counts = office.registry.add_report(id, office.day(now), &report)?;
    if !which.is_empty() {
        office.registry.record_facts(&[office.self_reported(id, FactKind::Symptoms { which }, now, now)])?;
    }
    office.recolour(&[id])?;
    let judgement = office.judge(id)?;
    Ok(merge(describe(&published, &judgement), json!({"at": now, "counts": counts, "advice": advice})))
}
