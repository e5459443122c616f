//! A tracer's answers as JSON, NDJSON or CSV, by the `accept` header. They have ids of persons, no names.

use super::kept_from_within;
use crate::office::Office;
use crate::office::http::csv;
use crate::office::http::format::{self, Format};
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue};
use scangate_core::co_presence::{Contact, Encounter};
use scangate_core::id::VenueId;
use scangate_core::time::Timestamp;
use scangate_core::visit::{Certainty, Marks, Visit, Window};
use scangate_storage::registry::Case;
use serde_json::{Value, json};

/// The headers with what the members of the JSON answer say, where the body has no place for it.
const COMPLETE_THROUGH: HeaderName = HeaderName::from_static("complete-through");
const KEPT_FROM: HeaderName = HeaderName::from_static("kept-from");
const OUTSIDE_DISTRICT: HeaderName = HeaderName::from_static("outside-district");

/// What all answers of a case have in common.
pub(super) struct Answer<'a> {
    office: &'a Office,
    case: &'a Case,
    format: Format,
    complete_through: Timestamp,
    kept_from: Option<Timestamp>,
    outside_district: Option<u64>,
}

impl<'a> Answer<'a> {
    /// An answer for a window of a case.
    pub(super) fn new(
        office: &'a Office,
        case: &'a Case,
        window: Window,
        format: Format,
        complete_through: Timestamp,
    ) -> Self {
        let kept_from = kept_from_within(office, window);
        Self { office, case, format, complete_through, kept_from, outside_district: None }
    }

    /// The same answer with the number of visits that were left out; none for a token without a district.
    pub(super) fn outside_district(self, outside_district: Option<u64>) -> Self {
        Self { outside_district, ..self }
    }

    fn json(&self, mut answer: Value) -> Response {
        answer["case"] = json!(self.case.id);
        answer["complete_through"] = json!(self.complete_through);
        if let Some(kept_from) = self.kept_from {
            answer["kept_from"] = json!(kept_from);
        }
        if let Some(outside_district) = self.outside_district {
            answer["outside_district"] = outside_district.into();
        }
        self.sent(answer.to_string())
    }

    fn lines(&self, values: impl Iterator<Item = Value>) -> Response {
        self.with_headers(self.sent(format::lines(values)))
    }

    /// A table whose file name begins with `name`.
    fn table(&self, name: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
        let mut response = self.with_headers(self.sent(csv::table(header, rows)));
        let file = format!("attachment; filename=\"{name}-{}.csv\"", self.case.id);
        insert(&mut response, CONTENT_DISPOSITION, &file);
        response
    }

    fn sent(&self, body: impl Into<Body>) -> Response {
        ([(CONTENT_TYPE, self.format.media_type())], body.into()).into_response()
    }

    fn with_headers(&self, mut response: Response) -> Response {
        insert(&mut response, COMPLETE_THROUGH, &self.complete_through.to_string());
        if let Some(kept_from) = self.kept_from {
            insert(&mut response, KEPT_FROM, &kept_from.to_string());
        }
        if let Some(outside_district) = self.outside_district {
            insert(&mut response, OUTSIDE_DISTRICT, &outside_district.to_string());
        }
        response
    }

    /// The name of a venue; empty for one that this gateway does not know.
    fn venue_name(&self, venue: VenueId) -> String {
        self.office.tables.venues.get(venue).map(|known| known.venue.name.clone()).unwrap_or_default()
    }

    /// A time by the city's clocks.
    fn local(&self, at: Timestamp) -> String {
        self.office.tables.policies.in_force().policy.calendar().local_text(at)
    }
}

fn insert(response: &mut Response, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("a time, a number or an id is visible ASCII");
    response.headers_mut().insert(name, value);
}

fn word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Measured => "measured",
        Certainty::Inferred => "inferred",
        Certainty::Open => "open",
    }
}

fn words(marks: Marks) -> Vec<&'static str> {
    marks.words().collect()
}

/// A visit without its person and its venue.
fn visit(visit: &Visit) -> Value {
    let mut value = json!({
        "id": visit.check_in, "from": visit.window.from, "to": visit.window.to,
        "certainty": word(visit.certainty), "evidence": visit.mode.evidence(), "marks": words(visit.marks),
    });
    if let Some(outcome) = visit.outcome {
        value["colour"] = outcome.colour.word().into();
        value["verdict"] = outcome.verdict.word().into();
    }
    value
}

/// The columns of a table of visits, of which the second is `other`.
fn visit_header(other: &str) -> [&str; 13] {
    [
        "id",
        other,
        "from",
        "to",
        "certainty",
        "colour",
        "verdict",
        "from_local",
        "to_local",
        "venue_name",
        "evidence",
        "marks",
        "complete_through",
    ]
}

