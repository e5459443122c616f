//! Districts: the queue of a district's red and yellow people, its office's contacts with them, and the
//! people whom an office imports.

use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown, assert_refused, eventually, refused, tick};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A page of a district's queue.
async fn queue(town: &mut TestTown, token: &str, district: &str, query: &str) -> anyhow::Result<Value> {
    let read = town.send("GET", &format!("/v1/districts/{district}/people{query}"), token, "").await?;
    assert_eq!(read.status(), 200, "{}", read.text());
    read.json()
}

/// The persons of a page, in order.
fn persons(page: &Value) -> Vec<Value> {
    page["people"].as_array().into_iter().flatten().map(|shown| shown["person"].clone()).collect()
}

async fn contact(
    town: &mut TestTown,
    token: &str,
    district: &str,
    person: PersonId,
) -> anyhow::Result<TestReply> {
    let path = format!("/v1/districts/{district}/people/{person}/contacted");
    town.send("POST", &path, token, json!({"note": "by telephone"}).to_string()).await
}

async fn import(town: &mut TestTown, token: &str, lines: &[Value]) -> anyhow::Result<Vec<Value>> {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    town.send("POST", "/v1/people/import", token, lines.join("\n")).await?.lines()
}

fn person(number: usize, district: Value) -> Value {
    json!({
        "name": format!("居民{number}"), "phone": format!("138{number:08}"),
        "document": {"type": "passport", "number": format!("D{number:06}")}, "district": district,
    })
}

