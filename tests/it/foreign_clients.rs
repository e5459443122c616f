//! Clients that others wrote: Chromium and aioquic check in over HTTP/3. Where one is missing, the test
//! fails and says which.

use crate::registration::printed_code;
use anyhow::Context as _;
use scangate_core::time::Step;
use scangate_loadgen::drive::now;
use scangate_tests::{Expect, Gateway, Town, eventually, told};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

fn scripts() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Chromium on the pages of a town, as a script has it go.
fn browse(script: &str, town: &Town, venue: usize) -> Command {
    let mut command = Command::new("node");
    command
        .current_dir(scripts().join("browser"))
        .arg(script)
        .arg(town.gateway.listen.port().to_string())
        .arg(town.gateway.folder().path().join("certificate.pem"))
        .arg(&town.venues[venue].poster);
    command
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
    let output = browse("check_in.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", told(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_24_chromium_shows_the_code_where_it_was_issued_and_xz_15_everything_beside_it()
-> anyhow::Result<()> {
    let mut town = Town::under("xinji", 1).await?;
    let site = json!({
        "name": "市民中心采样点", "district": "云龙", "address": "云龙区新城大道1号", "opens": "00:00",
        "closes": "24:00", "slot_minutes": 60, "places": 2,
    });
    let authority = town.authority.clone();
    let added = town.send("POST", "/v1/test-sites", &authority, site.to_string()).await?;
    assert_eq!(added.status(), 200, "{}", added.text());
    let output = browse("me.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", told(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_04_chromium_registers_with_code_and_face_and_is_checked_in_where_it_scanned() -> anyhow::Result<()>
{
    let folder = Arc::new(tempfile::tempdir()?);
    let gateway = Gateway::start_in(folder, &["--policy", "xuzhou"], Expect::Words("for development only"))?;
    let town = Town::found_in(gateway, 1).await?;
    let mut script = browse("register.mjs", &town, 1)
        .arg("Venue 1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("node is missing")?;
    let mut asks = String::new();
    BufReader::new(script.stdout.take().context("its output is piped")?).read_line(&mut asks)?;
    if asks == "code?\n" {
        let code = eventually(async || Ok(printed_code(&town.gateway)), Option::is_some).await?;
        writeln!(script.stdin.take().context("its input is piped")?, "{}", code.unwrap_or_default())?;
    }
    let output = script.wait_with_output()?;
    assert!(output.status.success(), "{}", told(&output));
    Ok(())
}
