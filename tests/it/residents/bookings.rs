//! Test sites, their free slots, and bookings.

use anyhow::Context as _;
use scangate_core::time::{DAY_MS, HOUR_MS, Timestamp};
use scangate_loadgen::drive::now;
use scangate_tests::{CITIES_EAST_MS, TestTown, away_from_midnight, refused};
use serde_json::{Value, json};

/// Tomorrow's date and its midnight in the cities' zone, which has no summer time. Today does not end before
/// the test does.
async fn tomorrow() -> anyhow::Result<(String, Timestamp)> {
    away_from_midnight().await?;
    let days = (now().0 + CITIES_EAST_MS) / DAY_MS + 1;
    let midnight = Timestamp(days * DAY_MS - CITIES_EAST_MS);
    // The cities' day number times a day's length is a time of the same date in UTC.
    let date = Timestamp(days * DAY_MS).to_string();
    Ok((date.split('T').next().unwrap_or_default().to_owned(), midnight))
}

fn site(name: &str, district: &str, places: u16) -> Value {
    json!({
        "name": name, "district": district, "address": "新城大道1号", "opens": "08:00", "closes": "10:00",
        "slot_minutes": 60, "places": places,
    })
}

/// Adds a test site, and returns its id.
async fn add(town: &mut TestTown, line: &Value) -> anyhow::Result<String> {
    let authority = town.authority.clone();
    let added = town.send("POST", "/v1/test-sites", &authority, line.to_string()).await?;
    assert_eq!(added.status(), 200, "{}", added.text());
    Ok(added.lines()?[0]["site"].as_str().context("an id")?.to_owned())
}

