//! The traces that people in answers see, and the reveal of people behind ids.

use super::records::acts;
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually, refused};
use serde_json::{Value, json};
use std::sync::Arc;

async fn traced(town: &mut TestTown, resident: usize) -> anyhow::Result<Value> {
    let mine = town.own(resident, "GET", "", &Value::Null).await?.json()?;
    // A block of the overview has a second; on a busy machine it may have its problem instead.
    let ask = async || town.own(resident, "GET", "/overview", &Value::Null).await?.json();
    let overview = eventually(ask, |overview| overview["traced"].is_array()).await?;
    assert_eq!(overview["traced"], mine["traced"], "{overview}");
    Ok(mine["traced"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_in_an_answer_learn_of_it_when_the_case_is_closed() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    // Person 1 is a contact, and person 2 came to the venue later.
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in"), (2, 0, 2_000, "in")]).await?;
    town.tracer = town.gateway.tracer_in("tracer", "Load")?;
    let (case, tracer) = (town.open_case(0).await?, town.tracer.clone());
    town.traced(&format!("/v1/cases/{case}/co-presence")).await?;
    let venue = town.venues[0].venue;
    town.traced(&format!("/v1/cases/{case}/venues/{venue}/visits")).await?;
    let index = traced(&mut town, 0).await?;
    assert_eq!((index.as_array().map(Vec::len), &index[0]["by"]), (Some(1), &json!("tracer")), "{index}");
    assert_eq!(traced(&mut town, 1).await?, json!([]));

    town.send("PATCH", &format!("/v1/cases/{case}"), &tracer, r#"{"status": "closed"}"#).await?;
    for resident in [1, 2] {
        let traced = traced(&mut town, resident).await?;
        assert_eq!(traced.as_array().map(Vec::len), Some(1), "{traced}");
        let entry = &traced[0];
        assert_eq!(
            (&entry["purpose"], &entry["office"]),
            (&json!("contact-tracing"), &json!("Load")),
            "{entry}"
        );
        assert!(entry["at"].is_string() && entry["from"].is_string() && entry["to"].is_string(), "{entry}");
    }
    assert_eq!(traced(&mut town, 0).await?.as_array().map(Vec::len), Some(1), "one entry a case");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_in_an_answer_learn_of_it_after_a_time() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, "[tracer]\ntell_after = 0\n")?;
    let config = config.display().to_string();
    let gateway = Gateway::start_in(folder, &["--config", &config], ExpectedLog::Quiet)?;
    let mut town = TestTown::found_in(gateway, 3).await?;
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in")]).await?;
    let case = town.open_case(0).await?;
    town.traced(&format!("/v1/cases/{case}/co-presence")).await?;
    let contact = traced(&mut town, 1).await?;
    assert_eq!(contact[0]["purpose"], "contact-tracing", "{contact}");
    // The tracer's token has no district: the office is the city.
    assert!(contact[0]["office"].as_str().is_some_and(|office| !office.is_empty()), "{contact}");
    assert_eq!(traced(&mut town, 2).await?, json!([]), "person 2 is in no answer");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_revealed_for_a_person_in_an_answer_alone() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in"), (2, 1, 9_000, "in")]).await?;
    let (case, tracer) = (town.open_case(0).await?, town.tracer.clone());
    let other = town.gateway.token("tracer", "another", None)?;
    let path = format!("/v1/cases/{case}/reveal");
    let wish = |town: &TestTown, resident: usize| {
        json!({"person": town.residents[resident].person, "reason": "to telephone"}).to_string()
    };
    let contact = wish(&town, 1);
    let before = town.send("POST", &path, &tracer, contact.clone()).await?;
    assert_eq!(before.status_and_code(), refused(404, "not-found"), "not in an answer yet");
    town.traced(&format!("/v1/cases/{case}/co-presence")).await?;
    assert_eq!(
        town.send("POST", &path, &other, contact.clone()).await?.status_and_code(),
        refused(404, "not-found")
    );
    let stranger = wish(&town, 2);
    assert_eq!(
        town.send("POST", &path, &tracer, stranger).await?.status_and_code(),
        refused(404, "not-found")
    );
    for reason in [json!(""), json!(null), json!("x".repeat(1_001))] {
        let wrong = json!({"person": town.residents[1].person, "reason": reason}).to_string();
        assert_eq!(
            town.send("POST", &path, &tracer, wrong).await?.status_and_code(),
            refused(400, "malformed")
        );
    }
    let left = town.send("GET", &format!("/v1/cases/{case}"), &tracer, "").await?.json()?;
    let revealed = town.send("POST", &path, &tracer, contact).await?;
    assert_eq!(revealed.status(), 200, "{}", revealed.text());
    assert_eq!(revealed.header("cache-control"), Some("no-store"));
    let mine = town.own(1, "GET", "", &Value::Null).await?.json()?;
    let shown = revealed.json()?;
    assert_eq!((&shown["name"], &shown["phone"]), (&mine["name"], &mine["phone"]), "{shown}");
    assert_eq!(
        (&shown["person"], &shown["document_type"]),
        (&mine["person"], &json!("resident-id")),
        "{shown}"
    );
    let index = wish(&town, 0);
    assert_eq!(town.send("POST", &path, &tracer, index).await?.status(), 200);

    let after = town.send("GET", &format!("/v1/cases/{case}"), &tracer, "").await?.json()?;
    assert_eq!((&after["used"]["reveals"], &after["left"]["reveals"]), (&json!(2), &json!(498)), "{after}");
    let persons = |case: &Value| case["left"]["persons"].as_u64().unwrap_or_default();
    assert_eq!(persons(&left) - persons(&after), 2, "each counts as a person in an answer");
    let entry = traced(&mut town, 1).await?;
    assert!(entry.as_array().map(Vec::len) == Some(1) && entry[0]["revealed"].is_string(), "{entry}");
    let acts = acts(&mut town, &case).await?;
    let act = acts.iter().find(|act| act["act"] == "person-revealed").cloned().unwrap_or_default();
    assert_eq!(act["detail"], json!({"person": town.residents[1].person, "reason": "to telephone"}));
    let name = mine["name"].as_str().unwrap_or_default();
    assert!(!name.is_empty() && acts.iter().all(|act| !act.to_string().contains(name)));
    Ok(())
}
