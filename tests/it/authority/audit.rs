//! The audit, read back over HTTP: a town goes through the acts of the back office, and each is named once
//! with its subject and object. The chain verifies, and no entry names a person.

use super::facts::worsening;
use super::feeds::{NUMBERS, Province, measure, too_many};
use super::tokens::listed;
use crate::registration::{NAME, NUMBER, PHONE, Xuzhou, form, jpeg, settle, with};
use anyhow::Context as _;
use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use scangate_core::id::{PersonId, TokenId};
use scangate_core::time::DAY_MS;
use scangate_core::token::{Claims, Role};
use scangate_loadgen::city::{LoadResident, application, residents};
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, refused};
use serde_json::{Value, json};
use std::fmt::Write as _;

const AUTHORITY: &str = "first authority";
const SECOND: &str = "second authority";
const OPERATOR: &str = "first operator";
const TRACER: &str = "first tracer";
const OTHER_TRACER: &str = "another tracer";
/// The seed of the people that the town imports.
const SEED: u64 = 2;
/// The name under which a dependant is registered without proof.
const OTHER_NAME: &str = "别名";

/// An act as an entry names it: act, role, subject and object.
type NamedAct = (String, String, String, String);

/// A town and the acts that its audit must name.
struct AuditedTown {
    city: Xuzhou,
    people: Vec<LoadResident>,
    second: String,
    operator: String,
    expected: Vec<NamedAct>,
}

impl AuditedTown {
    async fn found() -> anyhow::Result<Self> {
        // A held list is a warning.
        let mut city = Xuzhou::found(ExpectedLog::Trouble).await?;
        let (authority, town) = (city.town.authority.clone(), &mut city.town);
        let people = residents(&mut town.connection, &authority, SEED, 4).await?;
        let second = town.gateway.token("authority", SECOND, None)?;
        let operator = town.gateway.first_token("operator")?;
        let mut town = Self { city, people, second, operator, expected: Vec::new() };
        for subject in [AUTHORITY, TRACER, OPERATOR, SECOND] {
            town.expect_token("token-minted", "gateway", "gateway", subject).await?;
        }
        for act in ["people-import", "venues-added", "people-import"] {
            town.expect(act, "authority", AUTHORITY, "");
        }
        Ok(town)
    }

    fn expect(&mut self, act: &str, role: &str, subject: &str, object: impl ToString) {
        self.expected.push((act.to_owned(), role.to_owned(), subject.to_owned(), object.to_string()));
    }

    /// Expects an act about the token of a subject.
    async fn expect_token(&mut self, act: &str, role: &str, by: &str, of: &str) -> anyhow::Result<Value> {
        let jti = listed(&mut self.city.town, of).await?["jti"].clone();
        self.expect(act, role, by, jti.as_str().context("a token has an id")?);
        Ok(jti)
    }

    fn expect_own(&mut self, act: &str, person: PersonId, object: impl ToString) {
        self.expect(act, "resident", &person.to_string(), object);
    }

    /// Sends a request that succeeds.
    async fn send(&mut self, method: &str, path: &str, who: &str, body: &Value) -> anyhow::Result<Value> {
        let body = match body.as_str() {
            Some(text) => text.to_owned(),
            None if body.is_null() => String::new(),
            None => body.to_string(),
        };
        let sent = self.city.town.send(method, path, who, body).await?;
        anyhow::ensure!((200..300).contains(&sent.status()), "{method} {path}: {}", sent.text());
        let lines = sent.lines().unwrap_or_default();
        Ok(lines.into_iter().next().unwrap_or_default())
    }

    async fn tokens(&mut self) -> anyhow::Result<()> {
        let claims = Claims {
            jti: TokenId(77),
            role: Role::Authority,
            subject: "signed elsewhere".into(),
            venue: None,
            door: None,
            district: None,
            expires: now().plus_ms(DAY_MS),
        };
        let token = self.city.town.gateway.signed(&claims)?;
        self.send("GET", "/v1/held", &token, &Value::Null).await?;
        let jti = self.expect_token("token-first-used", "gateway", "gateway", "signed elsewhere").await?;
        let operator = self.operator.clone();
        self.send("POST", "/v1/tokens/revoke", &operator, &json!({"jti": jti})).await?;
        self.expect_token("token-revoked", "operator", OPERATOR, "signed elsewhere").await?;
        Ok(())
    }

