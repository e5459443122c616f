//! A resident's colour: its explanation by rules and facts, and the daily reports that clear it.

use scangate_core::time::DAY_MS;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, away_from_midnight, refused};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn xz_08_a_colour_is_told_with_rules_and_facts_and_replayed_as_of_a_time() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 1).await?;
    // A millisecond before every later request.
    let before = now().minus_ms(1);
    let measure = json!({"kind": "ordered", "measure": "test-due", "reference": "17"});
    assert_eq!(town.fact(0, before.minus_ms(DAY_MS), measure).await?, "yellow");
    let mine = town.own(0, "GET", "", &Value::Null).await?.json()?;
    let (path, authority) = (format!("/v1/people/{}", town.residents[0].person), town.authority.clone());
    let read = town.send("GET", &path, &authority, "").await?.json()?;
    for view in [&mine, &read] {
        assert_eq!(
            (&view["colour"], &view["reasons"][0]["rule"]),
            (&json!("yellow"), &json!("test-due")),
            "{view}"
        );
        let clears_by = view["reasons"][0]["clears_by"]["zh"].as_str();
        assert!(clears_by.is_some_and(|text| text.contains("阴性")), "{view}");
    }
    assert_eq!(
        (&read["facts"][0]["fact"], &read["facts"][0]["reference"]),
        (&mine["reasons"][0]["fact"], &json!("17"))
    );
    assert!(!read.to_string().contains("\"name\""), "{read}");
    // Before the fact was recorded the person was green, whatever time the fact has.
    let then = town.send("GET", &format!("{path}?at={before}"), &authority, "").await?.json()?;
    assert_eq!((&then["colour"], &then["facts"]), (&json!("green"), &json!([])));
    let nobody = town.send("GET", "/v1/people/p0000000000001", &authority, "").await?;
    assert_eq!(nobody.status_and_code(), refused(404, "not-found"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_report_a_day_counts_and_survives_a_restart() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = TestTown::under("nanchong", 1).await?;
    assert_eq!(town.fact(0, now(), json!({"kind": "close-contact"})).await?, "red");
    let healthy = json!({"temperature": 36.6, "symptoms": []});
    let first = town.own(0, "POST", "/reports", &healthy).await?.json()?;
    assert_eq!(
        (&first["counts"], &first["progress"]),
        (&json!(true), &json!({"reported": 1, "needed": 14})),
        "{first}"
    );
    let second = town.own(0, "POST", "/reports", &healthy).await?.json()?;
    assert_eq!((&second["counts"], &second["progress"]["reported"]), (&json!(false), &json!(1)));
    for wrong in [json!({"temperature": 60.0}), json!({"symptoms": ["hiccups"]}), json!({"colour": "green"})]
    {
        assert_eq!(
            town.own(0, "POST", "/reports", &wrong).await?.status_and_code(),
            refused(400, "malformed")
        );
    }
    let folder = town.gateway.folder();
    assert!(town.gateway.stop()?.success());
    town.gateway = Gateway::start_in(Arc::clone(&folder), &["--policy", "nanchong"], ExpectedLog::Quiet)?;
    town.target = town.gateway.target()?;
    town.connection = town.target.connect(Version::Http3).await?;
    let mine = town.own(0, "GET", "", &Value::Null).await?.json()?;
    assert_eq!((&mine["colour"], &mine["progress"]["reported"]), (&json!("red"), &json!(1)), "{mine}");
    Ok(())
}
