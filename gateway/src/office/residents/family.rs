//! Family: codes for people without a phone, and the guardians who act for them. A person with a proven phone
//! must first name the guardian. Each right is checked separately, and a guardian's actions are audited under
//! the guardian's own id.

use super::people::{ChangeAuthor, ChangeRequest, change_person, phone_key};
use super::reports::{self, HealthReport};
use crate::clock;
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::idempotency::RequestIds;
use crate::office::http::json::Json;
use crate::office::registration;
use crate::office::{Office, blocking};
use axum::extract::{Request, State};
use http::StatusCode;
use scangate_core::colour::Standing;
use scangate_core::id::PersonId;
use scangate_core::kin::{Kin, Side};
use scangate_core::person::{Document, PersonClass, Personal};
use scangate_core::policy::{Denied, Right};
use scangate_core::refusal::Refusal;
use scangate_storage::registry::{IdSource, Person, RegisteredPerson};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A dependant to add: a new person by name and document, or a registered person by id.
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

/// A person who may become the caller's guardian.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct Guardian {
    person: PersonId,
}

/// `POST /v1/people/me/dependants`.
pub(in crate::office) async fn add_dependant(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    Json(dependant): Json<Dependant>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        may_take(&office, id, dependant.person)?;
        let registered = match dependant {
            Dependant { name: Some(name), document: Some(document), person: None } => {
                register(&office, &ids, id, name, document)?
            }
            Dependant { name: None, document: None, person: Some(person) } => known(&office, id, person)?,
            Dependant { .. } => {
                return Err(OfficeError::Malformed("either name and document, or person".into()));
            }
        };
        let dependant = registered.person;
        if dependant == id {
            return Err(OfficeError::Malformed("you cannot be your own dependant".into()));
        }
        office.audit_own(id, "dependant-taken", dependant.to_string(), json!({}))?;
        tie(&office, id, dependant)?;
        Ok(axum::Json(json!(phone_key(&office, registered)?)))
    })
    .await?
}

/// Checks that the caller may add a dependant, before anyone is registered for it. An existing dependant
/// needs no further place: the first answer may have been lost.
fn may_take(office: &Office, holder: PersonId, whom: Option<PersonId>) -> Result<(), OfficeError> {
    office.need_registered(holder)?;
    let (standing, kin) = (office.judge(holder)?.standing, office.registry.kin_of(holder)?);
    if standing == Standing::UNREVIEWED {
        return Err(Denied::ProxyNotGreen.into());
    }
    let published = office.tables.policies.in_force();
    let terms = published.policy.terms();
    terms.act(Right::Apply)?;
    let others = kin.dependants.iter().filter(|&&dependant| Some(dependant) != whom).count();
    Ok(terms.take(standing.colour, others, 0)?)
}

/// Ties guardian and dependant if both have room and the dependant agrees, judged on the rows that the
/// compare-and-swap replaces.
fn tie(office: &Office, holder: PersonId, dependant: PersonId) -> Result<(), OfficeError> {
    let is_proven = office.registry.person(dependant)?.is_some_and(|person| person.proven);
    let family = office.tables.policies.in_force().policy.terms().family.clone();
    let may = |side: Side, kin: &Kin| {
        if side == Side::Guardians && is_proven && !kin.agrees_to(holder) {
            return Err(OfficeError::ProxyNotNamed);
        }
        Ok(family.allows_one_more(side, kin.side(side).len())?)
    };
    office.registry.tie(holder, dependant, may)?
}

/// Rejects a dependant with a proven phone who has not named the caller. Knowing a person's id proves
/// nothing, since every code they show contains it.
fn need_named(office: &Office, holder: PersonId, person: &Person) -> Result<(), OfficeError> {
    let is_free = !person.proven || person.id == holder;
    if is_free || office.registry.kin_of(person.id)?.agrees_to(holder) {
        Ok(())
    } else {
        Err(OfficeError::ProxyNotNamed)
    }
}