    async fn keys_and_passes(&mut self) -> anyhow::Result<()> {
        let (authority, operator) = (self.city.town.authority.clone(), self.operator.clone());
        let person = self.people[0].person;
        let path = format!("/v1/people/{person}");
        self.send("POST", &format!("{path}/key"), &authority, &json!({"reason": "phone stolen"})).await?;
        self.send("POST", &format!("{path}/passes"), &authority, &json!({"days": 7})).await?;
        self.send("POST", &format!("{path}/passes/revoke"), &authority, &Value::Null).await?;
        self.send("GET", &path, &authority, &Value::Null).await?;
        for act in ["key-issued", "pass-printed", "passes-revoked", "person-read"] {
            self.expect(act, "authority", AUTHORITY, person);
        }
        // Nobody has a key of the second kid.
        for kid in [2, 3] {
            self.send("POST", "/v1/keys/rotate", &operator, &Value::Null).await?;
            self.expect("key-rotated", "operator", OPERATOR, kid);
        }
        self.send("DELETE", "/v1/keys/2", &operator, &Value::Null).await?;
        self.expect("key-withdrawn", "operator", OPERATOR, 2);
        Ok(())
    }

    /// Has 101 worsening facts about a person held, and returns the list's id.
    async fn hold(&mut self, person: PersonId) -> anyhow::Result<String> {
        let authority = self.city.town.authority.clone();
        let list = json!(worsening(person, "ward", 101));
        let held = self.send("POST", "/v1/facts", &authority, &list).await?;
        self.expect("facts-held", "authority", AUTHORITY, "");
        Ok(held["held"].as_str().context("the list is held")?.to_owned())
    }

    async fn facts(&mut self) -> anyhow::Result<()> {
        let (authority, second) = (self.city.town.authority.clone(), self.second.clone());
        let person = self.people[0].person;
        let fact = json!({"person": person, "kind": "confirmed", "at": now(), "source": "lab"});
        let fact = self.send("POST", "/v1/facts", &authority, &fact).await?["fact"].clone();
        self.expect("facts-posted", "authority", AUTHORITY, "");
        let fact = fact.as_str().context("a fact has an id")?;
        let path = format!("/v1/facts/{fact}/withdraw");
        self.send("POST", &path, &authority, &json!({"reason": "mistaken"})).await?;
        self.expect("fact-withdrawn", "authority", AUTHORITY, fact);

        let held = self.hold(self.people[1].person).await?;
        self.send("GET", &format!("/v1/held/{held}"), &second, &Value::Null).await?;
        self.send("POST", &format!("/v1/held/{held}/approve"), &second, &Value::Null).await?;
        for act in ["held-read", "held-approved"] {
            self.expect(act, "authority", SECOND, &held);
        }

        let pack = include_str!("../../../gateway/core/policies/xuzhou.toml");
        let pack = json!(pack.replacen("version = 2", "version = 3", 1));
        let held = self.send("POST", "/v1/policies", &authority, &pack).await?;
        self.expect("policy-held", "authority", AUTHORITY, "xuzhou/3");
        let held = held["held"].as_str().context("the pack is held")?;
        self.send("POST", &format!("/v1/held/{held}/approve"), &second, &Value::Null).await?;
        self.expect("held-approved", "authority", SECOND, held);
        Ok(())
    }

    async fn erasures(&mut self) -> anyhow::Result<()> {
        let [red, green] = [1, 2].map(|number| self.people[number].clone());
        let held = self.hold(green.person).await?;
        let who = red.authorization(now());
        self.send("DELETE", "/v1/people/me", &who, &Value::Null).await?;
        self.expect_own("erasure-asked", red.person, red.person);
        self.send("DELETE", "/v1/people/me/erasure", &who, &Value::Null).await?;
        self.expect_own("erasure-taken-back", red.person, red.person);
        self.send("DELETE", "/v1/people/me", &green.authorization(now()), &Value::Null).await?;
        for act in ["erasure-asked", "person-erased"] {
            self.expect_own(act, green.person, green.person);
        }

        // The list names a person who is gone.
        let (authority, second) = (self.city.town.authority.clone(), self.second.clone());
        let path = format!("/v1/held/{held}/approve");
        let approved = self.city.town.send("POST", &path, &second, "").await?;
        assert_eq!(approved.status_and_code(), refused(422, "person-unknown"));
        self.expect("held-not-approved", "authority", SECOND, &held);
        self.send("POST", &format!("/v1/held/{held}/reject"), &authority, &Value::Null).await?;
        self.expect("held-rejected", "authority", AUTHORITY, &held);
        Ok(())
    }