fn visit_row(answer: &Answer<'_>, visit: &Visit, other: String) -> Vec<String> {
    let outcome = |word: fn(scangate_core::check_in::Outcome) -> &'static str| {
        visit.outcome.map_or("", word).to_owned()
    };
    let Window { from, to } = visit.window;
    vec![
        visit.check_in.to_string(),
        other,
        from.to_string(),
        to.to_string(),
        word(visit.certainty).to_owned(),
        outcome(|outcome| outcome.colour.word()),
        outcome(|outcome| outcome.verdict.word()),
        answer.local(from),
        answer.local(to),
        answer.venue_name(visit.venue),
        visit.mode.evidence().to_owned(),
        words(visit.marks).join(" "),
        answer.complete_through.to_string(),
    ]
}

/// The index person's visits.
pub(super) fn trail_visits(answer: &Answer<'_>, visits: &[Visit]) -> Response {
    let values = visits.iter().map(|own| {
        let mut value = visit(own);
        value["venue"] = json!(own.venue);
        value["venue_name"] = answer.venue_name(own.venue).into();
        value
    });
    match answer.format {
        Format::Json => {
            answer.json(json!({"person": answer.case.person, "visits": values.collect::<Vec<_>>()}))
        }
        Format::Ndjson => answer.lines(values),
        Format::Csv => {
            let rows = visits.iter().map(|own| visit_row(answer, own, own.venue.to_string()));
            answer.table("trail", &visit_header("venue"), rows)
        }
    }
}

/// All visits at a venue.
pub(super) fn venue_visits(answer: &Answer<'_>, venue: VenueId, visits: &[Visit]) -> Response {
    let values = visits.iter().map(|own| {
        let mut value = visit(own);
        value["person"] = json!(own.person);
        value
    });
    match answer.format {
        Format::Json => answer.json(json!({
            "venue": venue, "venue_name": answer.venue_name(venue), "visits": values.collect::<Vec<_>>(),
        })),
        Format::Ndjson => answer.lines(values),
        Format::Csv => {
            let rows = visits.iter().map(|own| visit_row(answer, own, own.person.to_string()));
            answer.table("visits", &visit_header("person"), rows)
        }
    }
}

fn encounter(answer: &Answer<'_>, met: &Encounter) -> Value {
    json!({
        "venue": met.venue, "venue_name": answer.venue_name(met.venue),
        "from": met.window.from, "to": met.window.to, "overlap_s": met.overlap_s(),
        "certainty": word(met.certainty), "via": met.via, "evidence": met.mode.evidence(),
        "via_evidence": met.via_mode.evidence(), "marks": words(met.marks),
    })
}

fn contact(answer: &Answer<'_>, contact: &Contact) -> Value {
    let encounters: Vec<Value> = contact.encounters.iter().map(|met| encounter(answer, met)).collect();
    json!({
        "person": contact.person, "hop": contact.hop, "overlap_s": contact.overlap_s(),
        "present_s": contact.present_s(), "encounters": encounters,
    })
}

/// The columns of a table of encounters.
const ENCOUNTER_HEADER: [&str; 16] = [
    "person",
    "hop",
    "venue",
    "from",
    "to",
    "overlap_s",
    "certainty",
    "via",
    "from_local",
    "to_local",
    "venue_name",
    "evidence",
    "via_evidence",
    "marks",
    "present_s",
    "complete_through",
];

fn encounter_row(answer: &Answer<'_>, contact: &Contact, present_s: u64, met: &Encounter) -> Vec<String> {
    let Window { from, to } = met.window;
    vec![
        contact.person.to_string(),
        contact.hop.to_string(),
        met.venue.to_string(),
        from.to_string(),
        to.to_string(),
        met.overlap_s().to_string(),
        word(met.certainty).to_owned(),
        met.via.to_string(),
        answer.local(from),
        answer.local(to),
        answer.venue_name(met.venue),
        met.mode.evidence().to_owned(),
        met.via_mode.evidence().to_owned(),
        words(met.marks).join(" "),
        present_s.to_string(),
        answer.complete_through.to_string(),
    ]
}

/// The contacts of the index person.
pub(super) fn contacts(answer: &Answer<'_>, found: &[Contact]) -> Response {
    let values = found.iter().map(|one| contact(answer, one));
    match answer.format {
        Format::Json => answer.json(json!({"contacts": values.collect::<Vec<_>>()})),
        Format::Ndjson => answer.lines(values),
        Format::Csv => {
            let rows = found.iter().flat_map(|contact| {
                let present_s = contact.present_s();
                contact.encounters.iter().map(move |met| encounter_row(answer, contact, present_s, met))
            });
            answer.table("co-presence", &ENCOUNTER_HEADER, rows)
        }
    }
}