/// Puts the resident into a district.
async fn move_to(town: &mut TestTown, resident: usize, district: &str) -> anyhow::Result<()> {
    let changed = town.own(resident, "PATCH", "", &json!({"district": district})).await?.json()?;
    assert_eq!(changed["district"], district, "{changed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_28_a_district_sees_its_red_people_with_since_and_duties_until_it_contacts_them()
-> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 4).await?;
    let (here, there) = ("%E4%BA%91%E9%BE%99", "%E6%B3%89%E5%B1%B1");
    let office = town.gateway.authority_in("yunlong", "云龙")?;
    let authority = town.authority.clone();
    let people: Vec<PersonId> = town.residents.iter().map(|resident| resident.person).collect();
    let unit = json!({"name": "一村", "kind": "village", "district": "云龙"}).to_string();
    let unit = town.send("POST", "/v1/units", &authority, unit).await?.lines()?[0]["unit"].clone();

    // One has a district, another the one of the unit that answers for their arrival.
    move_to(&mut town, 0, "云龙").await?;
    move_to(&mut town, 2, "泉山").await?;
    assert_eq!(town.mine(0).await?["district"], "云龙");
    let before = now();
    let arrival = json!({"from_area": "420100", "at": before, "unit": unit});
    let arrival = town.own(1, "POST", "/arrivals", &arrival).await?.json()?;
    for resident in [0, 2] {
        assert_eq!(town.fact(resident, now(), json!({"kind": "confirmed"})).await?, "red");
    }
    let page = queue(&mut town, &office, here, "").await?;
    assert_eq!((persons(&page), &page["next"]), (vec![json!(people[1]), json!(people[0])], &Value::Null));
    let [arrived, confirmed] = [0, 1].map(|at| &page["people"][at]);
    assert_eq!(confirmed["reasons"][0]["rule"], "case", "{page}");
    assert!(confirmed["reasons"][0]["words"]["zh"].is_string(), "{page}");
    assert_eq!((&confirmed["duties"], &confirmed["contacted"]), (&json!([]), &Value::Null), "{page}");
    assert_eq!((&confirmed["colour"], confirmed["phone"].is_string()), (&json!("red"), true), "{page}");
    let duty = json!({
        "duty": "arrival", "arrival": arrival["arrival"], "unit": unit, "at": arrival["at"],
        "due": arrival["due"], "late": false,
    });
    assert_eq!(arrived["duties"], json!([duty]), "{page}");
    let since: Timestamp = serde_json::from_value(confirmed["since"].clone())?;
    assert!(since >= before && since <= now(), "{page}");

    // A contact is recorded once, and moves the person to the end of the queue.
    let contacted = contact(&mut town, &office, here, people[1]).await?.json()?;
    assert_eq!((&contacted["contacted"]["by"], &contacted["since"]), (&json!("yunlong"), &arrived["since"]));
    assert_eq!(contact(&mut town, &authority, here, people[1]).await?.json()?, contacted);
    let page = queue(&mut town, &office, here, "").await?;
    assert_eq!(persons(&page), [json!(people[0]), json!(people[1])]);
    assert_eq!(page["people"][1]["contacted"], contacted["contacted"], "{page}");

    // Another district, a green person and an unknown one answer alike; another district's queue is closed.
    for other in [people[2], people[3], PersonId(1)] {
        let answer = contact(&mut town, &office, here, other).await?;
        assert_eq!(answer.status_and_code(), refused(404, "not-found"), "{other}");
    }
    let foreign = town.send("GET", &format!("/v1/districts/{there}/people"), &office, "").await?;
    assert_eq!(foreign.status_and_code(), refused(403, "district-wrong"));
    let foreign = contact(&mut town, &office, there, people[2]).await?;
    assert_eq!(foreign.status_and_code(), refused(403, "district-wrong"));
    assert_eq!(persons(&queue(&mut town, &authority, there, "").await?), [json!(people[2])]);
    assert_eq!(persons(&queue(&mut town, &authority, "nowhere", "").await?), [Value::Null; 0]);
    let wrong = town.send("GET", &format!("/v1/districts/{here}/people?after=x"), &office, "").await?;
    assert_eq!(wrong.status_and_code(), refused(400, "malformed"));

    // The audit has the reading and the contact, and no name.
    let operator = town.gateway.first_token("operator")?;
    let audit = town.send("GET", "/v1/audit", &operator, "").await?.text();
    assert_eq!(audit.matches("\"person-contacted\"").count(), 1, "{audit}");
    assert!(audit.contains("district-people-read") && !audit.contains("by telephone"), "{audit}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_28_a_new_red_time_is_contacted_anew_and_a_restart_keeps_the_queue() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let start = || Gateway::start_in(Arc::clone(&folder), &[], ExpectedLog::Quiet);
    let mut town = TestTown::found_in(start()?, 2).await?;
    let office = town.gateway.authority_in("office", "A")?;
    let people: Vec<PersonId> = town.residents.iter().map(|resident| resident.person).collect();
    for resident in [0, 1] {
        move_to(&mut town, resident, "A").await?;
        assert_eq!(town.fact(resident, now(), json!({"kind": "confirmed"})).await?, "red");
    }
    for person in &people {
        assert_eq!(contact(&mut town, &office, "A", *person).await?.status(), 200);
    }
    assert_eq!(town.fact(0, now(), json!({"kind": "released"})).await?, "green");
    assert_eq!(persons(&queue(&mut town, &office, "A", "").await?), [json!(people[1])]);
    tick().await?;
    assert_eq!(town.fact(0, now(), json!({"kind": "confirmed"})).await?, "red");
    let before = queue(&mut town, &office, "A", "").await?;
    assert_eq!(persons(&before), [json!(people[0]), json!(people[1])]);
    assert_eq!(before["people"][0]["contacted"], Value::Null, "{before}");

    let TestTown { gateway, residents, venues, authority, tracer, .. } = town;
    gateway.stop()?;
    let gateway = start()?;
    let target = gateway.target()?;
    let connection = target.connect(Version::Http3).await?;
    let sends_again = false;
    let mut town =
        TestTown { gateway, target, connection, venues, residents, authority, tracer, sends_again };
    let ask = async || town.send("GET", "/v1/districts/A/people", &office, "").await;
    let read = eventually(ask, |read| read.status() == 200).await?;
    assert_eq!(read.json()?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_28_an_office_imports_people_of_its_own_district_and_no_others() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let (one, two) = (town.gateway.authority_in("one", "A")?, town.gateway.authority_in("two", "B")?);
    let lines =
        [person(1, Value::Null), person(2, json!("A")), person(3, json!("B")), person(4, json!(" A "))];
    let answers = import(&mut town, &one, &lines).await?;
    assert_eq!((&answers[2]["code"], &answers[2]["status"]), (&json!("district-wrong"), &json!(403)));
    assert!([0, 1, 3].iter().all(|&at| answers[at]["key"].is_string()), "{answers:?}");
    // The office of another district does not learn the key; a token without a district does.
    let stolen = import(&mut town, &two, &lines[..1]).await?;
    assert_eq!(stolen[0]["code"], "district-wrong", "{stolen:?}");
    let again = import(&mut town, &authority, &lines[..1]).await?;
    assert_eq!(again[0], answers[0]);
    // A person who was registered without a district joins the office's.
    let free = import(&mut town, &authority, &[person(5, Value::Null)]).await?;
    assert_eq!(import(&mut town, &two, &[person(5, Value::Null)]).await?, free);
    assert_eq!(import(&mut town, &one, &[person(5, Value::Null)]).await?[0]["code"], "district-wrong");
    let registered = town.send("POST", "/v1/people", "", person(6, json!("A")).to_string()).await?.json()?;

    let red = [&answers[0], &answers[1], &answers[3], &free[0], &registered].map(|given| {
        json!({"person": given["person"], "kind": "confirmed", "at": now(), "source": "lab"}).to_string()
    });
    let posted = town.send("POST", "/v1/facts", &authority, red.join("\n")).await?;
    assert_eq!(posted.status(), 200, "{}", posted.text());
    assert_eq!(persons(&queue(&mut town, &one, "A", "").await?).len(), 4);
    assert_eq!(persons(&queue(&mut town, &two, "B", "").await?), [free[0]["person"].clone()]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_28_a_long_queue_is_read_in_pages() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let office = town.gateway.authority_in("office", "A")?;
    let lines: Vec<Value> = (0..103).map(|number| person(number, Value::Null)).collect();
    let given = import(&mut town, &office, &lines).await?;
    let facts: Vec<String> = given
        .iter()
        .map(|given| {
            let (person, at) = (&given["person"], now());
            json!({"person": person, "kind": "confirmed", "at": at, "source": "lab"}).to_string()
        })
        .collect();
    let authority = town.authority.clone();
    for facts in facts.chunks(50) {
        let posted = town.send("POST", "/v1/facts", &authority, facts.join("\n")).await?;
        assert_eq!(posted.status(), 200, "{}", posted.text());
    }
    let first = queue(&mut town, &office, "A", "").await?;
    let next = first["next"].as_str().unwrap_or_default().to_owned();
    let second = queue(&mut town, &office, "A", &format!("?after={next}")).await?;
    assert_eq!((persons(&first).len(), persons(&second).len(), &second["next"]), (100, 3, &Value::Null));
    let all: BTreeSet<String> =
        [persons(&first), persons(&second)].concat().iter().map(Value::to_string).collect();
    assert_eq!(all.len(), 103);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_28_a_district_goes_with_tracers_and_offices_only() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let data = gateway.folder().path().display().to_string();
    for (role, district, words) in [
        ("operator", "A", "--district goes with the roles tracer and authority"),
        ("authority", " ", "--district must have 1 to 200 printable bytes"),
    ] {
        let arguments = ["token", "--role", role, "--subject", "x", "--district", district, "--data", &data];
        assert_refused(&Gateway::run(&arguments)?, words);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_28_a_corrected_unit_moves_the_person_to_its_district() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let authority = town.authority.clone();
    let unit = |district: &str| json!({"name": "一村", "kind": "village", "district": district}).to_string();
    let lines = [unit("A"), unit("B")].join("\n");
    let units = town.send("POST", "/v1/units", &authority, lines).await?.lines()?;
    let arrival = json!({"from_area": "420100", "at": now(), "unit": units[0]["unit"]});
    let arrival = town.own(0, "POST", "/arrivals", &arrival).await?.json()?;
    assert_eq!(persons(&queue(&mut town, &authority, "A", "").await?).len(), 1);
    let path = format!("/arrivals/{}", arrival["arrival"].as_str().unwrap_or_default());
    let corrected = town.own(0, "PATCH", &path, &json!({"unit": units[1]["unit"]})).await?;
    assert_eq!(corrected.status(), 200, "{}", corrected.text());
    for (district, count) in [("A", 0), ("B", 1)] {
        assert_eq!(persons(&queue(&mut town, &authority, district, "").await?).len(), count, "{district}");
    }
    Ok(())
}
