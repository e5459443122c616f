//! Units: registering them, and the list from which an arriving resident chooses.

use crate::office::authority::test_sites::DistrictQuery;
use crate::office::authority::venues::checked;
use crate::office::http::auth::{Authority, AuthorityOrResident};
use crate::office::http::error::OfficeError;
use crate::office::http::extract::StrictQuery;
use crate::office::http::line_handler::{self, GroupResult, LineHandler, put_json};
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{Office, audit_first, blocking};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::BytesMut;
use scangate_core::id::UnitId;
use scangate_core::paper::{NewUnit, Unit, UnitKind};
use scangate_core::text::label;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The units that are stored together.
const UNITS_A_GROUP: usize = 512;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitLine {
    name: String,
    kind: UnitKind,
    district: String,
}

impl UnitLine {
    fn checked(self) -> Result<NewUnit, OfficeError> {
        let Self { name, kind, district } = self;
        Ok(NewUnit { name: checked(&name, "name")?, kind, district: checked(&district, "district")? })
    }
}

/// `POST /v1/units`. A unit that exists answers its id.
pub(in crate::office) async fn add(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    body: Body,
) -> Result<Response, OfficeError> {
    audit_first(&office, &claims, "units-added", String::new(), json!({})).await?;
    Ok(line_handler::answer(NewUnits { office }, body))
}

/// The handler of new units.
struct NewUnits {
    office: Arc<Office>,
}

impl LineHandler for NewUnits {
    type Entry = NewUnit;
    type Stored = Unit;
    const GROUP_MAX: usize = UNITS_A_GROUP;

    fn read(&self, line: &NdjsonLine) -> Result<NewUnit, OfficeError> {
        line.parse().and_then(UnitLine::checked)
    }

    async fn store(&self, new: Vec<NewUnit>) -> GroupResult<Unit> {
        let registry = self.office.registry.clone();
        blocking(move || Ok(registry.add_units(&new)?.into_iter().map(Ok).collect())).await?
    }

    fn answer(&self, unit: Unit, text: &mut BytesMut) -> Result<(), OfficeError> {
        put_json(&json!({"unit": unit.id}), text);
        Ok(())
    }
}

/// `GET /v1/units?district=NAME`: the units, by district and name. Names of organisations are no personal
/// data. A token is required all the same, so that a long list costs a stranger's request nothing.
pub(in crate::office) async fn list(
    AuthorityOrResident: AuthorityOrResident,
    State(office): State<Arc<Office>>,
    StrictQuery(query): StrictQuery<DistrictQuery>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let mut units = office.registry.units()?;
        units.retain(|unit| query.covers(&unit.about.district));
        units.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
        let shown: Vec<Value> = units.iter().map(shown).collect();
        Ok(axum::Json(json!({ "units": shown })))
    })
    .await?
}

fn order(unit: &Unit) -> (&str, &str, u64) {
    (&unit.about.district, &unit.about.name, unit.id.0)
}

fn shown(Unit { id, about: NewUnit { name, kind, district } }: &Unit) -> Value {
    json!({"unit": id, "name": name, "kind": kind, "district": district, "basis": kind.basis()})
}

/// The members of an arrival that describe its unit: null without a registered one.
pub(super) fn members(unit: Option<&Unit>) -> Value {
    let about = unit.map(|unit| &unit.about);
    json!({
        "unit_name": about.map(|about| &about.name), "unit_kind": about.map(|about| about.kind),
        "unit_district": about.map(|about| &about.district), "basis": about.map(|about| about.kind.basis()),
    })
}

/// The unit that an arrival names; none for free text.
pub(super) fn named(office: &Office, unit: Option<&str>) -> Result<Option<Unit>, OfficeError> {
    match unit.and_then(|unit| unit.parse::<UnitId>().ok()) {
        Some(id) => Ok(office.registry.unit(id)?),
        None => Ok(None),
    }
}

/// Checks the unit of an arrival. **Errors**: it is not printable, or no registered unit while the city has
/// any.
pub(super) fn check(office: &Office, unit: Option<&str>) -> Result<(), OfficeError> {
    let Some(unit) = unit else { return Ok(()) };
    if label(unit).is_none() {
        return Err(OfficeError::unprintable("unit"));
    }
    let is_known = named(office, Some(unit))?.is_some() || office.registry.units()?.is_empty();
    if is_known { Ok(()) } else { Err(OfficeError::UnitUnknown) }
}
