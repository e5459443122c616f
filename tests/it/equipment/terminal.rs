//! Chromium at a door, as staff use the terminal's page. Needs the same as the tests of the residents' pages.

use super::chromium::browse;
use super::scripts;
use crate::scanning::certificates::{JINGZHOU, XUZHOU, certificate, town_under, trust};
use scangate_core::id::VenueId;
use scangate_tests::{TestTown, output_text};
use serde_json::json;
use std::process::Command;

/// A town that trusts another one, and a setup for the terminal's scripts: tokens of its terminals and
/// offices, and a certificate of the other town.
async fn town_with_terminals() -> anyhow::Result<(TestTown, String)> {
    let mut there = town_under(JINGZHOU, 1).await?;
    let trusted = trust(&mut there, "from = 2020-01-01").await?;
    let mut here = town_under(&(XUZHOU.to_owned() + &trusted), 0).await?;
    let authority = here.authority.clone();
    let checks = ["temperature", "document"];
    let line = json!({"name": "Library", "kind": "other", "district": "East", "checks": checks}).to_string();
    let added = here.send("POST", "/v1/venues", &authority, line).await?.lines()?.remove(0);
    let library: VenueId = added["venue"].as_str().unwrap_or_default().parse()?;
    let terminal = |venue| here.gateway.token("terminal", "gate 1", Some(venue));
    let setup = json!({
        "plain": terminal(here.venues[0].venue)?, "checking": terminal(library)?, "authority": authority,
        "tracer": here.tracer, "certificate": certificate(&mut there, 0).await?,
    });
    // A link holds a token without its scheme.
    let setup = setup.to_string().replace("Bearer ", "");
    Ok((here, setup))
}

/// Runs a script of the terminal.
async fn run(script: &str) -> anyhow::Result<()> {
    let (town, setup) = town_with_terminals().await?;
    let output = browse(script, &town, 0).arg(setup).output()?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_shows_verdicts_at_the_terminal_completes_checks_and_sends_its_queue() -> anyhow::Result<()>
{
    run("terminal/terminal.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn chromiums_camera_scans_a_residents_code_and_the_trail_has_it() -> anyhow::Result<()> {
    run("terminal/camera.mjs").await
}

#[test]
fn the_terminal_tells_codes_passes_and_certificates_from_other_texts() -> anyhow::Result<()> {
    let script = scripts().join("browser/terminal/scanned_text.mjs");
    let output = Command::new("node").arg(script).output()?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}
