//! Rule packs on a running gateway: dry run, hold, approval by a second person. Earlier decisions stay
//! unchanged.

use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown};
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
    let path = format!("/v1/held/{}", held["held"].as_str().unwrap_or_default());
    let shown = town.send("GET", &path, &authority, "").await?.json()?;
    assert_eq!((&shown["text"], &shown["dry_run"]), (&json!(XINJI), &foreseen));
    let difference = shown["difference"].as_str().unwrap_or_default();
    assert!(difference.starts_with("--- default/2\n+++ xinji/3\n@@ "), "{difference}");
    assert!(difference.contains("\n-name = \"default\"") && difference.contains("\n+name = \"xinji\""));
    let path = format!("{path}/approve");
    let approver = town.gateway.token("authority", "second approver", None)?;
    for body in [String::new(), json!({"worse": TURNED - 1}).to_string()] {
        let unexpected = town.send("POST", &path, &approver, body).await?;
        assert_eq!((unexpected.status(), unexpected.code().as_str()), (409, "mass-flip"));
    }
    assert!(town.gateway.metric("scangate_held_total", "mass-flip")? >= 2.0);
    let still = town.send("GET", "/v1/policies", &authority, "").await?.json()?;
    assert_eq!(still["in_force"]["policy"], "default/2");
    for body in [String::new(), json!({ "worse": TURNED }).to_string()] {
        let own = town.send("POST", &path, &authority, body).await?;
        assert_eq!((own.status(), own.code().as_str()), (403, "same-approver"));
    }
    let scan = town.scan(0, 0);
    let before = town.send("POST", "/v1/check-ins", "", scan.clone()).await?.json()?;
    assert_eq!((&before["colour"], &before["policy"]), (&json!("green"), &json!("default/2")));
    let approved = town.send("POST", &path, &approver, json!({ "worse": TURNED }).to_string()).await?;
    assert_eq!(approved.json()?["policy"], "xinji/3", "{}", approved.text());

    // A repeated scan keeps its answer; the next one follows the new pack.
    assert_eq!(town.send("POST", "/v1/check-ins", "", scan).await?.json()?, before);
    let after = town.check_in(0, 1).await?.json()?;
    assert_eq!(
        (&after["colour"], &after["verdict"], &after["reasons"], &after["policy"]),
        (&json!("yellow"), &json!("refuse"), &json!(["co-located"]), &json!("xinji/3"))
    );
    let person = town.residents[0].person;
    let replayed =
        town.send("GET", &format!("/v1/people/{person}?policy=1"), &authority, "").await?.json()?;
    assert_eq!((&replayed["colour"], &replayed["policy"]), (&json!("green"), &json!("default/2")));
    let mine = town.mine(0).await?;
    let colours: Vec<&Value> =
        mine["check_ins"].as_array().into_iter().flatten().map(|one| &one["colour"]).collect();
    assert_eq!(colours, [&json!("yellow"), &json!("green")]);
    Ok(())
}

/// Posts a pack and lets a second approver bring it into force. Returns the last answer.
pub(crate) async fn publish(town: &mut TestTown, text: &str) -> anyhow::Result<TestReply> {
    let (authority, second) = (town.authority.clone(), town.gateway.token("authority", "second", None)?);
    let posted = town.send("POST", "/v1/policies", &authority, text.to_owned()).await?;
    if posted.status() != 202 {
        return Ok(posted);
    }
    let path = format!("/v1/held/{}/approve", posted.json()?["held"].as_str().unwrap_or_default());
    town.send("POST", &path, &second, "").await
}

fn numbered(text: &str, number: u32) -> String {
    text.replacen("version = 3", &format!("version = {number}"), 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_stands_for_one_text_and_its_numbers_rise() -> anyhow::Result<()> {
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let (authority, second) = (town.authority.clone(), town.gateway.token("authority", "second", None)?);
    assert_eq!(publish(&mut town, &numbered(XINJI, 5)).await?.json()?["number"], 2);
    let other = |number| numbered(XINJI, number) + "\n# another text\n";
    for text in [other(5), other(4), numbered(XINJI, 4)] {
        let refused = publish(&mut town, &text).await?;
        assert_eq!((refused.status(), refused.code().as_str()), (409, "policy-label-used"));
        assert!(refused.text().contains("number 6"), "{}", refused.text());
    }
    // The text in force answers its number; of two texts under one free number, the second is refused when it
    // is approved, and stays held.
    assert_eq!(publish(&mut town, &numbered(XINJI, 5)).await?.json()?["number"], 2);
    let held = town.send("POST", "/v1/policies", &authority, other(6)).await?.json()?;
    assert_eq!(publish(&mut town, &numbered(XINJI, 6)).await?.json()?["number"], 3);
    let path = format!("/v1/held/{}", held["held"].as_str().unwrap_or_default());
    for _ in 0..2 {
        let late = town.send("POST", &format!("{path}/approve"), &second, "").await?;
        assert_eq!((late.status(), late.code().as_str()), (409, "policy-label-used"));
    }
    let rejected = town.send("POST", &format!("{path}/reject"), &second, "").await?;
    assert_eq!(rejected.status(), 200, "{}", rejected.text());
    let listed = town.send("GET", "/v1/policies", &authority, "").await?.json()?;
    assert_eq!(listed["in_force"]["policy"], "xinji/6", "{listed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_the_pack_in_force() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let start = |arguments: &[&str]| Gateway::start_in(Arc::clone(&folder), arguments, ExpectedLog::Trouble);
    let mut town = TestTown::found_in(start(&["--policy", "nanchong"])?, 1).await?;
    assert_eq!(publish(&mut town, XINJI).await?.json()?["policy"], "xinji/3");
    assert!(town.gateway.stop()?.success());
    let changed = folder.path().join("changed.toml");
    std::fs::write(&changed, XINJI.to_owned() + "\n# another text\n")?;
    let same = folder.path().join("same.toml");
    std::fs::write(&same, XINJI)?;
    let (changed, same) = (changed.display().to_string(), same.display().to_string());
    for different in ["default", "xuzhou", changed.as_str(), "gone.toml"] {
        let error = start(&["--policy", different]).err().map(|error| error.to_string()).unwrap_or_default();
        for words in [different, "POST /v1/policies", "the pack in force is xinji/3"] {
            assert!(error.contains(words), "{words} is not in: {error}");
        }
    }
    for kept in [&[][..], &["--policy", "nanchong"], &["--policy", "xinji"], &["--policy", &same]] {
        let gateway = start(kept)?;
        let line = |line: &String| line.contains("this rule pack is in force") && line.contains("xinji/3");
        assert!(gateway.log().iter().any(line), "{kept:?}: {:#?}", gateway.log());
        let mut town = TestTown::found_in(gateway, 0).await?;
        let authority = town.authority.clone();
        let listed = town.send("GET", "/v1/policies", &authority, "").await?.json()?;
        assert_eq!(
            listed["in_force"],
            json!({
                "number": 2, "policy": "xinji/3", "title": listed["in_force"]["title"],
                "hotline": listed["in_force"]["hotline"],
            })
        );
        assert!(town.gateway.stop()?.success());
    }
    Ok(())
}
