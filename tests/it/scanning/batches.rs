//! Check-ins in batches: a line's problem stops no other line, and a line answered with an id is stored.

use scangate_core::time::Step;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, send};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_terminals_backlog_is_taken_line_by_line() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let hours_ago = |hours: u64| now().minus_ms(hours * 3_600_000);
    let scan = |resident: usize, hours: u64| {
        let at = hours_ago(hours);
        json!({"person": town.residents[resident].code(Step::of(at)), "at": at}).to_string()
    };
    let wrong_moment =
        json!({"person": town.residents[0].code(Step::of(now())), "at": hours_ago(5)}).to_string();
    let no_time = json!({"person": town.residents[0].code(Step::of(now()))}).to_string();
    let first = scan(0, 1);
    let lines = [&first, "nonsense", &scan(1, 71), &scan(2, 73), &wrong_moment, &no_time, &first];
    let body = lines.join("\n");
    let answers = town.send("POST", "/v1/check-ins/batch", &terminal, body).await?.lines()?;
    let codes: Vec<_> = answers.iter().map(|line| line["code"].as_str().unwrap_or("kept")).collect();
    let expected = ["kept", "malformed", "kept", "malformed", "person-code-expired", "malformed", "kept"];
    assert_eq!(codes, expected, "{answers:?}");
    assert_eq!(answers[0]["id"], answers[6]["id"]);
    assert_eq!(answers[1]["line"], 2);
    let mine = town.mine(0).await?;
    assert_eq!(mine["check_ins"].as_array().map(Vec::len), Some(1), "{mine}");
    assert_eq!(mine["check_ins"][0]["id"], answers[0]["id"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_idempotent_and_tells_each_line_its_problem() -> anyhow::Result<()> {
    let town = TestTown::found(40).await?;
    let at = |minute: u64| now().minus_ms(minute * 60_000);
    let line = |person: String, venue: String, at: Value| {
        json!({"person": person, "venue": venue, "at": at, "direction": "in"}).to_string()
    };
    let venue = || town.venues[0].venue.to_string();
    let person = |number: usize| town.residents[number].person.to_string();
    let mut lines: Vec<String> =
        (0..40).map(|number| line(person(number), venue(), json!(at(number as u64 + 1)))).collect();
    lines.push(line("p0000000000001".into(), venue(), json!(at(1))));
    lines.push(line(person(0), "v0000000000001".into(), json!(at(1))));
    lines.push(line(person(0), venue(), json!(now().plus_ms(3_600_000))));
    lines.push(line(person(0), venue(), json!(at(60 * 24 * 15))));
    lines.push("{\"colour\":\"green\"}".into());
    let body = lines.join("\r\n");
    let mut first = Vec::new();
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        let path = "/v1/check-ins/import";
        let answers = send(&mut connection, "POST", path, &town.authority, body.clone()).await?.lines()?;
        let codes: Vec<_> = answers[40..].iter().map(|line| line["code"].as_str().unwrap_or("-")).collect();
        assert_eq!(codes, ["person-unknown", "venue-unknown", "malformed", "malformed", "malformed"]);
        let ids: Vec<Value> = answers[..40].iter().map(|line| line["id"].clone()).collect();
        assert!(ids.iter().all(Value::is_string), "{answers:?}");
        if first.is_empty() {
            first = ids;
        } else {
            assert_eq!(first, ids, "{version:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_import_streams_through_a_client_that_reads_late() -> anyhow::Result<()> {
    let town = TestTown::found(10).await?;
    let begin = now().minus_ms(10 * 86_400_000);
    let lines: Vec<String> = (0..20_000_u64)
        .map(|number| {
            let person = town.residents[usize::try_from(number % 10).unwrap_or(0)].person;
            let venue = town.venues[0].venue;
            json!({"person": person, "venue": venue, "at": begin.plus_ms(number * 1_000)}).to_string()
        })
        .collect();
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        let path = "/v1/check-ins/import";
        let sent = send(&mut connection, "POST", path, &town.authority, lines.join("\n")).await?;
        let answers = sent.lines()?;
        assert_eq!(answers.len(), 20_000, "{version:?}");
        assert!(answers.iter().all(|line| line["id"].is_string()), "{version:?}");
    }
    Ok(())
}
