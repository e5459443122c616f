//! The authority's queue of overdue reports.

use super::{began, since, units};
use crate::clock;
use crate::office::colours::standing::merge;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::id::UnitId;
use scangate_core::paper::{Arrival, FiledPaper, Unit};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// `GET /v1/arrivals/overdue`: the arrivals whose report is overdue, the longest overdue first.
pub(in crate::office) async fn list(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let now = clock::now();
        let all = office.registry.units()?.into_iter();
        let all: HashMap<UnitId, Unit> = all.map(|unit| (unit.id, unit)).collect();
        let late = |filed: &mut FiledPaper| {
            let (id, person) = (filed.id, filed.person);
            let arrival = office.is_late(filed, now).then(|| filed.paper.arrival())??;
            let unit = arrival.unit.as_ref().and_then(|unit| all.get(&unit.parse().ok()?));
            let shown = json!({
                "arrival": id, "person": person, "unit": arrival.unit, "from_area": arrival.from_area,
                "at": arrival.at, "due": arrival.due, "venue": arrival.venue, "since": since(arrival),
                "began": began(arrival), "district": district(&office, arrival, unit),
            });
            Some(merge(shown, units::members(unit)))
        };
        let late: Vec<Value> = office.registry.papers_due(now)?.iter_mut().filter_map(late).collect();
        office.audit(&claims, "overdue-arrivals-read", String::new(), json!({"arrivals": late.len()}))?;
        Ok(axum::Json(json!({ "overdue": late })))
    })
    .await?
}

/// The district that follows up: the unit's, or else the one in which the person came through a gate.
fn district(office: &Office, arrival: &Arrival, unit: Option<&Unit>) -> Option<String> {
    let gate = || Some(office.tables.venues.get(arrival.venue?)?.venue.district.clone());
    unit.map(|unit| unit.about.district.clone()).or_else(gate)
}
