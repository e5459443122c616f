//! Idempotency keys: a POST that is sent again acts once and gets its first answer, also after a restart.

use scangate_core::time::DAY_MS;
use scangate_loadgen::client::Version;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown, post_keyed, refused, send};
use serde_json::{Value, json};
use std::sync::Arc;

fn person(name: &str) -> String {
    json!({
        "name": name, "phone": "13900007070", "document": {"type": "passport", "number": "E70000071"},
    })
    .to_string()
}

fn venue(name: &str) -> String {
    json!({"name": name, "kind": "restaurant", "district": "Yunlong"}).to_string()
}

/// Whether an answer is the first one again.
fn repeats(again: &TestReply, first: &TestReply) -> bool {
    (again.status(), again.header("content-type"), again.text())
        == (first.status(), first.header("content-type"), first.text())
        && again.header("idempotency-replayed") == Some("true")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_whose_answer_was_lost_is_answered_again_also_after_a_restart() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let mut gateway = Gateway::start_in(Arc::clone(&folder), &[], ExpectedLog::Quiet)?;
    let mut connection = gateway.target()?.connect(Version::Http2).await?;
    let first = post_keyed(&mut connection, "/v1/people", "", "\"field-1\"", person("孙八")).await?;
    assert!(first.status() == 200 && first.json()?["key"].is_string(), "{}", first.text());
    assert_eq!(first.header("idempotency-replayed"), None);
    gateway.kill()?;
    let gateway = Gateway::start_in(folder, &[], ExpectedLog::Quiet)?;
    for version in [Version::Http1, Version::Http2, Version::Http3] {
        let mut connection = gateway.target()?.connect(version).await?;
        let again = post_keyed(&mut connection, "/v1/people", "", "\"field-1\"", person("孙八")).await?;
        assert!(repeats(&again, &first), "{} {}", again.status(), again.text());
        for (key, body, status, code) in [
            ("\"field-1\"", person("别人"), 422, "idempotency-key-reused"),
            // The quotes are part of the key.
            ("field-1", person("孙八"), 409, "already-registered"),
            ("another", person("别人"), 409, "already-registered"),
            (&"k".repeat(65), person("孙八"), 400, "malformed"),
            ("a b", person("孙八"), 400, "malformed"),
            ("", person("孙八"), 400, "malformed"),
        ] {
            let sent = post_keyed(&mut connection, "/v1/people", "", key, body).await?;
            assert_eq!(sent.status_and_code(), refused(status, code), "{key}");
        }
        let without = send(&mut connection, "POST", "/v1/people", "", person("孙八")).await?;
        assert_eq!(without.status_and_code(), refused(409, "already-registered"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_one_key_make_one_thing_and_callers_have_keys_of_their_own() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (authority, other) = (town.authority.clone(), town.gateway.token("authority", "another", None)?);
    let (mut one, mut two) =
        (town.target.connect(Version::Http2).await?, town.target.connect(Version::Http3).await?);
    let (first, second) = tokio::join!(
        post_keyed(&mut one, "/v1/venues", &authority, "k", venue("Tea house")),
        post_keyed(&mut two, "/v1/venues", &authority, "k", venue("Tea house")),
    );
    let (first, second) = (first?, second?);
    assert_eq!((first.status(), first.text()), (second.status(), second.text()));
    assert!(first.lines()?[0]["venue"].is_string(), "{}", first.text());
    let own = post_keyed(&mut one, "/v1/venues", &other, "k", venue("Tea house")).await?;
    assert_ne!(own.lines()?[0]["venue"], first.lines()?[0]["venue"]);
    assert_eq!(town.gateway.metric("scangate_venues", "")?, 5.0);
    // A token that is not valid has no keys; the handler refuses it.
    let nobody = post_keyed(&mut one, "/v1/venues", "Bearer x", "k", venue("Tea house")).await?;
    assert_eq!(nobody.status_and_code(), refused(401, "token-invalid"));

    // The same key on another path is another key.
    let site = json!({
        "name": "North", "district": "Yunlong", "address": "1 North Street", "opens": "08:00", "closes": "09:00",
        "slot_minutes": 30, "places": 2,
    });
    let site = post_keyed(&mut one, "/v1/test-sites", &authority, "k", site.to_string()).await?;
    assert!(site.lines()?[0]["site"].is_string(), "{}", site.text());
    let asked = json!({"text": "when does it end?"}).to_string();
    let resident = town.residents[0].authorization(scangate_loadgen::drive::now());
    let paper = post_keyed(&mut one, "/v1/people/me/questions", &resident, "k", asked.clone()).await?;
    let again = post_keyed(&mut two, "/v1/people/me/questions", &resident, "k", asked).await?;
    assert!(repeats(&again, &paper), "{} {}", again.status(), again.text());
    town.connection = one;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_does_not_use_its_key_up() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let day_ago = scangate_loadgen::drive::now().minus_ms(DAY_MS);
    let case = |person: Value| {
        json!({
            "person": person, "purpose": "contact-tracing", "reference": "r",
            "from": day_ago, "to": day_ago.plus_ms(60_000),
        })
        .to_string()
    };
    let (tracer, connection) = (town.tracer.clone(), &mut town.connection);
    let unknown = post_keyed(connection, "/v1/cases", &tracer, "k", case(json!("p0000000000001"))).await?;
    assert_eq!(unknown.status_and_code(), refused(422, "person-unknown"));
    let known = case(json!(town.residents[0].person));
    let opened = post_keyed(connection, "/v1/cases", &tracer, "k", known.clone()).await?;
    assert!(opened.json()?["case"].is_string(), "{}", opened.text());
    let again = post_keyed(connection, "/v1/cases", &tracer, "k", known).await?;
    assert!(repeats(&again, &opened), "{}", again.text());
    let operator = town.gateway.first_token("operator")?;
    let audit = town.send("GET", "/v1/audit", &operator, "").await?;
    assert_eq!(audit.text().matches("case-opened").count(), 1, "{}", audit.text());
    Ok(())
}
