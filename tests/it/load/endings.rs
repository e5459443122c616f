//! The ends of a run other than a fault of the gateway: signals, a generator that is the limit.

use super::acknowledged;
use nix::sys::signal::Signal;
use scangate_tests::{ExpectedLog, Gateway, Loadgen};
use std::sync::Arc;
use std::time::Duration;

const LONG: [&str; 5] = ["gate", "--rate", "40", "--for", "60s"];

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_run_with_its_report() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    for (seed, signal, level, code) in [
        ("1", Signal::SIGINT, "p99<600s", 1),
        ("2", Signal::SIGTERM, "p99<600s", 1),
        ("3", Signal::SIGINT, "not-sent<1", 3),
    ] {
        let before = gateway.metric("scangate_check_ins_total", "")?;
        let run = Loadgen::start(
            &gateway,
            gateway.listen,
            &[&LONG[..], &["--seed", seed, "--slo", level]].concat(),
        )?;
        acknowledged(&gateway, before + 20.0).await?;
        run.signal(signal)?;
        let end = tokio::task::spawn_blocking(move || run.end()).await??;
        assert_eq!(end.code, Some(code), "{signal} {level}: {}", end.text);
        assert!(end.is_settled() && end.report["interrupted"] == true, "{}", end.text);
        assert!(end.scans("not_sent") > 1_000 && end.scans("acknowledged") >= 20, "{}", end.text);
        // The rate is that of the time until the signal.
        let rate = end.report["acknowledged_a_second"].as_f64();
        assert!(rate.is_some_and(|rate| rate > 5.0), "{}", end.text);
        let verified = &end.report["verified"];
        assert_eq!(verified["found"], verified["acknowledged"], "{}", end.text);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_process() -> anyhow::Result<()> {
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let wait = ["--answer-max", "5m"];
    let mut run = Loadgen::start(&gateway, gateway.listen, &[&LONG[..], &wait].concat())?;
    acknowledged(&gateway, 20.0).await?;
    gateway.pause()?;
    run.signal(Signal::SIGINT)?;
    let (run, said) = tokio::task::spawn_blocking(move || {
        let said = run.wait_for("a second signal ends loadgen")?;
        anyhow::Ok((run, said))
    })
    .await??;
    run.signal(Signal::SIGINT)?;
    let end = tokio::task::spawn_blocking(move || run.end()).await??;
    assert_eq!((end.code, end.report.is_null()), (Some(130), true), "{said}{}", end.text);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_is_late_makes_the_run_invalid() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let levels = ["--lag-max", "20ms", "--slo", "p99<1ms"];
    let run = Loadgen::start(&gateway, gateway.listen, &[&LONG[..3], &["--for", "3s"], &levels].concat())?;
    acknowledged(&gateway, 20.0).await?;
    run.signal(Signal::SIGSTOP)?;
    // The generator is late by this time, which is the fault.
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.signal(Signal::SIGCONT)?;
    let end = tokio::task::spawn_blocking(move || run.end()).await??;
    assert_eq!(end.code, Some(4), "{}", end.text);
    assert!(end.is_settled() && end.report["valid"] == false && end.report["verdict"] == "invalid");
    assert!(end.report["lag_ms"]["p99"].as_f64() > Some(20.0), "{}", end.text);
    let reason = end.report["invalid_reason"].as_str().unwrap_or_default();
    assert!(reason.contains("lag") && end.text.contains(&format!("INVALID: {reason}")), "{}", end.text);
    Ok(())
}
