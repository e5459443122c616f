//! The words for a resident about a colour, in both languages: reasons, facts and advice.

use scangate_core::time::{DAY_MS, Step};
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, refused};
use serde_json::{Value, json};

/// A text in both languages.
fn is_words(words: &Value) -> bool {
    ["zh", "en"].iter().all(|language| words[language].as_str().is_some_and(|text| !text.is_empty()))
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_10_a_reason_and_its_fact_are_told_in_words_without_ids_and_codes() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 2).await?;
    let stay = json!({"kind": "stay", "area": "420106", "until": now().minus_ms(DAY_MS)});
    assert_eq!(town.fact(0, now().minus_ms(2 * DAY_MS), stay).await?, "red");
    let mine = town.own(0, "GET", "", &Value::Null).await?.json()?;
    let reason = &mine["reasons"][0];
    assert!(is_words(&reason["words"]) && reason["clears"].is_string(), "{mine}");
    assert_eq!(reason.get("clears_by"), None, "{mine}");
    let overview = town.own(0, "GET", "/overview", &Value::Null).await?.json()?;
    assert_eq!(overview["reasons"]["listed"], mine["reasons"], "{overview}");
    assert_eq!(overview["itinerary"]["stays"][0]["name"]["zh"], "湖北省武汉市武昌区", "{overview}");

    let path = format!("/facts/{}", reason["fact"].as_str().unwrap_or_default());
    let fact = town.own(0, "GET", &path, &Value::Null).await?.json()?;
    let words = json!({"zh": "在湖北省武汉市武昌区停留", "en": "A stay in 湖北省武汉市武昌区"});
    assert_eq!((&fact["kind"], &fact["words"], &fact["withdrawn"]), (&json!("stay"), &words, &json!(false)));
    // Nobody else reads it, and an unknown fact answers the same.
    let other = town.own(1, "GET", &path, &Value::Null).await?;
    let unknown = town.own(1, "GET", "/facts/f0000000000001", &Value::Null).await?;
    assert_eq!(other.status_and_code(), refused(404, "not-found"));
    assert_eq!(unknown.status_and_code(), refused(404, "not-found"));

    // At the door the reason has the same words.
    let scan = town.check_in(0, 0).await?.json()?;
    let explained = json!([{"reason": "key-area", "zh": reason["words"]["zh"], "en": reason["words"]["en"]}]);
    assert_eq!(scan["explanations"], explained, "{scan}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_06_what_time_does_not_clear_says_what_is_to_be_done_and_how_far_it_is() -> anyhow::Result<()> {
    let mut town = TestTown::under("nanchong", 1).await?;
    assert_eq!(town.fact(0, now(), json!({"kind": "symptoms", "which": ["cough"]})).await?, "yellow");
    let reported = town.own(0, "POST", "/reports", &json!({"temperature": 36.5, "symptoms": []})).await?;
    let reported = reported.json()?;
    let reason = &reported["reasons"][0];
    assert!(reason.get("clears").is_none() && is_words(&reason["clears_by"]), "{reported}");
    assert_eq!((&reason["clears_by"]["done"], &reason["clears_by"]["of"]), (&json!(1), &json!(14)));
    assert_eq!(reported["advice"], Value::Null);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_27_who_reports_or_shows_a_symptom_is_told_where_to_go_and_how() -> anyhow::Result<()> {
    for pack in ["default", "xuzhou", "xinji", "nanchong", "jingzhou"] {
        let mut town = TestTown::under(pack, 1).await?;
        for health in [
            json!({"temperature": 38.4, "symptoms": []}),
            json!({"symptoms": ["cough"]}),
            json!({"temperature": 36.6, "symptoms": ["fatigue"]}),
        ] {
            let reported = town.own(0, "POST", "/reports", &health).await?.json()?;
            let advice = &reported["advice"];
            assert!(is_words(advice), "{pack} {health}: {reported}");
            assert!(advice["zh"].as_str().is_some_and(|zh| zh.contains("发热门诊")), "{reported}");
        }
        let gate = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
        let person = town.residents[0].code(Step::of(now()));
        let scan = json!({"person": person, "temperature": 38.0}).to_string();
        let said = town.send("POST", "/v1/check-ins", &gate, scan).await?.json()?;
        assert_eq!(said["verdict"], "refuse", "{said}");
        let fever = said["explanations"].as_array().into_iter().flatten();
        assert!(fever.clone().any(|one| one["reason"] == "fever" && is_words(one)), "{said}");
        assert!(is_words(&said["advice"]), "{said}");
    }
    Ok(())
}
