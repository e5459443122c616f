//! Residents: their own view, changes and erasure, and the import of registers. Self-registration is in
//! `registration`.

use crate::clock;
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::{Authority, Resident};
use crate::office::http::error::OfficeError;
use crate::office::http::json::Json;
use crate::office::http::line_handler::{self, GroupResult, LineHandler, put_json};
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{Office, audit_first, blocking};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::BytesMut;
use http::StatusCode;
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::PersonAsk;
use scangate_core::id::PersonId;
use scangate_core::keys::Kid;
use scangate_core::person::{Personal, PersonalChange};
use scangate_core::refusal::Refusal;
use scangate_core::time::DAY_MS;
use scangate_core::visit::Window;
use scangate_storage::registry::RegisteredPerson;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The people that one store write registers.
const PEOPLE_A_GROUP: usize = 512;
/// The check-ins in a resident's own view: the latest.
const OWN_CHECK_INS_MAX: usize = 1_000;

/// The key from which a phone makes its codes.
#[derive(Serialize)]
pub(in crate::office) struct PhoneKey {
    person: PersonId,
    kid: u8,
    key: String,
}

/// Returns the phone key of a registered person: under the kid of the registration while that kid is
/// accepted, then under the current one.
pub(in crate::office) fn phone_key(
    office: &Office,
    registered: RegisteredPerson,
) -> Result<PhoneKey, OfficeError> {
    let keyring = &office.tables.keyring;
    let person = registered.person;
    let under = |kid: Kid| keyring.person(kid, person).map(|key| (kid, key));
    let current = keyring.current();
    let (kid, key) =
        under(Kid(registered.kid)).or_else(|| under(current)).ok_or(OfficeError::StoreUnavailable)?;
    Ok(PhoneKey { person, kid: kid.0, key: URL_SAFE_NO_PAD.encode(key.bytes()) })
}

/// Whether people have proved, by a code or a face, that they hold the phones they register with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) enum PhoneProof {
    /// Each has proved it.
    Verified,
    /// No proof: an import, a dependant, or a pack that requires none.
    Unverified,
}

/// Registers people and adds those who are new to the colour table.
pub(in crate::office) fn enrol(
    office: &Office,
    people: &[Personal],
    proof: PhoneProof,
) -> Result<Vec<RegisteredPerson>, OfficeError> {
    let (kid, now) = (office.tables.keyring.current().0, clock::now());
    let registered = match proof {
        PhoneProof::Verified => office.registry.register_proven(people, kid, now)?,
        PhoneProof::Unverified => office.registry.register(people, kid, now)?,
    };
    let new = registered.iter().filter(|registered| registered.is_new);
    office.recolour(&new.map(|registered| registered.person).collect::<Vec<_>>())?;
    Ok(registered)
}

/// `POST /v1/people/import`. Idempotent: a known document returns the same person and key.
pub(in crate::office) async fn import(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    body: Body,
) -> Result<Response, OfficeError> {
    audit_first(&office, &claims, "people-import", String::new(), json!({})).await?;
    Ok(line_handler::answer(NewPeople { office }, body))
}

/// The handler of imported people.
struct NewPeople {
    office: Arc<Office>,
}

impl LineHandler for NewPeople {
    type Entry = Personal;
    type Stored = RegisteredPerson;
    const GROUP_MAX: usize = PEOPLE_A_GROUP;

    fn read(&self, line: &NdjsonLine) -> Result<Personal, OfficeError> {
        line.parse().and_then(|personal: Personal| Ok(personal.checked()?))
    }

    async fn store(&self, people: Vec<Personal>) -> GroupResult<RegisteredPerson> {
        let office = Arc::clone(&self.office);
        Ok(blocking(move || enrol(&office, &people, PhoneProof::Unverified))
            .await??
            .into_iter()
            .map(Ok)
            .collect())
    }

    fn answer(&self, registered: RegisteredPerson, text: &mut BytesMut) -> Result<(), OfficeError> {
        put_json(&phone_key(&self.office, registered)?, text);
        Ok(())
    }
}

