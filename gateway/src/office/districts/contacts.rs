//! A district's contacts with its red and yellow people. A contact is about one colour from its beginning on:
//! after a change of colour, the person is to be contacted again.

use super::{DistrictName, need_district};
use crate::clock;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathIds;
use crate::office::http::json::OptionalJson;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::id::PersonId;
use scangate_core::refusal::Refusal;
use scangate_core::text::label;
use scangate_storage::registry::DistrictContact;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The note of a contact.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct ContactNote {
    #[serde(default)]
    note: Option<String>,
}

impl ContactNote {
    fn checked(self) -> Result<Option<String>, OfficeError> {
        let checked = |note: String| label(&note).map(str::to_owned);
        self.note.map(|note| checked(note).ok_or_else(|| OfficeError::unprintable("note"))).transpose()
    }
}

/// A contact as the district's office sees it.
pub(super) fn shown(contact: &DistrictContact) -> Value {
    json!({"at": contact.at, "by": contact.by, "note": contact.note})
}

/// `POST /v1/districts/{district}/people/{person}/contacted`. The first contact about a colour counts, and a
/// repetition answers it. A green person, one of another district and an unknown one answer alike.
pub(in crate::office) async fn contact(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    path: Result<PathIds<DistrictName, PersonId>, OfficeError>,
    OptionalJson(note): OptionalJson<ContactNote>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathIds(district, person) = path?;
    need_district(&claims, &district)?;
    let (DistrictName(district), note) = (district, note.checked()?);
    blocking(move || {
        let (published, now) = (office.tables.policies.in_force(), clock::now());
        let mut entries = office.queue_entries(&published, &district, &[person], now)?;
        let entry = entries.pop().ok_or(Refusal::NotFound)?;
        let answer = |contact: &DistrictContact| {
            axum::Json(json!({"person": person, "since": entry.since, "contacted": shown(contact)}))
        };
        if let Some(known) = entry.contact() {
            return Ok(answer(known));
        }
        office.audit(&claims, "person-contacted", person.to_string(), json!({"district": district}))?;
        let new = DistrictContact { at: now, by: claims.subject, note, since: entry.since };
        let recorded = office.registry.record_contact(person, &new)?.ok_or(Refusal::NotFound)?;
        office.recolour(&[person])?;
        Ok(answer(&recorded))
    })
    .await?
}
