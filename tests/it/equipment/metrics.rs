//! Prometheus' own linter on the metrics of a gateway that has had traffic. Needs promtool.

use anyhow::Context as _;
use scangate_loadgen::client::Version;
use scangate_tests::{Gateway, TestTown, output_text, send};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Gives the metrics of a path of the admin port to promtool.
fn linted(gateway: &Gateway, path: &str) -> anyhow::Result<Output> {
    let answer = gateway.ask(path)?;
    let (head, metrics) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    anyhow::ensure!(head.starts_with("HTTP/1.1 200") && metrics.contains("scangate_"), "{answer}");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("promtool is missing")?;
    promtool.stdin.take().context("standard input is piped")?.write_all(metrics.as_bytes())?;
    Ok(promtool.wait_with_output()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_has_no_complaint_about_any_metric() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    for version in Version::ALL {
        let mut phone = town.target.connect(version).await?;
        let scan = town.scan(0, 0);
        assert_eq!(send(&mut phone, "POST", "/v1/check-ins", "", scan).await?.status(), 200);
        assert_eq!(send(&mut phone, "GET", "/v1/none", "", "").await?.status(), 404);
    }
    town.post_fact(1, "confirmed").await?;
    assert_eq!(town.check_in(1, 1).await?.json()?["colour"], "red");
    let case = town.open_case(0).await?;
    town.traced(&format!("/v1/cases/{case}/trail")).await?;
    for path in ["/metrics", "/public_metrics"] {
        let output = linted(&town.gateway, path)?;
        assert_eq!((output.status.code(), output_text(&output).as_str()), (Some(0), ""), "{path}");
    }
    Ok(())
}
