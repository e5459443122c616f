//! Residents: their keys, their own view and changes. Self-registration is in `registration`, the import of
//! registers in `import`, erasure in `erasure`.

use super::erasure;
use super::statements::declare;
use crate::clock;
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::registration::reviews::{self, Applicant};
use crate::office::registration::{self, OfferedProofs};
use crate::office::tracers::traced::traced;
use crate::office::{Office, blocking};
use axum::extract::{Request, State};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::PersonAsk;
use scangate_core::fact::Symptom;
use scangate_core::id::PersonId;
use scangate_core::keys::Kid;
use scangate_core::limits::PAPERS_A_DAY_MAX;
use scangate_core::paper::{HealthStatement, StatedContact, StatedStay};
use scangate_core::person::{PersonClass, Personal, PersonalChange};
use scangate_core::refusal::Refusal;
use scangate_core::time::DAY_MS;
use scangate_core::visit::Window;
use scangate_storage::registry::{IdSource, RegisteredPerson};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// The check-ins in a resident's own view: the latest.
const OWN_CHECK_INS_MAX: usize = 1_000;

/// The key from which a phone makes its codes.
#[derive(Serialize)]
pub(in crate::office) struct PhoneKey {
    pub(in crate::office) person: PersonId,
    pub(in crate::office) kid: u8,
    pub(in crate::office) key: String,
    /// Whether the person was registered before and the key replaces the earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::office) replaced: Option<bool>,
    /// The review of the application, where the pack in force asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::office) review: Option<Value>,
}

impl PhoneKey {
    /// The same key with the review of the application.
    pub(in crate::office) fn with_review(self, office: &Office) -> Result<Self, OfficeError> {
        let review = office.registry.person(self.person)?.and_then(|person| person.review);
        Ok(Self { review: review.as_ref().map(reviews::shown), ..self })
    }
}

/// Returns the phone key of a registered person in its present generation: under the kid of the registration
/// while that kid is accepted, then under the current one.
pub(in crate::office) fn phone_key(
    office: &Office,
    registered: RegisteredPerson,
) -> Result<PhoneKey, OfficeError> {
    let keyring = &office.tables.keyring;
    let person = registered.person;
    let generation = office.tables.colours.look_up(person).generation();
    let under = |kid: Kid| keyring.person(kid, person, generation).map(|key| (kid, key));
    let current = keyring.current();
    let (kid, key) =
        under(Kid(registered.kid)).or_else(|| under(current)).ok_or(OfficeError::StoreUnavailable)?;
    Ok(PhoneKey {
        person,
        kid: kid.0,
        key: URL_SAFE_NO_PAD.encode(key.bytes()),
        replaced: None,
        review: None,
    })
}

/// Whether people have proved, by a code or a face, that they hold the phones they register with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) enum PhoneProof {
    /// Each has proved it.
    Verified,
    /// No proof: an import, a dependant, or a pack that requires none.
    Unverified,
}

/// Imports people and adds those who are new to the colour table. They count as reviewed. `ids` tells a
/// request with an idempotency key that its own first try registered a person.
pub(super) fn import_people(
    office: &Office,
    people: &[Personal],
    ids: &IdSource,
) -> Result<Vec<RegisteredPerson>, OfficeError> {
    let (kid, now) = (office.tables.keyring.current().0, clock::now());
    let registered = office.registry.making(ids).register(people, kid, now)?;
    let new = registered.iter().filter(|registered| registered.is_new);
    office.recolour(&new.map(|registered| registered.person).collect::<Vec<_>>())?;
    Ok(registered)
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
            "district": person.personal.district,
            "registered": person.registered,
            "complete_through": complete_through,
            "check_ins": own_check_ins(&office, id)?,
            "traced": traced(&office, id)?,
            "dependants": kin.dependants,
            "guardians": kin.guardians,
            "named": kin.named,
            "kid": office.tables.keyring.current().0,
            "erasure": erasure::waiting(&office, id)?,
            "review": person.review.as_ref().map(reviews::shown),
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

/// A change of what a person registered and declared, with the proofs that the pack asks for at registration.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::office) struct ChangeRequest {
    name: Option<String>,
    phone: Option<String>,
    class: Option<PersonClass>,
    district: Option<String>,
    sms_code: Option<String>,
    face: Option<String>,
    symptoms: Option<Vec<Symptom>>,
    stays: Option<Vec<StatedStay>>,
    contacts: Option<Vec<StatedContact>>,
}

impl ChangeRequest {
    /// Splits a request into the change and the proofs.
    fn split(self) -> Result<(CheckedChange, OfferedProofs), OfficeError> {
        let Self { name, phone, class, district, sms_code, face, symptoms, stays, contacts } = self;
        let personal = PersonalChange { name, phone, class, district }.checked()?;
        let statement = HealthStatement { symptoms, stays, contacts }.checked(clock::now())?;
        Ok((CheckedChange { personal, statement }, OfferedProofs { sms_code, face }))
    }

    /// Whether it declares something.
    pub(super) const fn is_declaring(&self) -> bool {
        self.symptoms.is_some() || self.stays.is_some() || self.contacts.is_some()
    }
}