/// Registers a dependant with the caller's phone. A known document is accepted only if another guardian
/// already acts for that person: name and document number do not prove the right to act for an adult.
fn register(
    office: &Office,
    ids: &IdSource,
    holder: PersonId,
    name: String,
    document: Document,
) -> Result<RegisteredPerson, OfficeError> {
    let Personal { phone, district, .. } = office.registry.person(holder)?.ok_or(Refusal::NotFound)?.personal;
    let personal = Personal { name, phone, document, class: PersonClass::default(), district }.checked()?;
    office.tables.policies.in_force().policy.terms().register(personal.document.r#type)?;
    let (kid, now, registry) = (office.tables.keyring.current().0, clock::now(), office.registry.making(ids));
    // The guardian, whose own application was approved, answers for the dependant's.
    let registered = registry.apply(&personal, false, kid, now, &|_| Ok(None))?;
    if registered.is_new {
        office.recolour(&[registered.person])?;
        return Ok(registered);
    }
    let known = office.registry.person(registered.person)?.ok_or(OfficeError::AlreadyRegistered)?;
    need_named(office, holder, &known)?;
    let has_guardian = !office.registry.kin_of(registered.person)?.guardians.is_empty();
    let is_same = known.personal.name == personal.name;
    if has_guardian && is_same { Ok(registered) } else { Err(OfficeError::AlreadyRegistered) }
}

/// Looks up a registered person by id.
fn known(office: &Office, holder: PersonId, person: PersonId) -> Result<RegisteredPerson, OfficeError> {
    let known = office.registry.person(person)?.ok_or(OfficeError::PersonUnknown)?;
    need_named(office, holder, &known)?;
    Ok(RegisteredPerson { person, kid: known.kid, is_new: false })
}

/// Returns the dependant if the caller is their guardian and the pack grants guardians this right, and audits
/// it. Another person's dependant answers 404.
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

/// `GET /v1/people/me/dependants/{person}`: the dependant's colour and its reasons.
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
    request: Request,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(dependant) = dependant?;
    let change = registration::read::<ChangeRequest>(&office, request).await?;
    let (shared, is_declaring) = (Arc::clone(&office), change.is_declaring());
    let dependant = blocking(move || {
        let dependant = own_dependant(&shared, id, dependant, Right::Edit)?;
        // A statement is a declaration, which guardians need another right for.
        if is_declaring { own_dependant(&shared, id, dependant, Right::Declare) } else { Ok(dependant) }
    });
    let dependant = dependant.await??;
    change_person(&office, dependant, change, ChangeAuthor::Guardian).await.map(axum::Json)
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

/// `POST /v1/people/me/guardians`: names a person who may become the caller's guardian. The id is not looked
/// up, so the answer does not reveal who is registered.
pub(in crate::office) async fn name_guardian(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(Guardian { person }): Json<Guardian>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || {
        office.need_registered(id)?;
        if person == id {
            return Err(OfficeError::Malformed("you cannot be your own guardian".into()));
        }
        let family = office.tables.policies.in_force().policy.terms().family.clone();
        let may = |kin: &Kin| family.allows_one_more(Side::Guardians, kin.agreed());
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

/// `DELETE /v1/people/me/dependants/{person}`: removes the tie; the person stays registered.
pub(in crate::office) async fn leave(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<StatusCode, OfficeError> {
    untie(office, id, dependant, |office, own, other| Ok(office.registry.untie(own, other)?)).await
}

/// `DELETE /v1/people/me/guardians/{person}`: removes a guardian, or a named person who is not a guardian
/// yet.
pub(in crate::office) async fn dismiss(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(guardian): PathId<PersonId>,
) -> Result<StatusCode, OfficeError> {
    let end = |office: &Office, own: PersonId, other: PersonId| -> Result<bool, OfficeError> {
        // The name is removed first: a guardian adding the caller meanwhile is then refused or untied.
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
