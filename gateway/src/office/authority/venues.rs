//! Venues: adding and closing them, and their posters.

use crate::clock;
use crate::office::http::auth::{Authority, AuthorityOrTracer};
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{PathId, PathIds};
use crate::office::http::idempotency::RequestIds;
use crate::office::http::line_handler::{self, GroupResult, LineHandler, put_json};
use crate::office::http::ndjson::NdjsonLine;
use crate::office::poster as drawing;
use crate::office::venues::known_venue;
use crate::office::{Office, audit_first, blocking};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use scangate_core::colour::Checks;
use scangate_core::id::VenueId;
use scangate_core::refusal::Refusal;
use scangate_core::text::label;
use scangate_core::venue::{Dwell, OpenHours, Position, Venue, VenueKind, WeekHours};
use scangate_storage::registry::{IdSource, NewVenue};
use serde::Deserialize;
use serde_json::{Value, json};
use std::str::FromStr;
use std::sync::Arc;

/// The venues that are stored together.
const VENUES_A_GROUP: usize = 512;
/// The poster whose code the answer to a new venue has.
const FIRST_POSTER: u16 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VenueLine {
    name: String,
    kind: VenueKind,
    district: String,
    #[serde(default)]
    dwell_minutes: Dwell,
    #[serde(default)]
    checks: Checks,
    #[serde(default)]
    hours: Option<Vec<HoursLine>>,
    #[serde(default)]
    latitude: Option<f64>,
    #[serde(default)]
    longitude: Option<f64>,
}

/// Opening hours of some days of the week.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursLine {
    days: Vec<u8>,
    from: String,
    to: String,
}

impl HoursLine {
    fn checked(self) -> Result<OpenHours, OfficeError> {
        let minute = |text: &str| {
            let wrong = "hours: from and to are HH:MM, from 00:00 to 24:00";
            text.parse().map_err(|_| OfficeError::Malformed(wrong.into()))
        };
        Ok(OpenHours { from: minute(&self.from)?, to: minute(&self.to)?, days: self.days })
    }
}

fn checked_hours(lines: Vec<HoursLine>) -> Result<WeekHours, OfficeError> {
    let hours = lines.into_iter().map(HoursLine::checked).collect::<Result<_, _>>()?;
    WeekHours::checked(hours).map_err(|error| OfficeError::Malformed(format!("hours: {error}").into()))
}

fn checked_position(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<Position>, OfficeError> {
    match (latitude, longitude) {
        (None, None) => Ok(None),
        (Some(latitude), Some(longitude)) => {
            let position = Position::degrees(latitude, longitude);
            position.map(Some).map_err(|error| OfficeError::Malformed(error.to_string().into()))
        }
        (Some(_), None) | (None, Some(_)) => {
            Err(OfficeError::Malformed("latitude and longitude must be given together".into()))
        }
    }
}

impl VenueLine {
    fn checked(self) -> Result<NewVenue, OfficeError> {
        Ok(NewVenue {
            name: checked(&self.name, "name")?,
            kind: self.kind,
            district: checked(&self.district, "district")?,
            dwell: self.dwell_minutes,
            checks: self.checks,
            hours: self.hours.map(checked_hours).transpose()?,
            position: checked_position(self.latitude, self.longitude)?,
        })
    }
}

/// Checks a name of a venue or test site. **Errors**: malformed, with the name of the field.
pub(in crate::office) fn checked(text: &str, field: &str) -> Result<String, OfficeError> {
    label(text).map(str::to_owned).ok_or_else(|| OfficeError::unprintable(field))
}

/// `POST /v1/venues`.
pub(in crate::office) async fn add(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    body: Body,
) -> Result<Response, OfficeError> {
    audit_first(&office, &claims, "venues-added", String::new(), json!({})).await?;
    Ok(line_handler::answer(NewVenues { office, ids }, body))
}

/// The handler of new venues.
struct NewVenues {
    office: Arc<Office>,
    ids: IdSource,
}

impl LineHandler for NewVenues {
    type Entry = NewVenue;
    type Stored = Venue;
    const GROUP_MAX: usize = VENUES_A_GROUP;

    fn read(&self, line: &NdjsonLine) -> Result<NewVenue, OfficeError> {
        line.parse().and_then(VenueLine::checked)
    }

    async fn store(&self, new: Vec<NewVenue>) -> GroupResult<Venue> {
        let (office, registry) = (Arc::clone(&self.office), self.office.registry.making(&self.ids));
        blocking(move || {
            let added = registry.add_venues(new)?;
            added.iter().for_each(|venue| office.tables.venues.put(venue.clone()));
            Ok(added.into_iter().map(Ok).collect())
        })
        .await?
    }

    fn answer(&self, venue: Venue, text: &mut BytesMut) -> Result<(), OfficeError> {
        let code = self.office.tables.keyring.poster(venue.id, FIRST_POSTER).text();
        put_json(&json!({"venue": venue.id, "poster": code}), text);
        Ok(())
    }
}

/// The venue of this id. **Errors**: 404 where no venue has it.
async fn known(office: &Arc<Office>, id: VenueId) -> Result<Venue, OfficeError> {
    let known = known_venue(office, id).await?.ok_or(Refusal::NotFound)?;
    Ok(known.venue.clone())
}

/// `GET /v1/venues/{venue}`.
pub(in crate::office) async fn read(
    AuthorityOrTracer: AuthorityOrTracer,
    State(office): State<Arc<Office>>,
    PathId(venue): PathId<VenueId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let Venue { id, name, kind, district, dwell, checks, doors, hours, position, .. } =
        known(&office, venue).await?;
    let mut shown = json!({
        "venue": id, "name": name, "kind": kind, "district": district, "dwell_minutes": u16::from(dwell),
        "checks": checks, "doors": doors,
    });
    if let Some(hours) = hours {
        shown["hours"] = json!(hours);
    }
    if let Some(position) = position {
        shown["latitude"] = position.latitude().into();
        shown["longitude"] = position.longitude().into();
    }
    Ok(axum::Json(shown))
}

/// The number of a poster, from 1, as its file name `{n}.svg` has it.
pub(in crate::office) struct PosterFile(u16);

impl FromStr for PosterFile {
    type Err = Refusal;
    fn from_str(file: &str) -> Result<Self, Refusal> {
        let number = file.strip_suffix(".svg").and_then(|number| number.parse().ok());
        number.filter(|&number| number > 0).map(Self).ok_or(Refusal::NotFound)
    }
}

/// `GET /v1/venues/{venue}/posters/{n}.svg`.
pub(in crate::office) async fn poster(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
    PathIds(venue, PosterFile(number)): PathIds<VenueId, PosterFile>,
) -> Result<Response, OfficeError> {
    let venue = known(&office, venue).await?;
    let code = office.tables.keyring.poster(venue.id, number).text();
    let svg = drawing::svg(&format!("{}/v/{code}", office.settings.origin), &venue.name, number);
    Ok(([(CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

/// `DELETE /v1/venues/{venue}`: its codes are refused from now on; its visits stay.
pub(in crate::office) async fn close(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(venue): PathId<VenueId>,
) -> Result<StatusCode, OfficeError> {
    let venue = known(&office, venue).await?.id;
    audit_first(&office, &claims, "venue-closed", venue.to_string(), json!({})).await?;
    let registry = office.registry.clone();
    let closed = blocking(move || registry.close_venue(venue, clock::now())).await??;
    office.tables.venues.put(closed.ok_or(Refusal::NotFound)?);
    Ok(StatusCode::NO_CONTENT)
}
