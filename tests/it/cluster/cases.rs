//! Cases on a cluster: two gateways share a case, its extensions, and what the people in its answers learn.

use scangate_loadgen::drive::now;
use scangate_tests::{ClusterCity, cluster, eventually, found_with_second, is_complete, refused};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_one_gateway_is_extended_answered_and_told_at_the_other() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("cases", 2)?;
    let (mut town, mut second) = found_with_second(&city, 4).await?;
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in"), (1, 1, 8_000, "in"), (2, 1, 8_000, "in")])
        .await?;
    town.import(&[(2, 2, 7_000, "in"), (3, 2, 7_000, "in")]).await?;
    let (case, tracer) = (town.open_case(0).await?, town.tracer.clone());
    let other = second.gateway.token("tracer", "another", None)?;

    // One gateway takes the request, the other the approval, and both then answer.
    let path = format!("/v1/cases/{case}");
    let wish = json!({"hops": 3, "reason": "a family"}).to_string();
    let asked = town.send("POST", &format!("{path}/extensions"), &tracer, wish).await?;
    assert_eq!(asked.json()?["extension"], 1, "{}", asked.text());
    let far = format!("{path}/co-presence?hops=3");
    assert_eq!(
        town.send("GET", &far, &tracer, "").await?.status_and_code(),
        refused(403, "extension-needed")
    );
    let approve = format!("{path}/extensions/1/approve");
    assert_eq!(second.send("POST", &approve, &other, "").await?.status(), 200);
    let through = now();
    let ask = async || second.send("GET", &far, &tracer, "").await?.json();
    let there = eventually(ask, |met| is_complete(met, through)).await?;
    let here = town.traced(&far).await?;
    assert_eq!((here["contacts"].as_array().map(Vec::len), &here["contacts"]), (Some(3), &there["contacts"]));

    // A venue on a contact's trail is covered at both, and a person in the other's answer may be revealed.
    let visits = format!("{path}/venues/{}/visits", town.venues[2].venue);
    assert_eq!(town.send("GET", &visits, &tracer, "").await?.status(), 200);
    let reveal = json!({"person": town.residents[3].person, "reason": "to telephone"}).to_string();
    assert_eq!(second.send("POST", &format!("{path}/reveal"), &tracer, reveal).await?.status(), 200);

    // Closed at one, told at the other.
    let closed = second.send("PATCH", &path, &tracer, r#"{"status": "closed"}"#).await?;
    assert_eq!(closed.json()?["status"], "closed", "{}", closed.text());
    assert_eq!(town.send("GET", &far, &tracer, "").await?.status_and_code(), refused(409, "case-closed"));
    for resident in 1..4 {
        let mine = town.residents[resident].authorization(now());
        let mine = town.send("GET", "/v1/people/me", &mine, "").await?.json()?;
        assert_eq!(mine["traced"][0]["purpose"], "contact-tracing", "{mine}");
        assert_eq!(mine["traced"][0]["revealed"].is_string(), resident == 3, "{mine}");
    }
    let handed = town.send("PATCH", &path, &tracer, r#"{"tracer": "another"}"#).await?;
    assert_eq!(handed.status(), 200, "{}", handed.text());
    let listed = second.send("GET", "/v1/cases", &other, "").await?.json()?;
    assert_eq!(listed["cases"][0]["case"], json!(case), "{listed}");
    assert_eq!(second.send("GET", "/v1/cases", &tracer, "").await?.json()?, json!({"cases": []}));
    Ok(())
}
