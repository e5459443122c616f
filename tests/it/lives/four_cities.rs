//! The same weeks in each city: registration, check-ins, illness, contact tracing, daily reports, and green
//! again.

use super::{Life, healthy};
use anyhow::Context as _;
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_tests::{eventually, is_complete};
use serde_json::{Value, json};

/// The resident who falls ill, and the contact in the same venue.
const ILL: usize = 0;
const CONTACT: usize = 1;

/// A city's answers to the same life.
struct Expectation {
    policy: &'static str,
    /// The colour after a report of fever.
    feverish: &'static str,
    /// The colour of the contact.
    contact: &'static str,
    /// The contact's colours from these days on.
    later: &'static [(u64, &'static str)],
    /// The contact's verdict and required checks in the end, when no check was done at the door.
    door: (&'static str, &'static [&'static str]),
}

async fn live(expected: Expectation) -> anyhow::Result<()> {
    let mut life = Life::begin(expected.policy).await?;
    life.register(CONTACT, &json!({})).await?;
    let mut met = Timestamp(0);
    for resident in [ILL, CONTACT] {
        let said = life.check_in(resident).await?;
        assert_eq!(said["colour"], "green");
        met = serde_json::from_value(said["at"].clone())?;
        life.clock.go_ahead(600_000)?;
    }
    let (ill, contact) = (json!(life.town.residents[ILL].person), json!(life.town.residents[CONTACT].person));

    // One resident falls ill and is confirmed.
    let fever = json!({"temperature": 38.4, "symptoms": ["dry-cough"]});
    let reported = life.own(ILL, "POST", "/reports", &fever).await?;
    assert_eq!(reported["colour"], expected.feverish, "{reported}");
    let (case, colour) = life.fact(ILL, json!({"kind": "confirmed"})).await?;
    assert_eq!(colour, "red");
    assert_eq!(life.check_in(ILL).await?["verdict"], "refuse");

    // A tracer queries the contacts.
    let (from, to) = (life.clock.now().minus_ms(DAY_MS), life.clock.now().plus_ms(DAY_MS));
    let opened = json!({
        "person": ill, "purpose": "contact-tracing", "reference": "2022-17", "from": from, "to": to,
    });
    let tracer = life.tracer.clone();
    let opened = life.send("POST", "/v1/cases", &tracer, &opened).await?.json()?;
    let path = format!("/v1/cases/{}/co-presence", opened["case"].as_str().unwrap_or_default());
    let contacts = async || life.send("GET", &path, &tracer, &Value::Null).await?.json();
    let contacts = eventually(contacts, |contacts| is_complete(contacts, met)).await?;
    assert_eq!(contacts["contacts"].as_array().map(Vec::len), Some(1), "{contacts}");
    assert_eq!(contacts["contacts"][0]["person"], contact);
    let (_, colour) = life.fact(CONTACT, json!({"kind": "close-contact", "of": case})).await?;
    assert_eq!(colour, expected.contact);
    let traced = life.own(ILL, "GET", "", &Value::Null).await?;
    assert_eq!(traced["traced"][0]["purpose"], "contact-tracing");

    // The contact reports every day to the end.
    let mut colour = expected.contact;
    for day in 0..=expected.later.last().context("a last day")?.0 {
        if day > 0 {
            life.sleep().await?;
        }
        let before = expected
            .later
            .iter()
            .rfind(|(from, _)| *from <= day)
            .map_or(expected.contact, |(_, colour)| colour);
        // If reports change the colour, the change comes with the day's report.
        let reported = life.own(CONTACT, "POST", "/reports", &healthy()).await?;
        assert_eq!(reported["colour"], before, "day {day}: {reported}");
        if before != colour {
            colour = before;
            life.is_shown(CONTACT, colour).await?;
        }
    }
    let last = life.check_in(CONTACT).await?;
    assert_eq!((&last["colour"], &last["verdict"]), (&json!("green"), &json!(expected.door.0)), "{last}");
    assert_eq!(last["checks"], json!(expected.door.1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_07_a_life_in_xuzhou() -> anyhow::Result<()> {
    let later = &[(15, "green")];
    live(Expectation { policy: "xuzhou", feverish: "green", contact: "red", later, door: ("pass", &[]) })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_04_a_life_in_xinji() -> anyhow::Result<()> {
    let (later, door) = (&[(15, "green")], ("check", &["temperature", "document"][..]));
    live(Expectation { policy: "xinji", feverish: "yellow", contact: "red", later, door }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_06_a_life_in_nanchong() -> anyhow::Result<()> {
    let (later, door) = (&[(15, "yellow"), (28, "green")], ("check", &["temperature"][..]));
    live(Expectation { policy: "nanchong", feverish: "yellow", contact: "red", later, door }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_10_a_life_in_jingzhou() -> anyhow::Result<()> {
    let (later, door) = (&[(15, "green")], ("check", &["temperature"][..]));
    live(Expectation { policy: "jingzhou", feverish: "red", contact: "yellow", later, door }).await
}
