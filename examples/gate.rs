//! A gate: checks a person in at a running gateway and prints the verdict.
//!
//! Usage: `gate BASE-URL CA.pem TERMINAL.token PERSON.json`, where PERSON.json is what registration answered.
//! A real gate scans the code off the person's phone. This one makes the code as the phone does, without the
//! network.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scangate_core::code::PersonCode;
use scangate_core::id::PersonId;
use scangate_core::keys::{KEY_BYTES, Key, Kid, PersonKey};
use scangate_core::time::{Step, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A person does not stand at a gate for longer.
const TRIES: usize = 5;

/// The answer of a registration.
#[derive(Deserialize)]
struct Phone {
    person: PersonId,
    kid: u8,
    key: String,
}

/// The part of a check-in that staff at the gate need.
#[derive(Deserialize)]
struct CheckIn {
    verdict: String,
    colour: String,
    venue: Venue,
    checks: Vec<String>,
}

/// The venue of the terminal's token.
#[derive(Deserialize)]
struct Venue {
    name: String,
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Problem {
    status: u16,
    code: String,
    detail: String,
}

impl Phone {
    /// The code that the phone shows now.
    #[expect(clippy::disallowed_methods, reason = "a phone goes by its own clock")]
    fn code(&self) -> anyhow::Result<String> {
        let key = <[u8; KEY_BYTES]>::try_from(URL_SAFE_NO_PAD.decode(&self.key)?);
        let key = PersonKey(Key(key.ok().context("a person's key has 32 bytes")?));
        let now = SystemTime::UNIX_EPOCH.elapsed()?.as_millis();
        Ok(PersonCode::seal(Kid(self.kid), self.person, Step::of(Timestamp(now.try_into()?)), &key).text())
    }
}

/// A client that trusts this certificate alone.
fn client(certificate: &str) -> anyhow::Result<ureq::Agent> {
    let certificate = Certificate::from_pem(&fs::read(certificate)?)?;
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[certificate]))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let config = ureq::Agent::config_builder()
        .tls_config(tls.build())
        .timeout_global(Some(Duration::from_secs(10)))
        .proxy(None)
        .http_status_as_error(false);
    Ok(config.build().into())
}

fn print(check_in: &CheckIn) {
    let CheckIn { verdict, colour, venue, checks } = check_in;
    println!("{verdict} ({colour}) at {}", venue.name);
    println!("still to check: {}", if checks.is_empty() { "nothing".to_owned() } else { checks.join(", ") });
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, certificate, token, phone] = arguments.as_slice() else {
        bail!("usage: gate BASE-URL CA.pem TERMINAL.token PERSON.json");
    };
    let (client, url) = (client(certificate)?, format!("{}/v1/check-ins", url.trim_end_matches('/')));
    let authorization = format!("Bearer {}", fs::read_to_string(token)?.trim());
    let phone: Phone = serde_json::from_slice(&fs::read(phone)?)?;
    let mut retries = 1..TRIES;
    loop {
        // A refusal stores nothing, so that the next attempt may send a fresh code.
        let scan = json!({"person": phone.code()?}).to_string();
        let request = client.post(&url).header("authorization", &authorization);
        let mut answer = request.content_type("application/json").send(scan)?;
        let body = answer.body_mut().read_to_vec()?;
        if answer.status() == 200 {
            print(&serde_json::from_slice(&body)?);
            return Ok(());
        }
        let Problem { status, code, detail } = serde_json::from_slice(&body)?;
        let retry_after = answer.headers().get("retry-after").and_then(|text| text.to_str().ok());
        let seconds = match retry_after {
            Some(seconds) if retries.next().is_some() => seconds.parse()?,
            Some(_) | None => bail!("{status} {code}: {detail}"),
        };
        eprintln!("{code}: trying again in {seconds} s");
        std::thread::sleep(Duration::from_secs(seconds));
    }
}
