//! Guardians and dependants, within the limits and rights of each city's rule pack.

use scangate_core::time::Step;
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, refused, send};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn xj_13_three_dependants_and_three_guardians_right_under_100_tries_at_once() -> anyhow::Result<()> {
    let town = TestTown::under("xinji", 105).await?;
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
        codes.push(one.await??.status_and_code());
    }
    let taken = codes.iter().filter(|code| code.0 == 200).count();
    assert_eq!(taken, 3, "{codes:?}");
    assert!(codes.iter().all(|code| code.0 == 200 || *code == refused(409, "proxy-out-limit")), "{codes:?}");

    let mut town = town;
    let dependant = json!({"person": town.residents[104].person});
    for (holder, expected) in
        [(100, (200, String::new())), (101, (200, String::new())), (102, (200, String::new()))]
    {
        assert_eq!(town.own(holder, "POST", "/dependants", &dependant).await?.status_and_code(), expected);
    }
    let fourth = town.own(103, "POST", "/dependants", &dependant).await?;
    assert_eq!(fourth.status_and_code(), refused(409, "proxy-in-limit"));
    // The failed attempt left nothing, and a removal makes space.
    let mine = town.own(103, "GET", "", &Value::Null).await?.json()?;
    assert_eq!(mine["dependants"], json!([]));
    let left = format!("/dependants/{}", town.residents[104].person);
    assert_eq!(town.own(100, "DELETE", &left, &Value::Null).await?.status(), 204);
    assert_eq!(town.own(103, "POST", "/dependants", &dependant).await?.status(), 200);

    for (kind, colour) in [("co-located", "yellow"), ("close-contact", "red")] {
        assert_eq!(town.fact(99, now(), json!({ "kind": kind })).await?, colour);
        let body = json!({"person": town.residents[98].person});
        let not_green = town.own(99, "POST", "/dependants", &body).await?;
        assert_eq!(not_green.status_and_code(), refused(403, "proxy-not-green"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_09_a_family_comes_in_by_one_request_and_its_code_is_the_dependants_own() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 2).await?;
    let child = json!({"name": "小明", "document": {"type": "passport", "number": "E87654321"}});
    let given = town.own(0, "POST", "/dependants", &child).await?;
    assert_eq!(given.status(), 200, "{}", given.text());
    let given = given.json()?;
    assert!(given["key"].is_string() && given["kid"] == 1, "{given}");
    // The same child, added by another parent, is the same person. Another name with that document opens
    // nothing.
    let again = town.own(1, "POST", "/dependants", &child).await?.json()?;
    assert_eq!((&again["person"], &again["key"]), (&given["person"], &given["key"]));
    let stranger = json!({"name": "小红", "document": {"type": "passport", "number": "E87654321"}});
    let other_name = town.own(1, "POST", "/dependants", &stranger).await?;
    assert_eq!(other_name.status_and_code(), refused(409, "already-registered"));

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
        (folder.path().join("pack.toml"), include_str!("../../../gateway/core/policies/jingzhou.toml"));
    let rights = |rights: &str| {
        jingzhou.replace("guardians_max = 8", &format!("guardians_max = 8\nrights = {rights}"))
    };
    std::fs::write(&pack, rights(r#"["apply", "view"]"#))?;
    let mut town = TestTown::under(&pack.display().to_string(), 3).await?;
    let dependant = town.residents[1].person;
    let of = |rest: &str| format!("/dependants/{dependant}{rest}");
    let asked = [
        ("GET", of(""), Value::Null),
        ("PATCH", of(""), json!({"name": "新名"})),
        ("POST", of("/reports"), json!({"temperature": 38.0, "symptoms": []})),
    ];
    for (method, path, body) in &asked {
        let stranger = town.own(0, method, path, body).await?;
        assert_eq!(stranger.status_and_code(), refused(404, "not-found"), "{method} {path}");
    }
    assert_eq!(town.own(0, "POST", "/dependants", &json!({ "person": dependant })).await?.status(), 200);
    for ((method, path, body), expected) in
        asked.iter().zip([(200, String::new()), refused(403, "proxy-right"), refused(403, "proxy-right")])
    {
        assert_eq!(town.own(0, method, path, body).await?.status_and_code(), expected, "{method} {path}");
    }
    // With all rights, a guardian's report changes the dependant's colour only.
    let mut town = TestTown::under("jingzhou", 3).await?;
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
    // The audit has every act with its actor and its object, and no rejected one.
    let acts = acts_of(&mut town, 0).await?;
    let for_dependant = |act: &str| (act.to_owned(), dependant.to_string());
    let expected = ["dependant-taken", "dependant-edit", "dependant-report"].map(for_dependant);
    assert_eq!(acts, expected);
    // The dependant removes a guardian.
    let guardian = format!("/guardians/{}", town.residents[0].person);
    assert_eq!(town.own(1, "DELETE", &guardian, &Value::Null).await?.status(), 204);
    assert_eq!(town.own(0, "GET", &path, &Value::Null).await?.status(), 404);
    Ok(())
}

/// The requests of a guardian about a dependant's papers: method, path, body, the right, and the status with
/// that right.
fn acts_on_papers() -> [(&'static str, &'static str, Value, &'static str, u16); 11] {
    let arrival = json!({"from_area": "110000", "at": now().minus_ms(1_000)});
    let (text, unknown) = (json!({"text": "说明"}), "/arrivals/n0000000000000");
    let confirm = "/declarations/n0000000000000/confirm";
    [
        ("POST", "/arrivals", arrival, "arrive", 200),
        ("GET", "/arrivals", Value::Null, "arrive", 200),
        ("PATCH", unknown, json!({"from_area": "JP"}), "arrive", 404),
        ("DELETE", unknown, Value::Null, "arrive", 404),
        ("POST", "/arrivals/n0000000000000/reported", Value::Null, "arrive", 404),
        ("POST", "/declarations", text.clone(), "declare", 200),
        ("GET", "/declarations", Value::Null, "declare", 200),
        ("POST", confirm, Value::Null, "declare", 404),
        ("POST", "/appeals", text, "appeal", 200),
        ("GET", "/appeals", Value::Null, "appeal", 200),
        ("GET", "/certificates", Value::Null, "certificate", 200),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_09_arrivals_declarations_appeals_and_certificates_are_a_right_each() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let jingzhou = include_str!("../../../gateway/core/policies/jingzhou.toml");
    for right in ["arrive", "declare", "appeal", "certificate"] {
        let pack = folder.path().join(format!("{right}.toml"));
        let rights = format!("guardians_max = 8\nrights = [\"apply\", \"{right}\"]");
        std::fs::write(&pack, jingzhou.replace("guardians_max = 8", &rights))?;
        let mut town = TestTown::under(&pack.display().to_string(), 2).await?;
        let dependant = town.residents[1].person;
        let of = |rest: &str| format!("/dependants/{dependant}{rest}");
        for (method, path, body, ..) in acts_on_papers() {
            let stranger = town.own(0, method, &of(path), &body).await?;
            assert_eq!(stranger.status_and_code(), refused(404, "not-found"), "{method} {path}");
        }
        assert_eq!(town.own(0, "POST", "/dependants", &json!({ "person": dependant })).await?.status(), 200);
        let mut expected = vec![("dependant-taken".to_owned(), dependant.to_string())];
        for (method, path, body, needed, status) in acts_on_papers() {
            let sent = town.own(0, method, &of(path), &body).await?;
            if needed == right {
                assert_eq!(sent.status(), status, "{right}: {method} {path}: {}", sent.text());
                expected.push((format!("dependant-{right}"), dependant.to_string()));
            } else {
                assert_eq!(sent.status_and_code(), refused(403, "proxy-right"), "{right}: {method} {path}");
            }
        }
        let mut acts = acts_of(&mut town, 0).await?;
        // A certificate is audited once more, as each certificate is.
        acts.retain(|(act, _)| act != "certificate-issued");
        assert_eq!(acts, expected, "{right}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_09_what_a_guardian_does_is_the_dependants_own() -> anyhow::Result<()> {
    let mut town = TestTown::under("jingzhou", 2).await?;
    let dependant = town.residents[1].person;
    assert_eq!(town.own(0, "POST", "/dependants", &json!({ "person": dependant })).await?.status(), 200);
    let of = |rest: &str| format!("/dependants/{dependant}{rest}");
    let arrival = json!({"from_area": "110000", "at": now().minus_ms(1_000)});
    let announced = town.own(0, "POST", &of("/arrivals"), &arrival).await?.json()?;
    let path = format!("/arrivals/{}", announced["arrival"].as_str().unwrap_or_default());
    let corrected = town.own(0, "PATCH", &of(&path), &json!({"from_area": "JP"})).await?.json()?;
    assert_eq!(corrected["from_area"], "JP");
    let reported = town.own(0, "POST", &of(&format!("{path}/reported")), &Value::Null).await?.json()?;
    let own = town.own(1, "GET", "/arrivals", &Value::Null).await?.json()?;
    assert_eq!(own["arrivals"][0]["reported"], reported["reported"], "{own}");
    let drafted = town.own(0, "POST", &of("/declarations"), &json!({"text": "说明"})).await?.json()?;
    let path = format!("/declarations/{}/confirm", drafted["declaration"].as_str().unwrap_or_default());
    assert_eq!(town.own(0, "POST", &of(&path), &Value::Null).await?.status(), 200);
    let own = town.own(1, "GET", "/declarations", &Value::Null).await?.json()?;
    assert!(own["declarations"][0]["signature"].is_string(), "{own}");
    assert_eq!(town.own(0, "POST", &of("/appeals"), &json!({"text": "申诉"})).await?.status(), 200);
    let own = town.own(1, "GET", "/appeals", &Value::Null).await?.json()?;
    assert_eq!(own["appeals"][0]["text"], "申诉");
    let mine = town.own(0, "GET", "/appeals", &Value::Null).await?.json()?;
    assert_eq!(mine["appeals"], json!([]));
    Ok(())
}

/// A resident's acts in the audit, each with its object.
async fn acts_of(town: &mut TestTown, resident: usize) -> anyhow::Result<Vec<(String, String)>> {
    let (operator, subject) = (town.gateway.first_token("operator")?, json!(town.residents[resident].person));
    let entries = town.send("GET", "/v1/audit", &operator, "").await?.lines()?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = entries.iter().map(|entry| &entry["act"]).filter(|act| act["subject"] == subject);
    Ok(own.map(|act| (word(&act["act"]), word(&act["object"]))).collect())
}
