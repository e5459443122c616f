//! Reloads: a running gateway takes over a new certificate, limits, channels and log filter, all or nothing.

use anyhow::Context as _;
use scangate_core::time::HOUR_MS;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestAuthority, TestTown, eventually, refused, send};
use serde_json::{Value, json};
use std::fs;
use std::sync::Arc;
use tempfile::NamedTempFile;

/// The name of each client's server.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "app.example"];

/// A channel with a quota.
fn channel(quota: u32) -> String {
    format!("[[channel]]\nname = \"app\"\nhosts = [\"app.example\"]\nrequests_a_second_max = {quota}\n")
}

/// Status and JSON of a reload.
fn reload(gateway: &Gateway) -> anyhow::Result<(String, Value)> {
    let answer = gateway.ask_by("POST", "/reload")?;
    let (head, body) = answer.split_once("\r\n\r\n").context("a head and a body")?;
    Ok((head.to_owned(), serde_json::from_str(body).with_context(|| answer.clone())?))
}

/// The arrays of a report.
fn report(reloaded: &[&str], restart_needed: &[&str]) -> Value {
    json!({"reloaded": reloaded, "restart_needed": restart_needed})
}

fn start_with(file: &NamedTempFile, expect: ExpectedLog) -> anyhow::Result<Gateway> {
    let argument = file.path().display().to_string();
    Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--config", &argument], expect)
}

/// The status of a request that every gateway answers.
async fn status(client: &mut ClientConnection) -> anyhow::Result<u16> {
    Ok(send(client, "GET", "/v1/registration", "", "").await?.status())
}

