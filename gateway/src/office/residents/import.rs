//! The import of people from another register, by the authority or a district's office. The answer has one
//! line for each line, or one printable sheet for each person.

use super::people::{import_people, phone_key};
use super::sheets::refused_lines::RefusedLines;
use super::sheets::{self, SheetTexts};
use crate::office::districts::imported_district;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::idempotency::RequestIds;
use crate::office::http::line_handler::{self, GroupResult, LineHandler, put_json};
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{Office, audit_first, blocking};
use crate::wire::media_type::accepts_html;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::BytesMut;
use http::{HeaderMap, HeaderValue};
use scangate_core::id::PersonId;
use scangate_core::person::{Personal, PersonalChange};
use scangate_storage::registry::{IdSource, Person, RegisteredPerson};
use serde_json::json;
use std::sync::Arc;

/// The people that one store write registers.
const PEOPLE_A_GROUP: usize = 512;

/// `POST /v1/people/import`. Idempotent: a known document returns the same person and key. A client that
/// accepts `text/html` gets a document to print.
pub(in crate::office) async fn import(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    asked: HeaderMap,
    body: Body,
) -> Result<Response, OfficeError> {
    let is_printed = accepts_html(&asked);
    let detail = if is_printed { json!({"sheets": true}) } else { json!({}) };
    audit_first(&office, &claims, "people-import", String::new(), detail).await?;
    let people = NewPeople { office: Arc::clone(&office), ids, district: claims.district };
    if !is_printed {
        return Ok(line_handler::answer(people, body));
    }
    let texts = SheetTexts::of(&office);
    let mut answer =
        line_handler::answer(PeopleOnSheets { people, texts, refused: RefusedLines::default() }, body);
    sheets::protect(&mut answer);
    Ok(answer)
}

/// The handler of imported people.
struct NewPeople {
    office: Arc<Office>,
    ids: IdSource,
    /// The district of the office that imports them, if it has one.
    district: Option<String>,
}

impl LineHandler for NewPeople {
    type Entry = Personal;
    type Stored = RegisteredPerson;
    const GROUP_MAX: usize = PEOPLE_A_GROUP;

    fn read(&self, line: &NdjsonLine) -> Result<Personal, OfficeError> {
        let personal: Personal = line.parse()?;
        let personal = personal.checked()?;
        let district = imported_district(self.district.as_deref(), personal.district)?;
        Ok(Personal { district, ..personal })
    }

    async fn store(&self, people: Vec<Personal>) -> GroupResult<RegisteredPerson> {
        let (office, ids, district) = (Arc::clone(&self.office), self.ids.clone(), self.district.clone());
        blocking(move || {
            let registered = import_people(&office, &people, &ids)?;
            match district {
                Some(district) => join_district(&office, &registered, &district),
                None => Ok(registered.into_iter().map(Ok).collect()),
            }
        })
        .await?
    }

    fn answer(&self, registered: RegisteredPerson, text: &mut BytesMut) -> Result<(), OfficeError> {
        put_json(&phone_key(&self.office, registered)?, text);
        Ok(())
    }
}

/// Gives a district's office the people whom it imports. A known person without a district joins the
/// office's. A person of another district is refused: this office may not hand out that key.
fn join_district(
    office: &Office,
    registered: &[RegisteredPerson],
    district: &str,
) -> GroupResult<RegisteredPerson> {
    let ids: Vec<PersonId> = registered.iter().map(|registered| registered.person).collect();
    let persons = office.registry.persons(&ids)?;
    let join = |(&registered, person): (&RegisteredPerson, Option<Person>)| match person
        .and_then(|person| person.personal.district)
    {
        Some(own) if own != district => Err(OfficeError::DistrictWrong),
        Some(_) => Ok(registered),
        None => {
            let district = Some(district.to_owned());
            let change = PersonalChange { district, ..PersonalChange::default() };
            office.registry.change_person(registered.person, &change)?;
            office.recolour(&[registered.person])?;
            Ok(registered)
        }
    };
    Ok(registered.iter().zip(persons).map(join).collect())
}

/// The handler of imported people whose keys are printed.
struct PeopleOnSheets {
    people: NewPeople,
    texts: SheetTexts,
    refused: RefusedLines,
}

impl LineHandler for PeopleOnSheets {
    type Entry = Personal;
    /// The person's sheet.
    type Stored = String;
    const GROUP_MAX: usize = PEOPLE_A_GROUP;
    const MEDIA_TYPE: HeaderValue = sheets::MEDIA_TYPE;

    fn read(&self, line: &NdjsonLine) -> Result<Personal, OfficeError> {
        self.people.read(line)
    }

    async fn store(&self, people: Vec<Personal>) -> GroupResult<String> {
        let registered = self.people.store(people.clone()).await?;
        let (office, texts) = (Arc::clone(&self.people.office), self.texts.clone());
        let drawn = move |(personal, registered): (&Personal, Result<RegisteredPerson, OfficeError>)| {
            Ok(texts.sheet(personal, &phone_key(&office, registered?)?))
        };
        // Drawing takes a millisecond each.
        blocking(move || Ok(people.iter().zip(registered).map(drawn).collect())).await?
    }

    fn answer(&self, sheet: String, text: &mut BytesMut) -> Result<(), OfficeError> {
        text.extend_from_slice(sheet.as_bytes());
        Ok(())
    }

    fn begin(&mut self, text: &mut BytesMut) {
        sheets::begin(text);
    }

    fn refuse(&mut self, number: u64, wrong: &OfficeError, text: &mut BytesMut) {
        self.refused.add(number, wrong, text);
    }

    fn end(&mut self, text: &mut BytesMut) {
        self.refused.print(text);
        sheets::end(text);
    }
}
