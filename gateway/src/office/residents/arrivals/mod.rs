//! Arrivals: where a resident came from, which becomes a fact. In some cities the resident must then report
//! to a community or employer. The authority has a queue of overdue reports.

pub(in crate::office) mod changes;
pub(in crate::office) mod overdue;
mod stays;
pub(in crate::office) mod units;

use crate::clock;
use crate::office::colours::standing::merge;
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::fact::Area;
use scangate_core::id::{PaperId, PersonId, VenueId};
use scangate_core::paper::{Arrival, DutyCause, DutyRule, Paper, is_overdue};
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The notice of an arrival.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct ArrivalNotice {
    from_area: Area,
    at: Timestamp,
    #[serde(default)]
    venue: Option<VenueId>,
    #[serde(default)]
    unit: Option<String>,
}

/// `POST /v1/people/me/arrivals`.
pub(in crate::office) async fn add(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(notice): Json<ArrivalNotice>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || announce(&office, id, notice).map(axum::Json)).await?
}

/// Announces an arrival of a person.
pub(super) fn announce(
    office: &Office,
    person: PersonId,
    notice: ArrivalNotice,
) -> Result<Value, OfficeError> {
    let now = clock::now();
    office.need_registered(person)?;
    check(office, Some(notice.at), notice.venue, notice.unit.as_deref(), now)?;
    let ArrivalNotice { from_area, at, venue, unit } = notice;
    let mut arrival = Arrival::announced(from_area, at, venue, unit, now);
    set_duty(office, person, PaperId(0), &mut arrival, now)?;
    // Filed first: a duty without its stay is repaired by a repeated request, a stay without its duty is not.
    let filed = office.file(person, Paper::Arrival(arrival))?;
    let arrival = stays::settle(office, person, filed.id, None, "announced again")?;
    office.follow_arrivals(&[person])?;
    shown(office, filed.id, &arrival)
}

/// Checks what a person says about an arrival. **Errors**: the time is too far from today, or no such
/// checkpoint or unit exists.
fn check(
    office: &Office,
    at: Option<Timestamp>,
    venue: Option<VenueId>,
    unit: Option<&str>,
    now: Timestamp,
) -> Result<(), OfficeError> {
    if at.is_some_and(|at| office.day(at).abs_diff(office.day(now)) > u32::from(Arrival::DAYS_MAX)) {
        let bounds = format!("at must be within {} local days from today", Arrival::DAYS_MAX);
        return Err(OfficeError::Malformed(bounds.into()));
    }
    if let Some(venue) = venue {
        office.venue(venue)?.ok_or(OfficeError::VenueUnknown)?;
    }
    units::check(office, unit)
}

/// A person's arrival. **Errors**: the person has none of this id.
fn read(office: &Office, person: PersonId, paper: PaperId) -> Result<Arrival, OfficeError> {
    let mut found = office.registry.paper(person, paper)?.ok_or(Refusal::NotFound)?;
    Ok(found.arrival().ok_or(Refusal::NotFound)?.clone())
}

/// Sets the duty that an arrival has by the colour that its stay gives. **Errors**: a responsible unit is
/// needed and not named.
fn set_duty(
    office: &Office,
    person: PersonId,
    paper: PaperId,
    arrival: &mut Arrival,
    now: Timestamp,
) -> Result<(), OfficeError> {
    let published = office.tables.policies.in_force();
    let Some(rule) = DutyRule::of(&published.policy) else { return Ok(()) };
    let mut evidence = office.registry.evidence_of(person)?;
    stays::replace(office, person, paper, arrival, &mut evidence.facts, now);
    let colour = published.policy.judge(&evidence, now).standing.colour;
    if rule.needs_unit(colour) && arrival.unit.is_none() {
        return Err(OfficeError::UnitNeeded);
    }
    rule.announce(arrival, colour, now);
    Ok(())
}

/// `POST /v1/people/me/arrivals/{arrival}/reported`. Reporting twice changes nothing.
pub(in crate::office) async fn reported(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(paper): PathId<PaperId>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || report_arrival(&office, id, paper).map(axum::Json)).await?
}

/// Records that a person reported an arrival.
pub(super) fn report_arrival(
    office: &Office,
    person: PersonId,
    paper: PaperId,
) -> Result<Value, OfficeError> {
    let now = clock::now();
    let arrival = office.amend(person, paper, Paper::arrival, |arrival| {
        if arrival.withdrawn.is_some() {
            return Err(Refusal::NotFound.into());
        }
        arrival.reported.get_or_insert(now);
        Ok(())
    })?;
    office.follow_arrivals(&[person])?;
    shown(office, paper, &arrival)
}

/// `GET /v1/people/me/arrivals`.
pub(in crate::office) async fn list(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    office.caught_up().await;
    blocking(move || arrivals_of(&office, id).map(axum::Json)).await?
}

/// A person's arrivals without the withdrawn ones, earliest first.
pub(super) fn arrivals_of(office: &Office, person: PersonId) -> Result<Value, OfficeError> {
    let mut arrivals = office.papers(person, Paper::arrival, |arrival| arrival.at)?;
    arrivals.retain(|(_, arrival)| arrival.withdrawn.is_none());
    let shown = arrivals.iter().map(|(paper, arrival)| shown(office, *paper, arrival));
    Ok(json!({ "arrivals": shown.collect::<Result<Vec<_>, OfficeError>>()? }))
}

fn shown(office: &Office, id: PaperId, arrival: &Arrival) -> Result<Value, OfficeError> {
    let unit = units::named(office, arrival.unit.as_deref())?;
    let shown = json!({
        "arrival": id, "from_area": arrival.from_area, "at": arrival.at, "venue": arrival.venue,
        "unit": arrival.unit, "due": arrival.due, "reported": arrival.reported,
        "overdue": is_overdue(arrival.open_until(), clock::now()), "late": arrival.is_late(),
        "since": since(arrival), "began": began(arrival), "ended": arrival.ended, "passed": arrival.passed,
    });
    Ok(merge(shown, units::members(unit.as_ref())))
}

/// The time from which the deadline of a duty counts; none without a duty. Earlier versions counted from the
/// arrival.
fn since(arrival: &Arrival) -> Option<Timestamp> {
    arrival.due.map(|_| arrival.began.map_or(arrival.at, |began| began.at))
}

/// The cause of the duty; none without a duty.
fn began(arrival: &Arrival) -> Option<DutyCause> {
    arrival.due.map(|_| arrival.began.map_or(DutyCause::Arrival, |began| began.by))
}