/// The answer to a resident's GET request.
async fn look(town: &mut TestTown, path: &str) -> anyhow::Result<Value> {
    let resident = town.residents[0].authorization(now());
    let told = town.send("GET", path, &resident, "").await?;
    assert_eq!(told.status(), 200, "{path}: {}", told.text());
    told.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_16_test_sites_are_looked_up_and_a_test_is_booked_and_cancelled() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 4).await?;
    let (here, _) =
        (add(&mut town, &site("东", "云龙", 2)).await?, add(&mut town, &site("西", "泉山", 2)).await?);
    let (day, midnight) = tomorrow().await?;
    let all = look(&mut town, "/v1/test-sites").await?;
    assert_eq!(
        (all["test_sites"].as_array().map(Vec::len), all["days"].as_array().map(Vec::len)),
        (Some(2), Some(7))
    );
    let near = look(&mut town, "/v1/test-sites?district=%E4%BA%91%E9%BE%99").await?;
    assert_eq!(
        near["test_sites"],
        json!([all["test_sites"].as_array().unwrap().iter().find(|site| site["site"] == here.as_str())])
    );
    assert_eq!(all["days"][1], day.as_str());
    let path = format!("/v1/test-sites/{here}/slots?day={day}");
    let (eight, nine) = (midnight.plus_ms(8 * HOUR_MS), midnight.plus_ms(9 * HOUR_MS));
    let left = |first: u16| {
        json!([
            {"at": eight, "from": "08:00", "to": "09:00", "free": first},
            {"at": nine, "from": "09:00", "to": "10:00", "free": 2},
        ])
    };
    assert_eq!(look(&mut town, &path).await?["slots"], left(2));

    let wish = json!({"site": here, "at": eight});
    for resident in [0, 1, 0] {
        let booked = town.own(resident, "POST", "/bookings", &wish).await?;
        assert_eq!(booked.status(), 200, "{}", booked.text());
        let booked = booked.json()?;
        assert_eq!(
            (&booked["name"], &booked["at"], &booked["day"]),
            (&json!("东"), &json!(eight), &json!(day))
        );
        assert_eq!((&booked["from"], &booked["to"]), (&json!("08:00"), &json!("09:00")));
    }
    assert_eq!(look(&mut town, &path).await?["slots"], left(0));
    assert_eq!(
        town.own(2, "POST", "/bookings", &wish).await?.status_and_code(),
        refused(409, "fully-booked")
    );
    let later = json!({"site": here, "at": nine});
    assert_eq!(
        town.own(1, "POST", "/bookings", &later).await?.status_and_code(),
        refused(409, "booked-already")
    );

    let cancel = format!("/bookings/{day}");
    assert_eq!(town.own(1, "DELETE", &cancel, &Value::Null).await?.status(), 204);
    assert_eq!(
        town.own(1, "DELETE", &cancel, &Value::Null).await?.status_and_code(),
        refused(404, "not-found")
    );
    assert_eq!(town.own(2, "POST", "/bookings", &wish).await?.status(), 200);
    assert_eq!(town.own(1, "GET", "/bookings", &Value::Null).await?.json()?, json!({"bookings": []}));

    // The site's staff read the bookings as JSON or CSV, and each read is audited.
    let authority = town.authority.clone();
    let path = format!("/v1/test-sites/{here}/bookings?day={day}");
    let coming = town.send("GET", &path, &authority, "").await?.json()?;
    let mut people: Vec<&Value> =
        coming["bookings"].as_array().unwrap().iter().map(|one| &one["person"]).collect();
    people.sort_unstable_by_key(|person| person.to_string());
    let mut expected = [0, 2].map(|resident| json!(town.residents[resident].person));
    expected.sort_unstable_by_key(Value::to_string);
    assert_eq!(people, expected.iter().collect::<Vec<_>>());
    let asked = http::Request::get(&path).header("authorization", &authority).header("accept", "text/csv");
    let table = town.connection.send(asked.body(bytes::Bytes::new())?).await?;
    let table = String::from_utf8(table.body().to_vec())?;
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!((rows[0], rows.len()), ("at,person", 3), "{table}");
    assert!(rows[1..].iter().all(|row| row.starts_with(&eight.to_string())), "{table}");
    let operator = town.gateway.first_token("operator")?;
    let audit = town.send("GET", "/v1/audit", &operator, "").await?.lines()?;
    let acts: Vec<&Value> = audit.iter().map(|entry| &entry["act"]["act"]).collect();
    assert_eq!(acts.iter().filter(|act| ***act == "bookings-read").count(), 2, "{acts:?}");
    let resident = town.residents[0].authorization(now());
    assert_eq!(town.send("GET", &path, &resident, "").await?.status(), 401);

    // A closed site accepts no booking and keeps the existing ones.
    let closed = town.send("DELETE", &format!("/v1/test-sites/{here}"), &authority, "").await?;
    assert_eq!(closed.status(), 204);
    assert_eq!(town.own(3, "POST", "/bookings", &later).await?.status_and_code(), refused(404, "not-found"));
    assert_eq!(look(&mut town, "/v1/test-sites").await?["test_sites"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        town.own(0, "GET", "/bookings", &Value::Null).await?.json()?["bookings"][0]["at"],
        json!(eight)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_booked_is_refused_and_says_why() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 2).await?;
    let here = add(&mut town, &site("东", "云龙", 2)).await?;
    let (day, midnight) = tomorrow().await?;
    let at = |hours: u64| midnight.plus_ms(hours * HOUR_MS);
    for (wish, said) in [
        (json!({"site": here, "at": at(10)}), refused(400, "malformed")),
        (json!({"site": here, "at": at(8).plus_ms(1)}), refused(400, "malformed")),
        (json!({"site": here, "at": at(8 + 24 * 6)}), refused(400, "malformed")),
        (json!({"site": here, "at": at(8).minus_ms(3 * DAY_MS)}), refused(400, "malformed")),
        (json!({"site": here}), refused(400, "malformed")),
        (json!({"site": "t0000000000001", "at": at(8)}), refused(404, "not-found")),
    ] {
        assert_eq!(town.own(0, "POST", "/bookings", &wish).await?.status_and_code(), said, "{wish}");
    }
    let last = json!({"site": here, "at": at(8 + 24 * 5)});
    assert_eq!(town.own(0, "POST", "/bookings", &last).await?.status(), 200);

    let resident = town.residents[0].authorization(now());
    for (path, said) in [
        (format!("/v1/test-sites/{here}/slots"), refused(400, "malformed")),
        (format!("/v1/test-sites/{here}/slots?day=2022-02-30"), refused(400, "malformed")),
        (format!("/v1/test-sites/{here}/slots?day={day}&x=1"), refused(400, "malformed")),
        (format!("/v1/test-sites/t0000000000001/slots?day={day}"), refused(404, "not-found")),
        ("/v1/test-sites?where=x".to_owned(), refused(400, "malformed")),
    ] {
        assert_eq!(town.send("GET", &path, &resident, "").await?.status_and_code(), said, "{path}");
    }
    // Today's slots that have begun are left out.
    let mut all_day = site("西", "云龙", 2);
    (all_day["opens"], all_day["closes"], all_day["slot_minutes"]) =
        (json!("00:00"), json!("24:00"), json!(5));
    let all_day = add(&mut town, &all_day).await?;
    let (days, before) = (look(&mut town, "/v1/test-sites").await?["days"].clone(), now().to_string());
    let today = days[0].as_str().context("a date")?;
    let left = look(&mut town, &format!("/v1/test-sites/{all_day}/slots?day={today}")).await?;
    let left = left["slots"].as_array().cloned().unwrap_or_default();
    assert!(
        left.len() < 288 && left.iter().all(|slot| slot["at"].as_str() > Some(before.as_str())),
        "{left:?}"
    );
    let authority = town.authority.clone();
    let wrong =
        [("opens", json!("8:00")), ("closes", json!("07:00")), ("places", json!(0)), ("name", json!(" "))];
    let lines = wrong.map(|(field, value)| {
        let mut line = site("东", "云龙", 2);
        line[field] = value;
        line.to_string()
    });
    let added = town.send("POST", "/v1/test-sites", &authority, lines.join("\n")).await?.lines()?;
    let codes: Vec<_> = added.iter().map(|line| (&line["line"], &line["code"])).collect();
    let expected: Vec<_> = (1..=4).map(|line| (json!(line), json!("malformed"))).collect();
    assert_eq!(codes, expected.iter().map(|(line, code)| (line, code)).collect::<Vec<_>>());
    assert_eq!(look(&mut town, "/v1/test-sites").await?["test_sites"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_books_for_a_dependant_and_nobody_else_does() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 3).await?;
    let here = add(&mut town, &site("东", "荆州", 2)).await?;
    let (day, midnight) = tomorrow().await?;
    let (wish, dependant) =
        (json!({"site": here, "at": midnight.plus_ms(8 * HOUR_MS)}), town.residents[1].person);
    let (path, cancel) =
        (format!("/dependants/{dependant}/bookings"), format!("/dependants/{dependant}/bookings/{day}"));
    assert_eq!(town.own(0, "POST", &path, &wish).await?.status_and_code(), refused(404, "not-found"));
    assert_eq!(town.own(0, "POST", "/dependants", &json!({ "person": dependant })).await?.status(), 200);
    assert_eq!(town.own(0, "POST", &path, &wish).await?.status(), 200);
    let theirs = town.own(1, "GET", "/bookings", &Value::Null).await?.json()?;
    assert_eq!(theirs["bookings"][0]["site"], here.as_str());
    assert_eq!(town.own(0, "GET", &path, &Value::Null).await?.json()?, theirs);
    assert_eq!(town.own(0, "GET", "/bookings", &Value::Null).await?.json()?, json!({"bookings": []}));
    for (method, path) in [("GET", &path), ("DELETE", &cancel)] {
        assert_eq!(
            town.own(2, method, path, &Value::Null).await?.status_and_code(),
            refused(404, "not-found"),
            "{method}"
        );
    }
    assert_eq!(town.own(0, "DELETE", &cancel, &Value::Null).await?.status(), 204);
    assert_eq!(town.own(1, "GET", "/bookings", &Value::Null).await?.json()?, json!({"bookings": []}));
    Ok(())
}
