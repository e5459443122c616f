//! Faults in the middle of a run, by carrier and HTTP version: the run ends by itself, its classes add up,
//! and its exit code is right.

use super::acknowledged;
use super::proxy::FaultProxy;
use scangate_tests::{ExpectedLog, Gateway, Loadgen, LoadgenEnd};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The carriers, as the arguments of a run.
const CARRIERS: [&[&str]; 4] =
    [&["gate", "--http", "1"], &["gate", "--http", "2"], &["gate", "--http", "3"], &["phone"]];
/// The rate and length of each run, and a wait for answers that ends soon.
const SHORT: [&str; 6] = ["--rate", "60", "--for", "3s", "--answer-max", "1s"];
/// The acknowledged scans before a fault.
const BEFORE: f64 = 30.0;

fn gateway() -> anyhow::Result<Gateway> {
    Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)
}

/// Runs a fault on each carrier, each with a gateway and a thread of its own.
fn on_each_carrier(fault: impl AsyncFn(&[&str]) -> anyhow::Result<()> + Sync) {
    let one = |carrier: &[&str]| tokio::runtime::Runtime::new()?.block_on(fault(carrier));
    thread::scope(|scope| {
        let runs = CARRIERS.map(|carrier| scope.spawn(move || one(carrier)));
        for run in runs {
            run.join().expect("the assertions of this carrier hold").expect("the run is possible");
        }
    });
}

async fn end(run: Loadgen) -> anyhow::Result<LoadgenEnd> {
    let end = tokio::task::spawn_blocking(move || run.end()).await??;
    assert!(end.is_settled(), "{}", end.text);
    Ok(end)
}

fn arguments<'a>(carrier: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [carrier, &SHORT, more].concat()
}

async fn stopped(carrier: &[&str]) -> anyhow::Result<()> {
    let gateway = gateway()?;
    let arguments = arguments(carrier, &["--no-verify", "--slo", "errors<1"]);
    let run = Loadgen::start(&gateway, gateway.listen, &arguments)?;
    acknowledged(&gateway, BEFORE).await?;
    gateway.pause()?;
    let end = end(run).await?;
    assert_eq!(end.code, Some(3), "{}", end.text);
    let waited = end.scans("unanswered") + end.report["outcomes"]["broken"]["timeout"].as_u64().unwrap_or(0);
    assert!(waited > 0 && end.scans("acknowledged") > 0, "{carrier:?}: {}", end.text);
    // A scan that waited in vain counts in the quantiles with its wait.
    assert!(end.report["response_ms"]["max"].as_f64().is_some_and(|ms| ms >= 990.0), "{}", end.text);
    assert!(end.report["seconds"].as_array().is_some_and(|seconds| seconds.len() >= 3), "{}", end.text);
    Ok(())
}

#[test]
fn a_stopped_gateway_leaves_scans_unanswered() {
    on_each_carrier(stopped);
}

async fn killed(carrier: &[&str]) -> anyhow::Result<()> {
    let mut gateway = gateway()?;
    let run = Loadgen::start(&gateway, gateway.listen, &arguments(carrier, &[]))?;
    acknowledged(&gateway, BEFORE).await?;
    gateway.kill()?;
    let end = end(run).await?;
    assert_eq!(end.code, Some(1), "{}", end.text);
    assert!(
        end.report["verification_error"].is_string() && end.report["verdict"] == "failed",
        "{}",
        end.text
    );
    let is_tcp = carrier.contains(&"1") || carrier.contains(&"2");
    let broken = &end.report["outcomes"]["broken"];
    if is_tcp {
        assert!(broken["connect"].as_u64() > Some(0), "{carrier:?}: {}", end.text);
    } else {
        assert!(broken["timeout"].as_u64() > Some(0), "{carrier:?}: {}", end.text);
    }
    Ok(())
}

#[test]
fn a_killed_gateway_breaks_scans_and_fails_the_run() {
    on_each_carrier(killed);
}

async fn refused(carrier: &[&str]) -> anyhow::Result<()> {
    let config = tempfile::NamedTempFile::new()?;
    let quota = "[[channel]]\nname = \"app\"\nhosts = [\"localhost\"]\nrequests_a_second_max = 20\n";
    std::fs::write(&config, quota)?;
    let gateway = Gateway::start(&["--config", &config.path().display().to_string()])?;
    let arguments = arguments(carrier, &["--no-verify", "--slo", "errors<100%", "--slo", "refused<1"]);
    let end = end(Loadgen::start(&gateway, gateway.listen, &arguments)?).await?;
    assert_eq!(end.code, Some(3), "{carrier:?}: {}", end.text);
    assert_eq!(end.report["missed"], serde_json::json!(["refused<1"]), "{carrier:?}: {}", end.text);
    let refused = end.report["outcomes"]["refused"]["overloaded"].as_u64();
    assert!(refused > Some(0) && end.scans("acknowledged") > 0, "{}", end.text);
    assert_eq!(refused, Some(end.scans("planned") - end.scans("acknowledged")), "{}", end.text);
    Ok(())
}

#[test]
fn a_quota_refuses_scans_by_code() {
    on_each_carrier(refused);
}

async fn slow(carrier: &[&str]) -> anyhow::Result<()> {
    let gateway = gateway()?;
    let proxy = FaultProxy::start(&gateway).await?;
    let wait = ["--answer-max", "20s", "--late-after", "300ms", "--slo", "p99.9<400ms", "--slo", "errors<1"];
    let arguments = [carrier, &SHORT[..4], &wait].concat();
    let run = Loadgen::start(&gateway, proxy.address(), &arguments)?;
    acknowledged(&gateway, BEFORE).await?;
    proxy.hold();
    // The answers are late by this time, which is the fault.
    tokio::time::sleep(Duration::from_millis(800)).await;
    proxy.release();
    let end = end(run).await?;
    assert_eq!(end.code, Some(3), "{carrier:?}: {}", end.text);
    assert_eq!(end.report["missed"], serde_json::json!(["p99.9<400ms"]), "{carrier:?}: {}", end.text);
    assert_eq!(end.scans("acknowledged"), end.scans("planned"), "{carrier:?}: {}", end.text);
    assert!(end.scans("late") > 0 && end.scans("late") < end.scans("planned"), "{}", end.text);
    Ok(())
}

#[test]
fn slow_answers_are_acknowledged_late() {
    on_each_carrier(slow);
}

async fn reset(carrier: &[&str]) -> anyhow::Result<()> {
    let gateway = gateway()?;
    let mut proxy = FaultProxy::start(&gateway).await?;
    let arguments = arguments(carrier, &["--no-verify", "--slo", "broken<1"]);
    let run = Loadgen::start(&gateway, proxy.address(), &arguments)?;
    acknowledged(&gateway, BEFORE).await?;
    proxy.reset(&gateway)?;
    let end = end(run).await?;
    assert_eq!(end.code, Some(3), "{carrier:?}: {}", end.text);
    let broken = &end.report["outcomes"]["broken"];
    let is_tcp = carrier.contains(&"1") || carrier.contains(&"2");
    // A later connection over TCP is reset in its handshake.
    let cause = if is_tcp { "handshake" } else { "reset" };
    assert!(broken[cause].as_u64() > Some(0), "{carrier:?}: {}", end.text);
    Ok(())
}

#[test]
fn a_reset_breaks_scans_by_its_cause() {
    on_each_carrier(reset);
}
