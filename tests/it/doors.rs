//! What doors say and ask for, in the words of the cities.

use crate::terms::{fact, own, town_of};
use scangate_core::id::VenueId;
use scangate_core::time::Step;
use scangate_loadgen::drive::now;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn xz_25_a_refusal_says_why_and_whom_to_call_and_xz_22_a_colour_is_for_entry_only() -> anyhow::Result<()>
{
    let mut town = town_of("xuzhou", 2).await?;
    let ordered = json!({"kind": "ordered", "measure": "central-quarantine"});
    assert_eq!(fact(&mut town, 0, now(), ordered).await?, "red");
    let refused = town.check_in(0, 0).await?.json()?;
    assert_eq!(
        (&refused["verdict"], &refused["reasons"], &refused["hotline"], &refused["purpose"]),
        (&json!("refuse"), &json!(["central-quarantine"]), &json!("12345"), &json!("entry")),
    );
    let let_in = town.check_in(1, 0).await?.json()?;
    assert_eq!((&let_in["verdict"], &let_in["purpose"]), (&json!("pass"), &json!("entry")));
    assert!(let_in["hotline"].is_null(), "{let_in}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_03_staff_and_resident_are_told_the_same() -> anyhow::Result<()> {
    let mut town = town_of("xuzhou", 1).await?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    for measure in ["", "test-due", "central-quarantine"] {
        if !measure.is_empty() {
            fact(&mut town, 0, now(), json!({"kind": "ordered", "measure": measure})).await?;
        }
        let path = format!("/v1/colours/{}", town.residents[0].code(Step::of(now())));
        let staff = town.send("GET", &path, &terminal, "").await?.json()?;
        let mine = own(&mut town, 0, "GET", "", &Value::Null).await?.json()?;
        let rules: Vec<&Value> =
            mine["reasons"].as_array().into_iter().flatten().map(|why| &why["rule"]).collect();
        assert_eq!((&staff["colour"], &staff["policy"]), (&mine["colour"], &mine["policy"]), "{measure}");
        assert_eq!(staff["reasons"], json!(rules), "{measure}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_26_green_is_not_enough_where_the_venue_asks_for_more() -> anyhow::Result<()> {
    let mut town = town_of("xuzhou", 1).await?;
    let authority = town.authority.clone();
    let line = json!({"name": "Library", "kind": "other", "district": "East", "checks": ["temperature", "document"]});
    let added = town.send("POST", "/v1/venues", &authority, line.to_string()).await?.lines()?.remove(0);
    let code = town.residents[0].code(Step::of(now()));
    let scan = json!({"venue": added["poster"], "person": code}).to_string();
    let alone = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
    assert_eq!(
        (&alone["colour"], &alone["verdict"], &alone["checks"]),
        (&json!("green"), &json!("check"), &json!(["temperature", "document"])),
    );
    let venue: VenueId = added["venue"].as_str().unwrap_or_default().parse()?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(venue))?;
    let scan = json!({
        "person": town.residents[0].code(Step::of(now())), "direction": "out", "temperature": 36.6,
        "document_shown": true,
    });
    let staffed = town.send("POST", "/v1/check-ins", &terminal, scan.to_string()).await?.json()?;
    assert_eq!(staffed["verdict"], "pass", "{staffed}");
    let wrong = json!({"name": "L", "kind": "other", "district": "East", "checks": ["horoscope"]});
    let wrong = town.send("POST", "/v1/venues", &authority, wrong.to_string()).await?.lines()?.remove(0);
    assert_eq!(wrong["code"], "malformed");
    Ok(())
}
