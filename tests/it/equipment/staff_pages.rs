//! Chromium on what all pages of the staff have: a script that is loaded again, and the chosen view. The
//! pictures of all pages, which the READMEs show, can be taken again.
//! Needs the same as the tests of the residents' pages.

use super::chromium::browse;
use super::scripts;
use scangate_tests::{TestTown, binary, output_text};
use serde_json::json;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn chromium_opens_the_staffs_pages_again_and_shows_the_chosen_view() -> anyhow::Result<()> {
    let town = TestTown::found(0).await?;
    let (gateway, venue) = (&town.gateway, town.venues[0].venue);
    let tokens = json!({
        "door": gateway.screen("screen 3", venue, 3)?, "cases": town.tracer,
        "terminal": gateway.token("terminal", "gate 1", Some(venue))?,
    });
    // A link holds a token without its scheme.
    let tokens = tokens.to_string().replace("Bearer ", "");
    let output = browse("staff.mjs", &town, 0).arg(tokens).output()?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_takes_the_pictures_of_all_pages() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut node = Command::new("node");
    node.current_dir(scripts().join("browser")).arg("screenshots.mjs");
    let output = node.arg(binary("gateway")?).arg(folder.path()).output()?;
    assert!(output.status.success(), "{}", output_text(&output));
    for page in ["check_in", "me", "door", "terminal", "cases", "operations"] {
        let picture = std::fs::read(folder.path().join(page).with_extension("png"))?;
        assert!(picture.starts_with(b"\x89PNG"), "{page}");
    }
    Ok(())
}
