//! `gateway doctor`: findings with their remedies, for a machine without a gateway and beside a running one.

use anyhow::Context as _;
use flate2::read::GzDecoder;
use scangate_tests::{ExpectedLog, Gateway, assert_done, assert_refused, free_port, output_text};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

fn report(output: &Output) -> anyhow::Result<Value> {
    serde_json::from_slice(&output.stdout).with_context(|| output_text(output))
}

/// The findings about a code.
fn of<'a>(report: &'a Value, code: &str) -> Vec<&'a Value> {
    report["findings"].as_array().into_iter().flatten().filter(|finding| finding["code"] == code).collect()
}

#[test]
fn each_finding_has_a_page_and_a_fault_has_a_remedy() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let (listen, admin) = (format!("127.0.0.1:{}", free_port()?), taken.local_addr()?.to_string());
    let data_argument = data.display().to_string();
    let arguments = ["doctor", "--json", "--data", &data_argument, "--listen", &listen, "--admin", &admin];
    let output = Gateway::run(&arguments)?;
    let found = report(&output)?;
    assert_eq!(output.status.code(), Some(1), "{found}");
    assert_eq!(found["is_running"], false);
    assert!(!data.exists(), "the doctor made the data folder");
    let ports = of(&found, "ports");
    let by = format!("process {} (", std::process::id());
    assert!(
        ports.iter().any(|finding| finding["text"].as_str().is_some_and(|text| text.contains(&by))),
        "{found}"
    );
    assert_eq!(ports.iter().filter(|finding| finding["result"] == "ok").count(), 2, "{found}");
    for code in ["disk-slow", "disk-room", "memory", "descriptors", "socket-buffers", "segmentation-offload"]
    {
        assert_eq!(of(&found, code).len(), 1, "{code}: {found}");
    }
    for code in ["udp-path", "clock", "secret", "certificate"] {
        assert_eq!(of(&found, code).len(), 1, "{code}: {found}");
    }
    for finding in found["findings"].as_array().into_iter().flatten() {
        let page = finding["link"].as_str().with_context(|| finding.to_string())?;
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page).exists(), "{finding}");
        assert_eq!(finding["remedy"].is_string(), finding["result"] != "ok", "{finding}");
    }
    let lines = output_text(&Gateway::run(&[&arguments[..1], &arguments[2..]].concat())?);
    assert!(lines.contains("(gateway explain ports)"), "{lines}");
    Ok(())
}

#[test]
fn beside_a_running_gateway_the_doctor_looks_at_that_one() -> anyhow::Result<()> {
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Quiet)?;
    let data = gateway.folder().path().display().to_string();
    let (listen, admin) = (gateway.listen.to_string(), gateway.admin.to_string());
    let arguments = ["doctor", "--json", "--data", &data, "--listen", &listen, "--admin", &admin];
    let found = report(&Gateway::run(&arguments)?)?;
    assert_eq!((&found["is_running"], &found["errors"]), (&Value::from(true), &Value::from(0)), "{found}");
    assert_eq!(of(&found, "not-ready")[0]["result"], "ok", "{found}");
    assert!(of(&found, "ports").is_empty(), "{found}");
    gateway.pause()?;
    let found = report(&Gateway::run(&arguments)?)?;
    gateway.resume()?;
    let silent = of(&found, "gateway-down");
    assert!(silent[0]["text"].as_str().is_some_and(|text| text.contains("does not answer")), "{found}");
    Ok(())
}

#[test]
fn a_support_bundle_has_a_list_and_no_secret() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let folder = tempfile::tempdir()?;
    let (data, admin) = (gateway.folder().path().display().to_string(), gateway.admin.to_string());
    let (bundle, log) = (folder.path().join("bundle.tar.gz"), folder.path().join("gateway.log"));
    fs::write(&log, "the last line of the log\n")?;
    let (to, log) = (bundle.display().to_string(), log.display().to_string());
    let arguments = ["support-bundle", "--data", &data, "--admin", &admin, "--to", &to, "--log", &log];
    let output = Gateway::run(&arguments)?;
    assert_done(&output, "doctor.json");
    tar::Archive::new(GzDecoder::new(fs::File::open(&bundle)?)).unpack(folder.path())?;
    let read = |name: &str| fs::read_to_string(folder.path().join("scangate-support").join(name));
    let list = read("LIST.txt")?;
    let mut whole = String::new();
    for (name, words) in [
        ("versions.txt", concat!("gateway ", env!("CARGO_PKG_VERSION"))),
        ("config.toml", "[journal]"),
        ("doctor.json", "\"is_running\": true"),
        ("status.json", "\"state\":\"ok\""),
        ("readyz.txt", "ready\n"),
        ("metrics.txt", "scangate_ready 1"),
        ("log.txt", "the last line of the log"),
    ] {
        let text = read(name)?;
        assert!(list.contains(name) && text.contains(words), "{name}: {text}");
        whole += &text;
    }
    for token in ["authority", "tracer", "operator"] {
        assert!(!whole.contains(gateway.first_token(token)?.trim_start_matches("Bearer ")), "{token}");
    }
    assert_refused(&Gateway::run(&arguments)?, "bundle.tar.gz: File exists");
    Ok(())
}
