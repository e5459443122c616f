//! Arrivals: the unit that an arriving resident names, the hour to report in, and the checkpoint that closes
//! an arrival.

use anyhow::Context as _;
use scangate_core::time::{DAY_MS, HOUR_MS, Step, Timestamp};
use scangate_loadgen::drive::now;
use scangate_tests::{
    CITIES_EAST_MS, ExpectedLog, Gateway, TestTown, away_from_midnight, eventually, refused, tick,
};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn xj_11_who_arrives_names_a_unit_and_xj_12_stands_in_the_queue_after_the_hour() -> anyhow::Result<()> {
    let overdue = ExpectedLog::Words("duties are overdue");
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--policy", "xinji"], overdue)?;
    let mut town = TestTown::found_in(gateway, 4).await?;
    let arrival = |at: Timestamp, unit: Value| json!({"from_area": "420100", "at": at, "unit": unit});
    let (late, timely) = (now().minus_ms(HOUR_MS + 1_000), now().minus_ms(HOUR_MS - 120_000));
    let without = town.own(0, "POST", "/arrivals", &arrival(late, Value::Null)).await?;
    assert_eq!(without.status_and_code(), refused(422, "unit-needed"));
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.json()?["colour"], "green");

    let mut ids = Vec::new();
    for (resident, at) in [(0, late), (1, timely)] {
        let said = town.own(resident, "POST", "/arrivals", &arrival(at, json!("村委会"))).await?;
        assert_eq!(said.status(), 200, "{}", said.text());
        ids.push(said.json()?["arrival"].as_str().unwrap_or_default().to_owned());
        let again = town.own(resident, "POST", "/arrivals", &arrival(at, json!("村委会"))).await?.json()?;
        assert_eq!(again["arrival"], json!(ids.last()), "{again}");
        let mine = town.own(resident, "GET", "", &Value::Null).await?.json()?;
        let reasons: Vec<&Value> =
            mine["reasons"].as_array().into_iter().flatten().map(|reason| &reason["rule"]).collect();
        assert_eq!((&mine["colour"], reasons), (&json!("red"), vec![&json!("key-area")]), "{mine}");
    }
    // An arrival without consequences has no duty to report.
    let green =
        town.own(2, "POST", "/arrivals", &json!({"from_area": "110000", "at": late})).await?.json()?;
    assert_eq!((&green["due"], &green["overdue"]), (&Value::Null, &json!(false)));

    let authority = town.authority.clone();
    let queue = town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json()?;
    assert_eq!(queue["overdue"].as_array().map(Vec::len), Some(1), "{queue}");
    assert_eq!(
        (&queue["overdue"][0]["arrival"], &queue["overdue"][0]["unit"]),
        (&json!(ids[0]), &json!("村委会"))
    );
    let counted = async || town.gateway.metric("scangate_overdue", "arrival");
    eventually(counted, |&overdue| overdue > 0.0).await?;
    let path = format!("/arrivals/{}/reported", ids[0]);
    let foreign = town.own(1, "POST", &path, &Value::Null).await?;
    assert_eq!(foreign.status_and_code(), refused(404, "not-found"));
    let reported = town.own(0, "POST", &path, &Value::Null).await?.json()?;
    assert_eq!(town.own(0, "POST", &path, &Value::Null).await?.json()?["reported"], reported["reported"]);
    let queue = town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json()?;
    assert_eq!(queue["overdue"], json!([]));
    let counted = async || town.gateway.metric("scangate_overdue", "arrival");
    eventually(counted, |&overdue| overdue == 0.0).await?;
    Ok(())
}

