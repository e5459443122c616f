//! Chromium on the report of a load test, from a file: light, dark, on paper and on a phone. Needs
//! `SCANGATE_TEST_CHROMIUM` and Node.js with `tests/browser` installed.

use super::scripts;
use anyhow::Context as _;
use scangate_tests::{Gateway, Loadgen, output_text};
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn chromium_shows_the_whole_report_from_a_file() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let folder = tempfile::tempdir()?;
    let page = folder.path().join("report.html");
    let path = page.to_str().context("a temporary folder has a plain name")?;
    let metrics = format!("http://{}", gateway.admin);
    let run = ["attack", "--rate", "100", "--for", "3s", "--repeat", "2"];
    let arguments = [&run[..], &["--html", path, "--metrics", &metrics]].concat();
    let end = Loadgen::start(&gateway, gateway.listen, &arguments)?.end()?;
    assert_eq!(end.code, Some(0), "{}", end.text);
    let mut script = Command::new("node");
    script.current_dir(scripts().join("browser")).arg("report.mjs").arg(&page);
    let output = script.output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}
