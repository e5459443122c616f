//! Districts: the red and yellow people whom a district's office looks after, with their duties, and its
//! contacts with them. A token with a district reads that district alone. `placing` decides whose district is
//! which, and `tables::districts` has the queues.

mod contacts;
mod placing;

pub(in crate::office) use contacts::contact;

use super::colours::standing::explain;
use super::http::auth::Authority;
use super::http::error::OfficeError;
use super::http::extract::{Parameters, PathId, StrictQuery};
use super::{Office, blocking};
use crate::clock;
use crate::tables::districts::QueuePlace;
use crate::tables::policies::PublishedPolicy;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scangate_core::colour::Colour;
use scangate_core::id::PersonId;
use scangate_core::paper::{FiledPaper, Paper};
use scangate_core::policy::Judgement;
use scangate_core::time::Timestamp;
use scangate_core::token::Claims;
use scangate_storage::registry::{DistrictContact, Person};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

/// The people in one answer; the next request continues after the last one.
const PEOPLE_MAX: usize = 100;

/// A district in a path, by the city's own name.
pub(in crate::office) struct DistrictName(String);

impl FromStr for DistrictName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.trim().to_owned()))
    }
}

/// Rejects a token with another district. A token without one reads every district.
fn need_district(claims: &Claims, DistrictName(district): &DistrictName) -> Result<(), OfficeError> {
    match &claims.district {
        Some(own) if own != district => Err(OfficeError::DistrictWrong),
        Some(_) | None => Ok(()),
    }
}

/// The district of a person whom this token imports. **Errors**: the line names another one than the token.
pub(in crate::office) fn imported_district(
    own: Option<&str>,
    named: Option<String>,
) -> Result<Option<String>, OfficeError> {
    match (own, named) {
        (Some(own), Some(named)) if own != named => Err(OfficeError::DistrictWrong),
        (Some(own), _) => Ok(Some(own.to_owned())),
        (None, named) => Ok(named),
    }
}

/// The position after which a list continues.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct QueueQuery {
    #[serde(default, deserialize_with = "cursor")]
    after: Option<QueuePlace>,
}

impl Parameters for QueueQuery {
    const EXPECTED: &'static str = "the query takes `after`, the `next` of an earlier answer";
}

/// A place in a queue as text, which clients do not read.
fn cursor_of(place: QueuePlace) -> String {
    let QueuePlace { is_contacted, colour: Reverse(colour), since, person } = place;
    let place = serde_json::to_vec(&(is_contacted, colour, since.0, person.0));
    URL_SAFE_NO_PAD.encode(place.expect("numbers and words are JSON"))
}

fn cursor<'de, D: Deserializer<'de>>(input: D) -> Result<Option<QueuePlace>, D::Error> {
    let text = String::deserialize(input)?;
    let place = URL_SAFE_NO_PAD.decode(text).map_err(serde::de::Error::custom)?;
    let (is_contacted, colour, since, person): (bool, Colour, u64, u64) =
        serde_json::from_slice(&place).map_err(serde::de::Error::custom)?;
    let (since, person) = (Timestamp(since), PersonId(person));
    Ok(Some(QueuePlace { is_contacted, colour: Reverse(colour), since, person }))
}

/// A person in a district's queue, as the registry has them.
struct QueueEntry {
    person: Person,
    judgement: Judgement,
    /// When the colour began.
    since: Timestamp,
    /// The person's papers.
    papers: Vec<FiledPaper>,
}

impl QueueEntry {
    /// The district's contact about the present colour.
    fn contact(&self) -> Option<&DistrictContact> {
        self.person.contact.as_ref().filter(|contact| contact.is_about(self.since))
    }

    /// The person as the district's office sees them.
    fn shown(&mut self, office: &Office, published: &PublishedPolicy, now: Timestamp) -> Value {
        let reasons = explain(published, &self.judgement).into_iter();
        let reasons: Vec<Value> =
            reasons.map(|reason| json!({"rule": reason["rule"], "words": reason["words"]})).collect();
        let duties: Vec<Value> =
            self.papers.iter_mut().filter_map(|filed| open_duty(office, filed, now)).collect();
        let personal = &self.person.personal;
        json!({
            "person": self.person.id, "name": personal.name, "phone": personal.phone,
            "colour": self.judgement.standing.colour.word(), "since": self.since, "reasons": reasons,
            "duties": duties, "contacted": self.contact().map(contacts::shown),
        })
    }
}

/// A person's open duty to report an arrival.
fn open_duty(office: &Office, filed: &mut FiledPaper, now: Timestamp) -> Option<Value> {
    let is_late = office.is_late(filed, now);
    let (id, Paper::Arrival(arrival)) = (filed.id, &filed.paper) else { return None };
    let due = arrival.open_until()?;
    Some(json!({
        "duty": "arrival", "arrival": id, "unit": arrival.unit, "at": arrival.at, "due": due, "late": is_late,
    }))
}

impl Office {
    /// The red and yellow people of a district among these, in their order, as the registry has them now.
    fn queue_entries(
        &self,
        published: &PublishedPolicy,
        district: &str,
        people: &[PersonId],
        now: Timestamp,
    ) -> Result<Vec<QueueEntry>, OfficeError> {
        let registered = self.registry.evidence_of_registered(people)?;
        let mut papers = self.registry.papers_of_each(people)?;
        let mut entries = Vec::new();
        for (person, evidence) in registered.into_iter().flatten() {
            let own: Vec<FiledPaper> = papers.extract_if(.., |filed| filed.person == person.id).collect();
            let judgement = published.policy.judge(&evidence, now);
            let is_here = self.district_of(&person, &own)?.as_deref() == Some(district);
            if is_here && judgement.standing.colour > Colour::Green {
                let since = published.policy.colour_since(&evidence, now);
                entries.push(QueueEntry { person, judgement, since, papers: own });
            }
        }
        Ok(entries)
    }
}

/// `GET /v1/districts/{district}/people`: names and phones of the district's red and yellow people. Those
/// whom the office has not contacted come first, then the red ones, then those whose colour began first.
pub(in crate::office) async fn list(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(district): PathId<DistrictName>,
    query: Result<StrictQuery<QueueQuery>, OfficeError>,
) -> Result<axum::Json<Value>, OfficeError> {
    need_district(&claims, &district)?;
    let StrictQuery(QueueQuery { after }) = query?;
    let DistrictName(district) = district;
    blocking(move || {
        let (published, now) = (office.tables.policies.in_force(), clock::now());
        let places = office.tables.districts.people(&district, after, PEOPLE_MAX + 1);
        let places = places.ok_or(OfficeError::StoreUnavailable)?;
        let next = places.get(PEOPLE_MAX).and_then(|_| Some(cursor_of(*places.get(PEOPLE_MAX - 1)?)));
        let people: Vec<PersonId> = places.iter().take(PEOPLE_MAX).map(|place| place.person).collect();
        let mut entries = office.queue_entries(&published, &district, &people, now)?;
        let detail = json!({"people": entries.len()});
        office.audit(&claims, "district-people-read", district.clone(), detail)?;
        let shown: Vec<Value> =
            entries.iter_mut().map(|entry| entry.shown(&office, &published, now)).collect();
        Ok(axum::Json(json!({"people": shown, "next": next})))
    })
    .await?
}
