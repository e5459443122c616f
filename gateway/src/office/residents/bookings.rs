//! Bookings of tests, for oneself and for dependants, at most one per local day.

use super::family::own_dependant;
use crate::clock;
use crate::office::calendar::date;
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{PathId, PathIds};
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use http::StatusCode;
use scangate_core::booking::{Booking, Slot};
use scangate_core::id::{PersonId, TestSiteId};
use scangate_core::limits::{BOOKING_DAYS, BOOKINGS_A_DAY_MAX};
use scangate_core::policy::Right;
use scangate_core::refusal::Refusal;
use scangate_core::test_site::TestSite;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The slot to book.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct BookingRequest {
    site: TestSiteId,
    at: Timestamp,
}

/// `POST /v1/people/me/bookings`. Idempotent: a repeated request returns the existing booking.
pub(in crate::office) async fn add(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(request): Json<BookingRequest>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || book(&office, id, &request).map(axum::Json)).await?
}

/// `POST /v1/people/me/dependants/{person}/bookings`.
pub(in crate::office) async fn add_for(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    dependant: Result<PathId<PersonId>, OfficeError>,
    Json(request): Json<BookingRequest>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(dependant) = dependant?;
    blocking(move || {
        book(&office, own_dependant(&office, id, dependant, Right::Apply)?, &request).map(axum::Json)
    })
    .await?
}

fn book(office: &Office, person: PersonId, request: &BookingRequest) -> Result<Value, OfficeError> {
    office.need_registered(person)?;
    let (site, now) = (office.open_test_site(request.site)?, clock::now());
    let (slot, today) = (slot(office, &site, request.at, now)?, office.day(now));
    office.count_today("bookings", person, BOOKINGS_A_DAY_MAX)?;
    let booking = office.registry.book(person, slot, site.opening.places, today)??;
    Ok(shown(office, &booking, &site))
}

/// Returns the slot of a site that begins at this time. **Errors**: no slot does, or it cannot be booked now.
fn slot(office: &Office, site: &TestSite, at: Timestamp, now: Timestamp) -> Result<Slot, OfficeError> {
    let (day, today) = (office.day(at), office.day(now));
    if at <= now || day - today >= u32::from(BOOKING_DAYS) {
        return Err(OfficeError::Malformed(
            format!("at must lie within {BOOKING_DAYS} days, today's first").into(),
        ));
    }
    let mut slots = site.opening.slots(office.midnight(office.date(at)));
    if slots.any(|begins| begins == at) {
        Ok(Slot { site: site.id, at, day })
    } else {
        Err(OfficeError::Malformed("at must be when a slot of the site begins".into()))
    }
}

fn shown(office: &Office, booking: &Booking, site: &TestSite) -> Value {
    let (at, day) = (booking.slot.at, office.date(booking.slot.at));
    let (from, to) = site.opening.clock(office.midnight(day), at);
    json!({
        "site": site.id, "name": site.name, "district": site.district, "address": site.address, "at": at,
        "day": day.to_string(), "from": from, "to": to,
    })
}

/// `GET /v1/people/me/bookings`.
pub(in crate::office) async fn list(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || booked(&office, id).map(axum::Json)).await?
}

/// `GET /v1/people/me/dependants/{person}/bookings`.
pub(in crate::office) async fn list_for(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || booked(&office, own_dependant(&office, id, dependant, Right::View)?).map(axum::Json))
        .await?
}

/// A person's bookings from today on, in the order of time.
fn booked(office: &Office, person: PersonId) -> Result<Value, OfficeError> {
    let today = office.day(clock::now());
    let bookings = office.registry.bookings_of(person)?;
    let mut coming: Vec<&Booking> =
        bookings.all().iter().filter(|booking| booking.slot.day >= today).collect();
    coming.sort_unstable_by_key(|booking| booking.slot.at);
    let mut lines = Vec::with_capacity(coming.len());
    for booking in coming {
        let site = office.registry.test_site(booking.slot.site)?.ok_or(Refusal::NotFound)?;
        lines.push(shown(office, booking, &site));
    }
    Ok(json!({ "bookings": lines }))
}

/// `DELETE /v1/people/me/bookings/{day}`.
pub(in crate::office) async fn cancel(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(day): PathId<String>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || call_off(&office, id, &day)).await?
}

/// `DELETE /v1/people/me/dependants/{person}/bookings/{day}`.
pub(in crate::office) async fn cancel_for(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    // The day stays text: the right is checked and audited before the day is parsed.
    PathIds(dependant, day): PathIds<PersonId, String>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || call_off(&office, own_dependant(&office, id, dependant, Right::Apply)?, &day)).await?
}

fn call_off(office: &Office, person: PersonId, day: &str) -> Result<StatusCode, OfficeError> {
    let day = office.day(office.midnight(date(day).ok_or(Refusal::NotFound)?));
    let cancelled = office.registry.cancel_booking(person, day)?;
    cancelled.map(|_| StatusCode::NO_CONTENT).ok_or(Refusal::NotFound.into())
}
