//! Extensions: hops, venues and windows that a case covers only when another tracer has approved.

use super::records::acts;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, refused};
use serde_json::{Value, json};

/// Asks for an extension, and has another tracer approve it.
async fn extend(town: &mut TestTown, case: &str, wish: Value) -> anyhow::Result<Value> {
    let (tracer, other) = (town.tracer.clone(), town.gateway.token("tracer", "another", None)?);
    let path = format!("/v1/cases/{case}/extensions");
    let asked = town.send("POST", &path, &tracer, wish.to_string()).await?;
    anyhow::ensure!(asked.status() == 200, "{}", asked.text());
    let number = asked.json()?["extension"].as_u64().unwrap_or_default();
    let own = town.send("POST", &format!("{path}/{number}/approve"), &tracer, "").await?;
    assert_eq!(own.status_and_code(), refused(403, "same-approver"));
    let approved = town.send("POST", &format!("{path}/{number}/approve"), &other, "").await?;
    anyhow::ensure!(approved.status() == 200, "{}", approved.text());
    approved.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_hop_needs_another_tracers_approval() -> anyhow::Result<()> {
    let mut town = TestTown::found(4).await?;
    // A chain of four people at three venues.
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in")]).await?;
    town.import(&[(1, 1, 8_000, "in"), (2, 1, 8_000, "in"), (2, 2, 7_000, "in"), (3, 2, 7_000, "in")])
        .await?;
    let case = town.open_case(0).await?;
    let (path, tracer) = (format!("/v1/cases/{case}/co-presence?hops=3"), town.tracer.clone());
    assert_eq!(
        town.send("GET", &path, &tracer, "").await?.status_and_code(),
        refused(403, "extension-needed")
    );
    let wish = json!({"hops": 3, "reason": "a family"});
    let asked = town.send("POST", &format!("/v1/cases/{case}/extensions"), &tracer, wish.to_string()).await?;
    assert_eq!((&asked.json()?["extension"], &asked.json()?["status"]), (&json!(1), &json!("pending")));
    // Asking is not enough.
    assert_eq!(
        town.send("GET", &path, &tracer, "").await?.status_and_code(),
        refused(403, "extension-needed")
    );
    // The approver sees what is asked, and not about whom.
    let other = town.gateway.token("tracer", "another", None)?;
    let own = town.send("GET", "/v1/extensions", &tracer, "").await?.json()?;
    assert_eq!(own, json!({"extensions": []}), "nobody approves an own extension");
    let waiting = town.send("GET", "/v1/extensions", &other, "").await?.json()?;
    let seen = town.send("GET", &format!("/v1/cases/{case}/extensions/1"), &other, "").await?;
    let (person, shown) = (town.residents[0].person.to_string(), seen.json()?);
    assert_eq!(
        (&shown["reason"], &shown["purpose"]),
        (&json!("a family"), &json!("contact-tracing")),
        "{shown}"
    );
    assert!(!seen.text().contains(&person), "{shown}");
    assert_eq!(waiting, json!({"extensions": [shown]}));
    let approved = extend(&mut town, &case, wish).await?;
    assert_eq!(
        (&approved["extension"], &approved["approved_by"]),
        (&json!(2), &json!("another")),
        "{approved}"
    );
    let waiting = town.send("GET", "/v1/extensions", &other, "").await?.json()?;
    assert_eq!(waiting, json!({"extensions": [shown]}), "the second one is approved");
    let met = town.traced(&path).await?;
    let hops: Vec<_> = met["contacts"].as_array().into_iter().flatten().map(|met| &met["hop"]).collect();
    assert_eq!(hops, [&json!(1), &json!(2), &json!(3)], "{met}");

    let acts = acts(&mut town, &case).await?;
    let of =
        |name: &str| acts.iter().filter(|act| act["act"] == name).map(|act| act["detail"].clone()).collect();
    let asked: Vec<Value> = of("extension-asked");
    assert_eq!(asked[1], json!({"extension": 2, "hops": 3, "reason": "a family"}));
    let approved: Vec<Value> = of("extension-approved");
    assert_eq!(approved, [json!({"extension": 2, "hops": 3, "reason": "a family"})]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_that_is_not_on_a_trail_needs_an_extension() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    // The index person was at venue 0, a contact also at venue 1, and a stranger at venue 2.
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in"), (1, 1, 8_000, "in"), (2, 2, 8_000, "in")])
        .await?;
    let case = town.open_case(0).await?;
    let tracer = town.tracer.clone();
    let visits = |town: &TestTown, venue: usize| {
        format!("/v1/cases/{case}/venues/{}/visits", town.venues[venue].venue)
    };
    let own = town.traced(&visits(&town, 0)).await?;
    assert_eq!(own["visits"].as_array().map(Vec::len), Some(2), "{own}");
    let needed = refused(403, "extension-needed");
    for venue in [1, 2] {
        let path = visits(&town, venue);
        assert_eq!(town.send("GET", &path, &tracer, "").await?.status_and_code(), needed, "{venue}");
    }
    // The contact's venue is covered once the case has found the contact.
    town.traced(&format!("/v1/cases/{case}/co-presence")).await?;
    let of_contact = town.send("GET", &visits(&town, 1), &tracer, "").await?;
    assert_eq!(of_contact.status(), 200, "{}", of_contact.text());
    let path = visits(&town, 2);
    assert_eq!(town.send("GET", &path, &tracer, "").await?.status_and_code(), needed);
    let venue = town.venues[2].venue;
    extend(&mut town, &case, json!({"venue": venue, "reason": "an outbreak there"})).await?;
    let there = town.send("GET", &path, &tracer, "").await?.json()?;
    assert_eq!(there["visits"][0]["person"], json!(town.residents[2].person), "{there}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_where_nobody_was_needs_no_extension() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    town.import(&[(0, 0, 9_000, "in")]).await?;
    let case = town.open_case(0).await?;
    let path = format!("/v1/cases/{case}/venues/{}/visits", town.venues[1].venue);
    let empty = town.traced(&path).await?;
    assert_eq!(empty["visits"], json!([]), "{empty}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_past_the_cases_needs_an_extension() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    town.import(&[(0, 0, 9_000, "in"), (0, 0, 90_000, "in")]).await?;
    let (from, to) = (now().minus_ms(10_000_000), now());
    let person = town.residents[0].person;
    let case = json!({"person": person, "purpose": "audit", "reference": "1", "from": from, "to": to});
    let tracer = town.tracer.clone();
    let case = town.send("POST", "/v1/cases", &tracer, case.to_string()).await?.json()?;
    let case = case["case"].as_str().unwrap_or_default().to_owned();
    let earlier = from.minus_ms(86_400_000);
    let path = format!("/v1/cases/{case}/venues/{}/visits?from={earlier}", town.venues[0].venue);
    assert_eq!(
        town.send("GET", &path, &tracer, "").await?.status_and_code(),
        refused(403, "extension-needed")
    );
    let trail = format!("/v1/cases/{case}/trail");
    assert_eq!(town.traced(&trail).await?["visits"].as_array().map(Vec::len), Some(1));
    extend(&mut town, &case, json!({"from": earlier, "reason": "ill for longer"})).await?;
    let visits = town.send("GET", &path, &tracer, "").await?.json()?;
    assert_eq!(visits["visits"].as_array().map(Vec::len), Some(2), "{visits}");
    assert_eq!(town.traced(&trail).await?["visits"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn extensions_that_cannot_be_asked_or_approved() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let case = town.open_case(0).await?;
    let (path, tracer) = (format!("/v1/cases/{case}/extensions"), town.tracer.clone());
    let other = town.gateway.token("tracer", "another", None)?;
    let (long_ago, later) = (now().minus_ms(30 * 86_400_000), now());
    for (wish, status, code) in [
        (json!({"hops": 3}), 400, "malformed"),
        (json!({"reason": "r"}), 400, "malformed"),
        (json!({"hops": 3, "reason": " "}), 400, "malformed"),
        (json!({"hops": 4, "reason": "r"}), 400, "malformed"),
        (json!({"hops": 0, "reason": "r"}), 400, "malformed"),
        (json!({"from": later, "to": long_ago, "reason": "r"}), 400, "malformed"),
        (json!({"from": long_ago, "reason": "r"}), 400, "malformed"),
        (json!({"venue": "v0000000000001", "reason": "r"}), 422, "venue-unknown"),
    ] {
        let sent = town.send("POST", &path, &tracer, wish.to_string()).await?;
        assert_eq!(sent.status_and_code(), refused(status, code), "{wish}");
    }
    let foreign = town.send("POST", &path, &other, json!({"hops": 3, "reason": "r"}).to_string()).await?;
    assert_eq!(foreign.status_and_code(), refused(404, "not-found"));
    for number in ["0", "1", "x"] {
        let none = town.send("POST", &format!("{path}/{number}/approve"), &other, "").await?;
        assert_eq!(none.status_and_code(), refused(404, "not-found"), "{number}");
    }
    // The one who asked does not approve, not even after the case was handed over.
    town.send("POST", &path, &tracer, json!({"hops": 3, "reason": "r"}).to_string()).await?;
    town.send("PATCH", &format!("/v1/cases/{case}"), &tracer, r#"{"tracer": "another"}"#).await?;
    for who in [&tracer, &other] {
        let sent = town.send("POST", &format!("{path}/1/approve"), who, "").await?;
        assert_eq!(sent.status_and_code(), refused(403, "same-approver"));
    }
    let third = town.gateway.token("tracer", "third", None)?;
    assert_eq!(town.send("POST", &format!("{path}/1/approve"), &third, "").await?.status(), 200);
    Ok(())
}
