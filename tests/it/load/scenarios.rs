//! The built-in scenarios against a gateway, and the scenario files of users.

use scangate_tests::{ExpectedLog, Gateway, Loadgen, LoadgenEnd, loadgen_command, output_text};
use serde_json::Value;
use std::sync::Arc;

/// How the requests of a kind beside the scans ended.
fn ended(end: &LoadgenEnd, kind: &str) -> Vec<String> {
    let beside = end.report["beside"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_kind = |one: &&Value| one["what"].as_str().is_some_and(|what| what.contains(kind));
    let found = beside.iter().find(of_kind).and_then(|one| one["ended"].as_object());
    found.map(|ended| ended.keys().cloned().collect()).unwrap_or_default()
}

fn run(gateway: &Gateway, name: &str) -> anyhow::Result<LoadgenEnd> {
    let end = Loadgen::start(gateway, gateway.listen, &[name, "--rate", "60", "--for", "3s"])?.end()?;
    assert_eq!((end.code, end.scans("acknowledged")), (Some(0), 180), "{name}: {}", end.text);
    Ok(end)
}

#[test]
fn every_scan_of_every_scenario_is_acknowledged() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    for name in ["gate", "phone", "commute", "lunch", "stadium"] {
        run(&gateway, name)?;
    }
    assert_eq!(ended(&run(&gateway, "refresh-storm")?, "refreshes"), ["200"]);
    assert_eq!(ended(&run(&gateway, "tracers")?, "co-presence"), ["200"]);
    let attack = run(&gateway, "attack")?;
    assert_eq!(ended(&attack, "forged-codes"), ["401 person-code-invalid"]);
    assert_eq!(ended(&attack, "handshakes"), ["connected"]);
    assert_eq!(ended(&attack, "slow-bodies"), ["held to the end"]);
    assert_eq!(ended(&attack, "silent-connections"), ["held to the end"]);
    Ok(())
}

#[test]
fn a_red_wave_turns_people_yellow_and_goes_on_once_a_list_is_held() -> anyhow::Result<()> {
    let held = ExpectedLog::Words("a list of facts waits for a second approver");
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], held)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("wave.toml").display().to_string();
    let file = output_text(&loadgen_command(&["scenarios", "red-wave"])?.output()?);
    std::fs::write(&path, file.replace("rate = 5", "rate = 20").replace("rate = 1000", "rate = 60"))?;
    let arguments = ["--scenario", &path, "--for", "3s"];
    let end = Loadgen::start(&gateway, gateway.listen, &arguments)?.end()?;
    assert_eq!(end.code, Some(0), "{}", end.text);
    assert_eq!(ended(&end, "fact-lists"), ["200", "202"], "{}", end.text);
    Ok(())
}

#[test]
fn a_copied_scenario_makes_the_same_run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("mine.toml").display().to_string();
    std::fs::write(&path, loadgen_command(&["scenarios", "commute"])?.output()?.stdout)?;
    let explain = |arguments: &[&str]| -> anyhow::Result<String> {
        let output = loadgen_command(&["run", "--explain", "--rate", "2k"])?.args(arguments).output()?;
        assert!(output.status.success(), "{}", output_text(&output));
        Ok(output_text(&output))
    };
    let (built_in, mine) = (explain(&["commute"])?, explain(&["--scenario", &path])?);
    assert!(built_in.starts_with("commute · Monday") && built_in.contains("120000 in 60 s"), "{built_in}");
    assert_eq!(built_in.split_once('·').map(|parts| parts.1), mine.split_once('·').map(|parts| parts.1));
    Ok(())
}

#[test]
fn a_wrong_file_is_wrong_usage_with_line_and_column() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("mine.toml").display().to_string();
    let file = output_text(&loadgen_command(&["scenarios", "gate"])?.output()?);
    std::fs::write(&path, file.replace("venues = ", "venus = "))?;
    let output = loadgen_command(&["run", "--scenario", &path, "--explain"])?.output()?;
    assert_eq!(output.status.code(), Some(2), "{}", output_text(&output));
    let error = format!("loadgen: {path}:5:1: unknown key `venus`; did you mean `venues`?");
    assert!(output_text(&output).contains(&error), "{}", output_text(&output));
    for arguments in [&["run", "gate", "--scenario", &path, "--explain"][..], &["run", "--explain"]] {
        assert_eq!(loadgen_command(arguments)?.output()?.status.code(), Some(2), "{arguments:?}");
    }
    Ok(())
}
