//! Reviews: applications under Jingzhou's pack are checked before their first colour.

use super::{NUMBER, OTHER_NUMBER, form, settle};
use scangate_core::time::{HOUR_MS, Timestamp};
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually, refused};
use serde_json::{Value, json};
use std::sync::Arc;

const PHONE: &str = "13700000001";
const OTHER_PHONE: &str = "13700000002";
/// Resident identity numbers with valid check digits.
const NUMBERS: [&str; 3] = ["110105194912310054", "110105194912310070", "110105194912310097"];

fn named(mut application: Value, name: &str) -> Value {
    application["name"] = json!(name);
    application
}

/// Applies, and returns the review in the answer and the number among the town's residents.
async fn apply(town: &mut TestTown, application: &Value) -> anyhow::Result<(Value, usize)> {
    let given = town.send("POST", "/v1/people", "", application.to_string()).await?;
    anyhow::ensure!(given.status() == 200, "{}", given.text());
    let given = given.json()?;
    Ok((given["review"].clone(), settle(town, given)?))
}

async fn waiting(town: &mut TestTown) -> anyhow::Result<Vec<Value>> {
    let authority = town.authority.clone();
    let listed = town.send("GET", "/v1/reviews", &authority, "").await?.json()?;
    Ok(listed["reviews"].as_array().cloned().unwrap_or_default())
}

async fn mine(town: &mut TestTown, resident: usize) -> anyhow::Result<Value> {
    town.own(resident, "GET", "", &Value::Null).await?.json()
}