    async fn replacement(&mut self) -> anyhow::Result<()> {
        let stranger = self.city.town.residents[0].person;
        let papers = json!({"name": OTHER_NAME, "document": {"type": "resident-id", "number": NUMBER}});
        let taken = self.city.town.own(0, "POST", "/dependants", &papers).await?.json()?;
        let held = settle(&mut self.city.town, taken)?;
        let person = self.city.town.residents[held].person;
        self.expect_own("dependant-taken", stranger, person);
        let code = self.city.code(PHONE).await?;
        let steps = [("sms_code", code.as_str()), ("face", &jpeg())];
        let proven = self.city.register(&with(form(PHONE, "resident-id", NUMBER), &steps)).await?.json()?;
        assert_eq!(proven["replaced"], true, "{proven}");
        self.expect_own("person-replaced", person, person);
        self.expect_own("unnamed-tie-ended", person, stranger);
        Ok(())
    }

    async fn cases(&mut self) -> anyhow::Result<()> {
        let (tracer, authority) = (self.city.town.tracer.clone(), self.city.town.authority.clone());
        let other = self.city.town.gateway.token("tracer", OTHER_TRACER, None)?;
        self.expect_token("token-minted", "gateway", "gateway", OTHER_TRACER).await?;
        let venue = self.city.town.venues[0].venue;
        let at = now().minus_ms(7_200_000);
        let [index, contact] = [1, 3].map(|number| self.people[number].person);
        let line = |person| json!({"person": person, "venue": venue, "at": at}).to_string();
        let lines = json!([line(index), line(contact)].join("\n"));
        self.send("POST", "/v1/check-ins/import", &authority, &lines).await?;

        let case = json!({
            "person": index, "purpose": "contact-tracing", "reference": "1", "from": at, "to": now(),
        });
        let case = self.send("POST", "/v1/cases", &tracer, &case).await?["case"].clone();
        let case = case.as_str().context("a case has an id")?;
        let path = format!("/v1/cases/{case}");
        for (act, method, what, who, subject, body) in [
            ("trail-read", "GET", "/trail".to_owned(), &tracer, TRACER, Value::Null),
            ("co-presence-read", "GET", "/co-presence".to_owned(), &tracer, TRACER, Value::Null),
            ("venue-visits-read", "GET", format!("/venues/{venue}/visits"), &tracer, TRACER, Value::Null),
            (
                "person-revealed",
                "POST",
                "/reveal".to_owned(),
                &tracer,
                TRACER,
                json!({"person": contact, "reason": "to telephone"}),
            ),
            (
                "extension-asked",
                "POST",
                "/extensions".to_owned(),
                &tracer,
                TRACER,
                json!({"hops": 3, "reason": "a family"}),
            ),
            (
                "extension-approved",
                "POST",
                "/extensions/1/approve".to_owned(),
                &other,
                OTHER_TRACER,
                Value::Null,
            ),
            ("case-noted", "PATCH", String::new(), &tracer, TRACER, json!({"note": "asked the school"})),
            ("case-handed-over", "PATCH", String::new(), &tracer, TRACER, json!({"tracer": OTHER_TRACER})),
            ("case-closed", "PATCH", String::new(), &other, OTHER_TRACER, json!({"status": "closed"})),
        ] {
            self.send(method, &format!("{path}{what}"), who, &body).await?;
            self.expect(act, "tracer", subject, case);
        }
        self.expect("case-opened", "tracer", TRACER, case);
        Ok(())
    }
}

