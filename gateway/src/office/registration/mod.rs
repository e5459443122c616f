//! Self-registration: residents send the steps that the rule pack in force requires. Providers check the
//! steps, a code sent to the phone and a face. The gateway stores only that they were checked. Imports by the
//! authority need no steps: see `residents::people`.

pub(super) mod phone_quota;
pub mod providers;
pub(super) mod reviews;
pub(super) mod service;

use super::http::channel::BODY_BYTES_MAX;
use super::http::error::OfficeError;
use super::http::extract::{Parameters, StrictQuery};
use super::http::idempotency::RequestIds;
use super::http::json::{self, Json};
use super::residents::people::{PhoneKey, PhoneProof, phone_key, replace};
use super::residents::statements::declare;
use super::{Office, blocking};
use crate::clock;
use crate::rooms::authenticate::ticket_for;
use crate::tables::policies::PublishedPolicy;
use arc_swap::Guard;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use phone_quota::{PhoneQuota, QuotaUnit};
use providers::{Picture, PictureError};
use reviews::{Applicant, apply};
use scangate_core::fact::Symptom;
use scangate_core::paper::{HealthStatement, StatedContact, StatedStay};
use scangate_core::person::{Document, PersonClass, Personal, checked_phone};
use scangate_core::policy::{RegistrationStep, Terms};
use scangate_core::refusal::Refusal;
use scangate_core::sms::SmsKey;
use scangate_core::text::plain_number;
use scangate_storage::registry::IdSource;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// The longest registration with a picture: 640 pixels are some 100 KiB; pages shrink a camera's picture
/// first.
const PICTURE_BODY_BYTES_MAX: usize = 1024 * 1024;

/// The pack in force, held for the length of a request.
fn in_force(office: &Office) -> Arc<PublishedPolicy> {
    Guard::into_inner(office.tables.policies.in_force())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TermsQuery {
    /// The code with which the page was opened.
    venue: Option<String>,
}

impl Parameters for TermsQuery {
    const EXPECTED: &'static str = "the query must be ?venue= and a venue's code, or empty";
}

/// `GET /v1/registration`: the steps, documents, questions and hotline that a registration page shows, and
/// the city as pages show it. A page that was opened with a door's code gets a ticket for it. **Errors**: the
/// code opens no venue now.
pub(super) async fn requirements(
    State(office): State<Arc<Office>>,
    StrictQuery(TermsQuery { venue }): StrictQuery<TermsQuery>,
) -> Result<axum::Json<Value>, OfficeError> {
    let ticket = venue.map(|code| ticket_for(&code, &office.tables, clock::now())).transpose()?.flatten();
    let published = in_force(&office);
    let (policy, terms) = (&published.policy, published.policy.terms());
    let mut shown = json!({
        "policy": policy.label(), "title": policy.title(), "hotline": policy.hotline(),
        "documents": terms.documents, "steps": terms.steps, "asks": terms.asks,
        "time_zone": policy.calendar().zone(), "city": office.settings.city,
    });
    if let Some(ticket) = ticket {
        shown["ticket"] = json!({"venue": ticket.text(), "expires": ticket.expires()});
    }
    Ok(axum::Json(shown))
}

/// The phone to which a code is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeRequest {
    phone: String,
}

/// `POST /v1/people/sms-codes`. The phone is not looked up, so the answer does not reveal whether it is
/// registered.
pub(super) async fn send_code(
    State(office): State<Arc<Office>>,
    Json(CodeRequest { phone }): Json<CodeRequest>,
) -> Result<Response, OfficeError> {
    let phone = checked_phone(&phone)?;
    let published = in_force(&office);
    if !published.policy.terms().steps.contains(&RegistrationStep::Sms) {
        // A pack without this step sends no codes: a message would cost the city money for nothing.
        return Err(Refusal::NotFound.into());
    }
    let taken = QuotaUnit::of(PhoneQuota::Codes, &phone, &office).await?;
    let (service, now) = (&office.registration, clock::now());
    let code = service.sms.code(&phone, now);
    if let Err(fault) = service.providers.send_code(published.policy.title(), &phone, &code).await {
        if fault.is_undone() {
            taken.refund(&office).await;
        }
        return Err(OfficeError::RegistrationUnavailable);
    }
    let answer = json!({"good_until": SmsKey::good_until(now)});
    Ok((StatusCode::ACCEPTED, axum::Json(answer)).into_response())
}

/// The body of a registration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    phone: String,
    document: Document,
    #[serde(default)]
    class: PersonClass,
    #[serde(default)]
    district: Option<String>,
    #[serde(default)]
    sms_code: Option<String>,
    #[serde(default)]
    face: Option<String>,
    #[serde(default)]
    symptoms: Option<Vec<Symptom>>,
    #[serde(default)]
    stays: Option<Vec<StatedStay>>,
    #[serde(default)]
    contacts: Option<Vec<StatedContact>>,
}

/// The proofs that a request offers, whether the pack asks for them or not.
#[derive(Default)]
pub(super) struct OfferedProofs {
    /// The code that was sent to the phone.
    pub(super) sms_code: Option<String>,
    /// A picture of the face, as base64.
    pub(super) face: Option<String>,
}