/// Registers units, and returns their ids.
async fn register_units(town: &mut TestTown, units: &[Value]) -> anyhow::Result<Vec<Value>> {
    let lines: Vec<String> = units.iter().map(Value::to_string).collect();
    let authority = town.authority.clone();
    let added = town.send("POST", "/v1/units", &authority, lines.join("\n")).await?;
    anyhow::ensure!(added.status() == 200, "{}", added.text());
    Ok(added.lines()?.into_iter().map(|mut line| line["unit"].take()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_11_an_arrival_names_a_registered_unit_which_proves_a_job_or_a_home() -> anyhow::Result<()> {
    let overdue = ExpectedLog::Words("duties are overdue");
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--policy", "xinji"], overdue)?;
    let mut town = TestTown::found_in(gateway, 2).await?;
    let authority = town.authority.clone();
    let at = now().minus_ms(HOUR_MS + 1_000);
    let arrival = |unit: &Value| json!({"from_area": "420100", "at": at, "unit": unit});
    // A free text is accepted until the city registers units, and stays as it is afterwards.
    let before = town.own(1, "POST", "/arrivals", &arrival(&json!("村委会"))).await?;
    assert_eq!(before.status(), 200, "{}", before.text());
    let village = json!({"name": "一村", "kind": "village", "district": "南智邱镇"});
    let employer = json!({"name": "皮革厂", "kind": "employer", "district": "辛集镇"});
    let units = register_units(&mut town, &[village.clone(), employer.clone(), village]).await?;
    assert_eq!(units[0], units[2]);
    assert_eq!(register_units(&mut town, &[employer]).await?, [units[1].clone()]);
    let own = town.residents[0].authorization(now());
    for authorization in [&authority, &own] {
        let all = town.send("GET", "/v1/units", authorization, "").await?.json()?;
        assert_eq!(all["units"].as_array().map(Vec::len), Some(2), "{all}");
        let there =
            town.send("GET", "/v1/units?district=%E8%BE%9B%E9%9B%86%E9%95%87", authorization, "").await?;
        let there = there.json()?;
        assert_eq!((&there["units"][0]["unit"], &there["units"][0]["basis"]), (&units[1], &json!("job")));
        assert_eq!(there["units"][1], Value::Null, "{there}");
    }
    for unknown in [json!("村委会"), json!("u0000000000000")] {
        let refusal = town.own(0, "POST", "/arrivals", &arrival(&unknown)).await?;
        assert_eq!(refusal.status_and_code(), refused(422, "unit-unknown"));
    }
    let said = town.own(0, "POST", "/arrivals", &arrival(&units[0])).await?.json()?;
    let described = |shown: &Value| {
        ["unit", "unit_name", "unit_kind", "unit_district", "basis"].map(|name| shown[name].clone())
    };
    let expected = [units[0].clone(), json!("一村"), json!("village"), json!("南智邱镇"), json!("home")];
    assert_eq!(described(&said), expected);
    let mine = town.own(0, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(described(&mine["arrivals"][0]), expected);
    let queue = town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json()?;
    let mut shown: Vec<_> = queue["overdue"].as_array().into_iter().flatten().map(described).collect();
    shown.sort_by_key(|unit| unit[1].is_null());
    let free = [json!("村委会"), Value::Null, Value::Null, Value::Null, Value::Null];
    assert_eq!(shown, [expected, free], "{queue}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_lies_within_14_days_by_local_dates() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = TestTown::under("xuzhou", 1).await?;
    let today = (now().0 + CITIES_EAST_MS) / DAY_MS;
    let midnight = |day: u64| Timestamp(day * DAY_MS - CITIES_EAST_MS);
    let (first, end) = (midnight(today - 14), midnight(today + 15));
    for (at, status) in [(first, 200), (first.minus_ms(1), 400), (end.minus_ms(1), 200), (end, 400)] {
        let sent = town.own(0, "POST", "/arrivals", &json!({"from_area": "320100", "at": at})).await?;
        assert_eq!(sent.status(), status, "{at}: {}", sent.text());
    }
    Ok(())
}

/// The stays of a resident on record: area, and the reason of the withdrawal or null.
async fn stays(town: &mut TestTown, resident: usize) -> anyhow::Result<Vec<(Value, Value)>> {
    let (authority, person) = (town.authority.clone(), town.residents[resident].person);
    let record = town.send("GET", &format!("/v1/people/{person}"), &authority, "").await?.json()?;
    let facts = record["facts"].as_array().into_iter().flatten();
    let mut stays: Vec<_> =
        facts.map(|fact| (fact["area"].clone(), fact["withdrawn"]["reason"].clone())).collect();
    stays.sort_by_key(|(area, reason)| (area.to_string(), reason.to_string()));
    Ok(stays)
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_11_an_arrival_is_corrected_and_withdrawn_and_one_stay_counts_for_it() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 2).await?;
    let at = now().minus_ms(60_000);
    let arrival = json!({"from_area": "420100", "at": at, "unit": "村委会"});
    let said = town.own(0, "POST", "/arrivals", &arrival).await?.json()?;
    let path = format!("/arrivals/{}", said["arrival"].as_str().unwrap_or_default());
    let colour = async |town: &mut TestTown| town.own(0, "GET", "", &Value::Null).await?.json();
    assert_eq!(colour(&mut town).await?["colour"], "red");
    for (wrong, expected) in [
        (json!({"unit": null}), refused(422, "unit-needed")),
        (json!({"venue": "v0000000000000"}), refused(422, "venue-unknown")),
        (json!({"at": now().minus_ms(20 * DAY_MS)}), refused(400, "malformed")),
        (json!({"person": "p0000000000000"}), refused(400, "malformed")),
    ] {
        let sent = town.own(0, "PATCH", &path, &wrong).await?;
        assert_eq!(sent.status_and_code(), expected, "{wrong}");
    }
    for (method, body) in [("PATCH", json!({"from_area": "110000"})), ("DELETE", Value::Null)] {
        let foreign = town.own(1, method, &path, &body).await?;
        assert_eq!(foreign.status_and_code(), refused(404, "not-found"), "{method}");
    }
    // Away from the area of risk, back to it, and away again: each time one stay counts.
    let corrected = "corrected by the resident";
    for (area, expected, due) in
        [("110000", "green", false), ("420100", "red", true), ("110000", "green", false)]
    {
        for _ in 0..2 {
            let sent = town.own(0, "PATCH", &path, &json!({"from_area": area})).await?;
            assert_eq!(sent.status(), 200, "{}", sent.text());
            let sent = sent.json()?;
            assert_eq!((&sent["from_area"], sent["due"].is_string()), (&json!(area), due), "{sent}");
        }
        assert_eq!(colour(&mut town).await?["colour"], expected);
        let on_record = stays(&mut town, 0).await?;
        let in_force: Vec<_> = on_record.iter().filter(|(_, reason)| reason.is_null()).collect();
        assert_eq!(in_force, [&(json!(area), Value::Null)], "{on_record:?}");
        assert!(on_record.iter().all(|(_, reason)| reason.is_null() || reason == corrected));
    }
    let late = json!({"from_area": "420100", "at": at.minus_ms(HOUR_MS)});
    let sent = town.own(0, "PATCH", &path, &late).await?.json()?;
    assert_eq!((&sent["at"], &sent["overdue"]), (&late["at"], &json!(true)), "{sent}");
    let authority = town.authority.clone();
    let queue = town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json()?;
    assert_eq!(queue["overdue"].as_array().map(Vec::len), Some(1), "{queue}");
    for _ in 0..2 {
        assert_eq!(town.own(0, "DELETE", &path, &Value::Null).await?.status(), 204);
    }
    assert_eq!(colour(&mut town).await?["colour"], "green");
    let on_record = stays(&mut town, 0).await?;
    assert!(on_record.iter().all(|(_, reason)| !reason.is_null()), "{on_record:?}");
    assert_eq!(on_record.len(), 5, "{on_record:?}");
    let queue = town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json()?;
    assert_eq!(queue["overdue"], json!([]));
    let mine = town.own(0, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(mine["arrivals"], json!([]));
    let gone = town.own(0, "PATCH", &path, &json!({"from_area": "JP"})).await?;
    assert_eq!(gone.status_and_code(), refused(404, "not-found"));
    // The same arrival can be announced again. Once reported it stays as it is.
    let again = town.own(0, "POST", "/arrivals", &arrival).await?.json()?;
    assert_ne!(again["arrival"], said["arrival"]);
    let path = format!("/arrivals/{}", again["arrival"].as_str().unwrap_or_default());
    assert_eq!(town.own(0, "POST", &format!("{path}/reported"), &Value::Null).await?.status(), 200);
    for (method, body) in [("PATCH", json!({"from_area": "JP"})), ("DELETE", Value::Null)] {
        let closed = town.own(0, method, &path, &body).await?;
        assert_eq!(closed.status_and_code(), refused(409, "arrival-closed"), "{method}");
    }
    Ok(())
}

/// Scans a resident at a venue by its poster.
async fn pass(
    town: &mut TestTown,
    resident: usize,
    poster: &Value,
    direction: &str,
) -> anyhow::Result<Value> {
    let code = town.residents[resident].code(Step::of(now()));
    let scan = json!({"venue": poster, "person": code, "direction": direction}).to_string();
    let sent = town.send("POST", "/v1/check-ins", "", scan).await?;
    anyhow::ensure!(sent.status() == 200, "{}", sent.text());
    sent.json()
}

/// A resident's arrivals, once there is one with this value.
async fn arrival_with(
    town: &mut TestTown,
    resident: usize,
    member: &str,
    expected: Value,
) -> anyhow::Result<Value> {
    let arrivals = async || town.own(resident, "GET", "/arrivals", &Value::Null).await?.json();
    let is_there = |list: &Value| {
        list["arrivals"].as_array().is_some_and(|all| all.iter().any(|one| one[member] == expected))
    };
    let mut list = eventually(arrivals, is_there).await?;
    let all = list["arrivals"].as_array_mut().into_iter().flatten();
    all.map(Value::take).find(|one| one[member] == expected).context("an arrival has it")
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_12_the_duty_follows_the_person_from_the_gate_to_the_report() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let folder = Arc::new(tempfile::tempdir()?);
    let (pack, xinji) =
        (folder.path().join("pack.toml"), include_str!("../../../gateway/core/policies/xinji.toml"));
    std::fs::write(&pack, xinji.replace("report_minutes = 60", "report_minutes = 1"))?;
    let overdue = ExpectedLog::Words("duties are overdue");
    let gateway =
        Gateway::start_in(Arc::clone(&folder), &["--policy", &pack.display().to_string()], overdue)?;
    let mut town = TestTown::found_in(gateway, 4).await?;
    let authority = town.authority.clone();
    let station = json!({"name": "辛集站", "kind": "station", "district": "辛集镇"}).to_string();
    let station = town.send("POST", "/v1/venues", &authority, station).await?.lines()?.remove(0);
    let poster = station["poster"].clone();
    let red = json!({"kind": "close-contact"});
    // Without an announcement: the first is red at the gate, the second turns red on the same day, and the
    // third leaves again. The fourth stays green.
    assert_eq!(town.fact(0, now(), red.clone()).await?, "red");
    let came = pass(&mut town, 0, &poster, "in").await?;
    assert_eq!(came["colour"], "red");
    let first = arrival_with(&mut town, 0, "began", json!("check-in")).await?;
    assert_eq!((&first["since"], &first["at"]), (&came["at"], &came["at"]), "{first}");
    assert_eq!((&first["from_area"], &first["venue"]), (&Value::Null, &station["venue"]), "{first}");
    assert_eq!(pass(&mut town, 1, &poster, "in").await?["colour"], "green");
    let turned = now();
    assert_eq!(town.fact(1, turned, red.clone()).await?, "red");
    let second = arrival_with(&mut town, 1, "began", json!("colour")).await?;
    assert!(serde_json::from_value::<Timestamp>(second["since"].clone())? >= turned, "{second}");
    assert_eq!(town.fact(2, now(), red).await?, "red");
    pass(&mut town, 2, &poster, "in").await?;
    arrival_with(&mut town, 2, "began", json!("check-in")).await?;
    let left = pass(&mut town, 2, &poster, "out").await?;
    arrival_with(&mut town, 2, "ended", json!({"at": left["at"], "by": "left"})).await?;
    pass(&mut town, 3, &poster, "in").await?;

    let queue = async || town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json();
    let queue = eventually(queue, |queue| queue["overdue"][1].is_object()).await?;
    let entry = |entry: &Value| ["person", "arrival", "began", "district"].map(|name| entry[name].clone());
    let expected = |resident: usize, arrival: &Value| {
        let person = json!(town.residents[resident].person);
        [person, arrival["arrival"].clone(), arrival["began"].clone(), json!("辛集镇")]
    };
    let entries: Vec<_> = queue["overdue"].as_array().into_iter().flatten().map(entry).collect();
    assert_eq!(entries, [expected(0, &first), expected(1, &second)], "{queue}");
    let path = format!("/arrivals/{}", first["arrival"].as_str().unwrap_or_default());
    let reported = town.own(0, "POST", &format!("{path}/reported"), &Value::Null).await?.json()?;
    assert_eq!((&reported["late"], reported["reported"].is_string()), (&json!(true), true), "{reported}");
    pass(&mut town, 1, &poster, "out").await?;
    let queue = async || town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json();
    eventually(queue, |queue| queue["overdue"] == json!([])).await?;
    let mine = town.own(3, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(mine["arrivals"], json!([]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_12_an_announced_duty_waits_for_its_time_and_ends_with_green() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let at = now().plus_ms(4_000);
    let arrival = json!({"from_area": "110000", "at": at, "unit": "村委会"});
    let said = town.own(0, "POST", "/arrivals", &arrival).await?.json()?;
    assert_eq!(said["due"], Value::Null, "{said}");
    let posted = town.post_fact(0, "close-contact").await?.lines()?.remove(0);
    let begun = arrival_with(&mut town, 0, "began", json!("arrival")).await?;
    assert_eq!((&begun["since"], &begun["due"]), (&json!(at), &json!(at.plus_ms(HOUR_MS))), "{begun}");
    let authority = town.authority.clone();
    let path = format!("/v1/facts/{}/withdraw", posted["fact"].as_str().unwrap_or_default());
    let withdrawn = town.send("POST", &path, &authority, json!({"reason": "mistaken"}).to_string()).await?;
    assert_eq!(withdrawn.status(), 200, "{}", withdrawn.text());
    let arrivals = async || town.own(0, "GET", "/arrivals", &Value::Null).await?.json();
    eventually(arrivals, |list| list["arrivals"][0]["ended"]["by"] == "colour").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_12_a_check_in_at_a_checkpoint_closes_the_arrival() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 2).await?;
    let authority = town.authority.clone();
    let station = json!({"name": "徐州东站", "kind": "station", "district": "贾汪"}).to_string();
    let station = town.send("POST", "/v1/venues", &authority, station).await?.lines()?.remove(0);
    let arrival = json!({"from_area": "320100", "at": now().minus_ms(1_000)});
    assert_eq!(town.own(0, "POST", "/arrivals", &arrival).await?.status(), 200);
    // A mall is not a checkpoint.
    let mall = town.check_in(0, 0).await?.json()?;
    assert_eq!((&mall["verdict"], &mall["fast"]), (&json!("pass"), &Value::Null));
    town.mine(0).await?;
    let open = town.own(0, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(open["arrivals"][0]["passed"], Value::Null, "{open}");
    let code = town.residents[0].code(Step::of(now()));
    let scan = json!({"venue": station["poster"], "person": code}).to_string();
    let passed = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
    assert_eq!((&passed["verdict"], &passed["fast"]), (&json!("pass"), &json!(true)), "{passed}");
    town.mine(0).await?;
    // A repeated request gets the same answer. The next check-in has no open arrival.
    let scan = json!({"venue": station["poster"], "person": code}).to_string();
    let again = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
    assert_eq!((&again["id"], &again["fast"]), (&passed["id"], &json!(true)), "{again}");
    let out = pass(&mut town, 0, &station["poster"], "out").await?;
    assert_eq!(out["fast"], Value::Null, "{out}");
    let closed = town.own(0, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(closed["arrivals"][0]["passed"], passed["id"], "{closed}");
    let path = format!("/arrivals/{}", closed["arrivals"][0]["arrival"].as_str().unwrap_or_default());
    let late = town.own(0, "DELETE", &path, &Value::Null).await?;
    assert_eq!(late.status_and_code(), refused(409, "arrival-closed"));
    // A check-in before the announced time closes the arrival, and one before the announcement does not.
    let early = json!({"from_area": "320100", "at": now().plus_ms(5 * DAY_MS)});
    pass(&mut town, 1, &station["poster"], "in").await?;
    town.mine(1).await?;
    tick().await?;
    assert_eq!(town.own(1, "POST", "/arrivals", &early).await?.status(), 200);
    let open = town.own(1, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(open["arrivals"][0]["passed"], Value::Null, "{open}");
    assert_eq!(town.own(0, "POST", "/arrivals", &early).await?.status(), 200);
    let other = json!({"name": "观音机场", "kind": "airport", "district": "睢宁"}).to_string();
    let airport = town.send("POST", "/v1/venues", &authority, other).await?.lines()?.remove(0);
    for resident in [0, 1] {
        let passed = pass(&mut town, resident, &airport["poster"], "in").await?;
        town.mine(resident).await?;
        let closed = town.own(resident, "GET", "/arrivals", &Value::Null).await?.json()?;
        let last = closed["arrivals"].as_array().and_then(|all| all.last()).context("an arrival")?;
        assert_eq!(last["passed"], passed["id"], "{closed}");
    }
    Ok(())
}
