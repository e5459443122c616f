//! A courier in Xinji: measured and registered at every door, asked to hand over without contact, ill, and
//! well again.

use super::{AtDoor, Life, healthy, reasons};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn xj_20_a_couriers_life_in_xinji() -> anyhow::Result<()> {
    let mut life = Life::begin("xinji").await?;
    life.register(0, &json!({"class": "courier"})).await?;
    // Green is not enough: the staff measure, see the card, and read what couriers are asked.
    assert_eq!(life.at_door(0).await?, AtDoor::new("green", "check", &["temperature", "document"]));
    let measured = json!({"person": life.code(0), "temperature": 36.4, "document_shown": true});
    let inside = life.show(&measured).await?;
    assert_eq!(AtDoor::of(&inside), AtDoor::new("green", "pass", &[]));
    assert_eq!(inside["holder"], json!({"name": "欧**远", "document": "…002X", "class": "courier"}));
    assert!(inside["advice"]["zh"].as_str().is_some_and(|zh| zh.contains("无接触")), "{inside}");

    // A fever at a door turns the courier away, and a report of it is answered with where to go.
    life.sleep().await?;
    let feverish = json!({"person": life.code(0), "temperature": 37.6, "document_shown": true});
    let refused = life.show(&feverish).await?;
    assert_eq!(
        (&refused["verdict"], &refused["reasons"]),
        (&json!("refuse"), &json!(["fever"])),
        "{refused}"
    );
    let ill = json!({"temperature": 37.9, "symptoms": ["fatigue"]});
    let reported = life.own(0, "POST", "/reports", &ill).await?;
    assert_eq!(reported["colour"], "yellow", "{reported}");
    assert!(reported["advice"]["en"].as_str().is_some_and(|en| en.contains("fever clinic")), "{reported}");
    life.wait(60_000).await?;
    assert_eq!(life.at_door(0).await?, AtDoor::new("yellow", "refuse", &[]));
    let code = life.code(0);
    let refused = life.show(&json!({"person": code})).await?;
    let advice = refused["advice"]["zh"].as_str().unwrap_or_default();
    assert!(advice.contains("发热门诊") && advice.contains("无接触"), "{refused}");

    // The symptoms are ruled out three days later.
    for _ in 0..3 {
        life.sleep().await?;
        assert_eq!(life.own(0, "POST", "/reports", &healthy()).await?["colour"], "yellow");
    }
    assert_eq!(life.fact(0, json!({"kind": "ruled-out"})).await?.1, "green");
    life.wait(60_000).await?;
    assert_eq!(life.at_door(0).await?, AtDoor::new("green", "check", &["temperature", "document"]));

    // Another job: the advice ends with the class.
    assert_eq!(life.own(0, "PATCH", "", &json!({"class": "permanent"})).await?["class"], "permanent");
    life.wait(60_000).await?;
    let measured = json!({"person": life.code(0), "temperature": 36.4, "document_shown": true});
    let inside = life.show(&measured).await?;
    assert_eq!(
        (&inside["holder"]["class"], &inside["advice"]),
        (&json!("permanent"), &Value::Null),
        "{inside}"
    );
    let mine = life.own(0, "GET", "", &Value::Null).await?;
    assert_eq!((mine["colour"].as_str(), reasons(&mine)), (Some("green"), vec![]), "{mine}");
    Ok(())
}
