//! Notices: publishing them, the public list, the overview's block, and their end.

use scangate_core::limits::{NOTICE_BYTES_MAX, NOTICES_MAX};
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, eventually, post_keyed, refused};
use serde_json::{Value, json};

/// The English texts of the notices in force.
async fn shown(town: &mut TestTown) -> anyhow::Result<Vec<Value>> {
    let list = town.send("GET", "/v1/notices", "", "").await?.json()?;
    Ok(list["notices"].as_array().into_iter().flatten().map(|notice| notice["en"].clone()).collect())
}

async fn publish(town: &mut TestTown, notice: Value) -> anyhow::Result<Value> {
    let authority = town.authority.clone();
    let published = town.send("POST", "/v1/notices", &authority, notice.to_string()).await?;
    assert_eq!(published.status(), 200, "{}", published.text());
    published.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_16_a_notice_is_shown_to_everybody_until_it_ends() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 1).await?;
    let authority = town.authority.clone();
    let first = publish(&mut town, json!({"zh": "全员核酸", "en": "first"})).await?;
    assert_eq!((&first["zh"], &first["until"]), (&json!("全员核酸"), &Value::Null), "{first}");
    let soon = now().plus_ms(3_000);
    publish(&mut town, json!({"zh": "临时管控", "en": "short", "until": soon})).await?;
    assert_eq!(shown(&mut town).await?, ["short", "first"]);
    eventually(async || shown(&mut town).await, |shown| *shown == ["first"]).await?;
    let overview = town.own(0, "GET", "/overview", &Value::Null).await?.json()?;
    assert_eq!(overview["notices"], json!({"listed": [first]}), "{overview}");

    // A repeated request publishes once.
    let body = json!({"zh": "二", "en": "second"}).to_string();
    let one = post_keyed(&mut town.connection, "/v1/notices", &authority, "k", body.clone()).await?;
    let again = post_keyed(&mut town.connection, "/v1/notices", &authority, "k", body).await?;
    assert_eq!(one.json()?, again.json()?);
    assert_eq!(shown(&mut town).await?, ["second", "first"]);

    let path = format!("/v1/notices/{}", first["notice"].as_str().unwrap_or_default());
    assert_eq!(town.send("DELETE", &path, &authority, "").await?.status(), 204);
    let ended = town.send("DELETE", &path, &authority, "").await?;
    assert_eq!(ended.status_and_code(), refused(404, "not-found"));
    assert_eq!(shown(&mut town).await?, ["second"]);
    let operator = town.gateway.token("operator", "audit", None)?;
    let audit = town.send("GET", "/v1/audit", &operator, "").await?.text();
    for act in ["notice-published", "notice-ended"] {
        assert!(audit.contains(act), "{audit}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_16_notices_are_bounded() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let past = now().minus_ms(1_000);
    let long = "a".repeat(NOTICE_BYTES_MAX + 1);
    for wrong in [
        json!({"zh": "一"}),
        json!({"zh": "", "en": "x"}),
        json!({"zh": "一", "en": long}),
        json!({"zh": "一", "en": "x\u{1b}"}),
        json!({"zh": "一", "en": "x", "until": past}),
        json!({"zh": "一", "en": "x", "more": 1}),
    ] {
        let sent = town.send("POST", "/v1/notices", &authority, wrong.to_string()).await?;
        assert_eq!(sent.status_and_code(), refused(400, "malformed"), "{wrong}");
    }
    for number in 0..NOTICES_MAX {
        publish(&mut town, json!({"zh": "一", "en": number.to_string()})).await?;
    }
    let body = json!({"zh": "一", "en": "one too many"}).to_string();
    let sent = town.send("POST", "/v1/notices", &authority, body).await?;
    assert_eq!(sent.status_and_code(), refused(409, "notices-full"));
    assert_eq!(shown(&mut town).await?.len(), NOTICES_MAX);
    Ok(())
}
