//! Erasure: immediate without a reason to wait, later with one, and permanent.

use super::keys::audited;
use scangate_core::time::{HOUR_MS, Step};
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually, refused};
use serde_json::{Value, json};

/// Sends a request to erase a resident's record.
async fn erase(town: &mut TestTown, resident: usize) -> anyhow::Result<(u16, Value)> {
    let asked = town.own(resident, "DELETE", "", &Value::Null).await?;
    Ok((asked.status(), if asked.text().is_empty() { Value::Null } else { asked.json()? }))
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_passes_companions_and_late_scans_of_an_erased_person_are_refused_and_leave_no_trail()
-> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let venue = town.venues[0].venue;
    let terminal = town.gateway.token("terminal", "gate", Some(venue))?;
    let (authority, tracer) = (town.authority.clone(), town.tracer.clone());
    let person = town.residents[0].person;
    let path = format!("/v1/people/{person}/passes");
    let pass = town.send("POST", &path, &authority, json!({"days": 7}).to_string()).await?.json()?;
    for resident in [0, 1] {
        assert_eq!(town.check_in(resident, 0).await?.status(), 200);
    }
    let case = town.open_case(1).await?;
    let visits = format!("/v1/cases/{case}/venues/{venue}/visits");
    let seen = town.traced(&visits).await?;
    assert!(seen.to_string().contains(&person.to_string()), "{seen}");
    assert_eq!(erase(&mut town, 0).await?, (204, Value::Null));

    for restarted in [false, true] {
        if restarted {
            let folder = town.gateway.folder();
            town.gateway.kill()?;
            town.gateway = Gateway::start_in(folder, &[], ExpectedLog::Quiet)?;
            town.target = town.gateway.target()?;
            town.connection = town.target.connect(scangate_loadgen::client::Version::Http3).await?;
        }
        let step = Step::of(now());
        let (gone, other) = (town.residents[0].code(step), town.residents[1].code(step));
        let late_at = now().minus_ms(3 * HOUR_MS);
        let late = json!({"person": town.residents[0].code(Step::of(late_at)), "at": late_at});
        let poster = town.venues[1].poster.clone();
        for (path, token, body) in [
            ("/v1/check-ins", "", json!({"venue": poster, "person": gone})),
            ("/v1/check-ins", "", json!({"venue": poster, "person": other, "companions": [gone]})),
            ("/v1/check-ins", terminal.as_str(), json!({"pass": pass["pass"], "document_shown": true})),
            ("/v1/check-ins/batch", terminal.as_str(), late),
        ] {
            let sent = town.send("POST", path, token, body.to_string()).await?;
            assert_eq!(sent.code(), "person-erased", "{path} {body}: {}", sent.text());
        }
        let look = town.send("GET", &format!("/v1/colours/{gone}"), &terminal, "").await?;
        assert_eq!(look.status_and_code(), refused(401, "person-erased"));
        let read = town.own(0, "GET", "", &Value::Null).await?;
        assert_eq!(read.status_and_code(), refused(401, "person-erased"));
        for path in [visits.clone(), format!("/v1/cases/{case}/co-presence")] {
            let seen = town.traced(&path).await?;
            assert!(!seen.to_string().contains(&person.to_string()), "{seen}");
        }
    }
    let opened = town.send("POST", "/v1/cases", &tracer, json!({
        "person": person, "purpose": "contact-tracing", "reference": "1", "from": now().minus_ms(HOUR_MS), "to": now(),
    }).to_string()).await?;
    assert_eq!(opened.status_and_code(), refused(422, "person-unknown"));
    let acts = audited(&mut town).await?;
    assert!(acts.contains(&("person-erased".into(), person.to_string())), "{acts:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_waits_for_colour_and_case_and_is_carried_out_by_itself() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let (authority, person) = (town.authority.clone(), town.residents[0].person);
    let fact = json!({"person": person, "kind": "confirmed", "at": now(), "source": "lab"});
    let fact = town.send("POST", "/v1/facts", &authority, fact.to_string()).await?.lines()?[0].clone();
    assert_eq!(fact["colour"], "red");
    let (status, answer) = erase(&mut town, 0).await?;
    assert_eq!((status, &answer["because"]), (202, &json!(["colour"])));
    assert!(answer.get("erases_after").is_none(), "a case is ended by a fact alone: {answer}");
    // Asking again changes nothing, and the person goes on.
    assert_eq!(erase(&mut town, 0).await?.1, answer);
    assert_eq!(town.check_in(0, 0).await?.json()?["colour"], "red");
    for path in ["", "/overview"] {
        let shown = town.own(0, "GET", path, &Value::Null).await?.json()?;
        assert_eq!(shown["erasure"]["because"], json!(["colour"]), "{shown}");
        assert!(shown["erasure"]["asked"].is_string(), "{shown}");
    }
    // It can be taken back, once.
    assert_eq!(town.own(0, "DELETE", "/erasure", &Value::Null).await?.status(), 204);
    let again = town.own(0, "DELETE", "/erasure", &Value::Null).await?;
    assert_eq!(again.status_and_code(), refused(404, "not-found"));
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.json()?["erasure"], Value::Null);

    assert_eq!(erase(&mut town, 0).await?.0, 202);
    let withdraw = format!("/v1/facts/{}/withdraw", fact["fact"].as_str().unwrap_or_default());
    let reason = json!({"reason": "mistaken"}).to_string();
    assert_eq!(town.send("POST", &withdraw, &authority, reason).await?.json()?["colour"], "green");
    let gone = async || Ok(town.own(0, "GET", "", &Value::Null).await?.code());
    eventually(gone, |code| code == "person-erased").await?;
    let acts: Vec<String> = audited(&mut town)
        .await?
        .into_iter()
        .filter_map(|(act, object)| (object == person.to_string()).then_some(act))
        .filter(|act| act.starts_with("erasure") || act.starts_with("person-erased"))
        .collect();
    assert_eq!(acts, ["erasure-asked", "erasure-taken-back", "erasure-asked", "person-erased"]);

    // A case is a reason of its own.
    town.open_case(1).await?;
    let (status, answer) = erase(&mut town, 1).await?;
    assert_eq!((status, &answer["because"]), (202, &json!(["case"])));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_waits_for_duties_and_names_the_day_when_time_alone_ends_the_reason() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let letter = town.own(0, "POST", "/appeals", &json!({"text": "I was not there"})).await?;
    assert_eq!(letter.status(), 200, "{}", letter.text());
    assert_eq!(erase(&mut town, 0).await?.1["because"], json!(["duty"]));
    let mut town = TestTown::found(1).await?;
    let met = json!({"kind": "close-contact"});
    assert_eq!(town.fact(0, now().minus_ms(HOUR_MS), met).await?, "yellow");
    let (status, answer) = erase(&mut town, 0).await?;
    assert_eq!((status, &answer["because"]), (202, &json!(["colour"])));
    assert!(answer["erases_after"].is_string(), "{answer}");
    Ok(())
}
