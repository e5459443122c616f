//! A contact's days on the resident's page, in Chromium. Needs `SCANGATE_TEST_CHROMIUM` and Node.js with
//! `tests/browser` installed.

use crate::equipment::chromium::{browse, converse};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, output_text};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn xj_10_a_contacts_life_in_xinji_in_a_browser() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let authority = town.authority.clone();
    let mut contact = String::new();
    let output = converse(browse("resident/life.mjs", &town, 0), async |question| {
        // The connection may have been idle for too long meanwhile.
        town.connection = town.target.connect(Version::Http3).await?;
        let Some((event, person)) = question.split_once(' ') else {
            let reason = json!({"reason": "mistaken"}).to_string();
            let path = format!("/v1/facts/{contact}/withdraw");
            let withdrawn = town.send("POST", &path, &authority, reason).await?;
            anyhow::ensure!(withdrawn.status() == 200, "{question} {}", withdrawn.text());
            return Ok(String::new());
        };
        let kind = if event == "contact?" { "co-located" } else { "ruled-out" };
        let fact = json!({"person": person, "kind": kind, "at": now(), "source": "cdc"});
        let posted = town.send("POST", "/v1/facts", &authority, fact.to_string()).await?;
        anyhow::ensure!(posted.status() == 200, "{question} {}", posted.text());
        if event == "contact?" {
            contact = posted.lines()?[0]["fact"].as_str().unwrap_or_default().to_owned();
        }
        Ok(String::new())
    })
    .await?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}
