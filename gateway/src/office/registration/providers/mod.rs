//! Outside parties: who sends codes to phones and who compares faces with documents. They are a city's own
//! services, asked by webhooks; where none is configured a double answers. Only registration asks them, on the
//! back office's runtime: no scan waits for one.
//!
//! **Shape**: `POST` of JSON, with the token as `authorization: Bearer` where one is configured. To
//! `registration.sms_webhook` `{"phone", "code", "text"}`, which any 2xx has taken over; to
//! `registration.face_webhook` `{"name", "document": {"type", "number"}, "image"}`, the image in base64, which
//! 200 `{"match": true}` or `{"match": false}` answers.

mod double;
mod fault;
mod picture;
mod webhook;

pub use fault::PartyFault;
pub use picture::{Picture, PictureError};

use crate::config::{ProviderAddress, RegistrationConfig};
use anyhow::Context as _;
use double::{FaceDouble, SmsDouble};
use http::StatusCode;
use http::header::HeaderValue;
use scangate_core::limits::SMS_WINDOW_MS;
use scangate_core::person::{Document, Personal};
use scangate_core::policy::RegistrationStep;
use scangate_core::sms::SmsCode;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use webhook::Webhook;

/// The outside parties of a deployment.
pub struct Parties {
    sms: Sms,
    face: Face,
}

enum Sms {
    Webhook(Box<Webhook>),
    Double(SmsDouble),
}

enum Face {
    Webhook(Box<Webhook>),
    Double(FaceDouble),
}

/// A code to be sent.
#[derive(Serialize)]
struct Message<'a> {
    phone: &'a str,
    code: &'a str,
    text: &'a str,
}

/// A face to be compared.
#[derive(Serialize)]
struct Claim<'a> {
    name: &'a str,
    document: &'a Document,
    image: &'a str,
}

/// Whether it is the document's holder. Outside parties may say more.
#[derive(Deserialize)]
struct Compared {
    r#match: bool,
}

impl Parties {
    /// The parties that a configuration names. **Errors**: if a token cannot be read, or there is nobody on this
    /// machine to vouch for a webhook's certificate.
    pub fn new(config: &RegistrationConfig) -> anyhow::Result<Self> {
        let authorization = config.webhook_token.as_deref().map(authorization).transpose()?;
        let webhook = |address: &ProviderAddress, name: &str| {
            Webhook::new(address.clone(), authorization.clone()).map(Box::new).with_context(|| {
                format!("registration.{name}: no certificate authorities; install them or set SSL_CERT_FILE")
            })
        };
        let sms = match &config.sms_webhook {
            Some(address) => Sms::Webhook(webhook(address, "sms_webhook")?),
            None => Sms::Double(SmsDouble::default()),
        };
        let face = match &config.face_webhook {
            Some(address) => Face::Webhook(webhook(address, "face_webhook")?),
            None => Face::Double(FaceDouble::default()),
        };
        Ok(Self { sms, face })
    }

    /// Says which of a pack's steps a double would answer.
    pub fn say_doubles(&self, steps: &[RegistrationStep]) {
        for step in steps {
            match (step, &self.sms, &self.face) {
                (RegistrationStep::Sms, Sms::Double(double), _) => double.say_so(),
                (RegistrationStep::Face, _, Face::Double(double)) => double.say_so(),
                (RegistrationStep::Sms | RegistrationStep::Face, ..) => {}
            }
        }
    }

    /// Has a code sent to a phone, in the name of what the pack calls itself.
    pub async fn send_code(&self, title: &str, phone: &str, code: &SmsCode) -> Result<(), PartyFault> {
        let webhook = match &self.sms {
            Sms::Webhook(webhook) => webhook,
            Sms::Double(double) => {
                double.send(phone, code);
                return Ok(());
            }
        };
        let text = text(title, code);
        let said = webhook.ask(&Message { phone, code: code.digits(), text: &text }).await;
        let taken = said.and_then(|said| {
            if said.status.is_success() { Ok(()) } else { Err(PartyFault::Refused(said.status.as_u16())) }
        });
        taken.inspect_err(|fault| report("sms", *fault))
    }

    /// Whether a picture is of a document's holder.
    pub async fn is_match(&self, personal: &Personal, face: &Picture) -> Result<bool, PartyFault> {
        let webhook = match &self.face {
            Face::Webhook(webhook) => webhook,
            Face::Double(double) => return Ok(double.is_match()),
        };
        let claim = Claim { name: &personal.name, document: &personal.document, image: face.base64() };
        let compared = webhook.ask(&claim).await.and_then(|said| match said.status {
            StatusCode::OK => serde_json::from_slice(&said.body).map_err(|_| PartyFault::Unreadable),
            status => Err(PartyFault::Refused(status.as_u16())),
        });
        compared.map(|Compared { r#match }| r#match).inspect_err(|fault| report("face", *fault))
    }
}

/// The message that a person reads. Who sends it stands first in such brackets, as networks of the mainland ask.
fn text(title: &str, code: &SmsCode) -> String {
    let minutes = SMS_WINDOW_MS / 60_000;
    format!("【{title}】验证码 {}，{minutes}分钟内有效，请勿告知他人。", code.digits())
}

fn report(party: &'static str, fault: PartyFault) {
    metrics::counter!("scangate_party_faults_total", "party" => party, "fault" => fault.word()).increment(1);
    tracing::warn!(party, %fault, "an outside party did not answer a registration");
}

/// The `authorization` of whoever holds the token in a file.
fn authorization(path: &Path) -> anyhow::Result<HeaderValue> {
    let name = || format!("registration.webhook_token {}", path.display());
    let token = fs::read_to_string(path).with_context(name)?;
    let token = token.trim();
    anyhow::ensure!(!token.is_empty(), "{}: it is empty", name());
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).with_context(name)?;
    header.set_sensitive(true);
    Ok(header)
}
