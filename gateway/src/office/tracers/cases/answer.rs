//! A tracer's answers as JSON, NDJSON or CSV, by the `accept` header. They have ids only, no names.

use crate::office::http::csv;
use crate::office::http::format::{self, Format};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName};
use scangate_core::co_presence::{Contact, Encounter};
use scangate_core::id::VenueId;
use scangate_core::time::Timestamp;
use scangate_core::visit::{Certainty, Visit};
use scangate_storage::registry::Case;
use serde_json::{Value, json};

/// The header with the time up to which an answer is complete, where the body has no place for it.
const COMPLETE_THROUGH: HeaderName = HeaderName::from_static("complete-through");

fn lines(values: impl Iterator<Item = Value>, complete_through: Timestamp) -> Response {
    let headers = [
        (CONTENT_TYPE, Format::Ndjson.media_type().to_owned()),
        (COMPLETE_THROUGH, complete_through.to_string()),
    ];
    (headers, format::lines(values)).into_response()
}

fn rows(header: &[&str], rows: impl Iterator<Item = Vec<String>>, complete_through: Timestamp) -> Response {
    let headers = [
        (CONTENT_TYPE, Format::Csv.media_type().to_owned()),
        (COMPLETE_THROUGH, complete_through.to_string()),
    ];
    (headers, csv::table(header, rows)).into_response()
}

fn word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Measured => "measured",
        Certainty::Inferred => "inferred",
    }
}

/// A visit with either its person or its venue as `other`.
fn visit(visit: &Visit, other: (&str, Value)) -> Value {
    let mut value = json!({
        "id": visit.check_in, "from": visit.window.from, "to": visit.window.to,
        "certainty": word(visit.certainty),
    });
    value[other.0] = other.1;
    if let Some(outcome) = visit.outcome {
        value["colour"] = outcome.colour.word().into();
        value["verdict"] = outcome.verdict.word().into();
    }
    value
}

fn visit_row(visit: &Visit, other: String) -> Vec<String> {
    let colour = visit.outcome.map_or("", |outcome| outcome.colour.word());
    let verdict = visit.outcome.map_or("", |outcome| outcome.verdict.word());
    let (id, from, to) = (visit.check_in, visit.window.from, visit.window.to);
    let certainty = word(visit.certainty);
    let cells = [&id.to_string(), &other, &from.to_string(), &to.to_string(), certainty, colour, verdict];
    cells.into_iter().map(str::to_owned).collect()
}

/// The index person's visits.
pub(super) fn trail_visits(
    format: Format,
    case: &Case,
    complete_through: Timestamp,
    visits: &[Visit],
) -> Response {
    let values = visits.iter().map(|own| visit(own, ("venue", json!(own.venue))));
    match format {
        Format::Json => {
            let visits: Vec<Value> = values.collect();
            let (case, person) = (case.id, case.person);
            let answer = json!({
                "case": case, "person": person, "complete_through": complete_through, "visits": visits,
            });
            axum::Json(answer).into_response()
        }
        Format::Ndjson => lines(values, complete_through),
        Format::Csv => {
            let header = ["id", "venue", "from", "to", "certainty", "colour", "verdict"];
            rows(&header, visits.iter().map(|own| visit_row(own, own.venue.to_string())), complete_through)
        }
    }
}

/// All visits at a venue.
pub(super) fn venue_visits(
    format: Format,
    case: &Case,
    venue: VenueId,
    complete_through: Timestamp,
    visits: &[Visit],
) -> Response {
    let values = visits.iter().map(|own| visit(own, ("person", json!(own.person))));
    match format {
        Format::Json => {
            let visits: Vec<Value> = values.collect();
            let answer = json!({
                "case": case.id, "venue": venue, "complete_through": complete_through, "visits": visits,
            });
            axum::Json(answer).into_response()
        }
        Format::Ndjson => lines(values, complete_through),
        Format::Csv => {
            let header = ["id", "person", "from", "to", "certainty", "colour", "verdict"];
            rows(&header, visits.iter().map(|own| visit_row(own, own.person.to_string())), complete_through)
        }
    }
}

fn encounter(met: &Encounter) -> Value {
    json!({
        "venue": met.venue, "from": met.window.from, "to": met.window.to,
        "overlap_s": met.overlap_s(), "certainty": word(met.certainty), "via": met.via,
    })
}

fn contact(contact: &Contact) -> Value {
    let encounters: Vec<Value> = contact.encounters.iter().map(encounter).collect();
    json!({
        "person": contact.person, "hop": contact.hop, "overlap_s": contact.overlap_s(),
        "encounters": encounters,
    })
}

fn encounter_row(contact: &Contact, met: &Encounter) -> Vec<String> {
    let cells = [
        &contact.person.to_string(),
        &contact.hop.to_string(),
        &met.venue.to_string(),
        &met.window.from.to_string(),
        &met.window.to.to_string(),
        &met.overlap_s().to_string(),
        word(met.certainty),
        &met.via.to_string(),
    ];
    cells.into_iter().map(str::to_owned).collect()
}

/// The contacts of the index person.
pub(super) fn contacts(
    format: Format,
    case: &Case,
    complete_through: Timestamp,
    found: &[Contact],
) -> Response {
    match format {
        Format::Json => {
            let contacts: Vec<Value> = found.iter().map(contact).collect();
            let answer = json!({"case": case.id, "complete_through": complete_through, "contacts": contacts});
            axum::Json(answer).into_response()
        }
        Format::Ndjson => lines(found.iter().map(contact), complete_through),
        Format::Csv => {
            let header = ["person", "hop", "venue", "from", "to", "overlap_s", "certainty", "via"];
            let met = found
                .iter()
                .flat_map(|contact| contact.encounters.iter().map(move |met| encounter_row(contact, met)));
            rows(&header, met, complete_through)
        }
    }
}
