//! The report of a run: the gateway's metrics by second, repeated runs, and the published schema. The harness
//! compares the report of every run in these tests with that schema, so reports of every verdict are valid.

use scangate_loadgen::report::report_schema;
use scangate_tests::{
    Gateway, Loadgen, LoadgenEnd, assert_done, assert_refused, loadgen_command, output_text,
};
use serde_json::Value;

/// A run of three seconds with these arguments.
fn run(gateway: &Gateway, arguments: &[&str]) -> anyhow::Result<LoadgenEnd> {
    let end =
        Loadgen::start(gateway, gateway.listen, &[&["gate", "--rate", "60"], arguments].concat())?.end()?;
    assert_eq!(end.code, Some(0), "{}", end.text);
    Ok(end)
}

/// The values of a field in all seconds that have it.
fn seconds(end: &LoadgenEnd, field: &str) -> Vec<f64> {
    let seconds = end.report["seconds"].as_array().into_iter().flatten();
    seconds.filter_map(|second| second[field].as_f64()).collect()
}

#[test]
fn the_gateways_metrics_stand_beside_each_second() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let metrics = format!("http://{}", gateway.admin);
    let end = run(&gateway, &["--for", "4s", "--metrics", &metrics])?;
    assert!(end.report["gateway_metrics_missing"].is_null(), "{}", end.text);
    for field in ["server_cpu_cores", "fsync_ms"] {
        let values = seconds(&end, field);
        assert!(values.len() >= 2 && values.iter().sum::<f64>() > 0.0, "{field}: {}", end.report);
    }
    assert!(seconds(&end, "backlog").len() >= 2, "{}", end.report);
    Ok(())
}

#[test]
fn a_run_without_metrics_says_why() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    // The gateway speaks TLS on this port.
    let wrong = format!("http://{}", gateway.listen);
    let end = run(&gateway, &["--for", "1s", "--metrics", &wrong])?;
    let reason = end.report["gateway_metrics_missing"].as_str().unwrap_or_default();
    assert!(reason.contains(&gateway.listen.to_string()), "{}", end.report);
    assert!(end.text.contains(&format!("no metrics from the gateway: {reason}")), "{}", end.text);
    assert!(seconds(&end, "server_cpu_cores").is_empty(), "{}", end.report);
    Ok(())
}

#[test]
fn the_command_prints_the_schema_and_a_report_without_a_field_breaks_it() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let printed: Value = serde_json::from_slice(&loadgen_command(&["schema"])?.output()?.stdout)?;
    assert_eq!(printed, report_schema().to_value());
    let schema = jsonschema::validator_for(&printed)?;
    let mut report = run(&gateway, &["--for", "1s"])?.report;
    assert!(schema.is_valid(&report), "{report}");
    let fields = report.as_object_mut().and_then(|fields| fields.remove("verdict"));
    assert!(fields.is_some() && !schema.is_valid(&report), "{report}");
    Ok(())
}

#[test]
fn repeated_runs_are_one_report_and_two_such_reports_are_compared() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let end = run(&gateway, &["--for", "1s", "--repeat", "3", "--seed", "5"])?;
    let repeats = end.report["repeats"].as_array().cloned().unwrap_or_default();
    let seeds: Vec<_> = repeats.iter().filter_map(|repeat| repeat["seed"].as_u64()).collect();
    assert_eq!(seeds, [5, 6, 7], "{}", end.report);
    let planned = repeats.iter().filter_map(|repeat| repeat["outcomes"]["planned"].as_u64());
    assert_eq!((planned.sum(), end.is_settled()), (end.scans("planned"), true), "{}", end.report);
    assert!(end.report["wall_s"].as_f64() >= Some(3.0), "{}", end.report);

    let folder = tempfile::tempdir()?;
    let written = |name: &str, report: &Value| {
        let path = folder.path().join(name).display().to_string();
        std::fs::write(&path, report.to_string()).map(|()| path)
    };
    let before = written("before.json", &end.report)?;
    let same = loadgen_command(&["compare", &before, &before])?.output()?;
    assert_done(&same, "no change shown");
    let mut slow = end.report.clone();
    for repeat in slow["repeats"].as_array_mut().into_iter().flatten() {
        repeat["acknowledged_a_second"] = serde_json::json!(1.0);
    }
    let slow = written("slow.json", &slow)?;
    let regressed = loadgen_command(&["compare", "--json", &before, &slow])?.output()?;
    assert_eq!(regressed.status.code(), Some(3), "{}", output_text(&regressed));
    let comparison: Value = serde_json::from_slice(&regressed.stdout)?;
    assert_eq!((&comparison["verdict"], &comparison["runs_after"]), (&"worse".into(), &3.into()));
    let loose = loadgen_command(&["compare", "--threshold", "100%", &before, &slow])?.output()?;
    assert_eq!(loose.status.code(), Some(0), "{}", output_text(&loose));

    let mut unlike = end.report;
    unlike["asked"]["rate"] = serde_json::json!(61.0);
    let refused = loadgen_command(&["compare", &before, &written("unlike.json", &unlike)?])?.output()?;
    assert_eq!(refused.status.code(), Some(2), "{}", output_text(&refused));
    assert!(
        output_text(&refused).contains("the runs are unlike: rate 60 and 61"),
        "{}",
        output_text(&refused)
    );
    unlike["schema"] = 2.into();
    let old = loadgen_command(&["compare", &before, &written("old.json", &unlike)?])?.output()?;
    assert_refused(&old, "old.json: its schema is 2");
    Ok(())
}
