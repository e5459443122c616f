//! A contact of a case who reports every day and misses one, in the cities whose notices count the reports.

use super::{AtDoor, Life, healthy, reasons};
use serde_json::{Value, json};

/// The number of reports on consecutive days that count, and how many are needed.
fn progress(mine: &Value) -> (u64, u64) {
    let clears = &mine["reasons"][0]["clears_by"];
    (clears["done"].as_u64().unwrap_or_default(), clears["of"].as_u64().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_06_a_contacts_life_in_nanchong_begins_anew_with_a_missed_report() -> anyhow::Result<()> {
    let mut life = Life::begin("nanchong").await?;
    life.register(0, &json!({})).await?;
    assert_eq!(life.fact(0, json!({"kind": "close-contact"})).await?.1, "red");
    assert_eq!(life.at_door(0).await?, AtDoor::new("red", "refuse", &[]));
    // Ten reports, one day without, and then every day.
    let (mut count, mut colours) = (0, vec!["red".to_owned()]);
    for day in 0_u64..=45 {
        if day == 10 {
            count = 0;
        } else {
            let said = life.own(0, "POST", "/reports", &healthy()).await?;
            count += 1;
            let colour = said["colour"].as_str().unwrap_or_default().to_owned();
            if colours.last() != Some(&colour) {
                colours.push(colour);
            }
            if day < 15 {
                let mine = life.own(0, "GET", "", &Value::Null).await?;
                assert_eq!(progress(&mine), (count, 14), "day {day}: {mine}");
            }
        }
        if colours.last().is_some_and(|colour| colour == "green") {
            // Red ends fourteen reports after the gap, and yellow fourteen reports after that.
            assert_eq!(day, 38, "{colours:?}");
            break;
        }
        life.sleep().await?;
    }
    assert_eq!(colours, ["red", "yellow", "green"]);
    assert_eq!(life.at_door(0).await?, AtDoor::new("green", "check", &["temperature"]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_10_a_contacts_life_in_jingzhou_counts_three_missed_reports_and_not_one() -> anyhow::Result<()> {
    let mut life = Life::begin("jingzhou").await?;
    life.register(0, &json!({})).await?;
    assert_eq!(life.fact(0, json!({"kind": "close-contact"})).await?.1, "yellow");
    assert_eq!(life.at_door(0).await?, AtDoor::new("yellow", "refuse", &[]));
    for day in 0..=14 {
        if day != 7 {
            assert_eq!(life.own(0, "POST", "/reports", &healthy()).await?["colour"], "yellow", "day {day}");
        }
        life.sleep().await?;
    }
    life.is_shown(0, "green").await?;
    assert_eq!(life.at_door(0).await?, AtDoor::new("green", "check", &["temperature"]));
    // Who stops altogether turns, and turns back with the next report.
    for _ in 0..4 {
        life.sleep().await?;
    }
    life.is_shown(0, "yellow").await?;
    let mine = life.own(0, "GET", "", &Value::Null).await?;
    assert_eq!(reasons(&mine), ["reports-missed"], "{mine}");
    assert_eq!(life.own(0, "POST", "/reports", &healthy()).await?["colour"], "green");
    Ok(())
}
