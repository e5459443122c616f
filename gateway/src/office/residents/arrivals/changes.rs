//! Corrections and withdrawals of an arrival by the person. A reported or closed arrival stays as it is.

use super::{check, read, set_duty, shown, stays};
use crate::clock;
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use http::StatusCode;
use scangate_core::fact::Area;
use scangate_core::id::{PaperId, PersonId, VenueId};
use scangate_core::paper::{Arrival, Paper};
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// A correction: the fields that it has are changed. A null removes checkpoint or unit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct ArrivalCorrection {
    #[serde(default)]
    from_area: Option<Area>,
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default, deserialize_with = "given")]
    venue: Option<Option<VenueId>>,
    #[serde(default, deserialize_with = "given")]
    unit: Option<Option<String>>,
}

/// A field that is present, with its value or null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Option<T>, D::Error> {
    T::deserialize(input).map(Some)
}

impl ArrivalCorrection {
    fn applied(&self, arrival: &Arrival) -> Arrival {
        let mut changed = arrival.clone();
        if let Some(from_area) = &self.from_area {
            changed.from_area = Some(from_area.clone());
        }
        changed.at = self.at.unwrap_or(changed.at);
        changed.venue = self.venue.unwrap_or(changed.venue);
        if let Some(unit) = &self.unit {
            changed.unit.clone_from(unit);
        }
        changed
    }
}

/// `PATCH /v1/people/me/arrivals/{arrival}`.
pub(in crate::office) async fn correct(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    arrival: Result<PathId<PaperId>, OfficeError>,
    Json(correction): Json<ArrivalCorrection>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(arrival) = arrival?;
    office.caught_up().await;
    blocking(move || correct_arrival(&office, id, id, arrival, &correction).map(axum::Json)).await?
}

/// Corrects a person's arrival at the request of the person or a guardian.
pub(in crate::office::residents) fn correct_arrival(
    office: &Office,
    by: PersonId,
    person: PersonId,
    paper: PaperId,
    correction: &ArrivalCorrection,
) -> Result<Value, OfficeError> {
    let (before, now) = (read(office, person, paper)?, clock::now());
    expect_open(&before)?;
    // The rest of the arrival was accepted when it was announced.
    let ArrivalCorrection { at, venue, unit, .. } = correction;
    check(office, *at, venue.flatten(), unit.as_ref().and_then(Option::as_deref), now)?;
    set_duty(office, person, paper, &mut correction.applied(&before), now)?;
    office.audit_own(by, "arrival-corrected", paper.to_string(), json!({"person": person}))?;
    office.amend(person, paper, Paper::arrival, |arrival| {
        expect_open(arrival)?;
        let mut corrected = correction.applied(arrival);
        if !corrected.says_the_same(arrival) {
            set_duty(office, person, paper, &mut corrected, now)?;
            corrected.revision += 1;
            *arrival = corrected;
        }
        Ok(())
    })?;
    if correction.unit.is_some() {
        // Another unit may be in another district.
        office.recolour(&[person])?;
    }
    let arrival = stays::settle(office, person, paper, Some(&before), "corrected by the resident")?;
    office.follow_arrivals(&[person])?;
    shown(office, paper, &arrival)
}

/// `DELETE /v1/people/me/arrivals/{arrival}`. Withdrawing twice changes nothing.
pub(in crate::office) async fn withdraw(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(arrival): PathId<PaperId>,
) -> Result<StatusCode, OfficeError> {
    office.caught_up().await;
    blocking(move || withdraw_arrival(&office, id, id, arrival)).await?
}

/// Withdraws a person's arrival at the request of the person or a guardian.
pub(in crate::office::residents) fn withdraw_arrival(
    office: &Office,
    by: PersonId,
    person: PersonId,
    paper: PaperId,
) -> Result<StatusCode, OfficeError> {
    let (before, now) = (read(office, person, paper)?, clock::now());
    if before.withdrawn.is_none() {
        expect_open(&before)?;
        office.audit_own(by, "arrival-withdrawn", paper.to_string(), json!({"person": person}))?;
        office.amend(person, paper, Paper::arrival, |arrival| {
            expect_open(arrival)?;
            arrival.withdrawn = Some(now);
            Ok(())
        })?;
    }
    stays::settle(office, person, paper, Some(&before), "withdrawn by the resident")?;
    office.follow_arrivals(&[person])?;
    Ok(StatusCode::NO_CONTENT)
}

/// **Errors**: the arrival was withdrawn or reported, or a check-in at a gate closed it. The check-in that
/// opened an arrival leaves the person to add area and unit.
fn expect_open(arrival: &Arrival) -> Result<(), OfficeError> {
    if arrival.withdrawn.is_some() {
        return Err(Refusal::NotFound.into());
    }
    let is_closed = arrival.reported.is_some() || arrival.passed.is_some();
    if is_closed { Err(OfficeError::ArrivalClosed) } else { Ok(()) }
}
