//! Clients that others wrote: Chromium and aioquic check in over HTTP/3. Where one is missing, the test
//! fails and says which.

use anyhow::Context as _;
use scangate_core::time::Step;
use scangate_loadgen::drive::now;
use scangate_tests::Town;
use std::path::Path;
use std::process::{Command, Output};

fn scripts() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn aioquic_checks_in() -> anyhow::Result<()> {
    let town = Town::found(1).await?;
    let python = std::env::var("SCANGATE_TEST_PYTHON").context("tests/run sets SCANGATE_TEST_PYTHON")?;
    let output = Command::new(python)
        .arg(scripts().join("clients/aioquic_check_in.py"))
        .arg(town.gateway.listen.port().to_string())
        .arg(town.gateway.folder().path().join("certificate.pem"))
        .arg(&town.venues[0].poster)
        .arg(town.residents[0].code(Step::of(now())))
        .output()?;
    assert!(output.status.success(), "{}", told(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_registers_and_checks_in_on_the_resident_page() -> anyhow::Result<()> {
    let town = Town::found(1).await?;
    let scripts = scripts().join("browser");
    let output = Command::new("node")
        .current_dir(&scripts)
        .arg("check_in.mjs")
        .arg(town.gateway.listen.port().to_string())
        .arg(town.gateway.folder().path().join("certificate.pem"))
        .arg(&town.venues[0].poster)
        .output()
        .context("node is missing")?;
    assert!(output.status.success(), "{}", told(&output));
    Ok(())
}
