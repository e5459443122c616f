//! Certificates: this city's statement about a green resident, for other cities; and other cities'
//! certificates, which become facts if the rule pack trusts the issuer.

use super::SALT_DOMAIN;
use crate::clock;
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrcode::{Color, EcLevel, QrCode};
use scangate_core::certificate::{Certificate, PresentedCertificate, Purpose, SALT_BYTES, subject};
use scangate_core::colour::Colour;
use scangate_core::id::PersonId;
use scangate_core::limits::PAPERS_A_DAY_MAX;
use scangate_core::policy::fact_of;
use scangate_core::refusal::Refusal;
use scangate_core::time::HOUR_MS;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /v1/people/me/certificates`: a certificate issued now if the resident is green; none otherwise.
pub(in crate::office) async fn issue(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || issue_certificate(&office, id, id).map(axum::Json)).await?
}

/// Issues a person's certificate at the request of the person or a guardian.
pub(super) fn issue_certificate(
    office: &Office,
    by: PersonId,
    person: PersonId,
) -> Result<Value, OfficeError> {
    let registered = office.registry.person(person)?.ok_or(Refusal::NotFound)?;
    let (now, colour) = (clock::now(), office.judge(person)?.standing.colour);
    if colour != Colour::Green {
        return Ok(json!({"certificates": []}));
    }
    let published = office.tables.policies.in_force();
    let policy = &published.policy;
    let salt = salt(office, person);
    let until = now.plus_ms(u64::from(policy.terms().certificate_hours) * HOUR_MS);
    let certificate = Certificate {
        issuer: policy.name().to_owned(),
        subject: subject(&salt, &registered.personal.document),
        salt: URL_SAFE_NO_PAD.encode(salt),
        colour,
        at: now,
        until,
        policy: policy.label().to_owned(),
        scope: policy.terms().certificate_scope,
        purpose: Purpose::Entry,
    };
    let text = office.issuer.issue(&certificate);
    office.audit_own(by, "certificate-issued", String::new(), json!({"person": person, "until": until}))?;
    let shown = json!({
        "certificate": text, "qr": modules(&text), "issuer": certificate.issuer, "at": now, "until": until,
        "scope": certificate.scope, "purpose": certificate.purpose,
    });
    Ok(json!({ "certificates": [shown] }))
}

/// The rows of a certificate's QR code, `1` where it is dark. Level L: the code is shown on a screen.
fn modules(text: &str) -> Vec<String> {
    let qr = QrCode::with_error_correction_level(text, EcLevel::L)
        .expect("a certificate is shorter than QR's bound");
    let side = qr.width();
    let module = |colour: Color| if colour == Color::Dark { '1' } else { '0' };
    qr.into_colors().chunks(side).map(|row| row.iter().map(|&colour| module(colour)).collect()).collect()
}

/// A person's own salt, which nothing outside this deployment can compute.
fn salt(office: &Office, person: PersonId) -> [u8; SALT_BYTES] {
    let signature = office.issuer.sign(SALT_DOMAIN, &person.0.to_be_bytes());
    let mut salt = [0; SALT_BYTES];
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    salt.iter_mut().zip(bytes).for_each(|(salt, byte)| *salt = byte);
    salt
}

/// The certificate of another city.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct CertificateSubmission {
    certificate: String,
}

/// `POST /v1/people/me/certificates`: accepts another city's certificate.
pub(in crate::office) async fn hand_in(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(CertificateSubmission { certificate }): Json<CertificateSubmission>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let person = office.registry.person(id)?.ok_or(Refusal::NotFound)?;
        office.count_today("certificates", id, PAPERS_A_DAY_MAX)?;
        let (now, presented) = (clock::now(), PresentedCertificate::parse(&certificate)?);
        let verified = office.tables.policies.in_force().policy.verify(presented, now)?;
        verified.belongs_to(&person.personal.document)?;
        let fact = fact_of(&verified, id, now).identified();
        let until = verified.until;
        let recorded = office.registry.record_facts(&[fact])?.pop().ok_or(OfficeError::StoreUnavailable)?;
        office.recolour(&[id])?;
        let judgement = office.judge(id)?;
        let published = office.tables.policies.in_force();
        let more = json!({"fact": recorded.id, "issuer": verified.issuer, "until": until});
        Ok(axum::Json(merge(describe(&published, &judgement), more)))
    })
    .await?
}

/// `GET /v1/issuer`: the public key, for the packs of other cities.
pub(in crate::office) async fn issuer(State(office): State<Arc<Office>>) -> axum::Json<Value> {
    let name = office.tables.policies.in_force().policy.name().to_owned();
    axum::Json(json!({"issuer": name, "key": office.issuer.public_key()}))
}
