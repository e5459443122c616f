//! Facts, the only inputs to a colour: the next scan shows them, and a list that flips many waits for an
//! approver.

use scangate_core::id::PersonId;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually};
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_is_answered_by_the_next_scan_and_its_end_too() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (authority, resident) = (town.authority.clone(), town.residents[0].authorization(now()));
    for (kind, colour, verdict, reasons) in [
        ("symptoms", "yellow", "check", json!(["symptoms"])),
        ("confirmed", "red", "refuse", json!(["confirmed"])),
        ("released", "green", "pass", json!([])),
    ] {
        let fact = json!({
            "person": town.residents[0].person, "kind": kind, "at": now(), "source": "test",
            "which": (kind == "symptoms").then_some(["fever"]),
        });
        let sent = town.send("POST", "/v1/facts", &authority, fact.to_string()).await?;
        assert_eq!(sent.lines()?[0]["colour"], colour, "{}", sent.text());
        // A new venue each time, because a repeated scan gets its first answer.
        let venue = ["symptoms", "confirmed", "released"].iter().position(|one| *one == kind);
        let scan = town.check_in(0, venue.unwrap_or_default()).await?.json()?;
        assert_eq!((&scan["colour"], &scan["verdict"]), (&json!(colour), &json!(verdict)), "{scan}");
        assert_eq!(scan["reasons"], reasons);
        let mine = town.send("GET", "/v1/people/me", &resident, "").await?.json()?;
        assert_eq!(mine["colour"], colour);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_fact_counts_no_more() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let red = town.post_fact(0, "confirmed").await?.lines()?;
    let path = format!("/v1/facts/{}/withdraw", red[0]["fact"].as_str().unwrap_or_default());
    let empty = town.send("POST", &path, &authority, r#"{"reason":" "}"#).await?;
    assert_eq!((empty.status(), empty.code().as_str()), (400, "malformed"));
    let green = town.send("POST", &path, &authority, r#"{"reason":"mistaken"}"#).await?;
    assert_eq!(green.json()?["colour"], "green", "{}", green.text());
    let unknown =
        town.send("POST", "/v1/facts/f0000000000001/withdraw", &authority, r#"{"reason":"x"}"#).await?;
    assert_eq!(unknown.status(), 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_sent_twice_is_one_fact() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (authority, at) = (town.authority.clone(), now());
    let line = |more: serde_json::Value| {
        let mut line = json!({
            "person": town.residents[0].person, "kind": "close-contact", "at": at, "source": "test",
        });
        if let (Some(line), serde_json::Value::Object(more)) = (line.as_object_mut(), more) {
            line.extend(more);
        }
        line.to_string()
    };
    let (same, referenced) = (line(json!({})), line(json!({"reference": "2"})));
    let differing = line(json!({"until": at.plus_ms(86_400_000)}));
    let body = [same.as_str(), &same, &differing, &referenced].join("\n");
    let first = town.send("POST", "/v1/facts", &authority, body).await?.lines()?;
    let id = first[0]["fact"].clone();
    let marks = |line: &serde_json::Value| {
        (line["fact"] == id, line["repeated"] == true, line["differs"] == true, line["colour"] == "yellow")
    };
    let expected = [
        (true, false, false, true),
        (true, true, false, true),
        (true, true, true, true),
        (false, false, false, true),
    ];
    assert_eq!(first.iter().map(marks).collect::<Vec<_>>(), expected, "{first:?}");
    // One withdrawal each clears both facts, and a late copy does not bring one back.
    for fact in [&first[0], &first[3]] {
        let path = format!("/v1/facts/{}/withdraw", fact["fact"].as_str().unwrap_or_default());
        assert_eq!(town.send("POST", &path, &authority, r#"{"reason":"mistaken"}"#).await?.status(), 200);
    }
    let again = town.send("POST", "/v1/facts", &authority, same).await?.lines()?;
    assert_eq!(
        (&again[0]["fact"], &again[0]["repeated"], &again[0]["colour"]),
        (&id, &json!(true), &json!("green"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_sent_again_does_not_count_against_the_limits() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (authority, person, at) = (town.authority.clone(), town.residents[0].person, now());
    let line = |number: usize| {
        json!({
            "person": person, "kind": "confirmed", "at": at, "source": "ward", "reference": format!("case {number}"),
        })
    };
    let list = (0..100).map(|number| line(number).to_string()).collect::<Vec<_>>().join("\n");
    for sent in 0..12 {
        let lines = town.send("POST", "/v1/facts", &authority, list.clone()).await?.lines()?;
        assert_eq!(lines.len(), 100);
        assert!(lines.iter().all(|line| (line["repeated"] == true) == (sent > 0)), "{sent}: {lines:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_with_an_end_ends_by_itself() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let until = loop {
        let until = now().plus_ms(1_500);
        let fact = json!({
            "person": town.residents[0].person, "kind": "close-contact", "at": now(), "until": until, "source": "test",
        });
        let sent = town.send("POST", "/v1/facts", &authority, fact.to_string()).await?;
        if sent.lines()?[0]["colour"] == "yellow" {
            break until;
        }
        assert!(now() >= until, "it counted for nothing: {}", sent.text());
    };
    // Reads the colour table, as terminals do.
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let look = async || {
        let code = town.residents[0].code(scangate_core::time::Step::of(now()));
        town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.json()
    };
    eventually(look, |look| look["colour"] == "green").await?;
    assert!(now() >= until);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_turns_many_waits_for_another_approver() -> anyhow::Result<()> {
    // The alarm is a warning.
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, 101).await?;
    let authority = town.authority.clone();
    let lines: Vec<String> = town
        .residents
        .iter()
        .map(|resident| {
            json!({"person": resident.person, "kind": "confirmed", "at": now(), "source": "test"}).to_string()
        })
        .collect();
    let held = town.send("POST", "/v1/facts", &authority, lines.join("\n")).await?;
    assert_eq!(held.status(), 202, "{}", held.text());
    let id = held.json()?["held"].as_str().unwrap_or_default().to_owned();
    assert_eq!(town.check_in(0, 0).await?.json()?["colour"], "green");

    let listed = town.send("GET", "/v1/held", &authority, "").await?.json()?;
    assert_eq!(listed["held"][0]["held"], json!(id));
    let shown = town.send("GET", &format!("/v1/held/{id}"), &authority, "").await?.json()?;
    for (name, expected) in [
        ("kind", json!("facts")),
        ("entries", json!(101)),
        ("by_kind", json!({"confirmed": 101})),
        ("by_source", json!({"test": 101})),
        ("by_venue", json!({})),
        ("colour_changes", json!({"green-red": 101})),
        ("problems", json!([])),
    ] {
        assert_eq!(shown[name], expected, "{name}");
    }
    assert_eq!(shown["lines"][100].to_string(), lines[100]);
    let path = format!("/v1/held/{id}/approve");
    let own = town.send("POST", &path, &authority, "").await?;
    assert_eq!((own.status(), own.code().as_str()), (403, "same-approver"));
    let second = town.gateway.token("authority", "second", None)?;
    let approved = town.send("POST", &path, &second, "").await?;
    assert_eq!(approved.lines()?.len(), 101);
    assert_eq!(town.check_in(0, 1).await?.json()?["colour"], "red");
    assert_eq!(town.send("POST", &path, &second, "").await?.status(), 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_turns_many_in_small_lists_under_many_names_waits_for_another_approver() -> anyhow::Result<()> {
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let person = town.residents[0].person;
    let list = |source: usize| worsening(person, &format!("ward {source}"), 100);
    let mut said = Vec::new();
    for source in 0..12 {
        let authority = town.authority.clone();
        said.push(town.send("POST", "/v1/facts", &authority, list(source)).await?.status());
    }
    assert_eq!(said[..10], [200; 10]);
    assert_eq!(said[10..], [202; 2]);
    let second = town.gateway.token("authority", "second", None)?;
    assert_eq!(town.send("POST", "/v1/facts", &second, list(99)).await?.status(), 200);
    Ok(())
}

/// A list of worsening facts about one person, each at another time.
pub(crate) fn worsening(person: PersonId, source: &str, count: u64) -> String {
    let last = now();
    let line = |age_ms| {
        let at = last.minus_ms(age_ms);
        json!({"person": person, "kind": "confirmed", "at": at, "source": source}).to_string()
    };
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_list_is_checked_again_when_it_is_approved() -> anyhow::Result<()> {
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, 2).await?;
    let authority = town.authority.clone();
    let people = [town.residents[0].person, town.residents[1].person];
    let body = worsening(people[0], "cdc", 101) + "\n" + &worsening(people[1], "cdc", 1);
    let held = town.send("POST", "/v1/facts", &authority, body).await?.json()?;
    let path = format!("/v1/held/{}", held["held"].as_str().unwrap_or_default());
    let resident = town.residents[1].authorization(now());
    assert_eq!(town.send("DELETE", "/v1/people/me", &resident, "").await?.status(), 204);
    let second = town.gateway.token("authority", "second", None)?;
    for _ in 0..2 {
        let late = town.send("POST", &format!("{path}/approve"), &second, "").await?;
        assert_eq!((late.status(), late.code().as_str()), (422, "person-unknown"));
    }
    assert_eq!(town.check_in(0, 0).await?.json()?["colour"], "green");
    let shown = town.send("GET", &path, &authority, "").await?.json()?;
    assert_eq!(
        (&shown["problems"][0]["code"], &shown["problems"][0]["line"]),
        (&json!("person-unknown"), &json!(102))
    );
    assert_eq!(town.send("POST", &format!("{path}/reject"), &authority, "").await?.status(), 200);
    let operator = town.gateway.first_token("operator")?;
    let acts: Vec<String> = town
        .send("GET", "/v1/audit", &operator, "")
        .await?
        .lines()?
        .iter()
        .map(|entry| entry["act"]["act"].as_str().unwrap_or_default().to_owned())
        .collect();
    let acts: Vec<&str> = acts.iter().map(String::as_str).filter(|act| act.contains("held")).collect();
    assert_eq!(acts, ["facts-held", "held-not-approved", "held-not-approved", "held-read", "held-rejected"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_facts_are_problems_of_their_line() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let person = town.residents[0].person;
    let good = json!({"person": person, "kind": "confirmed", "at": now(), "source": "test"}).to_string();
    let unknown = good.replace(&person.to_string(), "p0000000000001");
    let future = json!({
        "person": person, "kind": "confirmed", "at": now().plus_ms(3_600_000), "source": "test",
    });
    let body = format!("{{\n{unknown}\n{future}\n{good}\n");
    let lines = town.send("POST", "/v1/facts", &authority, body).await?.lines()?;
    let codes: Vec<_> = lines.iter().map(|line| line["code"].as_str().unwrap_or("-")).collect();
    assert_eq!(codes, ["malformed", "person-unknown", "malformed", "-"]);
    assert_eq!(lines[3]["colour"], "red");
    Ok(())
}