impl OfferedProofs {
    /// The proofs of the steps that the pack requires; other proofs are dropped. **Errors**: a step is
    /// missing.
    fn under(self, terms: &Terms) -> Result<Proofs, OfficeError> {
        let sms_code = needed(terms, RegistrationStep::Sms, self.sms_code, OfficeError::SmsCodeNeeded)?;
        let face = needed(terms, RegistrationStep::Face, self.face, OfficeError::FaceNeeded)?;
        Ok(Proofs { sms_code, face: face.map(Picture::parse).transpose()? })
    }
}

/// The proofs of the steps that the pack requires.
struct Proofs {
    sms_code: Option<String>,
    face: Option<Picture>,
}

impl Proofs {
    /// Whether the pack requires any proof.
    fn has_any(&self) -> bool {
        self.sms_code.is_some() || self.face.is_some()
    }
}

impl Application {
    /// Splits an application into personal data, statement and proofs. **Errors**: the pack does not accept
    /// the document, the statement is not valid, or a step is missing.
    fn under(self, terms: &Terms) -> Result<(Personal, HealthStatement, Proofs), OfficeError> {
        let Self { name, phone, document, class, district, sms_code, face, symptoms, stays, contacts } = self;
        // Checked before the number, which may be valid in the holder's country and have no form known here.
        terms.register(document.r#type)?;
        let personal = Personal { name, phone, document, class, district }.checked()?;
        let statement = HealthStatement { symptoms, stays, contacts }.checked(clock::now())?;
        Ok((personal, statement, OfferedProofs { sms_code, face }.under(terms)?))
    }
}

fn needed<T>(
    terms: &Terms,
    step: RegistrationStep,
    brought: Option<T>,
    missing: OfficeError,
) -> Result<Option<T>, OfficeError> {
    if terms.steps.contains(&step) { brought.ok_or(missing).map(Some) } else { Ok(None) }
}

impl From<PictureError> for OfficeError {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Base64 => Self::Malformed(error.to_string().into()),
            PictureError::Kind => Self::FaceMismatch,
        }
    }
}

/// `POST /v1/people`. Where the pack asks for proof, a document that is proven again gets a new key, and the
/// earlier one ends. Without proof a registered document is rejected: knowing its number does not prove to be
/// its holder. A request with an idempotency key gets its own first answer.
pub(super) async fn register(
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    request: Request,
) -> Result<axum::Json<PhoneKey>, OfficeError> {
    let application = read::<Application>(&office, request).await?;
    let (personal, statement, proofs) = application.under(in_force(&office).policy.terms())?;
    let proof = if proofs.has_any() { PhoneProof::Verified } else { PhoneProof::Unverified };
    prove(&office, &personal, proofs).await?;
    let office = Arc::clone(&office);
    let given = blocking(move || admit(&office, &personal, &statement, proof, &ids));
    Ok(axum::Json(given.await??))
}

/// Registers a person whose proofs were checked, with what the person declares. The colour is set only after
/// the facts of the statement are on record.
fn admit(
    office: &Office,
    personal: &Personal,
    statement: &HealthStatement,
    proof: PhoneProof,
    ids: &IdSource,
) -> Result<PhoneKey, OfficeError> {
    let applicant = Applicant { personal, proof };
    let registered = apply(office, applicant, ids)?;
    let person = registered.person;
    let is_again = match (registered.is_new, proof) {
        (true, _) => false,
        (false, PhoneProof::Verified) => true,
        (false, PhoneProof::Unverified) => return Err(OfficeError::AlreadyRegistered),
    };
    if !statement.is_none() {
        declare(office, person, statement, ids)?;
    }
    let given =
        if is_again { replace(office, registered, personal)? } else { phone_key(office, registered)? };
    office.recolour(&[person])?;
    given.with_review(office)
}

/// Checks the proofs of a change under the pack in force. They are those of a registration.
pub(super) async fn prove_change(
    office: &Arc<Office>,
    personal: &Personal,
    offered: OfferedProofs,
) -> Result<(), OfficeError> {
    let proofs = offered.under(in_force(office).policy.terms())?;
    prove(office, personal, proofs).await
}

/// Reads a request that may have a picture, if the pack in force asks for one.
pub(super) async fn read<T: DeserializeOwned>(office: &Office, request: Request) -> Result<T, OfficeError> {
    let with_picture = in_force(office).policy.terms().steps.contains(&RegistrationStep::Face);
    let bytes_max = if with_picture { PICTURE_BODY_BYTES_MAX } else { BODY_BYTES_MAX };
    json::parse(&json::body(request, bytes_max).await?)
}

/// Checks the code first: a face is compared only for the holder of the phone. A try is counted before it is
/// checked, so concurrent tries cannot exceed the quota.
async fn prove(office: &Arc<Office>, personal: &Personal, proofs: Proofs) -> Result<(), OfficeError> {
    if !proofs.has_any() {
        return Ok(());
    }
    let Proofs { sms_code, face } = proofs;
    let (service, phone) = (&office.registration, &personal.phone);
    let taken = QuotaUnit::of(PhoneQuota::Tries, phone, office).await?;
    if sms_code.is_some_and(|code| !service.sms.is_good(phone, &plain_number(&code), clock::now())) {
        return Err(OfficeError::SmsCodeInvalid);
    }
    let Some(face) = face else { return Ok(()) };
    match service.providers.is_match(personal, &face).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(OfficeError::FaceMismatch),
        Err(_) => {
            // The code was right and the provider failed, so the person does not pay for the try.
            taken.refund(office).await;
            Err(OfficeError::RegistrationUnavailable)
        }
    }
}
