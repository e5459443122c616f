//! Chromium as the screen at a door: its codes with and without a connection, and its words without a code.
//! Needs `SCANGATE_TEST_CHROMIUM` and Node.js with `tests/browser` installed.

use super::chromium::{browse, converse};
use crate::authority::tokens::listed;
use anyhow::Context as _;
use scangate_core::id::{TokenId, VenueId};
use scangate_core::time::{DAY_MS, Step, Timestamp};
use scangate_core::token::{Claims, Role};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, output_text};
use serde_json::json;

/// The door with the screen.
const DOOR: u16 = 3;

/// A token of the screen that ends at a time, without its scheme.
fn ending(town: &TestTown, jti: u64, expires: Timestamp) -> anyhow::Result<String> {
    let (venue, door) = (Some(town.venues[0].venue), Some(DOOR));
    let claims = Claims {
        jti: TokenId(jti),
        role: Role::Terminal,
        subject: "screen".into(),
        venue,
        door,
        district: None,
        expires,
    };
    Ok(without_scheme(&town.gateway.signed(&claims)?))
}

fn without_scheme(authorization: &str) -> String {
    authorization.trim_start_matches("Bearer ").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_shows_a_doors_codes_with_and_without_a_connection() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (gateway, venue) = (&town.gateway, town.venues[0].venue);
    let tokens = json!({
        "door": without_scheme(&gateway.screen("screen 3", venue, DOOR)?),
        "doorless": without_scheme(&gateway.token("terminal", "gate", Some(venue))?),
        "unknown": without_scheme(&gateway.screen("screen of none", VenueId(venue.0 ^ 1), DOOR)?),
        "ended": ending(&town, 71, now())?,
        "soon": ending(&town, 72, now().plus_ms(DAY_MS / 2))?,
        "other": without_scheme(&gateway.screen("screen 4", venue, DOOR + 1)?),
        "tracer": without_scheme(&town.tracer),
    });
    let authority = town.authority.clone();
    let operator = town.gateway.first_token("operator")?;
    let mut script = browse("door.mjs", &town, 1);
    script.arg(tokens.to_string());
    let output = converse(script, async |question| {
        // The connection may have been idle for too long meanwhile.
        town.connection = town.target.connect(Version::Http3).await?;
        let sent = match question.split_once(' ') {
            Some(("scan?", code)) => {
                let scan = json!({"venue": code, "person": town.residents[0].code(Step::of(now()))});
                town.send("POST", "/v1/check-ins", "", scan.to_string()).await?
            }
            None if question == "close?" => {
                town.send("DELETE", &format!("/v1/venues/{venue}"), &authority, "").await?
            }
            Some(_) | None => {
                let jti = listed(&mut town, "screen 3").await?["jti"].clone();
                let revoke = json!({"jti": jti}).to_string();
                town.send("POST", "/v1/tokens/revoke", &operator, revoke).await?
            }
        };
        Ok(sent.status().to_string())
    })
    .await
    .context("the script")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}
