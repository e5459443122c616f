//! A child with two guardians, in each city. They carry the child's code and act for the child by the rights
//! that the city gives. Then one of them leaves.

use super::{Life, keyed};
use scangate_core::time::Step;
use serde_json::{Value, json};

const MOTHER: usize = 0;
const FATHER: usize = 1;
const CHILD: usize = 2;

/// A child's life. `contact` is the colour of a close contact in the city.
async fn live(policy: &str, contact: &str) -> anyhow::Result<()> {
    let mut life = Life::begin(policy).await?;
    let child = json!({"name": "小明", "document": {"type": "resident-id", "number": "110105201506010016"}});
    let given = life.own(MOTHER, "POST", "/dependants", &child).await?;
    let (person, also) = (given["person"].clone(), life.own(FATHER, "POST", "/dependants", &child).await?);
    assert_eq!((&also["person"], &also["key"]), (&person, &given["key"]), "{also}");
    life.town.residents[CHILD] = keyed(&given)?;
    let path = format!("/dependants/{}", person.as_str().unwrap_or_default());

    // The child comes in on the mother's request, and at another door on the father's.
    for (guardian, venue) in [(MOTHER, 0), (FATHER, 1)] {
        let step = Step::of(life.clock.now());
        let codes = [guardian, CHILD].map(|resident| life.town.residents[resident].code(step));
        let scan =
            json!({"venue": life.town.venues[venue].poster, "person": codes[0], "companions": [codes[1]]});
        let came = life.send("POST", "/v1/check-ins", "", &scan).await?.json()?;
        assert_eq!(came["companions"][0]["colour"], "green", "{came}");
    }

    // A contact at school. Both guardians read why; the mother reports and appeals, the father declares.
    let (fact, colour) = life.fact(CHILD, json!({"kind": "close-contact"})).await?;
    assert_eq!(colour, contact);
    for guardian in [MOTHER, FATHER] {
        let seen = life.own(guardian, "GET", &path, &Value::Null).await?;
        assert_eq!(seen["colour"], *contact, "{seen}");
        assert!(seen["reasons"][0]["words"]["zh"].is_string(), "{seen}");
        // The guardian's own colour is another matter.
        assert_eq!(life.own(guardian, "GET", "", &Value::Null).await?["colour"], "green");
    }
    life.wait(60_000).await?;
    let code = life.code(CHILD);
    let refused = life.show(&json!({"person": code})).await?;
    assert_eq!(
        (&refused["verdict"], &refused["holder"]["name"]),
        (&json!("refuse"), &json!("小*")),
        "{refused}"
    );
    let report = json!({"temperature": 36.7, "symptoms": []});
    assert_eq!(life.own(MOTHER, "POST", &format!("{path}/reports"), &report).await?["colour"], *contact);
    let draft = json!({"text": "近14天未离开本市"});
    let draft = life.own(FATHER, "POST", &format!("{path}/declarations"), &draft).await?;
    let declaration = draft["declaration"].as_str().unwrap_or_default();
    life.own(FATHER, "POST", &format!("{path}/declarations/{declaration}/confirm"), &Value::Null).await?;
    let appeal = json!({"text": "孩子当天没有去学校"});
    let appeal = life.own(MOTHER, "POST", &format!("{path}/appeals"), &appeal).await?;
    assert!(appeal["due"].is_string(), "{appeal}");

    // The office was wrong. The father fetches the child's certificate, and the mother's tie ends.
    life.withdraw(&fact).await?;
    life.is_shown(CHILD, "green").await?;
    let certificates = life.own(FATHER, "GET", &format!("{path}/certificates"), &Value::Null).await?;
    assert!(certificates["certificates"][0]["certificate"].is_string(), "{certificates}");
    let mother = life.town.residents[MOTHER].authorization(life.clock.now());
    let left = life.send("DELETE", &format!("/v1/people/me{path}"), &mother, &Value::Null).await?;
    assert_eq!(left.status(), 204);
    let gone = life.town.send("GET", &format!("/v1/people/me{path}"), &mother, "").await?;
    assert_eq!(gone.status(), 404, "{}", gone.text());
    assert_eq!(life.own(FATHER, "GET", &path, &Value::Null).await?["colour"], "green");
    life.wait(60_000).await?;
    let code = life.code(CHILD);
    assert_ne!(life.show(&json!({"person": code})).await?["verdict"], "refuse");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_09_a_childs_life_in_xuzhou() -> anyhow::Result<()> {
    live("xuzhou", "red").await
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_13_a_childs_life_in_xinji() -> anyhow::Result<()> {
    live("xinji", "red").await
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_09_a_childs_life_in_nanchong() -> anyhow::Result<()> {
    live("nanchong", "red").await
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_08_a_childs_life_in_jingzhou() -> anyhow::Result<()> {
    live("jingzhou", "yellow").await
}
