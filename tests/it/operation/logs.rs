//! The log: a JSON object a line, with an event's code and a request's id, and without the names of
//! residents.

use anyhow::Context as _;
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// The last line with this event.
fn logged(gateway: &Gateway, event: &str) -> anyhow::Result<Option<Value>> {
    let lines = gateway.log().into_iter().map(|line| {
        serde_json::from_str::<Value>(&line).with_context(|| format!("this line is not JSON: {line}"))
    });
    let lines = lines.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(lines.into_iter().rev().find(|line| line["event"] == event))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_back_office_has_route_status_subject_and_the_answers_id() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let json = [("SCANGATE_LOG_FORMAT", Path::new("json"))];
    let gateway = Gateway::start_among(&json, folder, &[], ExpectedLog::Quiet)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let person = town.residents[0].person;
    let tracer = town.tracer.clone();
    let path = format!("/v1/people/{person}/key");
    let refused = town.send("POST", &path, &tracer, "").await?;
    let id = refused.header("x-request-id").context("the answer has an id")?.to_owned();
    let line = async || logged(&town.gateway, "office-refused");
    let line = eventually(line, Option::is_some).await?.context("it was awaited")?;
    assert_eq!(line["level"], "INFO");
    assert_eq!((&line["status"], &line["code"]), (&refused.status().into(), &refused.code().into()));
    assert_eq!(line["subject"], "first tracer");
    assert_eq!(line["span"]["request"], Value::from(id), "{line}");
    assert_eq!(line["span"]["route"], "/v1/people/{person}/key");
    let all = town.gateway.log().join("\n");
    assert!(!all.contains(&person.to_string()), "{all}");
    assert!(logged(&town.gateway, "pack-in-force")?.is_some());
    Ok(())
}

#[test]
fn a_log_setting_that_means_nothing_stops_the_start() -> anyhow::Result<()> {
    for (variable, value, expected) in [
        ("SCANGATE_LOG_FORMAT", "logfmt", "SCANGATE_LOG_FORMAT is `logfmt`: set it to json or to text"),
        ("SCANGATE_LOG", "info,=", "SCANGATE_LOG: a filter of logs is a list such as"),
    ] {
        let folder = tempfile::tempdir()?;
        let mut command = Gateway::command(&["--data"])?;
        let output = command.arg(folder.path().join("data")).env(variable, value).output()?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with(&format!("gateway: {expected}")), "{said}");
        assert!(!folder.path().join("data").exists());
    }
    Ok(())
}
