//! Family: codes for those who have no phone of their own, and who acts for them. Every right is asked for by itself,
//! and what a guardian does is on record under the guardian's own id.

use super::super::bearer::Resident;
use super::super::json::Json;
use super::super::people::{change_person, enrol, give};
use super::super::standing::{told, with};
use super::super::wrong::Wrong;
use super::super::{Office, blocking};
use super::reports::{self, Health};
use axum::extract::{Path, State};
use http::StatusCode;
use scangate_core::id::PersonId;
use scangate_core::person::{Document, PersonClass, Personal, PersonalChange};
use scangate_core::policy::Right;
use scangate_core::refusal::Refusal;
use scangate_storage::registry::Registered;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Who is to be a dependant: somebody new, by name and document, or somebody registered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Dependant {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    document: Option<Document>,
    #[serde(default)]
    person: Option<PersonId>,
}

/// `POST /v1/people/me/dependants`.
pub(in super::super) async fn take(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(dependant): Json<Dependant>,
) -> Result<axum::Json<Value>, Wrong> {
    blocking(move || {
        may_take(&office, id)?;
        let registered = match dependant {
            Dependant { name: Some(name), document: Some(document), person: None } => {
                register(&office, id, name, document)?
            }
            Dependant { name: None, document: None, person: Some(person) } => known(&office, person)?,
            Dependant { .. } => {
                return Err(Wrong::Malformed("either name and document, or person".into()));
            }
        };
        let dependant = registered.person;
        if dependant == id {
            return Err(Wrong::Malformed("nobody is their own dependant".into()));
        }
        office.audit_own(id, "dependant-taken", dependant.to_string(), json!({}))?;
        let family = office.gate.policies.in_force().policy.terms().family.clone();
        office.registry.tie(id, dependant, |side, count| family.has_room(side, count))??;
        Ok(axum::Json(json!(give(&office, registered)?)))
    })
    .await?
}

/// Whether somebody may take a dependant at all, before anybody is registered for it.
fn may_take(office: &Office, holder: PersonId) -> Result<(), Wrong> {
    office.need_registered(holder)?;
    let (colour, kin) = (office.judge(holder)?.standing.colour, office.registry.kin_of(holder)?);
    let published = office.gate.policies.in_force();
    let terms = published.policy.terms();
    terms.act(Right::Apply)?;
    Ok(terms.take(colour, kin.dependants.len(), 0)?)
}

/// Registers somebody with the holder's phone. Who is known already is taken only where another acts for them, too:
/// a name and a document's number are no proof of being allowed to act for a grown-up.
fn register(
    office: &Office,
    holder: PersonId,
    name: String,
    document: Document,
) -> Result<Registered, Wrong> {
    let phone = office.registry.person(holder)?.ok_or(Refusal::NotFound)?.personal.phone;
    let personal = Personal { name, phone, document, class: PersonClass::default() }.checked()?;
    office.gate.policies.in_force().policy.terms().register(personal.document.r#type)?;
    let registered = enrol(office, std::slice::from_ref(&personal))?.pop().ok_or(Wrong::StoreUnavailable)?;
    if registered.is_new {
        return Ok(registered);
    }
    let has_guardian = !office.registry.kin_of(registered.person)?.guardians.is_empty();
    let known = office.registry.person(registered.person)?;
    let is_same = known.is_some_and(|known| known.personal.name == personal.name);
    if has_guardian && is_same { Ok(registered) } else { Err(Wrong::AlreadyRegistered) }
}

/// Somebody registered, by the id that they or another guardian were given.
fn known(office: &Office, person: PersonId) -> Result<Registered, Wrong> {
    let known = office.registry.person(person)?.ok_or(Wrong::PersonUnknown)?;
    Ok(Registered { person, kid: known.kid, is_new: false })
}

/// The dependant of a path, if they are the asker's and guardians may do this; it goes on record. What is not one's
/// own answers as what does not exist.
pub(super) fn mine(
    office: &Office,
    holder: PersonId,
    dependant: &str,
    right: Right,
) -> Result<PersonId, Wrong> {
    let dependant: PersonId = dependant.parse().map_err(|_| Refusal::NotFound)?;
    if !office.registry.is_tied(holder, dependant)? {
        return Err(Refusal::NotFound.into());
    }
    office.gate.policies.in_force().policy.terms().act(right)?;
    office.audit_own(holder, &format!("dependant-{}", right.word()), dependant.to_string(), json!({}))?;
    Ok(dependant)
}

/// `GET /v1/people/me/dependants`.
pub(in super::super) async fn list(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, Wrong> {
    blocking(move || {
        let mut dependants = Vec::new();
        for dependant in office.registry.kin_of(id)?.dependants {
            if let Some(person) = office.registry.person(dependant)? {
                dependants.push(json!({"person": dependant, "name": person.personal.name}));
            }
        }
        Ok(axum::Json(json!({ "dependants": dependants })))
    })
    .await?
}

/// `GET /v1/people/me/dependants/{person}`: their colour, and why.
pub(in super::super) async fn view(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Path(dependant): Path<String>,
) -> Result<axum::Json<Value>, Wrong> {
    blocking(move || {
        let dependant = mine(&office, id, &dependant, Right::View)?;
        let person = office.registry.person(dependant)?.ok_or(Refusal::NotFound)?;
        let judgement = office.judge(dependant)?;
        let published = office.gate.policies.in_force();
        let more = json!({"person": dependant, "name": person.personal.name});
        Ok(axum::Json(with(told(&published, &judgement), more)))
    })
    .await?
}

/// `PATCH /v1/people/me/dependants/{person}`.
pub(in super::super) async fn edit(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Path(dependant): Path<String>,
    Json(change): Json<PersonalChange>,
) -> Result<axum::Json<Value>, Wrong> {
    blocking(move || {
        let dependant = mine(&office, id, &dependant, Right::Edit)?;
        change_person(&office, dependant, change).map(axum::Json)
    })
    .await?
}

/// `POST /v1/people/me/dependants/{person}/reports`.
pub(in super::super) async fn report(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Path(dependant): Path<String>,
    Json(health): Json<Health>,
) -> Result<axum::Json<Value>, Wrong> {
    blocking(move || {
        let dependant = mine(&office, id, &dependant, Right::Report)?;
        reports::report(&office, dependant, health).map(axum::Json)
    })
    .await?
}

/// `DELETE /v1/people/me/dependants/{person}`: the tie goes, the person stays.
pub(in super::super) async fn leave(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Path(dependant): Path<String>,
) -> Result<StatusCode, Wrong> {
    untie(office, id, dependant, |own, other| (own, other)).await
}

/// `DELETE /v1/people/me/guardians/{person}`: the same from the other end.
pub(in super::super) async fn dismiss(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Path(guardian): Path<String>,
) -> Result<StatusCode, Wrong> {
    untie(office, id, guardian, |own, other| (other, own)).await
}

async fn untie(
    office: Arc<Office>,
    own: PersonId,
    other: String,
    sides: fn(PersonId, PersonId) -> (PersonId, PersonId),
) -> Result<StatusCode, Wrong> {
    let other: PersonId = other.parse().map_err(|_| Refusal::NotFound)?;
    blocking(move || {
        let (holder, dependant) = sides(own, other);
        if !office.registry.untie(holder, dependant)? {
            return Err(Refusal::NotFound.into());
        }
        office.audit_own(own, "dependant-left", other.to_string(), json!({}))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await?
}
