//! A returning worker is yellow on arrival, in each city that has a rule for it.

use super::{AtDoor, Life, healthy, reasons};
use scangate_core::time::{DAY_MS, HOUR_MS};
use scangate_tests::eventually;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn xj_11_a_returning_workers_life_in_xinji() -> anyhow::Result<()> {
    let mut life = Life::begin("xinji").await?;
    life.register(0, &json!({"class": "returning"})).await?;
    let authority = life.authority.clone();
    let employer = json!({"name": "辛集皮革厂", "kind": "employer", "district": "辛集"});
    let employer = life.send("POST", "/v1/units", &authority, &employer).await?.lines()?.remove(0);
    let (_, gate) = life.venue(json!({"name": "辛集南站", "kind": "station", "district": "辛集"})).await?;

    // Announced while green: no duty yet. The day before the journey the worker turns yellow.
    let tomorrow = life.clock.now().plus_ms(DAY_MS);
    let arrival = json!({"from_area": "110000", "at": tomorrow, "unit": employer["unit"]});
    let arrival = life.own(0, "POST", "/arrivals", &arrival).await?;
    assert_eq!(arrival["due"], Value::Null, "{arrival}");
    assert_eq!(life.fact(0, json!({"kind": "co-located"})).await?.1, "yellow");
    life.sleep().await?;
    let scan = json!({"venue": gate, "person": life.code(0)});
    let passed = life.send("POST", "/v1/check-ins", "", &scan).await?.json()?;
    assert_eq!((&passed["colour"], &passed["verdict"]), (&json!("yellow"), &json!("refuse")), "{passed}");

    // The duty of an hour runs from the gate. The employer answers for the worker.
    let duty = eventually(
        async || {
            let mine = life.own(0, "GET", "/arrivals", &Value::Null).await?;
            Ok(mine["arrivals"][0].clone())
        },
        |arrival| arrival["began"].is_string(),
    );
    let duty = duty.await?;
    assert_eq!((&duty["unit_name"], &duty["reported"]), (&json!("辛集皮革厂"), &Value::Null), "{duty}");
    life.wait(HOUR_MS / 2).await?;
    let path = format!("/arrivals/{}/reported", arrival["arrival"].as_str().unwrap_or_default());
    let reported = life.own(0, "POST", &path, &Value::Null).await?;
    assert_eq!((&reported["late"], &reported["overdue"]), (&json!(false), &json!(false)), "{reported}");

    // Daily reports change nothing before the fourteenth day is over.
    for day in 1..=14 {
        let said = life.own(0, "POST", "/reports", &healthy()).await?;
        assert_eq!(said["colour"], "yellow", "day {day}: {said}");
        life.sleep().await?;
    }
    life.is_shown(0, "green").await?;
    assert_eq!(life.at_door(0).await?, AtDoor::new("green", "check", &["temperature", "document"]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_12_a_returning_workers_life_in_xuzhou() -> anyhow::Result<()> {
    let mut life = Life::begin("xuzhou").await?;
    life.register(0, &json!({"class": "returning"})).await?;
    let (station, gate) =
        life.venue(json!({"name": "徐州东站", "kind": "station", "district": "贾汪"})).await?;
    let clinic = life.venue(json!({"name": "贾汪医院", "kind": "medical", "district": "贾汪"})).await?.1;
    let arrival = json!({"from_area": "320100", "at": life.clock.now().plus_ms(HOUR_MS)});
    life.own(0, "POST", "/arrivals", &arrival).await?;
    // On the way the province orders a test: yellow on arrival.
    let (order, colour) = life.fact(0, json!({"kind": "ordered", "measure": "test-due"})).await?;
    assert_eq!(colour, "yellow");
    life.wait(HOUR_MS).await?;
    let scan = json!({"venue": gate, "person": life.code(0)});
    let refused = life.send("POST", "/v1/check-ins", "", &scan).await?.json()?;
    assert_eq!((&refused["verdict"], &refused["fast"]), (&json!("refuse"), &Value::Null), "{refused}");
    assert!(refused["explanations"][0]["zh"].as_str().is_some_and(|zh| zh.contains("核酸")), "{refused}");
    // Where tests are made the worker is let in.
    let scan = json!({"venue": clinic, "person": life.code(0)});
    let tested = life.send("POST", "/v1/check-ins", "", &scan).await?.json()?;
    assert_eq!((&tested["verdict"], &tested["colour"]), (&json!("check"), &json!("yellow")), "{tested}");
    let test = json!({"kind": "test", "result": "negative", "of": order});
    assert_eq!(life.fact(0, json!({"kind": test["kind"], "result": test["result"]})).await?.1, "green");
    life.wait(60_000).await?;
    let terminal = life.town.gateway.token("terminal", "gate 2", Some(station))?;
    let scan = json!({"person": life.code(0)});
    let passed = life.send("POST", "/v1/check-ins", &terminal, &scan).await?.json()?;
    assert_eq!((&passed["verdict"], &passed["fast"]), (&json!("pass"), &json!(true)), "{passed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_04_a_returning_workers_life_in_nanchong() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let pack = folder.path().join("pack.toml");
    let nanchong = include_str!("../../../gateway/core/policies/nanchong.toml");
    let mid = "\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2020-01-01\n";
    std::fs::write(&pack, nanchong.to_owned() + mid)?;
    let mut life = Life::begin(&pack.display().to_string()).await?;
    let left = life.clock.now();
    life.register(0, &json!({"class": "returning"})).await?;
    let arrival = json!({"from_area": "440103", "at": left});
    life.own(0, "POST", "/arrivals", &arrival).await?;
    let mine = life.own(0, "GET", "", &Value::Null).await?;
    assert_eq!((mine["colour"].as_str(), reasons(&mine)), (Some("yellow"), vec!["mid-risk-area".to_owned()]));
    assert_eq!(life.at_door(0).await?, AtDoor::new("yellow", "check", &["temperature", "full"]));

    // A certificate for work lifts the area, and its end brings the area back.
    let until = life.clock.now().plus_ms(3 * DAY_MS);
    let work = json!({"kind": "certificate", "type": "work", "until": until});
    assert_eq!(life.fact(0, work).await?.1, "green");
    for _ in 0..3 {
        life.own(0, "POST", "/reports", &healthy()).await?;
        life.sleep().await?;
    }
    life.is_shown(0, "yellow").await?;
    let mine = life.own(0, "GET", "", &Value::Null).await?;
    let progress = &mine["reasons"][0]["clears_by"];
    // Reports under the green code do not count for the yellow one.
    assert_eq!((&progress["done"], &progress["of"]), (&json!(0), &json!(14)), "{mine}");
    for day in 3..=16 {
        let said = life.own(0, "POST", "/reports", &healthy()).await?;
        assert_eq!(said["colour"], if day < 16 { "yellow" } else { "green" }, "day {day}: {said}");
        life.sleep().await?;
    }
    assert_eq!(life.at_door(0).await?, AtDoor::new("green", "check", &["temperature"]));
    Ok(())
}
