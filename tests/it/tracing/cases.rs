//! Cases: trails, co-presence and venue visits, in three formats and within a budget.

use scangate_loadgen::drive::now;
use scangate_tests::{Gateway, TestTown, away_from_midnight};
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn who_was_there_is_told_under_a_case_of_ones_own() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    let tracer = town.tracer.clone();
    for resident in 0..3 {
        town.check_in(resident, resident / 2).await?;
    }
    let case = town.open_case(0).await?;
    let trail = town.traced(&format!("/v1/cases/{case}/trail")).await?;
    assert_eq!(trail["visits"].as_array().map(Vec::len), Some(1), "{trail}");
    assert_eq!(trail["visits"][0]["venue"], json!(town.venues[0].venue));
    assert_eq!(trail["visits"][0]["certainty"], "open");
    assert_eq!(trail["visits"][0]["colour"], "green");

    let path = format!("/v1/cases/{case}/co-presence");
    // An encounter has a second at least.
    let met = town.traced_through(&path, now().plus_ms(1_000)).await?;
    assert_eq!(met["contacts"].as_array().map(Vec::len), Some(1), "{met}");
    assert_eq!(met["contacts"][0]["person"], json!(town.residents[1].person));
    assert_eq!(met["contacts"][0]["hop"], 1);

    let venue = town.venues[0].venue;
    let visits = town.send("GET", &format!("/v1/cases/{case}/venues/{venue}/visits"), &tracer, "").await?;
    assert_eq!(visits.json()?["visits"].as_array().map(Vec::len), Some(2), "{}", visits.text());

    for (accept, begins) in [("text/csv", "person,hop,venue,"), ("application/x-ndjson", "{\"")] {
        let request = http::Request::get(&path).header("authorization", &tracer).header("accept", accept);
        let answer = town.connection.send(request.body(bytes::Bytes::new())?).await?;
        assert!(answer.headers().contains_key("complete-through"));
        assert!(answer.body().starts_with(begins.as_bytes()), "{accept}: {:?}", answer.body());
    }
    let mine = town.residents[0].authorization(now());
    let mine = town.send("GET", "/v1/people/me", &mine, "").await?.json()?;
    assert_eq!(mine["traced"][0]["purpose"], "contact-tracing", "{mine}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_case_answers_as_none() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let case = town.open_case(0).await?;
    let other = town.gateway.token("tracer", "another", None)?;
    let venue = town.venues[0].venue;
    let tracer = town.tracer.clone();
    for what in ["trail".to_owned(), "co-presence".to_owned(), format!("venues/{venue}/visits")] {
        let anothers = town.send("GET", &format!("/v1/cases/{case}/{what}"), &other, "").await?;
        let nobodys = town.send("GET", &format!("/v1/cases/c0000000000001/{what}"), &other, "").await?;
        assert_eq!((anothers.status(), anothers.text()), (404, nobodys.text()), "{what}");
    }
    let far = town.send("GET", &format!("/v1/cases/{case}/co-presence?hops=3"), &tracer, "").await?;
    assert_eq!((far.status(), far.code().as_str()), (403, "extension-needed"));
    for query in ["hops=0", "hops=4", "hops=x", "hop=1", "min_overlap_s=-1", "hops=1&hops=2"] {
        let wrong = town.send("GET", &format!("/v1/cases/{case}/co-presence?{query}"), &tracer, "").await?;
        assert_eq!((wrong.status(), wrong.code().as_str()), (400, "malformed"), "{query}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_that_cannot_be_opened() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (tracer, person) = (town.tracer.clone(), town.residents[0].person.to_string());
    let day = |day: u32| format!("2026-01-{day:02}T00:00:00Z");
    for (person, purpose, from, to, status, code) in [
        (person.as_str(), "contact-tracing", day(2), day(1), 400, "malformed"),
        (&person, "contact-tracing", day(1), day(1), 400, "malformed"),
        (&person, "contact-tracing", day(1), day(20), 400, "malformed"),
        (&person, "", day(1), day(2), 400, "malformed"),
        ("p0000000000001", "contact-tracing", day(1), day(2), 422, "person-unknown"),
        ("v0000000000001", "contact-tracing", day(1), day(2), 400, "malformed"),
    ] {
        let case = json!({"person": person, "purpose": purpose, "reference": "1", "from": from, "to": to});
        let sent = town.send("POST", "/v1/cases", &tracer, case.to_string()).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (status, code), "{case}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_ends_and_survives_a_restart() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let folder = Arc::new(tempfile::tempdir()?);
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, "[tracer]\ncases_max = 2\n")?;
    let config = config.display().to_string();
    let start =
        || Gateway::start_in(Arc::clone(&folder), &["--config", &config], scangate_tests::ExpectedLog::Quiet);
    let mut town = TestTown::found_in(start()?, 1).await?;
    town.open_case(0).await?;
    town.gateway.stop()?;
    let mut town = TestTown::found_in(start()?, 1).await?;
    town.open_case(0).await?;
    let spent = town.open_case(0).await;
    assert!(spent.is_err());
    Ok(())
}
