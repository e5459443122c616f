//! What residents do for themselves and each other, as each city's pack lets them: over HTTP, on the real server.

use scangate_core::time::{DAY_MS, HOUR_MS, Step, Timestamp};
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{Expect, Gateway, Town, away_from_midnight, eventually, refused, send};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn xj_13_three_dependants_and_three_guardians_right_under_100_tries_at_once() -> anyhow::Result<()> {
    let town = Town::under("xinji", 105).await?;
    let mut tries = Vec::new();
    let target = Arc::new(town.gateway.target()?);
    for dependant in 1..=100 {
        let (target, authorization) = (Arc::clone(&target), town.residents[0].authorization(now()));
        let body = json!({"person": town.residents[dependant].person}).to_string();
        tries.push(tokio::spawn(async move {
            let mut connection = target.connect(Version::Http2).await?;
            send(&mut connection, "POST", "/v1/people/me/dependants", &authorization, body).await
        }));
    }
    let mut codes: Vec<(u16, String)> = Vec::new();
    for one in tries {
        codes.push(one.await??.said());
    }
    let taken = codes.iter().filter(|code| code.0 == 200).count();
    assert_eq!(taken, 3, "{codes:?}");
    assert!(codes.iter().all(|code| code.0 == 200 || *code == refused(409, "proxy-out-limit")), "{codes:?}");

    let mut town = town;
    let dependant = json!({"person": town.residents[104].person});
    for (holder, expected) in
        [(100, (200, String::new())), (101, (200, String::new())), (102, (200, String::new()))]
    {
        assert_eq!(town.own(holder, "POST", "/dependants", &dependant).await?.said(), expected);
    }
    let fourth = town.own(103, "POST", "/dependants", &dependant).await?;
    assert_eq!(fourth.said(), refused(409, "proxy-in-limit"));
    // Nothing was left of the try, and room is made by leaving.
    let mine = town.own(103, "GET", "", &Value::Null).await?.json()?;
    assert_eq!(mine["dependants"], json!([]));
    let left = format!("/dependants/{}", town.residents[104].person);
    assert_eq!(town.own(100, "DELETE", &left, &Value::Null).await?.status(), 204);
    assert_eq!(town.own(103, "POST", "/dependants", &dependant).await?.status(), 200);

    for (kind, colour) in [("co-located", "yellow"), ("close-contact", "red")] {
        assert_eq!(town.fact(99, now(), json!({ "kind": kind })).await?, colour);
        let body = json!({"person": town.residents[98].person});
        let not_green = town.own(99, "POST", "/dependants", &body).await?;
        assert_eq!(not_green.said(), refused(403, "proxy-not-green"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_09_a_family_comes_in_by_one_request_and_its_code_is_the_dependants_own() -> anyhow::Result<()> {
    let mut town = Town::under("jingzhou", 2).await?;
    let child = json!({"name": "小明", "document": {"type": "passport", "number": "E87654321"}});
    let given = town.own(0, "POST", "/dependants", &child).await?;
    assert_eq!(given.status(), 200, "{}", given.text());
    let given = given.json()?;
    assert!(given["key"].is_string() && given["kid"] == 1, "{given}");
    // The same child by another parent is the same person; a grown-up's name and document open nothing.
    let again = town.own(1, "POST", "/dependants", &child).await?.json()?;
    assert_eq!((&again["person"], &again["key"]), (&given["person"], &given["key"]));
    let stranger = json!({"name": "小红", "document": {"type": "passport", "number": "E87654321"}});
    let other_name = town.own(1, "POST", "/dependants", &stranger).await?;
    assert_eq!(other_name.said(), refused(409, "already-registered"));

    let child: LoadResident = serde_json::from_value::<RegistrationReply>(given)?.resident()?;
    let step = Step::of(now());
    let scan = json!({
        "venue": town.venues[0].poster, "person": town.residents[0].code(step), "companions": [child.code(step)],
    });
    let came = town.send("POST", "/v1/check-ins", "", scan.to_string()).await?.json()?;
    assert_eq!(came["companions"].as_array().map(Vec::len), Some(1), "{came}");
    assert_eq!(came["companions"][0]["colour"], "green");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_08_and_hb_09_each_right_over_a_dependant_is_asked_for_by_itself_and_on_record()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (pack, jingzhou) =
        (folder.path().join("pack.toml"), include_str!("../../gateway/core/policies/jingzhou.toml"));
    let rights = |rights: &str| {
        jingzhou.replace("guardians_max = 8", &format!("guardians_max = 8\nrights = {rights}"))
    };
    std::fs::write(&pack, rights(r#"["apply", "view"]"#))?;
    let mut town = Town::under(&pack.display().to_string(), 3).await?;
    let dependant = town.residents[1].person;
    let of = |rest: &str| format!("/dependants/{dependant}{rest}");
    let asked = [
        ("GET", of(""), Value::Null),
        ("PATCH", of(""), json!({"name": "新名"})),
        ("POST", of("/reports"), json!({"temperature": 38.0, "symptoms": []})),
    ];
    for (method, path, body) in &asked {
        let stranger = town.own(0, method, path, body).await?;
        assert_eq!(stranger.said(), refused(404, "not-found"), "{method} {path}");
    }
    assert_eq!(town.own(0, "POST", "/dependants", &json!({ "person": dependant })).await?.status(), 200);
    for ((method, path, body), expected) in
        asked.iter().zip([(200, String::new()), refused(403, "proxy-right"), refused(403, "proxy-right")])
    {
        assert_eq!(town.own(0, method, path, body).await?.said(), expected, "{method} {path}");
    }
    // With all rights a guardian's report turns the dependant's colour, and nobody else's.
    let mut town = Town::under("jingzhou", 3).await?;
    let dependant = town.residents[1].person;
    assert_eq!(town.own(0, "POST", "/dependants", &json!({ "person": dependant })).await?.status(), 200);
    let path = format!("/dependants/{dependant}");
    let edited = town.own(0, "PATCH", &path, &json!({"name": "新名"})).await?.json()?;
    assert_eq!(edited["name"], "新名");
    let fever = json!({"temperature": 38.0, "symptoms": []});
    let reported = town.own(0, "POST", &format!("{path}/reports"), &fever).await?.json()?;
    assert_eq!((&reported["colour"], &reported["reasons"][0]["rule"]), (&json!("red"), &json!("fever-case")));
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.json()?["colour"], "green");
    let dependants_own = town.own(1, "GET", "", &Value::Null).await?.json()?;
    assert_eq!(
        (&dependants_own["colour"], &dependants_own["guardians"]),
        (&json!("red"), &json!([town.residents[0].person]))
    );
    // Every act is on record by who acted and for whom, and none of what nobody may do.
    let acts = acts_of(&mut town, 0).await?;
    let for_dependant = |act: &str| (act.to_owned(), dependant.to_string());
    let expected = ["dependant-taken", "dependant-edit", "dependant-report"].map(for_dependant);
    assert_eq!(acts, expected);
    // The dependant can be rid of a guardian.
    let guardian = format!("/guardians/{}", town.residents[0].person);
    assert_eq!(town.own(1, "DELETE", &guardian, &Value::Null).await?.status(), 204);
    assert_eq!(town.own(0, "GET", &path, &Value::Null).await?.status(), 404);
    Ok(())
}

/// What somebody did, and to whom, by the audit.
async fn acts_of(town: &mut Town, resident: usize) -> anyhow::Result<Vec<(String, String)>> {
    let (operator, subject) = (town.gateway.first_token("operator")?, json!(town.residents[resident].person));
    let entries = town.send("GET", "/v1/audit", &operator, "").await?.lines()?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = entries.iter().map(|entry| &entry["act"]).filter(|act| act["subject"] == subject);
    Ok(own.map(|act| (word(&act["act"]), word(&act["object"]))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_14_one_edit_a_day_and_gz_07_only_by_green() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = Town::under("xinji", 1).await?;
    let name = json!({"name": "李四"});
    assert_eq!(town.own(0, "PATCH", "", &name).await?.status(), 200);
    let second = town.own(0, "PATCH", "", &name).await?;
    assert_eq!(second.said(), refused(429, "edit-quota"));
    assert!(second.json()?["retry_after_ms"].as_u64().is_some_and(|ms| ms <= DAY_MS), "{}", second.text());

    let mut town = Town::under("nanchong", 1).await?;
    for _ in 0..3 {
        assert_eq!(town.own(0, "PATCH", "", &name).await?.status(), 200);
    }
    let symptoms = json!({"kind": "symptoms", "which": ["dry-cough"]});
    assert_eq!(town.fact(0, now(), symptoms).await?, "yellow");
    let yellow = town.own(0, "PATCH", "", &name).await?;
    assert_eq!(yellow.said(), refused(403, "edit-not-green"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_11_who_arrives_names_a_unit_and_xj_12_stands_in_the_queue_after_the_hour() -> anyhow::Result<()> {
    let overdue = Expect::Words("duties are overdue");
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--policy", "xinji"], overdue)?;
    let mut town = Town::found_in(gateway, 4).await?;
    let arrival = |at: Timestamp, unit: Value| json!({"from_area": "420100", "at": at, "unit": unit});
    let (late, timely) = (now().minus_ms(HOUR_MS + 1_000), now().minus_ms(HOUR_MS - 120_000));
    let without = town.own(0, "POST", "/arrivals", &arrival(late, Value::Null)).await?;
    assert_eq!(without.said(), refused(422, "unit-needed"));
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
    // Where nothing follows from it there is no duty.
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
    assert_eq!(foreign.said(), refused(404, "not-found"));
    let reported = town.own(0, "POST", &path, &Value::Null).await?.json()?;
    assert_eq!(town.own(0, "POST", &path, &Value::Null).await?.json()?["reported"], reported["reported"]);
    let queue = town.send("GET", "/v1/arrivals/overdue", &authority, "").await?.json()?;
    assert_eq!(queue["overdue"], json!([]));
    let counted = async || town.gateway.metric("scangate_overdue", "arrival");
    eventually(counted, |&overdue| overdue == 0.0).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_12_a_check_in_at_a_checkpoint_closes_the_arrival() -> anyhow::Result<()> {
    let mut town = Town::under("xuzhou", 1).await?;
    let authority = town.authority.clone();
    let station = json!({"name": "徐州东站", "kind": "station", "district": "贾汪"}).to_string();
    let station = town.send("POST", "/v1/venues", &authority, station).await?.lines()?.remove(0);
    let arrival = json!({"from_area": "320100", "at": now().minus_ms(1_000)});
    assert_eq!(town.own(0, "POST", "/arrivals", &arrival).await?.status(), 200);
    // A mall is no checkpoint.
    assert_eq!(town.check_in(0, 0).await?.status(), 200);
    town.mine(0).await?;
    let open = town.own(0, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(open["arrivals"][0]["passed"], Value::Null, "{open}");
    let code = town.residents[0].code(Step::of(now()));
    let scan = json!({"venue": station["poster"], "person": code}).to_string();
    let passed = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
    assert_eq!(passed["verdict"], "pass");
    town.mine(0).await?;
    let closed = town.own(0, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(closed["arrivals"][0]["passed"], passed["id"], "{closed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_09_a_declaration_is_confirmed_and_sealed_for_xz_24_and_gz_16_and_hb_11() -> anyhow::Result<()> {
    let mut town = Town::under("xinji", 2).await?;
    let empty = town.own(0, "POST", "/declarations", &json!({"text": "  "})).await?;
    assert_eq!(empty.said(), refused(400, "malformed"));
    let draft = town.own(0, "POST", "/declarations", &json!({"text": "本人承诺如实申报"})).await?.json()?;
    assert_eq!((&draft["confirmed"], &draft["signature"]), (&Value::Null, &Value::Null));
    let again = town.own(0, "POST", "/declarations", &json!({"text": "本人承诺如实申报"})).await?.json()?;
    assert_eq!(again, draft);
    let path = format!("/declarations/{}/confirm", draft["declaration"].as_str().unwrap_or_default());
    assert_eq!(town.own(1, "POST", &path, &Value::Null).await?.status(), 404);
    let sealed = town.own(0, "POST", &path, &Value::Null).await?.json()?;
    assert_eq!(town.own(0, "POST", &path, &Value::Null).await?.json()?, sealed);
    let listed = town.own(0, "GET", "/declarations", &Value::Null).await?.json()?;
    assert_eq!(listed["declarations"][0], sealed);
    // Whoever has the deployment's public key can check what was declared by whom and when.
    let issuer = town.send("GET", "/v1/issuer", "", "").await?.json()?;
    let key = scangate_core::certificate::public_key(issuer["key"].as_str().unwrap_or_default());
    let bytes = |text: &str| {
        format!("{}\n{}\n{text}", town.residents[0].person, sealed["confirmed"].as_str().unwrap_or_default())
    };
    let signature = sealed["signature"].as_str().unwrap_or_default();
    let is_signed = |text: &str| {
        key.is_some_and(|key| {
            scangate_core::certificate::is_signed(
                &key,
                "scangate declaration",
                bytes(text).as_bytes(),
                signature,
            )
        })
    };
    assert!(is_signed("本人承诺如实申报") && !is_signed("本人没有承诺"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_08_an_appeal_has_a_clock_and_an_answer_changes_no_colour() -> anyhow::Result<()> {
    let mut town = Town::under("xinji", 2).await?;
    let authority = town.authority.clone();
    let false_declaration = json!({"kind": "false-declaration", "reference": "n1"});
    assert_eq!(town.fact(0, now(), false_declaration).await?, "red");
    let appeal = town.own(0, "POST", "/appeals", &json!({"text": "我没有谎报"})).await?.json()?;
    let due: Timestamp = appeal["due"].as_str().unwrap_or_default().parse()?;
    assert_eq!(due.since_ms(appeal["at"].as_str().unwrap_or_default().parse()?), 24 * HOUR_MS);
    let open = town.send("GET", "/v1/appeals", &authority, "").await?.json()?;
    assert_eq!(open["appeals"][0]["appeal"], appeal["appeal"]);
    let path = format!("/v1/appeals/{}/answer", appeal["appeal"].as_str().unwrap_or_default());
    let answered = town.send("POST", &path, &authority, r#"{"text":"核实中"}"#).await?;
    assert_eq!(answered.status(), 200, "{}", answered.text());
    assert_eq!(town.send("POST", &path, &authority, r#"{"text":"再答"}"#).await?.status(), 404);
    assert_eq!(town.send("GET", "/v1/appeals", &authority, "").await?.json()?["appeals"], json!([]));
    let mine = town.own(0, "GET", "/appeals", &Value::Null).await?.json()?;
    assert_eq!(mine["appeals"][0]["answer"]["text"], "核实中");
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.json()?["colour"], "red");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_23_a_question_is_recorded_with_an_id_and_answered() -> anyhow::Result<()> {
    let mut town = Town::under("xinji", 2).await?;
    let authority = town.authority.clone();
    let mut ids = Vec::new();
    for text in ["绿码怎么没有出来?", "家人的码在哪里看?"] {
        let asked = town.own(0, "POST", "/questions", &json!({ "text": text })).await?.json()?;
        assert_eq!((&asked["text"], &asked["answer"]), (&json!(text), &Value::Null), "{asked}");
        ids.push(asked["question"].as_str().unwrap_or_default().to_owned());
    }
    assert!(ids[0] != ids[1] && ids.iter().all(|id| !id.is_empty()), "{ids:?}");
    // Sent again on a bad signal it is the same question.
    let again = town.own(0, "POST", "/questions", &json!({"text": "绿码怎么没有出来?"})).await?.json()?;
    assert_eq!(again["question"], json!(ids[0]), "{again}");
    // A question is no appeal, and another's is nobody's.
    assert_eq!(town.send("GET", "/v1/appeals", &authority, "").await?.json()?["appeals"], json!([]));
    assert_eq!(town.own(1, "GET", "/questions", &Value::Null).await?.json()?["questions"], json!([]));
    let open = town.send("GET", "/v1/questions", &authority, "").await?.json()?;
    assert_eq!(open["questions"].as_array().map(Vec::len), Some(2), "{open}");
    let answer = |kind: &str| format!("/v1/{kind}/{}/answer", ids[0]);
    let text = r#"{"text":"请下拉刷新"}"#;
    let as_appeal = town.send("POST", &answer("appeals"), &authority, text).await?;
    assert_eq!(as_appeal.said(), refused(404, "not-found"));
    assert_eq!(town.send("POST", &answer("questions"), &authority, text).await?.status(), 200);
    assert_eq!(
        town.send("POST", &answer("questions"), &authority, text).await?.said(),
        refused(404, "not-found")
    );
    let mine = town.own(0, "GET", "/questions", &Value::Null).await?.json()?;
    let answered: Vec<&Value> =
        mine["questions"].as_array().into_iter().flatten().map(|one| &one["answer"]["text"]).collect();
    assert_eq!(answered, [&json!("请下拉刷新"), &Value::Null], "{mine}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_05_and_xz_13_everybody_belongs_to_the_city_in_a_way_and_xj_20_couriers_are_measured_too()
-> anyhow::Result<()> {
    let mut town = Town::under("xinji", 1).await?;
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
    assert_eq!(strange.said(), refused(400, "malformed"));
    // Who came stays, and says so.
    let changed = town.own(4, "PATCH", "", &json!({"class": "temporary"})).await?.json()?;
    assert_eq!(changed["class"], "temporary", "{changed}");
    // A courier's green is measured and registered like anybody's.
    let courier = town.check_in(5, 0).await?.json()?;
    assert_eq!(
        (&courier["colour"], &courier["checks"]),
        (&json!("green"), &json!(["temperature", "document"])),
        "{courier}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_12_and_hb_02_and_xz_21_another_citys_certificate_is_taken_where_it_is_trusted_and_holds()
-> anyhow::Result<()> {
    let mut home = Town::under("jingzhou", 2).await?;
    let issuer = home.send("GET", "/v1/issuer", "", "").await?.json()?;
    let key = issuer["key"].as_str().unwrap_or_default().to_owned();
    let certificate = home.own(0, "GET", "/certificates", &Value::Null).await?.json()?;
    let text = certificate["certificates"][0]["certificate"].clone();
    assert_eq!(certificate["certificates"][0]["purpose"], "entry");
    // Who is not green gets none.
    assert_eq!(home.fact(1, now(), json!({"kind": "close-contact"})).await?, "yellow");
    let none = home.own(1, "GET", "/certificates", &Value::Null).await?.json()?;
    assert_eq!(none["certificates"], json!([]));

    let folder = tempfile::tempdir()?;
    let pack = folder.path().join("pack.toml");
    let nanchong = include_str!("../../gateway/core/policies/nanchong.toml").to_owned();
    let mid = "\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2020-01-01\n";
    let trust = |from: &str, scope: &str| {
        format!("\n[[trust]]\nissuer = \"jingzhou\"\nkey = \"{key}\"\nfrom = {from}\nscope = \"{scope}\"\n")
    };
    std::fs::write(&pack, nanchong.clone() + mid + &trust("2020-01-01", "province"))?;
    // The same seed: resident 0 has the same document in both towns.
    let mut away = Town::under(&pack.display().to_string(), 2).await?;
    let stay = json!({"kind": "stay", "area": "440103"});
    assert_eq!(away.fact(0, now().minus_ms(DAY_MS), stay.clone()).await?, "yellow");
    let handed_in = json!({ "certificate": text });
    let others = away.own(1, "POST", "/certificates", &handed_in).await?;
    assert_eq!(others.said(), refused(422, "certificate-invalid"));
    let taken = away.own(0, "POST", "/certificates", &handed_in).await?;
    assert_eq!(taken.status(), 200, "{}", taken.text());
    let taken = taken.json()?;
    assert_eq!((&taken["colour"], &taken["reasons"][0]["rule"]), (&json!("green"), &json!("certificate")));

    // HB-02: recognition has its dates.
    std::fs::write(&pack, nanchong.clone() + mid + &trust("2999-01-01", "province"))?;
    let mut early = Town::under(&pack.display().to_string(), 1).await?;
    assert_eq!(early.fact(0, now().minus_ms(DAY_MS), stay).await?, "yellow");
    let untrusted = early.own(0, "POST", "/certificates", &handed_in).await?;
    assert_eq!(untrusted.said(), refused(422, "certificate-untrusted"));

    // Jingzhou's hold in their province: here that is elsewhere.
    assert_eq!(certificate["certificates"][0]["scope"], "province");
    std::fs::write(&pack, nanchong + mid + &trust("2020-01-01", "country"))?;
    let mut elsewhere = Town::under(&pack.display().to_string(), 1).await?;
    let foreign = elsewhere.own(0, "POST", "/certificates", &handed_in).await?;
    assert_eq!(foreign.said(), refused(422, "foreign-scope"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_08_a_paper_pass_and_a_temperature_admit_who_has_no_phone() -> anyhow::Result<()> {
    let mut town = Town::under("xinji", 1).await?;
    let authority = town.authority.clone();
    let path = format!("/v1/people/{}/passes", town.residents[0].person);
    let long = town.send("POST", &path, &authority, r#"{"days":1000}"#).await?;
    assert_eq!(long.said(), refused(400, "malformed"));
    let printed = town.send("POST", &path, &authority, r#"{"days":14}"#).await?.json()?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    let mut scan = json!({"pass": printed["pass"]});
    let without = town.send("POST", "/v1/check-ins", &terminal, scan.to_string()).await?.json()?;
    assert_eq!((&without["verdict"], &without["checks"]), (&json!("check"), &json!(["temperature"])));
    // The same person in the same step at another venue is another check-in.
    let other = town.gateway.token("terminal", "gate 2", Some(town.venues[1].venue))?;
    scan["temperature"] = json!(36.6);
    let with = town.send("POST", "/v1/check-ins", &other, scan.to_string()).await?.json()?;
    assert_eq!(with["verdict"], "pass", "{with}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_06_a_fever_at_the_checkpoint_refuses_and_goes_on_record() -> anyhow::Result<()> {
    let mut town = Town::under("jingzhou", 2).await?;
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
    // The table follows: the next door sees it.
    eventually(async || Ok(town.check_in(0, 1).await?.json()?["colour"].clone()), |colour| colour == "red")
        .await?;
    assert_eq!(town.check_in(1, 1).await?.json()?["colour"], "green");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_08_a_colour_is_told_with_rules_and_facts_and_replayed_as_of_a_time() -> anyhow::Result<()> {
    let mut town = Town::under("xuzhou", 1).await?;
    // A millisecond earlier than anything that follows.
    let before = now().minus_ms(1);
    let measure = json!({"kind": "ordered", "measure": "test-due", "reference": "17"});
    assert_eq!(town.fact(0, before.minus_ms(DAY_MS), measure).await?, "yellow");
    let mine = town.own(0, "GET", "", &Value::Null).await?.json()?;
    let (path, authority) = (format!("/v1/people/{}", town.residents[0].person), town.authority.clone());
    let read = town.send("GET", &path, &authority, "").await?.json()?;
    for view in [&mine, &read] {
        assert_eq!(
            (&view["colour"], &view["reasons"][0]["rule"]),
            (&json!("yellow"), &json!("test-due")),
            "{view}"
        );
        assert!(view["reasons"][0]["clears_by"].as_str().is_some_and(|text| text.contains("阴性")), "{view}");
    }
    assert_eq!(
        (&read["facts"][0]["fact"], &read["facts"][0]["reference"]),
        (&mine["reasons"][0]["fact"], &json!("17"))
    );
    assert!(!read.to_string().contains("\"name\""), "{read}");
    // Before it was on record the person was green, whatever the fact says of itself.
    let then = town.send("GET", &format!("{path}?at={before}"), &authority, "").await?.json()?;
    assert_eq!((&then["colour"], &then["facts"]), (&json!("green"), &json!([])));
    let nobody = town.send("GET", "/v1/people/p0000000000001", &authority, "").await?;
    assert_eq!(nobody.said(), refused(404, "not-found"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_report_a_day_counts_and_survives_a_restart() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = Town::under("nanchong", 1).await?;
    assert_eq!(town.fact(0, now(), json!({"kind": "close-contact"})).await?, "red");
    let healthy = json!({"temperature": 36.6, "symptoms": []});
    let first = town.own(0, "POST", "/reports", &healthy).await?.json()?;
    assert_eq!(
        (&first["counts"], &first["progress"]),
        (&json!(true), &json!({"reported": 1, "needed": 14})),
        "{first}"
    );
    let second = town.own(0, "POST", "/reports", &healthy).await?.json()?;
    assert_eq!((&second["counts"], &second["progress"]["reported"]), (&json!(false), &json!(1)));
    for wrong in [json!({"temperature": 60.0}), json!({"symptoms": ["hiccups"]}), json!({"colour": "green"})]
    {
        assert_eq!(town.own(0, "POST", "/reports", &wrong).await?.said(), refused(400, "malformed"));
    }
    let folder = town.gateway.folder();
    assert!(town.gateway.stop()?.success());
    town.gateway = Gateway::start_in(Arc::clone(&folder), &["--policy", "nanchong"], Expect::Quiet)?;
    town.target = town.gateway.target()?;
    town.connection = town.target.connect(Version::Http3).await?;
    let mine = town.own(0, "GET", "", &Value::Null).await?.json()?;
    assert_eq!((&mine["colour"], &mine["progress"]["reported"]), (&json!("red"), &json!(1)), "{mine}");
    Ok(())
}
