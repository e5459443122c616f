//! Health statements: what people declare when they register and when they edit it, as signed declarations
//! and as facts.

use super::{NUMBER, PHONE, form, settle};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, away_from_midnight, post_keyed, refused};
use serde_json::{Value, json};

/// An application with a statement.
fn stating(mut application: Value, statement: &Value) -> Value {
    if let (Value::Object(application), Value::Object(statement)) = (&mut application, statement) {
        application.extend(statement.clone());
    }
    application
}

/// A stay that ended two days ago.
fn ended_stay(area: &str) -> Value {
    json!({"area": area, "from": now().minus_ms(5 * DAY_MS), "until": now().minus_ms(2 * DAY_MS)})
}

fn passport(number: &str) -> Value {
    form(PHONE, "passport", number)
}

/// Registers a person and returns their number among the town's residents.
async fn register(town: &mut TestTown, application: &Value) -> anyhow::Result<usize> {
    let given = town.send("POST", "/v1/people", "", application.to_string()).await?;
    anyhow::ensure!(given.status() == 200, "{}", given.text());
    settle(town, given.json()?)
}

/// The colour and the rules behind it.
async fn colour(town: &mut TestTown, resident: usize) -> anyhow::Result<(Value, Vec<Value>)> {
    let mine = town.own(resident, "GET", "", &Value::Null).await?.json()?;
    let rules = mine["reasons"].as_array().into_iter().flatten().map(|reason| reason["rule"].clone());
    Ok((mine["colour"].clone(), rules.collect()))
}

async fn declarations(town: &mut TestTown, resident: usize) -> anyhow::Result<Vec<Value>> {
    let listed = town.own(resident, "GET", "/declarations", &Value::Null).await?.json()?;
    Ok(listed["declarations"].as_array().cloned().unwrap_or_default())
}

/// The person's facts as the authority sees them.
async fn facts(town: &mut TestTown, resident: usize) -> anyhow::Result<Vec<Value>> {
    let path = format!("/v1/people/{}", town.residents[resident].person);
    let authority = town.authority.clone();
    let record = town.send("GET", &path, &authority, "").await?.json()?;
    Ok(record["facts"].as_array().cloned().unwrap_or_default())
}

