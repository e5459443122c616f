//! The overview: one read of a resident's code, province, itinerary, areas and policy.

use crate::authority::feeds::{NUMBERS, Province, measure};
use scangate_core::time::DAY_MS;
use scangate_loadgen::drive::now;
use scangate_tests::eventually;
use serde_json::{Value, json};

const AREAS: &str = r#"
[[area]]
code = "3101"
risk = "high"
from = 2020-01-01

[[area]]
code = "3201"
risk = "mid"
from = 2020-01-01
to = 2020-02-01
"#;

/// The overview, once every block is present.
async fn overview(province: &mut Province, person: usize) -> anyhow::Result<Value> {
    let ask = async || province.own(person, "/overview").await;
    let is_whole = |seen: &Value| {
        seen.as_object().is_some_and(|blocks| blocks.values().all(|block| block["problem"].is_null()))
    };
    eventually(ask, is_whole).await
}

fn each(block: &Value, lines: &str, member: &str) -> Vec<Value> {
    block[lines].as_array().into_iter().flatten().map(|line| line[member].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_15_one_read_shows_code_province_itinerary_areas_and_policy() -> anyhow::Result<()> {
    let mut province = Province::found(AREAS).await?;
    let nothing = overview(&mut province, 0).await?;
    assert_eq!((&nothing["province"]["shown"], &nothing["itinerary"]["stays"]), (&json!([]), &json!([])));
    let taken = province.send(&Province::issuer(), 1, &[measure(NUMBERS[0], "yellow")]).await?;
    assert_eq!(taken.status(), 200, "{}", taken.text());
    let authority = province.town.authority.clone();
    for (area, from, until) in [("310104", 3, 1), ("320104", 30, 20)] {
        let fact = json!({
            "person": province.people[0].person, "kind": "stay", "area": area, "source": "test",
            "at": now().minus_ms(from * DAY_MS), "until": now().minus_ms(until * DAY_MS),
        });
        let posted = province.town.send("POST", "/v1/facts", &authority, fact.to_string()).await?;
        assert_eq!(posted.status(), 200, "{}", posted.text());
    }

    let seen = overview(&mut province, 0).await?;
    assert_eq!(seen["code"], json!({"colour": "yellow", "reasons": ["test-due"]}), "{seen}");
    let shown = &seen["province"]["shown"][0];
    assert_eq!((&shown["source"], &shown["colour"]), (&json!("jiangsu"), &json!("yellow")), "{seen}");
    assert_eq!(each(&seen["itinerary"], "stays", "area"), ["310104"], "{seen}");
    assert_eq!(each(&seen["areas"], "listed", "code"), ["3101"], "{seen}");
    let policy = &seen["policy"];
    assert_eq!((&policy["title"], &policy["hotline"]), (&json!("徐州健康宝"), &json!("12345")), "{seen}");
    assert!(each(policy, "rules", "rule").contains(&json!("central-quarantine")), "{seen}");
    // A person outside the feed has the same areas and policy, and none of the first person's data.
    let other = overview(&mut province, 1).await?;
    assert_eq!((&other["areas"], &other["policy"]), (&seen["areas"], policy));
    assert_eq!((&other["code"]["colour"], &other["province"]["shown"]), (&json!("green"), &json!([])));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_16_declaring_arriving_venues_and_notices_are_there() -> anyhow::Result<()> {
    let mut province = Province::found(AREAS).await?;
    let by = province.people[0].authorization(now());
    let authority = province.town.authority.clone();
    let arrival = json!({"from_area": "310104", "at": now()});
    let venue = json!({"name": "采样点", "kind": "medical", "district": "云龙"});
    for (who, path, body) in [
        (&by, "/v1/people/me/arrivals", arrival),
        (&by, "/v1/people/me/reports", json!({"temperature": 36.5})),
        (&by, "/v1/people/me/declarations", json!({"text": "本人承诺如实申报"})),
        (&authority, "/v1/venues", venue),
    ] {
        let sent = province.town.send("POST", path, who, body.to_string()).await?;
        assert_eq!(sent.status(), 200, "{path}: {}", sent.text());
    }
    let notices = overview(&mut province, 0).await?;
    assert!(notices["areas"]["listed"].is_array() && notices["policy"]["rules"].is_array(), "{notices}");
    Ok(())
}
