//! Scans: the same answers on all three HTTP versions, and one check-in however often the client sends it.

use scangate_core::code::PersonCode;
use scangate_core::time::Step;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, send};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn one_scan_is_one_check_in_on_every_version() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let scan = town.scan(0, 0);
    let mut answers: Vec<Value> = Vec::new();
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        for _ in 0..2 {
            let sent = send(&mut connection, "POST", "/v1/check-ins", "", scan.clone()).await?;
            assert_eq!(sent.status(), 200, "{}", sent.text());
            assert_eq!(sent.header("content-type"), Some("application/json"));
            assert!(sent.header("date").is_some(), "{version:?}");
            let alt_svc = format!("h3=\":{}\"; ma=86400", town.gateway.listen.port());
            let expected = (version != Version::Http3).then_some(alt_svc.as_str());
            assert_eq!(sent.header("alt-svc"), expected, "{version:?}");
            answers.push(sent.json()?);
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let first = &answers[0];
    assert_eq!(first["colour"], "green");
    assert_eq!(first["verdict"], "pass");
    assert_eq!(first["checks"], json!([]));
    assert_eq!(first["reasons"], json!([]));
    assert_eq!(first["policy"], "default/2");
    assert_eq!(first["venue"], json!({"id": town.venues[0].venue, "name": "Venue 0"}));
    assert_eq!(first["id"].as_str().map(str::len), Some(26));
    assert!(first["at"].as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_21_out_is_another_check_in_and_companions_have_their_own() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    let step = Step::of(now());
    let code = |resident: usize| town.residents[resident].code(step);
    let (holder, companions) = (code(0), [code(1), code(2)]);
    let venue = town.venues[0].poster.clone();
    let family = json!({"venue": venue, "person": holder, "companions": companions}).to_string();
    let inward = town.send("POST", "/v1/check-ins", "", family).await?.json()?;
    let with = inward["companions"].as_array().map(Vec::len);
    assert_eq!(with, Some(2), "{inward}");
    let outward = json!({"venue": venue, "person": holder, "direction": "out"}).to_string();
    let outward = town.send("POST", "/v1/check-ins", "", outward).await?.json()?;
    assert_ne!(inward["id"], outward["id"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_17_a_terminal_brings_its_venue_and_what_was_done_at_the_door() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[1].venue))?;
    let code = town.residents[0].code(Step::of(now()));
    let scan = json!({"person": code, "temperature": 36.6, "document_shown": true}).to_string();
    let sent = town.send("POST", "/v1/check-ins", &terminal, scan).await?;
    assert_eq!(sent.json()?["venue"]["id"], json!(town.venues[1].venue), "{}", sent.text());

    let elsewhere = json!({"person": code, "venue": town.venues[0].poster}).to_string();
    let refused = town.send("POST", "/v1/check-ins", &terminal, elsewhere).await?;
    assert_eq!((refused.status(), refused.code().as_str()), (422, "venue-code-invalid"));

    let code = town.residents[1].code(Step::of(now()));
    let feverish = json!({"person": code, "temperature": 37.3}).to_string();
    let refused = town.send("POST", "/v1/check-ins", &terminal, feverish).await?.json()?;
    assert_eq!((&refused["verdict"], &refused["reasons"]), (&json!("refuse"), &json!(["fever"])));

    let look = town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?;
    assert_eq!(look.json()?["colour"], "green", "{}", look.text());
    let nobody = town.send("GET", &format!("/v1/colours/{code}"), "", "").await?;
    assert_eq!((nobody.status(), nobody.code().as_str()), (401, "token-invalid"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_18_codes_of_neighbouring_steps_are_taken_as_the_contract_says() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let step = Step::of(now());
    for (difference, is_taken) in [(-3_i64, false), (0, true), (2, false)] {
        let other = Step(u32::try_from(i64::from(step.0) + difference)?);
        let code = town.residents[0].code(other);
        assert!(PersonCode::parse(code.as_bytes()).is_ok());
        let scan = json!({"venue": town.venues[0].poster, "person": code}).to_string();
        let sent = town.send("POST", "/v1/check-ins", "", scan).await?;
        if is_taken {
            assert_eq!(sent.status(), 200, "{}", sent.text());
        } else {
            assert_eq!((sent.status(), sent.code().as_str()), (401, "person-code-expired"));
            assert!(sent.json()?["server_time"].is_string());
            assert_eq!(sent.header("www-authenticate"), Some("Bearer, Resident"));
        }
    }
    let old = town.residents[0].authorization(now().minus_ms(90_000));
    let sent = town.send("GET", "/v1/people/me", &old, "").await?;
    assert_eq!((sent.status(), sent.code().as_str()), (401, "person-code-expired"));
    assert!(sent.json()?["server_time"].is_string(), "{}", sent.text());
    Ok(())
}
