//! Test sites: adding and closing them, listing sites and free slots, and the bookings of a site.

use super::venues::checked;
use crate::clock;
use crate::office::calendar::date;
use crate::office::http::auth::{Authority, Resident};
use crate::office::http::csv;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, PathId, StrictQuery};
use crate::office::http::format::{self, Format};
use crate::office::http::idempotency::RequestIds;
use crate::office::http::line_handler::{self, GroupResult, LineHandler, put_json};
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{Office, audit_first, blocking};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use jiff::civil::Date;
use scangate_core::id::{PersonId, TestSiteId};
use scangate_core::limits::BOOKING_DAYS;
use scangate_core::refusal::Refusal;
use scangate_core::test_site::{Minute, Opening, TestSite};
use scangate_core::time::Timestamp;
use scangate_core::venue::Doors;
use scangate_storage::registry::{IdSource, NewTestSite};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// The test sites that are stored together.
const SITES_A_GROUP: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestSiteLine {
    name: String,
    district: String,
    address: String,
    opens: Minute,
    closes: Minute,
    slot_minutes: u16,
    places: u16,
}

impl TestSiteLine {
    fn checked(self) -> Result<NewTestSite, OfficeError> {
        let Self { name, district, address, opens, closes, slot_minutes, places } = self;
        let opening = Opening { opens, closes, slot_minutes, places }.checked();
        Ok(NewTestSite {
            name: checked(&name, "name")?,
            district: checked(&district, "district")?,
            address: checked(&address, "address")?,
            opening: opening.map_err(|error| OfficeError::Malformed(error.to_string().into()))?,
        })
    }
}

/// `POST /v1/test-sites`.
pub(in crate::office) async fn add(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    body: Body,
) -> Result<Response, OfficeError> {
    audit_first(&office, &claims, "test-sites-added", String::new(), json!({})).await?;
    Ok(line_handler::answer(NewTestSites { office, ids }, body))
}

/// The handler of new test sites.
struct NewTestSites {
    office: Arc<Office>,
    ids: IdSource,
}

impl LineHandler for NewTestSites {
    type Entry = NewTestSite;
    type Stored = TestSite;
    const GROUP_MAX: usize = SITES_A_GROUP;

    fn read(&self, line: &NdjsonLine) -> Result<NewTestSite, OfficeError> {
        line.parse().and_then(TestSiteLine::checked)
    }

    async fn store(&self, new: Vec<NewTestSite>) -> GroupResult<TestSite> {
        let registry = self.office.registry.making(&self.ids);
        blocking(move || Ok(registry.add_test_sites(new)?.into_iter().map(Ok).collect())).await?
    }

    fn answer(&self, site: TestSite, text: &mut BytesMut) -> Result<(), OfficeError> {
        put_json(&json!({"site": site.id}), text);
        Ok(())
    }
}

/// `DELETE /v1/test-sites/{site}`: the site accepts no new bookings; existing ones stay.
pub(in crate::office) async fn close(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(site): PathId<TestSiteId>,
) -> Result<StatusCode, OfficeError> {
    audit_first(&office, &claims, "test-site-closed", site.to_string(), json!({})).await?;
    let closed = blocking(move || office.registry.close_test_site(site)).await??;
    closed.map(|_| StatusCode::NO_CONTENT).ok_or(Refusal::NotFound.into())
}

impl Office {
    /// Returns a test site that accepts bookings. **Errors**: no open site has this id.
    pub(in crate::office) fn open_test_site(&self, site: TestSiteId) -> Result<TestSite, OfficeError> {
        let site = self.registry.test_site(site)?.filter(|site| site.doors == Doors::Open);
        Ok(site.ok_or(Refusal::NotFound)?)
    }
}

/// The district whose test sites or units are listed; all where the query leaves it out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct DistrictQuery {
    #[serde(default)]
    district: Option<String>,
}

impl DistrictQuery {
    /// Whether the list has the entries of this district.
    pub(in crate::office) fn covers(&self, district: &str) -> bool {
        self.district.as_ref().is_none_or(|asked| asked == district)
    }
}

impl Parameters for DistrictQuery {
    const EXPECTED: &'static str = "the query takes `district`";
}