/// Whether a client that trusts this authority alone can connect, over each version.
async fn trusts(gateway: &Gateway, authority: &TestAuthority) -> anyhow::Result<[bool; 3]> {
    let mut trusted = [false; 3];
    for (trusted, version) in trusted.iter_mut().zip(Version::ALL) {
        let target = LoadTarget::new(gateway.listen, &authority.own_file())?;
        if let Ok(mut client) = target.connect(version).await {
            *trusted = status(&mut client).await? == 200;
        }
    }
    Ok(trusted)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_handshake_sees_a_new_certificate_and_open_connections_go_on() -> anyhow::Result<()> {
    let (first, second) = (TestAuthority::new()?, TestAuthority::new()?);
    first.issue(&NAMES, 2040)?;
    second.issue(&NAMES, 2041)?;
    let file = NamedTempFile::new()?;
    fs::write(&file, first.settings())?;
    let gateway = start_with(&file, ExpectedLog::Quiet)?;
    let mut open = Vec::new();
    for version in Version::ALL {
        open.push(LoadTarget::new(gateway.listen, &first.own_file())?.connect(version).await?);
    }
    let before = gateway.metric("scangate_certificate_expiry_seconds", "")?;
    let own = (fs::read(first.certificate())?, fs::read(first.key())?);
    fs::copy(second.certificate(), first.certificate())?;
    fs::copy(second.key(), first.key())?;
    assert_eq!(trusts(&gateway, &first).await?, [true; 3]);

    let (head, answer) = reload(&gateway)?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(answer, report(&["certificate", "tokens"], &[]));
    assert_eq!((trusts(&gateway, &first).await?, trusts(&gateway, &second).await?), ([false; 3], [true; 3]));
    for client in &mut open {
        assert_eq!(status(client).await?, 200);
    }
    assert!(gateway.metric("scangate_certificate_expiry_seconds", "")? > before);

    fs::write(first.certificate(), own.0)?;
    fs::write(first.key(), own.1)?;
    gateway.hang_up()?;
    eventually(async || trusts(&gateway, &first).await, |trusted| *trusted == [true; 3]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_channels_and_logs_change_and_the_rest_waits_for_a_restart() -> anyhow::Result<()> {
    let file = NamedTempFile::new()?;
    fs::write(&file, channel(1))?;
    let mut town = TestTown::found_in(start_with(&file, ExpectedLog::Quiet)?, 2).await?;
    town.check_in(0, 0).await?;
    let mut app = town.gateway.target()?.named("app.example").connect(Version::Http2).await?;
    while status(&mut app).await? == 200 {}

    // The command line names other addresses, which win over the file.
    let text = "listen = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:2\"\ndata = \"nowhere\"\nworkers = 3\nlog = \"debug\"\n\
                person_check_ins_max = 1\n[journal]\ndisk_mib_max = 8192\n[tracer]\npurposes = [\"drill\"]\n";
    fs::write(&file, format!("{text}{}", channel(100_000)))?;
    let (head, answer) = reload(&town.gateway)?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let reloaded = ["certificate", "person_check_ins_max", "tracer", "channel", "log", "tokens"];
    assert_eq!(answer, report(&reloaded, &["workers", "journal"]));
    for _ in 0..100 {
        assert_eq!(status(&mut app).await?, 200, "the open connection follows the new quota");
    }
    let again = town.check_in(0, 1).await?;
    assert_eq!(again.status_and_code(), refused(429, "too-many"));
    let (from, to) = (now().minus_ms(HOUR_MS), now());
    let case = json!({"person": town.residents[0].person, "purpose": "drill", "reference": "1", "from": from, "to": to});
    let tracer = town.gateway.first_token("tracer")?;
    let opened = town.send("POST", "/v1/cases", &tracer, case.to_string()).await?;
    assert_eq!(opened.status(), 200, "{}", opened.text());
    let is_debugging = |log: &Vec<String>| log.iter().any(|line| line.contains(" DEBUG "));
    eventually(async || Ok(town.gateway.log()), is_debugging).await?;

    // What needed a restart still does, and what was reloaded has not changed again.
    assert_eq!(reload(&town.gateway)?.1, report(&["certificate", "tokens"], &["workers", "journal"]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_the_answer_and_leaves_everything_as_it_was() -> anyhow::Result<()> {
    let authority = TestAuthority::new()?;
    authority.issue(&NAMES, 2040)?;
    let file = NamedTempFile::new()?;
    fs::write(&file, authority.settings())?;
    let gateway = start_with(&file, ExpectedLog::Words("the configuration was not reloaded"))?;
    let key = fs::read(authority.key())?;
    for (text, key, words) in [
        (format!("{}workres = 2\n", authority.settings()), None, ":3:1: unknown key `workres`"),
        (authority.settings() + &channel(1), Some("no key"), "holds no private key in PEM"),
    ] {
        fs::write(&file, text)?;
        if let Some(key) = key {
            fs::write(authority.key(), key)?;
        }
        let (head, problem) = reload(&gateway)?;
        assert!(head.starts_with("HTTP/1.1 422") && head.contains("application/problem+json"), "{head}");
        let detail = problem["detail"].as_str().context("a detail")?;
        assert!(problem["code"] == "configuration-invalid" && detail.contains(words), "{problem}");
        let is_logged =
            |log: &Vec<String>| log.iter().any(|line| line.contains("ERROR") && line.contains(words));
        gateway.hang_up()?;
        eventually(async || Ok(gateway.log()), is_logged).await?;
    }
    assert_eq!(trusts(&gateway, &authority).await?, [true; 3]);
    let mut app = LoadTarget::new(gateway.listen, &authority.own_file())?;
    app = app.named("app.example");
    let mut app = app.connect(Version::Http2).await?;
    for _ in 0..100 {
        assert_eq!(status(&mut app).await?, 200, "the channel of the refused file is in force");
    }
    fs::write(authority.key(), key)?;
    assert_eq!(reload(&gateway)?.1, report(&["certificate", "channel", "tokens"], &[]));
    while status(&mut app).await? == 200 {
        app = LoadTarget::new(gateway.listen, &authority.own_file())?
            .named("app.example")
            .connect(Version::Http2)
            .await?;
    }
    Ok(())
}
