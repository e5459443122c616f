//! Family: codes for those who have no phone of their own, and who acts for them. Who proved to hold a phone
//! says first who may. Every right is asked for by itself, and what a guardian does is on record under the
//! guardian's own id.

use super::people::{PhoneProof, change_person, enrol, phone_key};
use super::reports::{self, HealthReport};
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use http::StatusCode;
use scangate_core::id::PersonId;
use scangate_core::kin::{Kin, Side};
use scangate_core::person::{Document, PersonClass, Personal, PersonalChange};
use scangate_core::policy::Right;
use scangate_core::refusal::Refusal;
use scangate_storage::registry::{Person, Registered};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Who is to be a dependant: somebody new, by name and document, or somebody registered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct Dependant {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    document: Option<Document>,
    #[serde(default)]
    person: Option<PersonId>,
}

/// Who may take the asker as a dependant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct Guardian {
    person: PersonId,
}

/// `POST /v1/people/me/dependants`.
pub(in crate::office) async fn add_dependant(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(dependant): Json<Dependant>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        may_take(&office, id, dependant.person)?;
        let registered = match dependant {
            Dependant { name: Some(name), document: Some(document), person: None } => {
                register(&office, id, name, document)?
            }
            Dependant { name: None, document: None, person: Some(person) } => known(&office, id, person)?,
            Dependant { .. } => {
                return Err(OfficeError::Malformed("either name and document, or person".into()));
            }
        };
        let dependant = registered.person;
        if dependant == id {
            return Err(OfficeError::Malformed("nobody is their own dependant".into()));
        }
        office.audit_own(id, "dependant-taken", dependant.to_string(), json!({}))?;
        tie(&office, id, dependant)?;
        Ok(axum::Json(json!(phone_key(&office, registered)?)))
    })
    .await?
}

/// Whether somebody may take a dependant at all, before anybody is registered for it. One who is taken already needs no
/// more room: the answer may have been lost.
fn may_take(office: &Office, holder: PersonId, whom: Option<PersonId>) -> Result<(), OfficeError> {
    office.need_registered(holder)?;
    let (colour, kin) = (office.judge(holder)?.standing.colour, office.registry.kin_of(holder)?);
    let published = office.tables.policies.in_force();
    let terms = published.policy.terms();
    terms.act(Right::Apply)?;
    let others = kin.dependants.iter().filter(|&&dependant| Some(dependant) != whom).count();
    Ok(terms.take(colour, others, 0)?)
}

/// Ties them where both have room and the dependant agrees, as their rows are when each is swapped.
fn tie(office: &Office, holder: PersonId, dependant: PersonId) -> Result<(), OfficeError> {
    let is_proven = office.registry.person(dependant)?.is_some_and(|person| person.proven);
    let family = office.tables.policies.in_force().policy.terms().family.clone();
    let may = |side: Side, kin: &Kin| {
        if side == Side::Guardians && is_proven && !kin.agrees_to(holder) {
            return Err(OfficeError::ProxyNotNamed);
        }
        Ok(family.has_room(side, kin.side(side).len())?)
    };
    office.registry.tie(holder, dependant, may)?
}

/// Refuses who proved to hold a phone and has not named the holder: a person's id is no secret, since every
/// code that they show has it.
fn need_named(office: &Office, holder: PersonId, person: &Person) -> Result<(), OfficeError> {
    let is_free = !person.proven || person.id == holder;
    if is_free || office.registry.kin_of(person.id)?.agrees_to(holder) {
        Ok(())
    } else {
        Err(OfficeError::ProxyNotNamed)
    }
}