/// `GET /v1/people/me`.
pub(in crate::office) async fn me(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    let complete_through = office.caught_up().await;
    blocking(move || {
        let person = office.registry.person(id)?.ok_or(Refusal::NotFound)?;
        let judgement = office.judge(id)?;
        let published = office.tables.policies.in_force();
        let kin = office.registry.kin_of(id)?;
        let more = json!({
            "person": id,
            "name": person.personal.name,
            "phone": person.personal.phone,
            "class": person.personal.class,
            "registered": person.registered,
            "complete_through": complete_through,
            "check_ins": own_check_ins(&office, id)?,
            "traced": traced(&office, id)?,
            "dependants": kin.dependants,
            "guardians": kin.guardians,
            "named": kin.named,
        });
        Ok(axum::Json(merge(describe(&published, &judgement), more)))
    })
    .await?
}

fn own_check_ins(office: &Office, id: PersonId) -> Result<Vec<Value>, OfficeError> {
    let now = clock::now();
    let from = now.minus_ms(u64::from(office.settings.retention_days) * DAY_MS);
    let ask = PersonAsk { person: id, window: Window { from, to: now.plus_ms(DAY_MS) } };
    let check_ins = office.trails.persons(&[ask])?.pop().unwrap_or_default();
    Ok(check_ins.iter().rev().take(OWN_CHECK_INS_MAX).map(|check_in| own(office, check_in)).collect())
}

fn own(office: &Office, check_in: &CheckIn) -> Value {
    let known = office.tables.venues.get(check_in.venue);
    let name = known.as_ref().map(|known| known.venue.name.as_str());
    json!({
        "id": check_in.id, "at": check_in.at, "direction": check_in.direction,
        "venue": {"id": check_in.venue, "name": name},
        "colour": check_in.outcome.map(|outcome| outcome.colour.word()),
        "verdict": check_in.outcome.map(|outcome| outcome.verdict.word()),
    })
}

fn traced(office: &Office, id: PersonId) -> Result<Vec<Value>, OfficeError> {
    let cases = office.registry.cases_about(id)?.into_iter();
    let traced = cases.map(|case| {
        let (by, at) = (case.tracer, case.opened);
        json!({"by": by, "purpose": case.purpose, "at": at, "from": case.from, "to": case.to})
    });
    Ok(traced.collect())
}

/// `PATCH /v1/people/me`.
pub(in crate::office) async fn change(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(change): Json<PersonalChange>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || change_person(&office, id, change).map(axum::Json)).await?
}

/// Changes a person's name, phone and class. The pack decides which colours may change and how often per day.
pub(in crate::office) fn change_person(
    office: &Office,
    id: PersonId,
    change: PersonalChange,
) -> Result<Value, OfficeError> {
    let change = change.checked()?;
    let colour = office.judge(id)?.standing.colour;
    let a_day = {
        let published = office.tables.policies.in_force();
        published.policy.terms().edit(colour)?;
        published.policy.terms().edits.a_day
    };
    if !office.registry.is_registered(id)? {
        return Err(Refusal::NotFound.into());
    }
    if let Some(max) = a_day.filter(|_| !change.is_none()) {
        let now = clock::now();
        if !office.registry.spend(&format!("edits/{id}"), office.day(now).into(), 1, max.into())? {
            let tomorrow = office.tomorrow(now);
            return Err(OfficeError::EditQuota(tomorrow));
        }
    }
    let Personal { name, phone, class, .. } =
        office.registry.change_person(id, &change)?.ok_or(Refusal::NotFound)?.personal;
    Ok(json!({"person": id, "name": name, "phone": phone, "class": class}))
}

/// `DELETE /v1/people/me`: erases name, document, facts, colour and trail.
pub(in crate::office) async fn erase(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<StatusCode, OfficeError> {
    // A check-in that is only in the journal could not be erased.
    office.caught_up().await;
    blocking(move || {
        if !office.registry.erase_person(id)? {
            return Err(Refusal::NotFound.into());
        }
        office.recolour(&[id])?;
        office.trails.forget(id)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await?
}
