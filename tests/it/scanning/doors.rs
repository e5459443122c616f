//! Answers at the doors: verdicts, reasons, required checks, and what the staff measure.

use scangate_core::id::VenueId;
use scangate_core::time::Step;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, eventually, tick};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn xz_25_a_refusal_says_why_and_whom_to_call_and_xz_22_a_colour_is_for_entry_only() -> anyhow::Result<()>
{
    let mut town = TestTown::under("xuzhou", 2).await?;
    let ordered = json!({"kind": "ordered", "measure": "central-quarantine"});
    assert_eq!(town.fact(0, now(), ordered).await?, "red");
    let refused = town.check_in(0, 0).await?.json()?;
    assert_eq!(
        (&refused["verdict"], &refused["reasons"], &refused["hotline"], &refused["purpose"]),
        (&json!("refuse"), &json!(["central-quarantine"]), &json!("12345"), &json!("entry")),
    );
    let let_in = town.check_in(1, 0).await?.json()?;
    assert_eq!((&let_in["verdict"], &let_in["purpose"]), (&json!("pass"), &json!("entry")));
    assert!(let_in["hotline"].is_null(), "{let_in}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_03_staff_and_resident_are_told_the_same() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 1).await?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    for measure in ["", "test-due", "central-quarantine"] {
        if !measure.is_empty() {
            town.fact(0, now(), json!({"kind": "ordered", "measure": measure})).await?;
        }
        let path = format!("/v1/colours/{}", town.residents[0].code(Step::of(now())));
        let staff = town.send("GET", &path, &terminal, "").await?.json()?;
        let mine = town.own(0, "GET", "", &Value::Null).await?.json()?;
        let rules: Vec<&Value> =
            mine["reasons"].as_array().into_iter().flatten().map(|why| &why["rule"]).collect();
        assert_eq!((&staff["colour"], &staff["policy"]), (&mine["colour"], &mine["policy"]), "{measure}");
        assert_eq!(staff["reasons"], json!(rules), "{measure}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_26_green_is_not_enough_where_the_venue_asks_for_more() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 1).await?;
    let authority = town.authority.clone();
    let line = json!({"name": "Library", "kind": "other", "district": "East", "checks": ["temperature", "document"]});
    let added = town.send("POST", "/v1/venues", &authority, line.to_string()).await?.lines()?.remove(0);
    let code = town.residents[0].code(Step::of(now()));
    let scan = json!({"venue": added["poster"], "person": code}).to_string();
    let alone = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
    assert_eq!(
        (&alone["colour"], &alone["verdict"], &alone["checks"]),
        (&json!("green"), &json!("check"), &json!(["temperature", "document"])),
    );
    let venue: VenueId = added["venue"].as_str().unwrap_or_default().parse()?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(venue))?;
    let scan = json!({
        "person": town.residents[0].code(Step::of(now())), "direction": "out", "temperature": 36.6,
        "document_shown": true,
    });
    let staffed = town.send("POST", "/v1/check-ins", &terminal, scan.to_string()).await?.json()?;
    assert_eq!(staffed["verdict"], "pass", "{staffed}");
    let wrong = json!({"name": "L", "kind": "other", "district": "East", "checks": ["horoscope"]});
    let wrong = town.send("POST", "/v1/venues", &authority, wrong.to_string()).await?.lines()?.remove(0);
    assert_eq!(wrong["code"], "malformed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_17_who_is_stale_upstream_is_let_in_and_told_where_to_renew_it() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 1).await?;
    assert_eq!(town.fact(0, now(), json!({"kind": "identity-expired"})).await?, "green");
    let scanned = town.check_in(0, 0).await?.json()?;
    assert_eq!(
        (&scanned["verdict"], &scanned["reasons"], &scanned["links"]),
        (
            &json!("pass"),
            &json!(["stale-upstream"]),
            &json!({"stale-upstream": "https://www.jszwfw.gov.cn/"})
        ),
    );
    let mine = town.own(0, "GET", "", &Value::Null).await?.json()?;
    assert_eq!(mine["reasons"][0]["link"], "https://www.jszwfw.gov.cn/", "{mine}");
    // A refusal shows the link beside its reason.
    let screening = json!({"kind": "ordered", "measure": "risk-screening"});
    assert_eq!(town.fact(0, now(), screening).await?, "yellow");
    let refused = town.check_in(0, 1).await?.json()?;
    assert_eq!((&refused["verdict"], &refused["links"]), (&json!("refuse"), &scanned["links"]), "{refused}");
    assert_eq!(refused["reasons"], json!(["risk-screening", "stale-upstream"]));
    town.fact(0, now(), json!({"kind": "test", "result": "negative"})).await?;
    town.fact(0, now(), json!({"kind": "identity-renewed"})).await?;
    let renewed = town.check_in(0, 2).await?.json()?;
    assert_eq!((&renewed["reasons"], &renewed["links"]), (&json!([]), &Value::Null), "{renewed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_19_no_answer_marks_anybody_with_an_asterisk() -> anyhow::Result<()> {
    let mut town = TestTown::under("xuzhou", 1).await?;
    town.fact(0, now(), json!({"kind": "stay", "area": "310104"})).await?;
    for measure in ["", "test-due", "central-quarantine"] {
        if !measure.is_empty() {
            town.fact(0, now(), json!({"kind": "ordered", "measure": measure})).await?;
        }
        let answers = [town.check_in(0, 0).await?, town.own(0, "GET", "", &Value::Null).await?];
        assert!(answers.iter().all(|answer| !answer.text().contains(['*', '＊'])), "{measure}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_13_a_new_venue_is_scanned_the_moment_it_is_added() -> anyhow::Result<()> {
    let mut town = TestTown::under("nanchong", 1).await?;
    let authority = town.authority.clone();
    for kind in ["market", "medical", "branch"] {
        let venue = json!({"name": "新开放", "kind": kind, "district": "顺庆"}).to_string();
        let added = town.send("POST", "/v1/venues", &authority, venue).await?.lines()?.remove(0);
        let code = town.residents[0].code(Step::of(now()));
        let scan = json!({"venue": added["poster"], "person": code}).to_string();
        let scanned = town.send("POST", "/v1/check-ins", "", scan).await?;
        assert_eq!(scanned.status(), 200, "{}", scanned.text());
        assert_eq!(scanned.json()?["venue"]["id"], added["venue"]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_15_a_staffed_point_registers_who_comes_and_who_goes() -> anyhow::Result<()> {
    let mut town = TestTown::under("nanchong", 1).await?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    for direction in ["in", "out"] {
        let code = town.residents[0].code(Step::of(now()));
        let scan = json!({"person": code, "direction": direction, "temperature": 36.5}).to_string();
        let scanned = town.send("POST", "/v1/check-ins", &terminal, scan).await?.json()?;
        assert_eq!(scanned["verdict"], "pass", "{scanned}");
        tick().await?;
    }
    let mine = town.mine(0).await?;
    let ways: Vec<&Value> =
        mine["check_ins"].as_array().into_iter().flatten().map(|one| &one["direction"]).collect();
    assert_eq!(ways, ["out", "in"], "{mine}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_09_a_travel_card_on_paper_and_a_familys_code_write_the_same_trail() -> anyhow::Result<()> {
    let mut town = TestTown::under("nanchong", 1).await?;
    let (person, authority) = (town.residents[0].person, town.authority.clone());
    let path = format!("/v1/people/{person}/passes");
    let card = town.send("POST", &path, &authority, r#"{"days":14}"#).await?.json()?;
    let terminals =
        [0, 1].map(|venue| town.gateway.token("terminal", "gate", Some(town.venues[venue].venue)));
    let [first, second] = terminals;
    let code = town.residents[0].code(Step::of(now()));
    for (terminal, who) in [(first?, json!({"pass": card["pass"]})), (second?, json!({"person": code}))] {
        let scanned = town.send("POST", "/v1/check-ins", &terminal, who.to_string()).await?;
        assert_eq!(scanned.status(), 200, "{}", scanned.text());
        tick().await?;
    }
    let case = town.open_case(0).await?;
    let trail = town.traced(&format!("/v1/cases/{case}/trail")).await?;
    let venues: Vec<&Value> =
        trail["visits"].as_array().into_iter().flatten().map(|visit| &visit["venue"]).collect();
    assert_eq!(venues, [&json!(town.venues[0].venue), &json!(town.venues[1].venue)], "{trail}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_02_declared_once_it_holds_at_every_door_of_the_city_and_changes_at_all() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    for venue in 0..3 {
        assert_eq!(town.check_in(0, venue).await?.json()?["colour"], "green");
    }
    let fever = json!({"temperature": 38.2, "symptoms": []});
    assert_eq!(town.own(0, "POST", "/reports", &fever).await?.json()?["colour"], "yellow");
    let authority = town.authority.clone();
    for district in ["辛集镇", "旧城镇"] {
        let venue = json!({"name": "卡口", "kind": "checkpoint", "district": district}).to_string();
        let added = town.send("POST", "/v1/venues", &authority, venue).await?.lines()?.remove(0);
        let code = town.residents[0].code(Step::of(now()));
        let scan = json!({"venue": added["poster"], "person": code}).to_string();
        let scanned = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
        assert_eq!(
            (&scanned["colour"], &scanned["verdict"]),
            (&json!("yellow"), &json!("refuse")),
            "{scanned}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_06_what_is_measured_after_the_scan_counts_for_the_same_check_in() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 2).await?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    for resident in 0..2 {
        let code = town.residents[resident].code(Step::of(now()));
        let scan = |temperature: Value| json!({"person": code, "temperature": temperature}).to_string();
        let first =
            town.send("POST", "/v1/check-ins", &terminal, json!({"person": code}).to_string()).await?;
        let first = first.json()?;
        assert_eq!(
            (&first["verdict"], &first["checks"]),
            (&json!("check"), &json!(["temperature"])),
            "{first}"
        );
        let measured = if resident == 0 { json!(36.5) } else { json!(38.5) };
        let said = town.send("POST", "/v1/check-ins", &terminal, scan(measured.clone())).await?.json()?;
        let verdict = if resident == 0 { "pass" } else { "refuse" };
        assert_eq!((&said["verdict"], &said["checks"]), (&json!(verdict), &json!([])), "{said}");
        assert_eq!((&said["id"], &said["at"]), (&first["id"], &first["at"]));
        // A repeat of either request gets the same answer.
        for body in [json!({"person": code}).to_string(), scan(measured)] {
            assert_eq!(town.send("POST", "/v1/check-ins", &terminal, body).await?.json()?, said);
        }
        let mine = town.mine(resident).await?;
        let kept: Vec<_> = mine["check_ins"].as_array().into_iter().flatten().collect();
        assert_eq!((kept.len(), &kept[0]["verdict"]), (1, &json!(verdict)), "{mine}");
    }
    // The fever is recorded as a fact.
    let red = async || town.own(1, "GET", "", &Value::Null).await?.json();
    eventually(red, |mine| mine["colour"] == "red").await?;
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.json()?["colour"], "green");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_06_a_temperature_is_the_holders_and_companions_have_their_own() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 2).await?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    let code = |town: &TestTown, resident: usize| town.residents[resident].code(Step::of(now()));
    let (holder, companion) = (code(&town, 0), code(&town, 1));
    let family = json!({"person": holder, "companions": [companion], "temperature": 38.5}).to_string();
    let said = town.send("POST", "/v1/check-ins", &terminal, family).await?.json()?;
    assert_eq!((&said["verdict"], &said["reasons"]), (&json!("refuse"), &json!(["fever"])), "{said}");
    let with = &said["companions"][0];
    assert_eq!((&with["verdict"], &with["checks"]), (&json!("check"), &json!(["temperature"])), "{said}");
    let own = json!({"person": companion, "temperature": 36.4}).to_string();
    let own = town.send("POST", "/v1/check-ins", &terminal, own).await?.json()?;
    assert_eq!((&own["verdict"], &own["id"]), (&json!("pass"), &with["id"]), "{own}");
    let red = async || town.own(0, "GET", "", &Value::Null).await?.json();
    eventually(red, |mine| mine["colour"] == "red").await?;
    assert_eq!(town.own(1, "GET", "", &Value::Null).await?.json()?["colour"], "green");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_06_a_fever_at_the_checkpoint_refuses_and_goes_on_record() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 2).await?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    for (resident, temperature, verdict) in [(0, 37.3, "refuse"), (1, 37.2, "pass")] {
        let code = town.residents[resident].code(Step::of(now()));
        let scan = json!({"person": code, "temperature": temperature}).to_string();
        let scanned = town.send("POST", "/v1/check-ins", &terminal, scan).await?.json()?;
        assert_eq!(
            (&scanned["colour"], &scanned["verdict"]),
            (&json!("green"), &json!(verdict)),
            "{scanned}"
        );
    }
    let path = format!("/v1/people/{}", town.residents[0].person);
    let authority = town.authority.clone();
    let read = eventually(
        async || town.send("GET", &path, &authority, "").await?.json(),
        |read| read["colour"] == "red",
    )
    .await?;
    assert_eq!(
        (&read["reasons"][0]["rule"], &read["facts"][0]["source"]),
        (&json!("fever-case"), &json!("door"))
    );
    // The colour table follows, and the next door shows it.
    eventually(async || Ok(town.check_in(0, 1).await?.json()?["colour"].clone()), |colour| colour == "red")
        .await?;
    assert_eq!(town.check_in(1, 1).await?.json()?["colour"], "green");
    Ok(())
}
