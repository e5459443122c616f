//! The published list of areas: held for a second approver, in force beside the pack's own lines, replaced by
//! the next list.

use scangate_core::time::DAY_MS;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown, refused};
use serde_json::{Value, json};
use std::sync::Arc;

/// Posts a list, which comes into force at once.
async fn publish(town: &mut TestTown, lines: &[Value]) -> anyhow::Result<()> {
    let posted = post(town, lines).await?;
    assert_eq!(posted.status(), 200, "{}", posted.text());
    Ok(())
}

async fn post(town: &mut TestTown, lines: &[Value]) -> anyhow::Result<TestReply> {
    let authority = town.authority.clone();
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    town.send("POST", "/v1/areas", &authority, text.join("\n") + "\n").await
}

/// The codes and risks of the areas that count now.
async fn in_force(town: &mut TestTown) -> anyhow::Result<Vec<(Value, Value)>> {
    let list = town.send("GET", "/v1/areas", "", "").await?.json()?;
    let areas = list["areas"].as_array().into_iter().flatten();
    Ok(areas.map(|area| (area["code"].clone(), area["risk"].clone())).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_15_a_published_list_of_areas_is_shown_and_judged_until_the_next_one() -> anyhow::Result<()> {
    let gateway =
        Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--policy", "nanchong"], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let before = in_force(&mut town).await?;
    let (from, until) = (now().minus_ms(3 * DAY_MS), now().minus_ms(DAY_MS));
    let stay = json!({"kind": "stay", "area": "310104", "until": until});
    let colour = town.fact(0, from, stay).await?;
    let scan = town.scan(0, 0);
    let decided = town.send("POST", "/v1/check-ins", "", scan.clone()).await?.json()?;

    let line = json!({"code": "3101", "risk": "high", "from": "2020-01-01"});
    publish(&mut town, std::slice::from_ref(&line)).await?;
    assert!(in_force(&mut town).await?.contains(&(json!("3101"), json!("high"))));
    let published = town.send("GET", "/v1/areas", "", "").await?.json()?;
    assert_eq!(published["list"]["text"], format!("{line}\n"), "{published}");
    let judged = town.mine(0).await?["colour"].clone();
    assert_ne!(judged, json!(colour));
    let overview = town.own(0, "GET", "/overview", &Value::Null).await?.json()?;
    assert_eq!(overview["areas"]["listed"], published["areas"]);
    // A decision that was made stays as it was.
    assert_eq!(town.send("POST", "/v1/check-ins", "", scan).await?.json()?, decided);

    // The next list replaces this one; a blank line ends it, and an empty body does not.
    let authority = town.authority.clone();
    let empty = town.send("POST", "/v1/areas", &authority, "").await?;
    assert_eq!(empty.status_and_code(), refused(400, "malformed"));
    publish(&mut town, &[]).await?;
    assert_eq!(in_force(&mut town).await?, before);
    assert_eq!(town.mine(0).await?["colour"], json!(colour));
    Ok(())
}

/// More people than a list may turn without a second approver.
const MANY: usize = 101;

#[tokio::test(flavor = "multi_thread")]
async fn xz_15_a_list_that_turns_many_people_waits_for_a_second_approver() -> anyhow::Result<()> {
    let gateway =
        Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--policy", "nanchong"], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, MANY).await?;
    let (authority, second) = (town.authority.clone(), town.gateway.token("authority", "second", None)?);
    let stay = |person| {
        let (at, until) = (now().minus_ms(3 * DAY_MS), now().minus_ms(DAY_MS));
        let fact = json!({
            "person": person, "kind": "stay", "area": "310104", "at": at, "until": until, "source": "rail",
        });
        fact.to_string()
    };
    let stays: Vec<String> = town.residents.iter().map(|resident| stay(resident.person)).collect();
    for some in stays.chunks(MANY - 1) {
        assert_eq!(town.send("POST", "/v1/facts", &authority, some.join("\n")).await?.status(), 200);
    }
    let line = json!({"code": "3101", "risk": "high", "from": "2020-01-01"});
    let posted = post(&mut town, std::slice::from_ref(&line)).await?;
    assert_eq!(posted.status(), 202, "{}", posted.text());
    let path = format!("/v1/held/{}", posted.json()?["held"].as_str().unwrap_or_default());
    let held = town.send("GET", &path, &authority, "").await?.json()?;
    assert_eq!((&held["kind"], &held["lines"]), (&json!("areas"), &json!([line])), "{held}");
    assert_eq!(held["dry_run"]["changes"], MANY, "{held}");
    let approve = format!("{path}/approve");
    let own = town.send("POST", &approve, &authority, "").await?;
    assert_eq!(own.status_and_code(), refused(403, "same-approver"));
    assert_ne!(town.mine(0).await?["colour"], "red");
    let approved = town.send("POST", &approve, &second, "").await?;
    assert_eq!(approved.status(), 200, "{}", approved.text());
    assert_eq!(town.mine(0).await?["colour"], "red");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_15_a_list_with_a_line_that_is_not_valid_is_refused_whole() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let right = json!({"code": "42", "risk": "high", "from": "2022-01-04", "until": "2022-01-05T00:00:00Z"});
    for wrong in [
        json!({"code": "4201000", "risk": "high", "from": "2022-01-04"}),
        json!({"code": "42", "risk": "huge", "from": "2022-01-04"}),
        json!({"code": "42", "risk": "high", "from": "soon"}),
        json!({"code": "42", "risk": "high", "from": "2022-01-04", "until": "2022-01-04"}),
        json!({"code": "42", "risk": "high"}),
        json!({"code": "42", "risk": "high", "from": "2022-01-04", "name": "湖北"}),
    ] {
        let sent = post(&mut town, &[right.clone(), wrong.clone()]).await?;
        assert_eq!(sent.status_and_code(), refused(400, "malformed"), "{wrong}");
        assert!(sent.text().contains("line 2"), "{}", sent.text());
    }
    Ok(())
}
