//! The records of cases: listed, read, closed, noted and handed over.

use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, refused};
use serde_json::{Value, json};

/// The acts of the audit about an object, oldest first.
pub(super) async fn acts(town: &mut TestTown, object: &str) -> anyhow::Result<Vec<Value>> {
    let operator = town.gateway.first_token("operator")?;
    let audit = town.send("GET", "/v1/audit", &operator, "").await?;
    let lines = audit.lines()?.into_iter();
    Ok(lines.map(|line| line["act"].clone()).filter(|act| act["object"] == object).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_listed_and_tells_its_use_and_what_is_left() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in"), (2, 0, 9_000, "in")]).await?;
    let (first, second) = (town.open_case(0).await?, town.open_case(1).await?);
    town.traced(&format!("/v1/cases/{first}/co-presence?hops=2")).await?;
    let (tracer, other) = (town.tracer.clone(), town.gateway.token("tracer", "another", None)?);
    let listed = town.send("GET", "/v1/cases", &tracer, "").await?.json()?;
    let ids: Vec<&Value> =
        listed["cases"].as_array().into_iter().flatten().map(|case| &case["case"]).collect();
    assert_eq!(ids, [&json!(first), &json!(second)], "{listed}");
    assert_eq!(town.send("GET", "/v1/cases", &other, "").await?.json()?, json!({"cases": []}));

    let case = town.send("GET", &format!("/v1/cases/{first}"), &tracer, "").await?.json()?;
    assert_eq!(
        (&case["status"], &case["person"]),
        (&json!("open"), &json!(town.residents[0].person)),
        "{case}"
    );
    assert_eq!(case["used"]["hops"], 2, "{case}");
    let answers = case["used"]["answers"].as_u64().unwrap_or_default();
    assert!(answers >= 1 && case["used"]["persons"] == json!(2 * answers), "{case}");
    assert_eq!(case["left"]["persons"], json!(100_000 - 2 * answers), "{case}");
    assert_eq!(case["left"]["cases"], 1_998, "{case}");
    let terms = town.send("GET", "/v1/tracing", &tracer, "").await?.json()?;
    let left = json!({"cases": 1_998, "persons": case["left"]["persons"]});
    let purposes = json!(["contact-tracing", "outbreak-at-venue", "audit"]);
    assert_eq!(
        terms,
        json!({
            "purposes": purposes, "tell_after_ms": 86_400_000, "retention_days": 14, "zone": "Asia/Shanghai",
            "left": left,
        })
    );
    let anothers = town.send("GET", &format!("/v1/cases/{first}"), &other, "").await?;
    assert_eq!(anothers.status_and_code(), refused(404, "not-found"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_case_answers_nothing_more_and_a_noted_one_keeps_the_note() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let case = town.open_case(0).await?;
    let (path, tracer) = (format!("/v1/cases/{case}"), town.tracer.clone());
    for wrong in
        [json!({}), json!({"status": "open"}), json!({"note": " "}), json!({"tracer": ""}), json!({"x": 1})]
    {
        let sent = town.send("PATCH", &path, &tracer, wrong.to_string()).await?;
        assert_eq!(sent.status_and_code(), refused(400, "malformed"), "{wrong}");
    }
    let noted = town.send("PATCH", &path, &tracer, r#"{"note": "asked the hospital"}"#).await?.json()?;
    assert_eq!(noted["notes"][0]["note"], "asked the hospital", "{noted}");
    let closed = town.send("PATCH", &path, &tracer, r#"{"status": "closed"}"#).await?.json()?;
    assert!(closed["status"] == "closed" && closed["closed"].is_string(), "{closed}");
    let again = town.send("PATCH", &path, &tracer, r#"{"status": "closed"}"#).await?.json()?;
    assert_eq!(again["closed"], closed["closed"]);

    let venue = town.venues[0].venue;
    for what in ["trail".to_owned(), "co-presence".to_owned(), format!("venues/{venue}/visits")] {
        let read = town.send("GET", &format!("{path}/{what}"), &tracer, "").await?;
        assert_eq!(read.status_and_code(), refused(409, "case-closed"), "{what}");
    }
    let reveal = json!({"person": town.residents[0].person, "reason": "r"}).to_string();
    for (what, body) in [("extensions", json!({"hops": 3, "reason": "r"}).to_string()), ("reveal", reveal)] {
        let sent = town.send("POST", &format!("{path}/{what}"), &tracer, body).await?;
        assert_eq!(sent.status_and_code(), refused(409, "case-closed"), "{what}");
    }
    assert_eq!(town.send("GET", &path, &tracer, "").await?.json()?["status"], "closed");
    let acts: Vec<Value> = acts(&mut town, &case).await?.iter().map(|act| act["act"].clone()).collect();
    assert_eq!(acts, ["case-opened", "case-noted", "case-closed"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_handed_over_has_a_new_owner_alone() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let case = town.open_case(0).await?;
    let (path, tracer) = (format!("/v1/cases/{case}"), town.tracer.clone());
    let other = town.gateway.token("tracer", "another", None)?;
    let handed = town.send("PATCH", &path, &tracer, r#"{"tracer": "another"}"#).await?;
    assert_eq!(handed.status(), 200, "{}", handed.text());
    for what in ["", "/trail", "/co-presence"] {
        let gone = town.send("GET", &format!("{path}{what}"), &tracer, "").await?;
        assert_eq!(gone.status_and_code(), refused(404, "not-found"), "{what}");
        let own = town.send("GET", &format!("{path}{what}"), &other, "").await?;
        assert_eq!(own.status(), 200, "{what}: {}", own.text());
    }
    assert_eq!(town.send("GET", "/v1/cases", &tracer, "").await?.json()?, json!({"cases": []}));
    let listed = town.send("GET", "/v1/cases", &other, "").await?.json()?;
    assert_eq!(listed["cases"][0]["case"], json!(case), "{listed}");
    let act = acts(&mut town, &case).await?.into_iter().find(|act| act["act"] == "case-handed-over");
    assert_eq!(act.map(|act| act["detail"].clone()), Some(json!({"to": "another"})));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_opened_for_a_person_code_as_for_the_id() -> anyhow::Result<()> {
    use scangate_core::time::Step;
    let mut town = TestTown::found(1).await?;
    let tracer = town.tracer.clone();
    let current = Step::of(now());
    let valid = town.residents[0].code(current);
    let expired = town.residents[0].code(Step(current.0 - 10));
    let mut forged = valid.clone().into_bytes();
    forged[30] = if forged[30] == b'A' { b'B' } else { b'A' };
    let (from, to) = (now().minus_ms(86_400_000), now().plus_ms(1_000));
    for (person, status, code) in [
        (valid, 200, ""),
        (expired, 401, "person-code-expired"),
        (String::from_utf8(forged)?, 401, "person-code-invalid"),
        ("not a code of anybody".to_owned(), 401, "person-code-invalid"),
        ("v0000000000001".to_owned(), 400, "malformed"),
    ] {
        let case = json!({"person": person, "purpose": "audit", "reference": "1", "from": from, "to": to});
        let sent = town.send("POST", "/v1/cases", &tracer, case.to_string()).await?;
        assert_eq!(sent.status_and_code(), refused(status, code), "{}", sent.text());
        if code == "person-code-expired" {
            assert!(sent.json()?["server_time"].is_string());
        }
    }
    let listed = town.send("GET", "/v1/cases", &tracer, "").await?.json()?;
    assert_eq!(listed["cases"][0]["person"], json!(town.residents[0].person), "{listed}");
    Ok(())
}