/// Whether a declaration's signature is right, by another implementation of Ed25519 and from JSON alone.
fn is_signed(declaration: &Value, issuer: &Value) -> anyhow::Result<bool> {
    let text = |of: &Value, name: &str| of[name].as_str().map(str::to_owned).context("a string");
    let key = URL_SAFE_NO_PAD.decode(text(issuer, "key")?)?;
    let key = VerifyingKey::from_bytes(&key.try_into().ok().context("32 bytes")?)?;
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(text(declaration, "signature")?)?)?;
    let parts = ["person", "confirmed", "text"].map(|name| text(declaration, name));
    let [person, confirmed, declared] = parts;
    let signed = format!("scangate declaration\0{}\n{}\n{}", person?, confirmed?, declared?);
    Ok(key.verify_strict(signed.as_bytes(), &signature).is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_18_a_visitor_declares_where_they_come_from_and_gets_the_colour_of_that_area() -> anyhow::Result<()>
{
    let mut town = TestTown::under("nanchong", 1).await?;
    let terms = town.send("GET", "/v1/registration", "", "").await?.json()?;
    assert_eq!(terms["asks"], json!(["stays"]));
    for (area, number, expected, rule) in [
        ("420100", "E10000001", "red", "high-risk-area"),
        ("JP", "E10000002", "red", "severe-country"),
        ("FR", "E10000003", "yellow", "other-country"),
        ("510100", "E10000004", "green", "low-risk-area"),
    ] {
        let application = stating(passport(number), &json!({"stays": [ended_stay(area)]}));
        let visitor = register(&mut town, &application).await?;
        let (shown, rules) = colour(&mut town, visitor).await?;
        assert_eq!((&shown, &rules[0]), (&json!(expected), &json!(rule)), "{area}");
        let scan = town.check_in(visitor, 0).await?.json()?;
        assert_eq!((&scan["colour"], &scan["reasons"][0]), (&json!(expected), &json!(rule)), "{scan}");
    }
    // A visitor who declares nothing registers as before.
    let visitor = register(&mut town, &passport("E10000005")).await?;
    assert_eq!(colour(&mut town, visitor).await?, (json!("green"), vec![]));
    assert_eq!(declarations(&mut town, visitor).await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_01_and_hb_01_an_application_becomes_a_signed_declaration_and_facts_that_name_it()
-> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let terms = town.send("GET", "/v1/registration", "", "").await?.json()?;
    assert_eq!(terms["asks"], json!(["symptoms", "stays", "contacts"]));
    let statement = json!({
        "symptoms": ["dry-cough"],
        "stays": [ended_stay("130600"), {"area": "JP", "from": now().minus_ms(5 * DAY_MS)}],
        "contacts": [{"area": "420100", "at": now().minus_ms(DAY_MS)}],
    });
    let person = register(&mut town, &stating(form(PHONE, "resident-id", NUMBER), &statement)).await?;
    let (shown, rules) = colour(&mut town, person).await?;
    assert_eq!(shown, "yellow");
    assert_eq!(rules, ["overseas", "key-area-contact", "symptoms"]);

    let [declaration] = &declarations(&mut town, person).await?[..] else { panic!("one declaration") };
    let text = declaration["text"].as_str().unwrap_or_default();
    for words in ["干咳 dry cough", "(130600)", "日本 (JP)", "(420100)"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    let issuer = town.send("GET", "/v1/issuer", "", "").await?.json()?;
    assert!(is_signed(declaration, &issuer)?, "{declaration}");
    for (name, other) in [("text", "symptoms: none"), ("confirmed", "2022-01-01T00:00:00.000Z")] {
        let mut forged = declaration.clone();
        forged[name] = json!(other);
        assert!(!is_signed(&forged, &issuer)?, "{forged}");
    }
    let facts = facts(&mut town, person).await?;
    assert_eq!(facts.len(), 4, "{facts:?}");
    let id = declaration["declaration"].as_str().unwrap_or_default();
    for fact in &facts {
        let reference = fact["reference"].as_str().unwrap_or_default();
        assert!(reference.starts_with(id), "{fact}");
        assert_eq!(fact["source"], "self-report", "{fact}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_whose_statement_is_wrong_registers_nobody() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let (earlier, later) = (now().minus_ms(DAY_MS), now().plus_ms(DAY_MS));
    let stay = |from: Timestamp, until: Timestamp| json!({"area": "420100", "from": from, "until": until});
    for statement in [
        json!({"stays": [{"area": "Wuhan", "from": earlier}]}),
        json!({"stays": [{"area": "420100"}]}),
        json!({"stays": [{"area": "420100", "from": later}]}),
        json!({"stays": [stay(earlier, earlier.minus_ms(1))]}),
        json!({"stays": vec![stay(earlier, now()); 11]}),
        json!({"stays": {"area": "420100", "from": earlier}}),
        json!({"symptoms": ["hunger"]}),
        json!({"symptoms": "fever"}),
        json!({"contacts": [{"area": "420100", "at": later}]}),
        json!({"contacts": [{"area": "420100", "from": earlier}]}),
        json!({"contacts": vec![json!({"area": "420100", "at": earlier}); 11]}),
    ] {
        let sent =
            town.send("POST", "/v1/people", "", stating(passport("E20000001"), &statement).to_string());
        assert_eq!(sent.await?.status_and_code(), refused(400, "malformed"), "{statement}");
    }
    // The document is still free.
    let stays = json!({"stays": vec![stay(earlier, now()); 10]});
    register(&mut town, &stating(passport("E20000001"), &stays)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_sent_again_declares_once() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let statement = json!({"symptoms": ["fever"], "stays": [ended_stay("420100")]});
    let body = stating(passport("E30000001"), &statement).to_string();
    let mut first = None;
    for _ in 0..3 {
        let given = post_keyed(&mut town.connection, "/v1/people", "", "again", body.clone()).await?;
        assert_eq!(given.status(), 200, "{}", given.text());
        let given = given.json()?;
        assert_eq!(*first.get_or_insert_with(|| given.clone()), given);
    }
    let person = settle(&mut town, first.unwrap_or_default())?;
    assert_eq!(declarations(&mut town, person).await?.len(), 1);
    assert_eq!(facts(&mut town, person).await?.len(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_25_what_was_declared_is_edited_once_a_day_and_the_earlier_stays_on_record() -> anyhow::Result<()>
{
    away_from_midnight().await?;
    let mut town = TestTown::under("xinji", 1).await?;
    let statement = json!({"symptoms": ["cough"], "stays": [ended_stay("420100")]});
    let person = register(&mut town, &stating(passport("E40000001"), &statement)).await?;
    assert_eq!(colour(&mut town, person).await?.0, "red");
    let invalid = town.own(person, "PATCH", "", &json!({"stays": [{"area": "x", "from": now()}]})).await?;
    assert_eq!(invalid.status_and_code(), refused(400, "malformed"));

    let edit = json!({"class": "courier", "stays": [ended_stay("130600")]});
    let changed = town.own(person, "PATCH", "", &edit).await?;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    let changed = changed.json()?;
    assert_eq!(changed["class"], "courier");
    // The edit says nothing about symptoms, so they count as declared before.
    assert_eq!(colour(&mut town, person).await?, (json!("yellow"), vec![json!("symptoms")]));

    let both = declarations(&mut town, person).await?;
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!(both[1], changed["declaration"]);
    let text = both[0]["text"].as_str().unwrap_or_default();
    assert!(text.contains("(420100)"), "{text}");
    let issuer = town.send("GET", "/v1/issuer", "", "").await?.json()?;
    assert!(is_signed(&both[0], &issuer)? && is_signed(&both[1], &issuer)?);

    let facts = facts(&mut town, person).await?;
    let withdrawn: Vec<&Value> = facts.iter().filter(|fact| !fact["withdrawn"].is_null()).collect();
    let [withdrawn] = withdrawn[..] else { panic!("{facts:?}") };
    assert_eq!((&withdrawn["kind"], &withdrawn["area"]), (&json!("stay"), &json!("420100")));
    let reason = withdrawn["withdrawn"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(both[1]["declaration"].as_str().unwrap_or("?")), "{reason}");
    assert_eq!(facts.len(), 3);

    for edit in [json!({"symptoms": []}), json!({"class": "permanent"}), json!({"contacts": []})] {
        let again = town.own(person, "PATCH", "", &edit).await?;
        assert_eq!(again.status_and_code(), refused(429, "edit-quota"), "{edit}");
    }
    assert_eq!(declarations(&mut town, person).await?.len(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_07_only_green_edits_what_was_declared() -> anyhow::Result<()> {
    let mut town = TestTown::under("nanchong", 1).await?;
    let stays = |area: &str| json!({"stays": [ended_stay(area)]});
    let person = register(&mut town, &stating(passport("E50000001"), &stays("510100"))).await?;
    assert_eq!(town.own(person, "PATCH", "", &stays("FR")).await?.status(), 200);
    assert_eq!(colour(&mut town, person).await?.0, "yellow");
    for edit in [stays("510100"), json!({"symptoms": []}), json!({"class": "arriving"})] {
        let refusal = town.own(person, "PATCH", "", &edit).await?;
        assert_eq!(refusal.status_and_code(), refused(403, "edit-not-green"), "{edit}");
    }
    assert_eq!(colour(&mut town, person).await?.0, "yellow");
    Ok(())
}