/// `GET /v1/test-sites?district=NAME`: the sites that accept bookings, and the days that can be booked.
pub(in crate::office) async fn list(
    Resident(_): Resident,
    State(office): State<Arc<Office>>,
    StrictQuery(query): StrictQuery<DistrictQuery>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let mut sites = office.registry.test_sites()?;
        sites.retain(|site| site.doors == Doors::Open && query.covers(&site.district));
        sites.sort_unstable_by(|one, other| (&one.district, &one.name).cmp(&(&other.district, &other.name)));
        let today = office.date(clock::now());
        let days =
            (0..BOOKING_DAYS).map(|days| today.saturating_add(jiff::Span::new().days(days)).to_string());
        let shown: Vec<Value> = sites.iter().map(shown).collect();
        Ok(axum::Json(json!({ "test_sites": shown, "days": days.collect::<Vec<_>>() })))
    })
    .await?
}

fn shown(site: &TestSite) -> Value {
    let Opening { opens, closes, slot_minutes, places } = site.opening;
    json!({
        "site": site.id, "name": site.name, "district": site.district, "address": site.address,
        "opens": opens, "closes": closes, "slot_minutes": slot_minutes, "places": places,
    })
}

/// The day whose slots or bookings are listed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct DayQuery {
    #[serde(deserialize_with = "day")]
    day: Date,
}

impl Parameters for DayQuery {
    const EXPECTED: &'static str = "the query takes `day`, a date like 2022-01-04";
}

fn day<'de, D: Deserializer<'de>>(input: D) -> Result<Date, D::Error> {
    let text = String::deserialize(input)?;
    date(&text).ok_or_else(|| D::Error::custom("not a date"))
}

/// `GET /v1/test-sites/{site}/slots?day=DATE`: the free places of each slot that has not begun.
pub(in crate::office) async fn slots(
    Resident(_): Resident,
    State(office): State<Arc<Office>>,
    PathId(site): PathId<TestSiteId>,
    StrictQuery(DayQuery { day }): StrictQuery<DayQuery>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let (site, now) = (office.open_test_site(site)?, clock::now());
        let (opening, midnight) = (site.opening, office.midnight(day));
        let slots: Vec<Timestamp> = opening.slots(midnight).filter(|&at| at > now).collect();
        let booked = office.registry.booked(site.id, &slots)?;
        let left = slots.iter().zip(booked).map(|(&at, booked)| {
            let (from, to) = opening.clock(midnight, at);
            let free = usize::from(opening.places).saturating_sub(booked.len());
            json!({"at": at, "from": from, "to": to, "free": free})
        });
        let left: Vec<Value> = left.collect();
        Ok(axum::Json(json!({ "site": site.id, "day": day.to_string(), "slots": left })))
    })
    .await?
}

/// `GET /v1/test-sites/{site}/bookings?day=DATE`: the booked persons by slot, as ids only.
pub(in crate::office) async fn booked(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(site): PathId<TestSiteId>,
    StrictQuery(DayQuery { day }): StrictQuery<DayQuery>,
    headers: HeaderMap,
) -> Result<Response, OfficeError> {
    let format = Format::of(&headers);
    blocking(move || {
        let site = office.registry.test_site(site)?.ok_or(Refusal::NotFound)?;
        office.audit(&claims, "bookings-read", site.id.to_string(), json!({"day": day.to_string()}))?;
        let slots: Vec<Timestamp> = site.opening.slots(office.midnight(day)).collect();
        let booked = office.registry.booked(site.id, &slots)?;
        let mut comers: Vec<(Timestamp, PersonId)> = Vec::new();
        for (&at, people) in slots.iter().zip(booked) {
            comers.extend(people.into_iter().map(|person| (at, person)));
        }
        Ok(written(format, &site, day, &comers))
    })
    .await?
}

fn written(format: Format, site: &TestSite, day: Date, comers: &[(Timestamp, PersonId)]) -> Response {
    let lines = comers.iter().map(|(at, person)| json!({"at": at, "person": person}));
    match format {
        Format::Json => {
            let bookings: Vec<Value> = lines.collect();
            let whole = json!({"site": site.id, "day": day.to_string(), "bookings": bookings});
            axum::Json(whole).into_response()
        }
        Format::Ndjson => {
            ([(CONTENT_TYPE, Format::Ndjson.media_type())], format::lines(lines)).into_response()
        }
        Format::Csv => {
            let rows = comers.iter().map(|(at, person)| vec![at.to_string(), person.to_string()]);
            ([(CONTENT_TYPE, Format::Csv.media_type())], csv::table(&["at", "person"], rows)).into_response()
        }
    }
}
