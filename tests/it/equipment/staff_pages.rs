//! Chromium on what all pages of the staff have: a script that is loaded again, and the chosen view.
//! Needs the same as the tests of the residents' pages.

use super::chromium::browse;
use scangate_tests::{TestTown, output_text};
use serde_json::json;

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