fn time(value: &Value) -> anyhow::Result<Timestamp> {
    Ok(value.as_str().unwrap_or_default().parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_13_an_application_whose_checks_pass_is_approved_and_says_so() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 1).await?;
    let (review, person) = apply(&mut town, &form(PHONE, "resident-id", NUMBER)).await?;
    assert_eq!(review, json!({"status": "approved"}));
    let record = mine(&mut town, person).await?;
    assert_eq!((&record["colour"], &record["review"]), (&json!("green"), &json!({"status": "approved"})));
    // The authority's people count as reviewed.
    assert_eq!(town.check_in(0, 0).await?.json()?["colour"], "green");
    assert_eq!(mine(&mut town, 0).await?["review"], Value::Null);
    assert_eq!(waiting(&mut town).await?, Vec::<Value>::new());
    // Xinji's pack has no checks.
    let mut xinji = TestTown::under("xinji", 1).await?;
    let (review, _) = apply(&mut xinji, &form(PHONE, "passport", "E60000001")).await?;
    assert_eq!(review, Value::Null);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_13_each_check_finds_what_it_is_for() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 1).await?;
    let authority = town.authority.clone();
    let register = named(form(OTHER_PHONE, "resident-id", OTHER_NUMBER), "登记人").to_string();
    assert_eq!(town.send("POST", "/v1/people/import", &authority, register).await?.status(), 200);
    let fresh = |number: usize| format!("1370000001{number}");
    for (application, failed) in [
        (form(&fresh(0), "resident-id", NUMBER), json!([])),
        (form(&fresh(1), "passport", "E60000001"), json!(["document"])),
        (form(&fresh(0), "resident-id", NUMBERS[0]), json!(["phone"])),
        (form(&fresh(0), "passport", "E60000002"), json!(["document", "phone"])),
        // The register has another name for the phone.
        (form(OTHER_PHONE, "resident-id", NUMBERS[1]), json!(["phone", "register"])),
        (named(form(OTHER_PHONE, "resident-id", NUMBERS[2]), "登记人"), json!(["phone"])),
    ] {
        let (review, person) = apply(&mut town, &application).await?;
        if failed == json!([]) {
            assert_eq!(review, json!({"status": "approved"}), "{application}");
            continue;
        }
        assert_eq!((&review["status"], &review["failed"]), (&json!("waiting"), &failed), "{application}");
        assert_eq!(mine(&mut town, person).await?["review"], review);
    }
    assert_eq!(waiting(&mut town).await?.len(), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_13_who_fails_a_check_is_unknown_until_the_authority_approves() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let start = |arguments: &[&str]| Gateway::start_in(Arc::clone(&folder), arguments, ExpectedLog::Quiet);
    let mut town = TestTown::found_in(start(&["--policy", "jingzhou"])?, 1).await?;
    let (review, person) = apply(&mut town, &form(PHONE, "passport", "E60000001")).await?;
    let scan = town.check_in(person, 0).await?.json()?;
    let decided = ["colour", "verdict", "checks", "reasons"].map(|name| scan[name].clone());
    assert_eq!(decided, [json!("unknown"), json!("check"), json!(["manual"]), json!(["review"])], "{scan}");
    assert_eq!(scan["explanations"][0]["reason"], "review", "{scan}");
    for words in [&scan["explanations"][0], &scan["advice"]] {
        assert!(words["zh"].is_string() && words["en"].is_string(), "{scan}");
    }
    let record = town.mine(person).await?;
    assert_eq!((&record["colour"], &record["review"]), (&json!("unknown"), &review));
    let reason = &record["reasons"][0];
    assert_eq!((&reason["rule"], &reason["fact"]), (&json!("review"), &Value::Null), "{record}");
    assert!(reason["words"]["zh"].is_string() && reason["clears_by"]["en"].is_string(), "{record}");
    assert_eq!(record["check_ins"][0]["id"], scan["id"], "the check-in is kept");

    let [entry] = &waiting(&mut town).await?[..] else { panic!("one application waits") };
    let shown = json!({
        "person": town.residents[person].person, "name": super::NAME, "document": "passport",
        "failed": ["document"], "applied": entry["applied"], "due": review["due"], "late": false,
    });
    assert_eq!(*entry, shown);
    assert_eq!(time(&entry["due"])?.since_ms(time(&entry["applied"])?), 24 * HOUR_MS);
    let metrics = async |town: &TestTown| town.gateway.ask("/metrics");
    eventually(async || metrics(&town).await, |text| text.contains("scangate_reviews_waiting 1")).await?;
    eventually(async || metrics(&town).await, |text| text.contains("scangate_overdue{duty=\"review\"} 0"))
        .await?;

    // The review holds over a restart.
    let TestTown { gateway, residents, .. } = town;
    assert!(gateway.stop()?.success());
    let mut town = TestTown::found_in(start(&[])?, 1).await?;
    town.residents = residents;
    assert_eq!(town.check_in(person, 1).await?.json()?["reasons"], json!(["review"]));

    let authority = town.authority.clone();
    let path = format!("/v1/reviews/{}", town.residents[person].person);
    let mut decide = async |body: Value| town.send("POST", &path, &authority, body.to_string()).await;
    let rejected = decide(json!({"approve": false, "reason": "照片不清"})).await?.json()?;
    let second = decide(json!({"approve": false, "reason": "another"})).await?.json()?;
    assert_eq!((&rejected["colour"], &rejected["review"]["status"]), (&json!("unknown"), &json!("rejected")));
    assert_eq!(second, rejected);
    assert_eq!(mine(&mut town, person).await?["review"]["reason"], "照片不清");
    assert_eq!(waiting(&mut town).await?, Vec::<Value>::new());
    // Only an approved person may take dependants.
    let child = json!({"name": "小明", "document": {"type": "passport", "number": "E60000003"}});
    let alone = town.own(person, "POST", "/dependants", &child).await?;
    assert_eq!(alone.status_and_code(), refused(403, "proxy-not-green"));
    assert_eq!(town.own(0, "POST", "/dependants", &child).await?.status(), 200);
    let appeal = town.own(person, "POST", "/appeals", &json!({"text": "请复核"})).await?;
    assert_eq!(appeal.status(), 200, "{}", appeal.text());

    let mut decide = async |body: Value| town.send("POST", &path, &authority, body.to_string()).await;
    let approved = decide(json!({"approve": true})).await?.json()?;
    assert_eq!((&approved["colour"], &approved["review"]), (&json!("green"), &json!({"status": "approved"})));
    assert_eq!(decide(json!({"approve": true})).await?.json()?, approved);
    assert_eq!(decide(json!({"approve": false})).await?.status_and_code(), refused(404, "not-found"));
    let scan = town.check_in(person, 2).await?.json()?;
    assert_eq!((&scan["colour"], &scan["reasons"]), (&json!("green"), &json!([])));
    let operator = town.gateway.first_token("operator")?;
    let entries = town.send("GET", "/v1/audit", &operator, "").await?.lines()?;
    let acts: Vec<&str> = entries.iter().filter_map(|entry| entry["act"]["act"].as_str()).collect();
    let decisions: Vec<&&str> = acts.iter().filter(|act| act.starts_with("review-")).collect();
    assert_eq!(decisions, [&"review-rejected", &"review-approved"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_follows_the_facts_and_stops_no_erasure() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 1).await?;
    let authority = town.authority.clone();
    let (_, sick) = apply(&mut town, &form(PHONE, "passport", "E60000001")).await?;
    let (_, gone) = apply(&mut town, &form(OTHER_PHONE, "passport", "E60000002")).await?;
    // A fact is recorded meanwhile, and gives the colour with the approval.
    assert_eq!(town.post_fact(sick, "confirmed").await?.lines()?[0]["colour"], "unknown");
    let path = format!("/v1/reviews/{}", town.residents[sick].person);
    let approved = town.send("POST", &path, &authority, json!({"approve": true}).to_string()).await?;
    assert_eq!(approved.json()?["colour"], "red");
    assert_eq!(town.own(gone, "DELETE", "", &Value::Null).await?.status(), 204);
    assert_eq!(waiting(&mut town).await?, Vec::<Value>::new());
    let path = format!("/v1/reviews/{}", town.residents[gone].person);
    let late = town.send("POST", &path, &authority, json!({"approve": true}).to_string()).await?;
    assert_eq!(late.status_and_code(), refused(404, "not-found"));
    for (authorization, body, status) in [
        ("", json!({"approve": true}), 401),
        (&*town.tracer.clone(), json!({"approve": true}), 403),
        (&*authority, json!({"approve": "yes"}), 400),
        (&*authority, json!({"approve": false, "reason": " "}), 400),
    ] {
        let sent = town.send("POST", &path, authorization, body.to_string()).await?;
        assert_eq!(sent.status(), status, "{body}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_of_reviews_is_read_page_by_page() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 1).await?;
    let authority = town.authority.clone();
    for number in 0..203 {
        let application = form(&format!("13700{number:06}"), "passport", &format!("E7{number:06}"));
        apply(&mut town, &application).await?;
    }
    let first = town.send("GET", "/v1/reviews", &authority, "").await?.json()?;
    let next = first["next"].as_str().unwrap_or_default().to_owned();
    let path = format!("/v1/reviews?after={next}");
    let second = town.send("GET", &path, &authority, "").await?.json()?;
    let listed = |page: &Value| page["reviews"].as_array().cloned().unwrap_or_default();
    let (first, rest) = (listed(&first), listed(&second));
    assert_eq!((first.len(), rest.len(), &second["next"]), (200, 3, &Value::Null));
    let all: Vec<Timestamp> =
        first.iter().chain(&rest).map(|entry| time(&entry["applied"])).collect::<anyhow::Result<_>>()?;
    assert!(all.is_sorted());
    let wrong = town.send("GET", "/v1/reviews?after=x", &authority, "").await?;
    assert_eq!(wrong.status_and_code(), refused(400, "malformed"));
    Ok(())
}
