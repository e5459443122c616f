//! The status of a gateway: its word and figures as JSON, and the page that shows them.

use anyhow::Context as _;
use scangate_tests::{ExpectedLog, Gateway, TestAuthority, TestTown, eventually};
use serde_json::{Value, json};
use std::sync::Arc;

const XINJI: &str = include_str!("../../../gateway/core/policies/xinji.toml");

/// The status of a gateway.
pub(crate) fn status(gateway: &Gateway) -> anyhow::Result<Value> {
    let answer = gateway.ask("/v1/status")?;
    let (_, body) = answer.split_once("\r\n\r\n").context("a body")?;
    Ok(serde_json::from_str(body)?)
}

/// The status once it is right.
pub(crate) async fn status_once(
    gateway: &Gateway,
    is_right: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    eventually(async || status(gateway), is_right).await
}

/// Whether a status names a section of the runbook among its faults.
pub(crate) fn names(status: &Value, section: &str) -> bool {
    status["faults"].as_array().is_some_and(|faults| faults.iter().any(|fault| fault["runbook"] == section))
}

/// A gateway whose certificate ends in a week.
pub(crate) fn near_its_end(authority: &TestAuthority) -> anyhow::Result<Gateway> {
    authority.issue_for_days(&["localhost"], 7)?;
    let folder = Arc::new(tempfile::tempdir()?);
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, authority.settings())?;
    let arguments = ["--config", file.to_str().context("a path")?];
    Gateway::start_in(Arc::clone(&folder), &arguments, ExpectedLog::Words("the certificate: it expires"))
}

/// A town whose authority has published a pack that waits for a second approver.
pub(crate) async fn with_a_pack_waiting() -> anyhow::Result<TestTown> {
    let expected = ExpectedLog::Words("a rule pack waits for a second approver");
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], expected)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let authority = town.authority.clone();
    let held = town.send("POST", "/v1/policies", &authority, XINJI).await?;
    anyhow::ensure!(held.status() == 202, "{} {}", held.status(), held.text());
    Ok(town)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_has_the_figures_of_check_ins_colours_and_stores() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    status_once(&town.gateway, |status| status["hour"]["from"].is_string()).await?;
    for resident in 0..3 {
        let sent = town.check_in(resident, 0).await?;
        assert_eq!(sent.status(), 200, "{}", sent.text());
    }
    let refused = town.send("POST", "/v1/check-ins", "", "{}").await?;
    let turned = town.post_fact(0, "confirmed").await?;
    assert_eq!((refused.status(), turned.status()), (400, 200), "{}", turned.text());
    let is_counted = |status: &Value| {
        let turned = &status["colours"]["turned_last_minute"];
        let rates = status["hour"]["check_ins_per_s"].as_array();
        rates.is_some_and(|rates| rates.iter().any(|rate| rate.as_f64() > Some(0.0)))
            && turned["red"] == 1
            && status["waiting"]["is_current"] == true
            && status["journal"]["backlog"] == 0
            && status["check_ins"]["refused_last_hour"] == json!({refused.code(): 1})
    };
    let seen = status_once(&town.gateway, is_counted).await?;
    assert_eq!((&seen["state"], &seen["runbook"]), (&json!("ok"), &json!("All is well")), "{seen}");
    assert_eq!(seen["colours"]["people"], json!({"green": 2, "yellow": 0, "red": 1, "unknown": 0}));
    assert_eq!(seen["policy"]["label"], "default/2");
    let kinds: Vec<_> =
        seen["office"].as_array().context("kinds")?.iter().map(|kind| &kind["kind"]).collect();
    assert_eq!(kinds, ["residents", "registration", "tracers", "authority", "imports"]);
    assert_eq!(seen["waiting"]["held"], json!({"facts": 0, "policy": 0, "feed": 0, "areas": 0}));
    assert_eq!(seen["waiting"]["extensions"], 0, "{seen}");
    let gateways = seen["gateways"]["list"].as_array().context("gateways")?;
    assert!(gateways.len() == 1 && gateways[0]["is_self"] == true, "{seen}");
    assert_eq!(gateways[0]["gateway"], seen["gateway"]);
    assert!(seen["store"]["complete_through"].is_string() && seen["store"]["is_registry_up"] == true);
    assert!(seen["certificate"]["days_left"].as_u64() > Some(14), "{seen}");
    assert!(seen["journal"]["room"].as_u64() > Some(0) && seen["journal"]["is_full"] == false, "{seen}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_read_only_and_kept_by_no_cache() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let page = gateway.ask("/")?;
    let (head, body) = page.split_once("\r\n\r\n").context("a body")?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    for header in [
        "content-type: text/html; charset=utf-8",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'; style-src 'sha256-",
    ] {
        assert!(head.contains(header), "{header} is not in:\n{head}");
    }
    assert!(body.starts_with("<!doctype html>\n<html lang=\"en\">") && body.ends_with("</html>\n"), "{body}");
    assert!(body.contains("http-equiv=\"refresh\"") && body.contains("<script>"));
    let still = gateway.ask("/?renew=off")?;
    assert!(!still.contains("http-equiv=\"refresh\"") && !still.contains("<script>"));
    for path in ["/", "/v1/status"] {
        let (asked, head) = (gateway.ask(path)?, gateway.ask_by("HEAD", path)?);
        assert!(asked.contains("\r\nx-content-type-options: nosniff\r\n"), "{asked}");
        assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
        for method in ["POST", "PUT", "DELETE"] {
            let refused = gateway.ask_by(method, path)?;
            assert!(refused.starts_with("HTTP/1.1 405") && refused.contains("allow: GET"), "{refused}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_near_its_end_and_a_waiting_pack_are_faults_that_leave_the_word() -> anyhow::Result<()>
{
    let gateway = near_its_end(&TestAuthority::new()?)?;
    let seen = status_once(&gateway, |status| names(status, "The certificate")).await?;
    assert_eq!(seen["state"], "ok", "{seen}");
    assert_eq!(seen["certificate"]["days_left"], 6, "{seen}");
    let town = with_a_pack_waiting().await?;
    let seen = status_once(&town.gateway, |status| names(status, "A rule pack waits")).await?;
    assert_eq!((&seen["state"], &seen["waiting"]["held"]["policy"]), (&json!("ok"), &json!(1)), "{seen}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_of_a_case_waits_until_another_tracer_approves() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let case = town.open_case(0).await?;
    let (path, tracer) = (format!("/v1/cases/{case}/extensions"), town.tracer.clone());
    let wish = json!({"hops": 3, "reason": "a family"}).to_string();
    for _ in 0..2 {
        let asked = town.send("POST", &path, &tracer, wish.clone()).await?;
        assert_eq!(asked.status(), 200, "{}", asked.text());
    }
    status_once(&town.gateway, |status| status["waiting"]["extensions"] == 2).await?;
    let other = town.gateway.token("tracer", "another", None)?;
    let approved = town.send("POST", &format!("{path}/1/approve"), &other, "").await?;
    assert_eq!(approved.status(), 200, "{}", approved.text());
    status_once(&town.gateway, |status| status["waiting"]["extensions"] == 1).await?;
    Ok(())
}
