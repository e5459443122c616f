//! A resident's own record: registration, reading, changes, erasure.

use scangate_core::time::DAY_MS;
use scangate_loadgen::city::RegistrationReply;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, away_from_midnight, refused};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn form(r#type: &str, number: &str) -> Value {
    json!({"name": "张三", "phone": "13800138000", "document": {"type": r#type, "number": number}})
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_takes_real_documents_and_gives_a_key_once() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    for (body, status, code) in [
        (form("resident-id", "11010519491231002X"), 200, ""),
        (form("resident-id", "11010519491231002X"), 409, "already-registered"),
        (form("resident-id", "110105194912310020"), 422, "document-invalid"),
        (form("resident-id", "11010519490231002X"), 422, "document-invalid"),
        (form("passport", "E12345678"), 200, ""),
        (form("library-card", "1"), 400, "malformed"),
        (json!({"name": "张三"}), 400, "malformed"),
        (
            json!({"name": "", "phone": "13800138000", "document": {"type": "passport", "number": "E1234567"}}),
            422,
            "name-invalid",
        ),
        (
            json!({"name": "x", "phone": "+85212345678", "document": {"type": "passport", "number": "E1234567"}}),
            422,
            "phone-unsupported",
        ),
    ] {
        let sent = town.send("POST", "/v1/people", "", body.to_string()).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (status, code), "{body}: {}", sent.text());
        assert!(!sent.text().contains("张三") && !sent.text().contains("13800138000"), "{}", sent.text());
    }
    let big = town.send("POST", "/v1/people", "", "x".repeat(70_000)).await?;
    assert_eq!((big.status(), big.code().as_str()), (413, "too-large"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_is_read_changed_and_erased_by_the_token_no_screen_shows() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let checked_in = town.check_in(0, 0).await?.json()?;
    let resident = town.residents[0].authorization(now());
    let mine = town.mine(0).await?;
    assert_eq!(mine["check_ins"][0]["id"], checked_in["id"]);
    assert_eq!((&mine["colour"], &mine["reasons"]), (&json!("green"), &json!([])));

    let code = town.residents[0].code(scangate_core::time::Step::of(now()));
    let by_code = town.send("GET", "/v1/people/me", &format!("Resident {code}"), "").await?;
    assert_eq!((by_code.status(), by_code.code().as_str()), (401, "person-code-invalid"));

    let changed = town.send("PATCH", "/v1/people/me", &resident, r#"{"name":"李四"}"#).await?.json()?;
    assert_eq!(changed["name"], "李四");
    let strange = town.send("PATCH", "/v1/people/me", &resident, r#"{"colour":"green"}"#).await?;
    assert_eq!((strange.status(), strange.code().as_str()), (400, "malformed"));

    assert_eq!(town.send("DELETE", "/v1/people/me", &resident, "").await?.status(), 204);
    let gone = town.send("GET", "/v1/people/me", &resident, "").await?;
    assert_eq!(gone.status_and_code(), refused(401, "person-erased"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_14_one_edit_a_day_and_gz_07_only_by_green() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = TestTown::under("xinji", 1).await?;
    let name = json!({"name": "李四"});
    assert_eq!(town.own(0, "PATCH", "", &name).await?.status(), 200);
    let second = town.own(0, "PATCH", "", &name).await?;
    assert_eq!(second.status_and_code(), refused(429, "edit-quota"));
    assert!(second.json()?["retry_after_ms"].as_u64().is_some_and(|ms| ms <= DAY_MS), "{}", second.text());

    let mut town = TestTown::under("nanchong", 1).await?;
    for _ in 0..3 {
        assert_eq!(town.own(0, "PATCH", "", &name).await?.status(), 200);
    }
    let symptoms = json!({"kind": "symptoms", "which": ["dry-cough"]});
    assert_eq!(town.fact(0, now(), symptoms).await?, "yellow");
    let yellow = town.own(0, "PATCH", "", &name).await?;
    assert_eq!(yellow.status_and_code(), refused(403, "edit-not-green"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_05_and_xz_13_everybody_belongs_to_the_city_in_a_way_and_xj_20_couriers_are_measured_too()
-> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let authority = town.authority.clone();
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.json()?["class"], "permanent");
    let form = |number: usize, class: &str| {
        let document = json!({"type": "passport", "number": format!("E7654321{number}")});
        json!({"name": "某人", "phone": "13800138000", "document": document, "class": class})
    };
    let classes = ["permanent", "temporary", "returning", "arriving", "courier"];
    for (number, class) in classes.into_iter().enumerate() {
        let given = town.send("POST", "/v1/people", "", form(number, class).to_string()).await?;
        assert_eq!(given.status(), 200, "{class}: {}", given.text());
        let path = format!("/v1/people/{}", given.json()?["person"].as_str().unwrap_or_default());
        assert_eq!(town.send("GET", &path, &authority, "").await?.json()?["class"], class);
        let given = serde_json::from_value::<RegistrationReply>(given.json()?)?;
        town.residents.push(given.resident()?);
    }
    let strange = town.send("POST", "/v1/people", "", form(9, "vip").to_string()).await?;
    assert_eq!(strange.status_and_code(), refused(400, "malformed"));
    // An arrival becomes a temporary resident.
    let changed = town.own(4, "PATCH", "", &json!({"class": "temporary"})).await?.json()?;
    assert_eq!(changed["class"], "temporary", "{changed}");
    // A green courier needs the same checks as others.
    let courier = town.check_in(5, 0).await?.json()?;
    assert_eq!(
        (&courier["colour"], &courier["checks"]),
        (&json!("green"), &json!(["temperature", "document"])),
        "{courier}"
    );
    Ok(())
}

/// The members that a schema requires, in all of its parts.
fn required(document: &Value, schema: &Value) -> BTreeSet<String> {
    let referred = schema["$ref"].as_str().and_then(|place| document.pointer(place.strip_prefix('#')?));
    let parts = schema["allOf"].as_array().into_iter().flatten().chain(referred);
    let own = schema["required"].as_array().into_iter().flatten();
    let own = own.filter_map(|name| Some(name.as_str()?.to_owned()));
    own.chain(parts.flat_map(|part| required(document, part))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_requires_every_member_of_ones_own_record_and_overview() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let document = town.send("GET", "/openapi.json", "", "").await?.json()?;
    for (path, schema) in [("", "Mine"), ("/overview", "Overview")] {
        let answer = town.own(0, "GET", path, &Value::Null).await?.json()?;
        let members: BTreeSet<String> =
            answer.as_object().into_iter().flatten().map(|member| member.0.clone()).collect();
        assert_eq!(members, required(&document, &document["components"]["schemas"][schema]), "{schema}");
    }
    Ok(())
}
