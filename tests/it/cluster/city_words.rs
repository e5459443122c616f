//! Every gateway reports what another one learned: notices, lists of areas, announced arrivals, names for
//! the doors, and the queue of a district.

use scangate_core::time::{DAY_MS, HOUR_MS, Step};
use scangate_loadgen::drive::now;
use scangate_tests::{ClusterCity, cluster, eventually, found_with_second, refused};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_city_publishes_and_knows_of_its_people_is_told_at_every_gateway() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("words", 2)?.under("nanchong");
    let (mut town, mut second) = found_with_second(&city, 3).await?;
    second.sees(&town, 0, "green").await?;
    let authority = town.authority.clone();

    // A notice, its end, and a list of areas.
    let notice = json!({"zh": "通告", "en": "Notice"}).to_string();
    let notice = town.send("POST", "/v1/notices", &authority, notice).await?.json()?;
    let told = async || Ok(second.send("GET", "/v1/notices", "", "").await?.json()?["notices"].clone());
    eventually(told, |told| *told == json!([notice])).await?;
    let path = format!("/v1/notices/{}", notice["notice"].as_str().unwrap_or_default());
    assert_eq!(town.send("DELETE", &path, &authority, "").await?.status() / 100, 2);
    let told = async || Ok(second.send("GET", "/v1/notices", "", "").await?.json()?["notices"].clone());
    eventually(told, |told| *told == json!([])).await?;
    let stay = json!({"kind": "stay", "area": "440103"});
    assert_eq!(town.fact(0, now().minus_ms(DAY_MS), stay).await?, "green");
    let terminal = second.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let before = json!({"person": town.residents[0].code(Step::of(now())), "at": now()}).to_string();
    let area = json!({"code": "4401", "risk": "mid", "from": now().minus_ms(3 * DAY_MS)}).to_string();
    let listed = town.send("POST", "/v1/areas", &authority, area).await?;
    assert_eq!(listed.status(), 200, "{}", listed.text());
    second.sees(&town, 0, "yellow").await?;
    // A late scan from before the list is judged by the list of then.
    let late = second.send("POST", "/v1/check-ins/batch", &terminal, before).await?.lines()?.remove(0);
    assert_eq!(late["colour"], "green", "{late}");

    // An arrival that is announced at one gateway and passed at the other is closed at both.
    let gate = json!({"name": "南充站", "kind": "station", "district": "顺庆"}).to_string();
    let gate = town.send("POST", "/v1/venues", &authority, gate).await?.lines()?.remove(0);
    let arrival = json!({"from_area": "510100", "at": now().plus_ms(HOUR_MS)});
    assert_eq!(town.own(1, "POST", "/arrivals", &arrival).await?.status(), 200);
    let scan = async || {
        let code = town.residents[1].code(Step::of(now()));
        let scan = json!({"venue": gate["poster"], "person": code}).to_string();
        second.send("POST", "/v1/check-ins", "", scan).await?.json()
    };
    let passed = eventually(scan, |scan| scan["fast"] == true).await?;
    let mine = async || town.own(1, "GET", "/arrivals", &Value::Null).await?.json();
    eventually(mine, |mine| mine["arrivals"][0]["passed"] == passed["id"]).await?;

    // A new name, and a district's red resident.
    assert_eq!(
        town.own(2, "PATCH", "", &json!({"name": "欧阳修", "district": "顺庆区"})).await?.status(),
        200
    );
    let named = async || {
        let path = format!("/v1/colours/{}", town.residents[2].code(Step::of(now())));
        Ok(second.send("GET", &path, &terminal, "").await?.json()?["holder"]["name"].clone())
    };
    eventually(named, |name| *name == "欧*修").await?;
    town.post_fact(2, "confirmed").await?;
    let path = "/v1/districts/顺庆区/people".replace("顺庆区", "%E9%A1%BA%E5%BA%86%E5%8C%BA");
    let queue = async || second.send("GET", &path, &authority, "").await?.json();
    let queue =
        eventually(queue, |queue| queue["people"].as_array().is_some_and(|all| all.len() == 1)).await?;
    assert_eq!(
        (&queue["people"][0]["name"], &queue["people"][0]["colour"]),
        (&json!("欧阳修"), &json!("red"))
    );
    let contacted = format!("{path}/{}/contacted", town.residents[2].person);
    let contacted = second.send("POST", &contacted, &authority, "").await?;
    assert_eq!(contacted.status(), 200, "{}", contacted.text());
    let queue = async || town.send("GET", &path, &authority, "").await?.json();
    eventually(queue, |queue| queue["people"][0]["contacted"]["at"].is_string()).await?;
    let elsewhere = format!("/v1/districts/x/people/{}/contacted", town.residents[2].person);
    let other = town.send("POST", &elsewhere, &authority, "{}").await?;
    assert_eq!(other.status_and_code(), refused(404, "not-found"));
    Ok(())
}
