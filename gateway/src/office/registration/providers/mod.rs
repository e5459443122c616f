//! Providers: the city's own services that send codes to phones and compare faces with documents. The gateway
//! calls them by webhook; a double answers if none is configured. Only registration calls them, on the back
//! office's runtime, so no scan waits for one.
//!
//! **Shape**: `POST` of JSON, with the token as `authorization: Bearer` if one is configured.
//! `registration.sms_webhook` receives `{"phone", "code", "text"}`, and any 2xx accepts it.
//! `registration.face_webhook` receives `{"name", "document": {"type", "number"}, "image"}` with the image in
//! base64, and answers 200 with `{"match": true}` or `{"match": false}`.

mod double;
mod fault;
mod picture;
mod webhook;

pub use fault::ProviderFault;
pub use picture::{Picture, PictureError};

use crate::config::{ProviderAddress, RegistrationConfig, read_text};
use anyhow::Context as _;
use double::{FaceDouble, SmsDouble};
use http::StatusCode;
use http::header::HeaderValue;
use scangate_core::limits::SMS_WINDOW_MS;
use scangate_core::person::{Document, Personal};
use scangate_core::policy::RegistrationStep;
use scangate_core::sms::SmsCode;
use scangate_core::text::without_mark;
use serde::{Deserialize, Serialize};
use std::path::Path;
use webhook::Webhook;

/// The providers of a deployment.
pub struct Providers {
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

/// The request that sends a code.
#[derive(Serialize)]
struct SmsMessage<'a> {
    phone: &'a str,
    code: &'a str,
    text: &'a str,
}

/// The request that compares a face.
#[derive(Serialize)]
struct FaceClaim<'a> {
    name: &'a str,
    document: &'a Document,
    image: &'a str,
}

/// The answer to a comparison. A provider may send more members.
#[derive(Deserialize)]
struct FaceMatch {
    r#match: bool,
}

impl Providers {
    /// Builds the providers of a configuration. **Errors**: a token cannot be read, or this machine has no
    /// certificate authorities to verify a webhook.
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

    /// Asks each webhook without a message. Returns the key of each one that did not answer, with the cause.
    pub async fn unanswered(&self) -> Vec<(&'static str, String)> {
        let mut unanswered = Vec::new();
        if let Sms::Webhook(webhook) = &self.sms {
            unanswered.extend(webhook.probe().await.err().map(|why| ("sms_webhook", why)));
        }
        if let Face::Webhook(webhook) = &self.face {
            unanswered.extend(webhook.probe().await.err().map(|why| ("face_webhook", why)));
        }
        unanswered
    }

    /// Warns of the steps of a pack that a double would answer.
    pub fn warn_of_doubles(&self, steps: &[RegistrationStep]) {
        for step in steps {
            match (step, &self.sms, &self.face) {
                (RegistrationStep::Sms, Sms::Double(double), _) => double.warn_once(),
                (RegistrationStep::Face, _, Face::Double(double)) => double.warn_once(),
                (RegistrationStep::Sms | RegistrationStep::Face, ..) => {}
            }
        }
    }

    /// Sends a code to a phone, in the name of the pack's title.
    pub async fn send_code(&self, title: &str, phone: &str, code: &SmsCode) -> Result<(), ProviderFault> {
        let webhook = match &self.sms {
            Sms::Webhook(webhook) => webhook,
            Sms::Double(double) => {
                double.send(phone, code);
                return Ok(());
            }
        };
        let text = text(title, code);
        let answer = webhook.ask(&SmsMessage { phone, code: code.digits(), text: &text }).await;
        let taken = answer.and_then(|answer| {
            if answer.status.is_success() {
                Ok(())
            } else {
                Err(ProviderFault::Refused(answer.status.as_u16()))
            }
        });
        taken.inspect_err(|fault| report("sms", *fault))
    }

    /// Returns whether a picture shows the document's holder.
    pub async fn is_match(&self, personal: &Personal, face: &Picture) -> Result<bool, ProviderFault> {
        let webhook = match &self.face {
            Face::Webhook(webhook) => webhook,
            Face::Double(double) => return Ok(double.is_match()),
        };
        let claim = FaceClaim { name: &personal.name, document: &personal.document, image: face.base64() };
        let compared = webhook.ask(&claim).await.and_then(|answer| match answer.status {
            StatusCode::OK => {
                serde_json::from_slice(without_mark(&answer.body)).map_err(|_| ProviderFault::Unreadable)
            }
            status => Err(ProviderFault::Refused(status.as_u16())),
        });
        compared.map(|FaceMatch { r#match }| r#match).inspect_err(|fault| report("face", *fault))
    }
}

/// The text of the message. The sender stands first in these brackets, as mainland networks require.
fn text(title: &str, code: &SmsCode) -> String {
    let minutes = SMS_WINDOW_MS / 60_000;
    format!("【{title}】验证码 {}，{minutes}分钟内有效，请勿告知他人。", code.digits())
}

fn report(party: &'static str, fault: ProviderFault) {
    metrics::counter!("scangate_party_faults_total", "party" => party, "fault" => fault.word()).increment(1);
    tracing::warn!(event = "provider-silent", party, %fault, "a provider did not answer a registration");
}

/// The `authorization` header with the token in a file.
fn authorization(path: &Path) -> anyhow::Result<HeaderValue> {
    let name = || format!("registration.webhook_token {}", path.display());
    let token = read_text(path).with_context(name)?;
    let token = token.trim();
    anyhow::ensure!(!token.is_empty(), "{}: it is empty", name());
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).with_context(name)?;
    header.set_sensitive(true);
    Ok(header)
}