/// A valid change.
struct CheckedChange {
    personal: PersonalChange,
    statement: HealthStatement,
}

impl CheckedChange {
    const fn is_none(&self) -> bool {
        self.personal.is_none() && self.statement.is_none()
    }
}

/// The author of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) enum ChangeAuthor {
    /// The person.
    Holder,
    /// A guardian.
    Guardian,
}

/// `PATCH /v1/people/me`.
pub(in crate::office) async fn change(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    request: Request,
) -> Result<axum::Json<Value>, OfficeError> {
    let change = registration::read::<ChangeRequest>(&office, request).await?;
    change_person(&office, id, change, ChangeAuthor::Holder).await.map(axum::Json)
}

/// Changes a person's name, phone, class, district and health statement. The pack decides which colours may
/// change and how often per day, and which proofs a new name or phone needs. A dependant who never proved
/// anything needs none, as at registration.
pub(in crate::office) async fn change_person(
    office: &Arc<Office>,
    id: PersonId,
    request: ChangeRequest,
    author: ChangeAuthor,
) -> Result<Value, OfficeError> {
    let (change, offered) = request.split()?;
    let shared = Arc::clone(office);
    let (change, person) = blocking(move || {
        let colour = shared.judge(id)?.standing.colour;
        shared.tables.policies.in_force().policy.terms().edit(colour)?;
        let person = shared.registry.person(id)?.ok_or(Refusal::NotFound)?;
        Ok::<_, OfficeError>((change, person))
    })
    .await??;
    let mut personal = person.personal.clone();
    change.personal.apply(&mut personal);
    let is_new = (&personal.name, &personal.phone) != (&person.personal.name, &person.personal.phone);
    if is_new && (author == ChangeAuthor::Holder || person.proven) {
        registration::prove_change(office, &personal, offered).await?;
    }
    let shared = Arc::clone(office);
    blocking(move || apply_change(&shared, id, &change)).await?
}

/// Counts a change against the day's quota, and stores it.
fn apply_change(office: &Office, id: PersonId, change: &CheckedChange) -> Result<Value, OfficeError> {
    let a_day = office.tables.policies.in_force().policy.terms().edits.a_day;
    if let Some(max) = a_day.filter(|_| !change.is_none()) {
        let now = clock::now();
        if !office.registry.spend(&format!("edits/{id}"), office.day(now).into(), 1, max.into())? {
            let tomorrow = office.tomorrow(now);
            return Err(OfficeError::EditQuota(tomorrow));
        }
    }
    let CheckedChange { personal, statement } = change;
    if !statement.is_none() {
        office.count_today("papers", id, PAPERS_A_DAY_MAX)?;
    }
    let Personal { name, phone, class, district, .. } =
        office.registry.change_person(id, personal)?.ok_or(Refusal::NotFound)?.personal;
    let changed = json!({"person": id, "name": name, "phone": phone, "class": class, "district": district});
    if statement.is_none() {
        // The doors show the new name and class, and the district's office the new district.
        office.recolour(&[id])?;
        return Ok(changed);
    }
    let declaration = declare(office, id, statement, &IdSource::default())?;
    office.recolour(&[id])?;
    Ok(merge(changed, json!({ "declaration": declaration })))
}

/// `POST /v1/people/me/key`: the holder's key in its present generation, under the newest kid. The kid under
/// which the phone's key was can be retired once every phone has moved.
pub(in crate::office) async fn move_key(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<PhoneKey>, OfficeError> {
    blocking(move || {
        let kid = office.tables.keyring.current().0;
        if !office.registry.move_to_kid(id, kid)? {
            return Err(Refusal::NotFound.into());
        }
        phone_key(&office, RegisteredPerson { person: id, kid, is_new: false }).map(axum::Json)
    })
    .await?
}

/// Gives a registered person, who has proved to hold the document and the phone again, a new key. The earlier
/// keys, codes and passes end. If the person is proved for the first time, the ties end that the person never
/// agreed to. Another name or phone is another application, which is reviewed again.
pub(in crate::office) fn replace(
    office: &Office,
    registered: RegisteredPerson,
    personal: &Personal,
) -> Result<PhoneKey, OfficeError> {
    let person = registered.person;
    let known = office.registry.person(person)?.ok_or(Refusal::NotFound)?;
    let is_same = (&known.personal.name, &known.personal.phone) == (&personal.name, &personal.phone);
    let review = if is_same {
        known.review
    } else {
        reviews::review(office, Applicant { personal, proof: PhoneProof::Verified }, person, clock::now())?
    };
    office.audit_own(person, "person-replaced", person.to_string(), json!({}))?;
    let kid = office.tables.keyring.current().0;
    let replaced = office.registry.replace_person(person, kid, personal, review.as_ref())?;
    let before = replaced.ok_or(Refusal::NotFound)?;
    if !before.proven {
        let ended = office.registry.end_unnamed_ties(person)?;
        for guardian in ended {
            office.audit_own(person, "unnamed-tie-ended", guardian.to_string(), json!({}))?;
        }
    }
    let key = office.renew_key(person)?;
    Ok(PhoneKey { replaced: Some(true), ..key })
}
