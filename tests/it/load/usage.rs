//! The wrong usage of the load generator is refused before a run begins, and reports of another schema are
//! not compared.

use scangate_tests::{Gateway, Loadgen, assert_refused, loadgen_command, output_text};

#[test]
fn a_city_that_is_too_small_is_refused_before_the_run() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let run = Loadgen::start(&gateway, gateway.listen, &["gate", "--rate", "2k", "--for", "60s"])?;
    let end = run.end()?;
    assert_eq!((end.code, end.report.is_null()), (Some(2), true), "{}", end.text);
    assert!(end.text.contains("the city needs ") && end.text.contains("300 residents"), "{}", end.text);
    assert!(!end.text.contains("registering"), "{}", end.text);
    Ok(())
}

#[test]
fn an_unknown_level_is_wrong_usage() -> anyhow::Result<()> {
    for level in ["p101<1s", "lost<1", "rate<5", "p99<50"] {
        let arguments = ["run", "gate", "--target", "https://127.0.0.1:9", "--slo", level];
        let output = loadgen_command(&arguments)?.output()?;
        assert_eq!(output.status.code(), Some(2), "{level}: {}", output_text(&output));
        assert!(output_text(&output).contains("is not a service level"), "{}", output_text(&output));
    }
    Ok(())
}

#[test]
fn reports_of_this_schema_are_compared_and_others_are_refused() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let end = Loadgen::start(&gateway, gateway.listen, &["gate", "--rate", "20", "--for", "1s"])?.end()?;
    assert_eq!(end.code, Some(0), "{}", end.text);
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (new, old, none) = (path("new.json"), path("old.json"), path("none.json"));
    std::fs::write(&new, end.report.to_string())?;
    std::fs::write(&old, "{\"asked\": {\"rate\": 5.0}, \"kept\": 5}")?;
    std::fs::write(&none, "a text")?;
    let compared = loadgen_command(&["compare", &new, &new])?.output()?;
    assert!(compared.status.success(), "{}", output_text(&compared));
    for name in ["acknowledged/s", "response p99 ms", "not sent"] {
        assert!(output_text(&compared).contains(name), "{}", output_text(&compared));
    }
    assert_refused(&loadgen_command(&["compare", &old, &new])?.output()?, "old.json: its schema is 1");
    assert_refused(&loadgen_command(&["compare", &new, &none])?.output()?, "none.json: it is not a report");
    Ok(())
}
