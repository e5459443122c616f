//! Letters to the authority: declarations, appeals and questions.

use scangate_core::time::{HOUR_MS, Timestamp};
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, refused};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn xj_09_a_declaration_is_confirmed_and_sealed_for_xz_24_and_gz_16_and_hb_11() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 2).await?;
    let empty = town.own(0, "POST", "/declarations", &json!({"text": "  "})).await?;
    assert_eq!(empty.status_and_code(), refused(400, "malformed"));
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
    // The deployment's public key verifies the declaration's text, person and time.
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
    let mut town = TestTown::under("xinji", 2).await?;
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
    let mut town = TestTown::under("xinji", 2).await?;
    let authority = town.authority.clone();
    let mut ids = Vec::new();
    for text in ["绿码怎么没有出来?", "家人的码在哪里看?"] {
        let asked = town.own(0, "POST", "/questions", &json!({ "text": text })).await?.json()?;
        assert_eq!((&asked["text"], &asked["answer"]), (&json!(text), &Value::Null), "{asked}");
        ids.push(asked["question"].as_str().unwrap_or_default().to_owned());
    }
    assert!(ids[0] != ids[1] && ids.iter().all(|id| !id.is_empty()), "{ids:?}");
    // A retry after a bad signal is the same question.
    let again = town.own(0, "POST", "/questions", &json!({"text": "绿码怎么没有出来?"})).await?.json()?;
    assert_eq!(again["question"], json!(ids[0]), "{again}");
    // A question is not an appeal, and another resident does not see it.
    assert_eq!(town.send("GET", "/v1/appeals", &authority, "").await?.json()?["appeals"], json!([]));
    assert_eq!(town.own(1, "GET", "/questions", &Value::Null).await?.json()?["questions"], json!([]));
    let open = town.send("GET", "/v1/questions", &authority, "").await?.json()?;
    assert_eq!(open["questions"].as_array().map(Vec::len), Some(2), "{open}");
    let answer = |kind: &str| format!("/v1/{kind}/{}/answer", ids[0]);
    let text = r#"{"text":"请下拉刷新"}"#;
    let as_appeal = town.send("POST", &answer("appeals"), &authority, text).await?;
    assert_eq!(as_appeal.status_and_code(), refused(404, "not-found"));
    assert_eq!(town.send("POST", &answer("questions"), &authority, text).await?.status(), 200);
    assert_eq!(
        town.send("POST", &answer("questions"), &authority, text).await?.status_and_code(),
        refused(404, "not-found")
    );
    let mine = town.own(0, "GET", "/questions", &Value::Null).await?.json()?;
    let answered: Vec<&Value> =
        mine["questions"].as_array().into_iter().flatten().map(|one| &one["answer"]["text"]).collect();
    assert_eq!(answered, [&json!("请下拉刷新"), &Value::Null], "{mine}");
    Ok(())
}
