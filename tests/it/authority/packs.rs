//! Rule packs on a running gateway: dry run, hold, approval by a second person. Earlier decisions stay
//! unchanged.

use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown};
use serde_json::{Value, json};
use std::sync::Arc;

const XINJI: &str = include_str!("../../../gateway/core/policies/xinji.toml");
/// One more than a pack may flip without a stated expectation.
const TURNED: usize = 1_001;

#[tokio::test(flavor = "multi_thread")]
async fn test_0_a_pack_is_foreseen_a_mass_flip_held_and_no_decision_rewritten() -> anyhow::Result<()> {
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, TURNED).await?;
    let authority = town.authority.clone();
    // The pack in force has no rule for this fact, so no colour changes and nothing is held.
    let lines: Vec<String> = town
        .residents
        .iter()
        .map(|resident| {
            let fact = json!({
                "person": resident.person, "kind": "co-located", "at": now(), "source": "cdc",
            });
            fact.to_string()
        })
        .collect();
    let posted = town.send("POST", "/v1/facts", &authority, lines.join("\n")).await?;
    assert_eq!((posted.status(), posted.lines()?.len()), (200, TURNED), "{}", posted.code());
    let foreseen = town.send("POST", "/v1/policies/dry-run", &authority, XINJI).await?.json()?;
    assert_eq!(
        (&foreseen["changes"], &foreseen["worse"], &foreseen["by_rule"]),
        (&json!(TURNED), &json!(TURNED), &json!({"co-located": TURNED})),
        "{foreseen}"
    );
    let held = town.send("POST", "/v1/policies", &authority, XINJI).await?.json()?;
    let path = format!("/v1/held/{}/approve", held["held"].as_str().unwrap_or_default());
    let approver = town.gateway.token("authority", "second approver", None)?;
    for body in [String::new(), json!({"worse": TURNED - 1}).to_string()] {
        let unexpected = town.send("POST", &path, &approver, body).await?;
        assert_eq!((unexpected.status(), unexpected.code().as_str()), (409, "mass-flip"));
    }
    assert!(town.gateway.metric("scangate_held_total", "mass-flip")? >= 2.0);
    let still = town.send("GET", "/v1/policies", &authority, "").await?.json()?;
    assert_eq!(still["in_force"]["policy"], "default/1");
    for body in [String::new(), json!({ "worse": TURNED }).to_string()] {
        let own = town.send("POST", &path, &authority, body).await?;
        assert_eq!((own.status(), own.code().as_str()), (403, "same-approver"));
    }
    let scan = town.scan(0, 0);
    let before = town.send("POST", "/v1/check-ins", "", scan.clone()).await?.json()?;
    assert_eq!((&before["colour"], &before["policy"]), (&json!("green"), &json!("default/1")));
    let approved = town.send("POST", &path, &approver, json!({ "worse": TURNED }).to_string()).await?;
    assert_eq!(approved.json()?["policy"], "xinji/1", "{}", approved.text());

    // A repeated scan keeps its answer; the next one follows the new pack.
    assert_eq!(town.send("POST", "/v1/check-ins", "", scan).await?.json()?, before);
    let after = town.check_in(0, 1).await?.json()?;
    assert_eq!(
        (&after["colour"], &after["verdict"], &after["reasons"], &after["policy"]),
        (&json!("yellow"), &json!("refuse"), &json!(["co-located"]), &json!("xinji/1"))
    );
    let person = town.residents[0].person;
    let replayed =
        town.send("GET", &format!("/v1/people/{person}?policy=1"), &authority, "").await?.json()?;
    assert_eq!((&replayed["colour"], &replayed["policy"]), (&json!("green"), &json!("default/1")));
    let mine = town.mine(0).await?;
    let colours: Vec<&Value> =
        mine["check_ins"].as_array().into_iter().flatten().map(|one| &one["colour"]).collect();
    assert_eq!(colours, [&json!("yellow"), &json!("green")]);
    Ok(())
}
