//! What staff at a terminal see of the person in front of them.

use scangate_core::time::Step;
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually, send};
use serde_json::{Value, json};

/// Imports a person, and returns whose code can be shown.
async fn import(town: &mut TestTown, line: Value) -> anyhow::Result<LoadResident> {
    let authority = town.authority.clone();
    let answer = town.send("POST", "/v1/people/import", &authority, line.to_string()).await?;
    serde_json::from_value::<RegistrationReply>(answer.lines()?.remove(0))?.resident()
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_20_a_courier_is_shown_to_staff_with_the_contactless_advice() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let courier = json!({
        "name": "欧阳修", "phone": "13800000001", "class": "courier",
        "document": {"type": "resident-id", "number": "11010519491231002X"},
    });
    let courier = import(&mut town, courier).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let holder = json!({"name": "欧*修", "document": "…002X", "class": "courier"});
    let code = courier.code(Step::of(now()));
    let looked = town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.json()?;
    assert_eq!(looked["holder"], holder, "{looked}");
    let scanned = town.send("POST", "/v1/check-ins", &terminal, json!({"person": code}).to_string()).await?;
    let scanned = scanned.json()?;
    assert_eq!(scanned["holder"], holder, "{scanned}");
    assert!(scanned["advice"]["zh"].as_str().is_some_and(|zh| zh.contains("无接触")), "{scanned}");
    assert!(scanned["advice"]["en"].as_str().is_some_and(|en| en.contains("without contact")), "{scanned}");
    // The person's own phone shows the name nowhere.
    let scan = json!({"venue": town.venues[1].poster, "person": code}).to_string();
    let own = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
    assert_eq!((&own["holder"], &own["advice"]), (&Value::Null, &Value::Null), "{own}");

    // Others have no such advice, and a new name and class count at once.
    let code = town.residents[0].code(Step::of(now()));
    let other = town.send("POST", "/v1/check-ins", &terminal, json!({"person": code}).to_string()).await?;
    let other = other.json()?;
    assert_eq!((&other["holder"]["class"], &other["advice"]), (&json!("permanent"), &Value::Null), "{other}");
    let change = json!({"name": "王\"五", "class": "courier"});
    assert_eq!(town.own(0, "PATCH", "", &change).await?.status(), 200);
    let changed = town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.json()?;
    assert_eq!(
        (&changed["holder"]["name"], &changed["holder"]["class"]),
        (&json!("王*五"), &json!("courier"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_20_staff_see_the_holder_again_after_a_start() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let (folder, resident, venue) = (town.gateway.folder(), town.residents[0].clone(), town.venues[0].venue);
    town.gateway.stop()?;
    let gateway = Gateway::start_in(folder, &[], ExpectedLog::Quiet)?;
    let terminal = gateway.token("terminal", "gate", Some(venue))?;
    let target = gateway.target()?;
    let mut connection = target.connect(Version::Http3).await?;
    let looked = async || {
        let path = format!("/v1/colours/{}", resident.code(Step::of(now())));
        send(&mut connection, "GET", &path, &terminal, "").await?.json()
    };
    let looked = eventually(looked, |looked| looked["holder"].is_object()).await?;
    assert_eq!(looked["holder"]["class"], "permanent", "{looked}");
    Ok(())
}