/// Registers somebody with the holder's phone. Who is known already is taken only where another acts for them, too:
/// a name and a document's number are no proof of being allowed to act for a grown-up.
fn register(
    office: &Office,
    holder: PersonId,
    name: String,
    document: Document,
) -> Result<Registered, OfficeError> {
    let phone = office.registry.person(holder)?.ok_or(Refusal::NotFound)?.personal.phone;
    let personal = Personal { name, phone, document, class: PersonClass::default() }.checked()?;
    office.tables.policies.in_force().policy.terms().register(personal.document.r#type)?;
    let registered = enrol(office, std::slice::from_ref(&personal), PhoneProof::Unverified)?
        .pop()
        .ok_or(OfficeError::StoreUnavailable)?;
    if registered.is_new {
        return Ok(registered);
    }
    let known = office.registry.person(registered.person)?.ok_or(OfficeError::AlreadyRegistered)?;
    need_named(office, holder, &known)?;
    let has_guardian = !office.registry.kin_of(registered.person)?.guardians.is_empty();
    let is_same = known.personal.name == personal.name;
    if has_guardian && is_same { Ok(registered) } else { Err(OfficeError::AlreadyRegistered) }
}

/// Somebody registered, by their id.
fn known(office: &Office, holder: PersonId, person: PersonId) -> Result<Registered, OfficeError> {
    let known = office.registry.person(person)?.ok_or(OfficeError::PersonUnknown)?;
    need_named(office, holder, &known)?;
    Ok(Registered { person, kid: known.kid, is_new: false })
}

/// The dependant of a path, if they are the asker's and guardians may do this; it goes on record. What is not one's
/// own answers as what does not exist.
pub(super) fn own_dependant(
    office: &Office,
    holder: PersonId,
    dependant: PersonId,
    right: Right,
) -> Result<PersonId, OfficeError> {
    if !office.registry.is_tied(holder, dependant)? {
        return Err(Refusal::NotFound.into());
    }
    office.tables.policies.in_force().policy.terms().act(right)?;
    office.audit_own(holder, &format!("dependant-{}", right.word()), dependant.to_string(), json!({}))?;
    Ok(dependant)
}

/// `GET /v1/people/me/dependants`.
pub(in crate::office) async fn list(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
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
pub(in crate::office) async fn view(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let dependant = own_dependant(&office, id, dependant, Right::View)?;
        let person = office.registry.person(dependant)?.ok_or(Refusal::NotFound)?;
        let judgement = office.judge(dependant)?;
        let published = office.tables.policies.in_force();
        let more = json!({"person": dependant, "name": person.personal.name});
        Ok(axum::Json(merge(describe(&published, &judgement), more)))
    })
    .await?
}

/// `PATCH /v1/people/me/dependants/{person}`.
pub(in crate::office) async fn edit(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    dependant: Result<PathId<PersonId>, OfficeError>,
    Json(change): Json<PersonalChange>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(dependant) = dependant?;
    blocking(move || {
        let dependant = own_dependant(&office, id, dependant, Right::Edit)?;
        change_person(&office, dependant, change).map(axum::Json)
    })
    .await?
}

/// `POST /v1/people/me/dependants/{person}/reports`.
pub(in crate::office) async fn report(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    dependant: Result<PathId<PersonId>, OfficeError>,
    Json(health): Json<HealthReport>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(dependant) = dependant?;
    blocking(move || {
        let dependant = own_dependant(&office, id, dependant, Right::Report)?;
        reports::report(&office, dependant, health).map(axum::Json)
    })
    .await?
}

/// `POST /v1/people/me/guardians`: who may take the asker as a dependant. Nobody looks whether there is such
/// a person, so that the answer tells it to nobody.
pub(in crate::office) async fn name_guardian(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(Guardian { person }): Json<Guardian>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || {
        office.need_registered(id)?;
        if person == id {
            return Err(OfficeError::Malformed("nobody is their own guardian".into()));
        }
        let family = office.tables.policies.in_force().policy.terms().family.clone();
        let may = |kin: &Kin| family.has_room(Side::Guardians, kin.agreed());
        let kin = office.registry.kin_of(id)?;
        if !kin.agrees_to(person) {
            may(&kin)?;
            office.audit_own(id, "guardian-named", person.to_string(), json!({}))?;
            office.registry.name_guardian(id, person, may)??;
        }
        Ok(StatusCode::NO_CONTENT)
    })
    .await?
}

/// `DELETE /v1/people/me/dependants/{person}`: the tie goes, the person stays.
pub(in crate::office) async fn leave(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<StatusCode, OfficeError> {
    untie(office, id, dependant, |office, own, other| Ok(office.registry.untie(own, other)?)).await
}

/// `DELETE /v1/people/me/guardians/{person}`: the same from the other end, also for who was named and has not
/// taken the asker yet.
pub(in crate::office) async fn dismiss(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(guardian): PathId<PersonId>,
) -> Result<StatusCode, OfficeError> {
    let end = |office: &Office, own: PersonId, other: PersonId| -> Result<bool, OfficeError> {
        // In this order: who is taking the asker meanwhile is refused, or untied.
        let was_named = office.registry.unname_guardian(own, other)?;
        Ok(office.registry.untie(other, own)? || was_named)
    };
    untie(office, id, guardian, end).await
}

async fn untie(
    office: Arc<Office>,
    own: PersonId,
    other: PersonId,
    end: fn(&Office, PersonId, PersonId) -> Result<bool, OfficeError>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || {
        if !end(&office, own, other)? {
            return Err(Refusal::NotFound.into());
        }
        office.audit_own(own, "dependant-left", other.to_string(), json!({}))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await?
}