/// SHA-256 in hexadecimal.
fn sha_256(text: &str) -> anyhow::Result<String> {
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else {
        anyhow::bail!("the suite is one of TLS 1.3");
    };
    let digest = suite.common.hash_provider.hash(text.as_bytes());
    Ok(digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Verifies the chain, and returns what its entries name. An entry's hash is SHA-256 over the hash before it
/// and the act as its JSON text; 64 zeros stand before the first.
fn verified(audit: &str) -> anyhow::Result<Vec<NamedAct>> {
    let mut previous = "0".repeat(64);
    let mut named = Vec::new();
    for (number, line) in (1..).zip(audit.lines()) {
        let entry: Value = serde_json::from_str(line)?;
        let (_, act) = line.split_once("\"act\":").context("an entry has an act")?;
        let (act, _) = act.rsplit_once(",\"previous\":").context("an entry has the hash before it")?;
        let hash = sha_256(&format!("{previous}{act}"))?;
        assert_eq!((&entry["number"], &entry["previous"]), (&json!(number), &json!(previous)), "{line}");
        assert_eq!(entry["hash"], json!(hash), "{line}");
        let word = |name: &str| entry["act"][name].as_str().unwrap_or_default().to_owned();
        named.push((word("act"), word("role"), word("subject"), word("object")));
        previous = hash;
    }
    Ok(named)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_is_named_once_with_its_subject_and_object_in_a_chain_that_verifies() -> anyhow::Result<()> {
    let mut town = AuditedTown::found().await?;
    town.tokens().await?;
    town.keys_and_passes().await?;
    town.facts().await?;
    town.erasures().await?;
    town.replacement().await?;
    town.cases().await?;

    let operator = town.operator.clone();
    let audit = town.city.town.send("GET", "/v1/audit", &operator, "").await?.text();
    let mut named = verified(&audit)?;
    named.sort_unstable();
    town.expected.sort_unstable();
    assert_eq!(named, town.expected);
    // A read from a number on begins with that entry.
    let end = town.city.town.send("GET", &format!("/v1/audit?from={}", named.len()), &operator, "").await?;
    assert_eq!(end.text().lines().next(), audit.lines().last());
    assert_eq!(end.text().lines().count(), 1);

    let mut secrets = vec![NAME.to_owned(), OTHER_NAME.to_owned(), NUMBER.to_owned(), PHONE.to_owned()];
    for (seed, number) in [(1, 0), (SEED, 0), (SEED, 1), (SEED, 2), (SEED, 3)] {
        let person: Value = serde_json::from_str(&application(seed, number))?;
        for secret in [&person["name"], &person["phone"], &person["document"]["number"]] {
            secrets.push(secret.as_str().unwrap_or_default().to_owned());
        }
    }
    for secret in secrets {
        assert!(!secret.is_empty() && !audit.contains(&secret), "{secret} is in the audit");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_named_when_taken_held_approved_and_given() -> anyhow::Result<()> {
    let mut province = Province::found("").await?;
    let (issuer, authority) = (Province::issuer(), province.town.authority.clone());
    let second = province.town.gateway.token("authority", SECOND, None)?;
    assert_eq!(province.send(&issuer, 1, &[measure(NUMBERS[0], "yellow")]).await?.status(), 200);
    let held = province.send(&issuer, 2, &too_many()).await?.json()?["held"].clone();
    let held = held.as_str().context("the feed is held")?;
    for (method, path, who) in [
        ("GET", format!("/v1/held/{held}"), &second),
        ("POST", format!("/v1/held/{held}/approve"), &second),
        ("GET", "/v1/feeds/outward?after=2020-01-01T00:00:00Z".to_owned(), &authority),
    ] {
        let sent = province.town.send(method, &path, who, "").await?;
        assert_eq!(sent.status(), 200, "{method} {path}: {}", sent.text());
    }

    let operator = province.town.gateway.first_token("operator")?;
    let audit = province.town.send("GET", "/v1/audit", &operator, "").await?.text();
    let mut named = verified(&audit)?;
    named.retain(|(act, ..)| act.starts_with("feed-") || act.starts_with("held-"));
    let expected = [
        ("feed-taken", AUTHORITY, "jiangsu"),
        ("feed-held", AUTHORITY, "jiangsu"),
        ("held-read", SECOND, held),
        ("held-approved", SECOND, held),
        ("feed-given", AUTHORITY, ""),
    ];
    let expected = expected.map(|(act, subject, object)| {
        (act.to_owned(), "authority".to_owned(), subject.to_owned(), object.to_owned())
    });
    assert_eq!(named, expected);
    for number in NUMBERS {
        assert!(!audit.contains(number), "{number} is in the audit");
    }
    Ok(())
}
