//! Two gateways on one cluster: both answer any request, and a change at one is visible at the other. A
//! check-in that both accept is stored once.

use crate::authority::facts::worsening;
use crate::authority::tokens::listed;
use futures_util::future::try_join_all;
use scangate_core::id::VenueId;
use scangate_core::time::Step;
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_loadgen::drive::now;
use scangate_tests::{
    ClusterCity, SecondGateway, TestReply, TestTown, away_from_midnight, cluster, eventually,
    found_with_second, post_keyed, refused, send_until_stored,
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_at_one_gateway_is_answered_by_the_other() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("changes", 2)?;
    let (mut town, mut second) = found_with_second(&city, 3).await?;
    second.sees(&town, 0, "green").await?;

    // A fact, its withdrawal, and a person and a venue that were added after both gateways had started.
    let red = town.post_fact(0, "confirmed").await?.lines()?;
    second.sees(&town, 0, "red").await?;
    let path = format!("/v1/facts/{}/withdraw", red[0]["fact"].as_str().unwrap_or_default());
    let authority = town.authority.clone();
    second.send("POST", &path, &authority, json!({"reason": "mistaken"}).to_string()).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let at_the_first = async || {
        let code = town.residents[0].code(Step::of(now()));
        town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.json()
    };
    eventually(at_the_first, |look| look["colour"] == "green").await?;

    let late = scangate_loadgen::city::residents(&mut second.connection, &authority, 9, 1).await?;
    let venue = scangate_loadgen::city::venues(&mut second.connection, &authority, 1).await?;
    // The back office asks the registry for what memory does not have yet.
    let line = json!({"person": late[0].person, "venue": venue[0].venue, "at": now()}).to_string();
    let imported = town.send("POST", "/v1/check-ins/import", &authority, line).await?;
    assert!(imported.lines()?[0]["id"].is_string(), "{}", imported.text());
    let scan_at_the_first = async || {
        let body = json!({"venue": venue[0].poster, "person": late[0].code(Step::of(now()))}).to_string();
        town.send("POST", "/v1/check-ins", "", body).await
    };
    let scan = eventually(scan_at_the_first, |scan| scan.status() == 200).await?;
    assert_eq!(scan.json()?["venue"]["id"], json!(venue[0].venue));
    let look = async || {
        let code = late[0].code(Step::of(now()));
        town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.json()
    };
    eventually(look, |look| look["colour"] == "green").await?;

    // The venue closes, and the resident has everything erased.
    let path = format!("/v1/venues/{}", venue[0].venue);
    assert_eq!(second.send("DELETE", &path, &authority, "").await?.status(), 204);
    let scan_again = async || {
        let body = json!({"venue": venue[0].poster, "person": town.residents[1].code(Step::of(now()))});
        town.send("POST", "/v1/check-ins", "", body.to_string()).await
    };
    eventually(scan_again, |scan| scan.code() == "venue-closed").await?;
    let mine = || late[0].authorization(now());
    assert_eq!(second.send_as("DELETE", "/v1/people/me", mine, "").await?.status(), 204);
    let look = async || {
        let code = late[0].code(Step::of(now()));
        Ok(town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.code())
    };
    eventually(look, |code| code == "person-erased").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_or_pass_that_one_gateway_invalidates_opens_no_door_at_another() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("keys", 2)?;
    let (mut town, mut second) = found_with_second(&city, 1).await?;
    second.sees(&town, 0, "green").await?;
    let (authority, person) = (town.authority.clone(), town.residents[0].person);
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let print = format!("/v1/people/{person}/passes");
    let pass = town.send("POST", &print, &authority, json!({"days": 7}).to_string()).await?.json()?;
    let scan = json!({"pass": pass["pass"], "document_shown": true}).to_string();
    let scanned = second.send("POST", "/v1/check-ins", &terminal, scan.clone()).await?;
    assert_eq!(scanned.status(), 200, "{}", scanned.text());
    assert_eq!(town.send("POST", &format!("{print}/revoke"), &authority, "").await?.status(), 204);
    let there = async || Ok(second.send("POST", "/v1/check-ins", &terminal, scan.clone()).await?.code());
    eventually(there, |code| code == "person-code-invalid").await?;

    let old = town.residents[0].clone();
    let reason = json!({"reason": "phone stolen"}).to_string();
    let issued = town.send("POST", &format!("/v1/people/{person}/key"), &authority, reason).await?;
    let new = serde_json::from_value::<RegistrationReply>(issued.json()?)?.resident()?;
    // The new phone is welcome everywhere at once, and the old one nowhere in the end.
    let look = |resident: &LoadResident| format!("/v1/colours/{}", resident.code(Step::of(now())));
    let looked = second.send("GET", &look(&new), &terminal, "").await?;
    assert_eq!(looked.json()?["colour"], "green", "{}", looked.text());
    let there = async || Ok(second.send("GET", &look(&old), &terminal, "").await?.code());
    eventually(there, |code| code == "person-code-invalid").await?;
    let looked = second.send("GET", &look(&new), &terminal, "").await?;
    assert_eq!(looked.status(), 200, "{}", looked.text());
    Ok(())
}

/// Sends a POST with this idempotency key, again while the store is late.
async fn keyed(
    connection: &mut ClientConnection,
    path: &str,
    who: &str,
    key: &str,
    body: &str,
) -> anyhow::Result<TestReply> {
    let post = async || post_keyed(connection, path, who, key, body.to_owned()).await;
    eventually(post, |reply| !reply.is_store_late()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_key_acts_once_in_the_city_and_a_fact_is_one_fact() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("keyed", 2)?;
    let (mut town, mut second) = found_with_second(&city, 1).await?;
    let authority = town.authority.clone();
    // Both gateways get the first request at the same time.
    let venue = json!({"name": "Tea house", "kind": "restaurant", "district": "Yunlong"}).to_string();
    let (one, other) = tokio::join!(
        keyed(&mut town.connection, "/v1/venues", &authority, "\"venue\"", &venue),
        keyed(&mut second.connection, "/v1/venues", &authority, "\"venue\"", &venue),
    );
    assert_eq!((one?.text(), 200), {
        let other = other?;
        (other.text(), other.status())
    });

    let person = json!({
        "name": "孙八", "phone": "13900007070", "document": {"type": "passport", "number": "E70000071"},
    });
    let register = person.to_string();
    let first = keyed(&mut town.connection, "/v1/people", "", "field-1", &register).await?;
    let again = keyed(&mut second.connection, "/v1/people", "", "field-1", &register).await?;
    assert_eq!((again.status(), again.text()), (200, first.text()));
    assert!(first.json()?["key"].is_string() && again.header("idempotency-replayed") == Some("true"));
    let without = second.send("POST", "/v1/people", "", register).await?;
    assert_eq!(without.status_and_code(), refused(409, "already-registered"));
    let other = person.to_string().replace("孙八", "别人");
    let other = keyed(&mut second.connection, "/v1/people", "", "field-1", &other).await?;
    assert_eq!(other.status_and_code(), refused(422, "idempotency-key-reused"));

    let fact = json!({
        "person": town.residents[0].person, "kind": "confirmed", "at": now(), "source": "test",
    });
    let first = town.send("POST", "/v1/facts", &authority, fact.to_string()).await?.lines()?;
    let again = second.send("POST", "/v1/facts", &authority, fact.to_string()).await?.lines()?;
    assert_eq!((&again[0]["fact"], &again[0]["repeated"]), (&first[0]["fact"], &json!(true)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_and_keys_come_into_force_at_every_gateway() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("packs", 2)?;
    let (mut town, mut second) = found_with_second(&city, 1).await?;
    let authority = town.authority.clone();
    let pack =
        include_str!("../../../gateway/core/policies/default.toml").replace("version = 2", "version = 3");
    let held = town.send("POST", "/v1/policies", &authority, pack).await?.json()?;
    let approver = second.gateway.token("authority", "second approver", None)?;
    let path = format!("/v1/held/{}/approve", held["held"].as_str().unwrap_or_default());
    let approved = second.send("POST", &path, &approver, "").await?;
    assert_eq!(approved.json()?["policy"], "default/3", "{}", approved.text());
    let in_force = async || town.send("GET", "/v1/policies", &authority, "").await?.json();
    eventually(in_force, |answer| answer["in_force"]["policy"] == "default/3").await?;

    let operator = town.gateway.first_token("operator")?;
    let rotated = second.send("POST", "/v1/keys/rotate", &operator, "").await?;
    assert_eq!(rotated.json()?, json!({"current": 2, "accepted": [1, 2]}));
    let keys = async || town.send("GET", "/v1/keys", &operator, "").await?.json();
    eventually(keys, |keys| keys["current"] == 2).await?;
    // Each gateway rotates the other's latest key.
    let again = town.send("POST", "/v1/keys/rotate", &operator, "").await?;
    assert_eq!(again.json()?, json!({"current": 3, "accepted": [1, 2, 3]}));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_in_taken_by_both_is_stored_once_and_a_case_of_one_is_asked_at_the_other()
-> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("twins", 2)?;
    let (mut town, mut second) = found_with_second(&city, 2).await?;
    second.sees(&town, 0, "green").await?;
    let scan = town.scan(0, 0);
    let first = town.send("POST", "/v1/check-ins", "", scan.clone()).await?.json()?;
    let twin = second.send("POST", "/v1/check-ins", "", scan).await?.json()?;
    assert_eq!(first["id"], twin["id"]);
    let companion = town.scan(1, 0);
    assert_eq!(second.send("POST", "/v1/check-ins", "", companion).await?.status(), 200);

    // An encounter has a second at least, and the answers differ while it is open.
    let met = now();
    eventually(async || Ok(now()), |now| now.since_ms(met) > 1_100).await?;
    assert_eq!(town.check_out(0, 0).await?.status(), 200);
    let left = town.check_out(1, 0).await?.json()?;
    let case = town.open_case(0).await?;
    let tracer = town.tracer.clone();
    let trail = async || second.send("GET", &format!("/v1/cases/{case}/trail"), &tracer, "").await?.json();
    let is_complete = |trail: &Value| trail["complete_through"].as_str() > left["at"].as_str();
    let trail = eventually(trail, is_complete).await?;
    let visits = trail["visits"].as_array().cloned().unwrap_or_default();
    assert_eq!(visits.len(), 1, "{trail}");
    // The earlier of the two times counts.
    assert_eq!((&visits[0]["id"], &visits[0]["from"]), (&first["id"], &first["at"]));
    for path in
        [format!("/v1/cases/{case}/co-presence"), format!("/v1/cases/{case}/venues/{}/visits", venue(&town))]
    {
        let (here, there) = (
            town.send("GET", &path, &tracer, "").await?.json()?,
            second.send("GET", &path, &tracer, "").await?.json()?,
        );
        assert_eq!(here["contacts"], there["contacts"]);
        assert_eq!(here["venue_name"], there["venue_name"]);
        assert_eq!(here["visits"], there["visits"]);
        assert!(here.to_string().contains(&town.residents[1].person.to_string()), "{here}");
    }
    Ok(())
}

fn venue(town: &TestTown) -> VenueId {
    town.venues[0].venue
}

#[tokio::test(flavor = "multi_thread")]
async fn what_residents_may_do_is_counted_by_the_city_and_not_by_a_gateway() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    away_from_midnight().await?;
    let city = ClusterCity::new("own", 2)?.under("xinji");
    let (mut town, mut second) = found_with_second(&city, 12).await?;
    let by = |town: &TestTown, resident: usize| town.residents[resident].authorization(now());

    // One edit a day, at either gateway.
    let name = json!({"name": "李四"});
    assert_eq!(town.own(0, "PATCH", "", &name).await?.status(), 200);
    let again = second.send_as("PATCH", "/v1/people/me", || by(&town, 0), name.to_string()).await?;
    assert_eq!(again.status_and_code(), refused(429, "edit-quota"));

    // Ten requests at both gateways at once add three dependants.
    let tries = (1..=10).map(|dependant| {
        let (town, body) = (&town, json!({"person": town.residents[dependant].person}));
        let target = if dependant % 2 == 0 { &town.target } else { &second.target };
        async move {
            let mut connection = target.connect(Version::Http2).await?;
            // With so much contention on one row the cluster may time out.
            let post = ("POST", "/v1/people/me/dependants");
            send_until_stored(target, &mut connection, post, || by(town, 0), body.to_string()).await
        }
    });
    let said: Vec<_> = try_join_all(tries).await?.iter().map(TestReply::status_and_code).collect();
    assert_eq!(said.iter().filter(|said| said.0 == 200).count(), 3, "{said:?}");
    assert!(said.iter().all(|said| said.0 == 200 || *said == refused(409, "proxy-out-limit")), "{said:?}");
    let mine = second.send_as("GET", "/v1/people/me", || by(&town, 0), "").await?.json()?;
    assert_eq!(mine["dependants"].as_array().map(Vec::len), Some(3), "{mine}");

    // A report at one gateway changes the colour at both. One report a day counts.
    let fever = json!({"temperature": 38.2, "symptoms": []});
    assert_eq!(town.own(11, "POST", "/reports", &fever).await?.json()?["colour"], "yellow");
    second.sees(&town, 11, "yellow").await?;
    let by = || by(&town, 11);
    let report = second.send_as("POST", "/v1/people/me/reports", by, fever.to_string()).await?;
    assert_eq!(report.json()?["counts"], false);

    // A question sent to one gateway is answered at the other.
    let asked = town.own(11, "POST", "/questions", &json!({"text": "要隔离多久?"})).await?.json()?;
    let path = format!("/v1/questions/{}/answer", asked["question"].as_str().unwrap_or_default());
    let authority = town.authority.clone();
    let answered = second.send("POST", &path, &authority, json!({"text": "十四天"}).to_string()).await?;
    assert_eq!(answered.status(), 200, "{}", answered.text());
    let questions = town.own(11, "GET", "/questions", &Value::Null).await?.json()?;
    assert_eq!(questions["questions"][0]["answer"]["text"], "十四天", "{questions}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_one_gateway_revokes_is_refused_by_the_other() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("revoked", 2)?;
    let (mut town, mut second) = found_with_second(&city, 1).await?;
    let terminal = town.gateway.token("terminal", "gate 9", Some(town.venues[0].venue))?;
    let token = listed(&mut town, "gate 9").await?;
    let code = |town: &TestTown| format!("/v1/colours/{}", town.residents[0].code(Step::of(now())));
    let path = code(&town);
    assert_eq!(town.send("GET", &path, &terminal, "").await?.status(), 200);
    second.sees(&town, 0, "green").await?;
    let operator = town.gateway.first_token("operator")?;
    let body = json!({"jti": token["jti"]}).to_string();
    let revoked = second.send("POST", "/v1/tokens/revoke", &operator, body).await?;
    assert_eq!(revoked.status(), 204, "{}", revoked.text());
    let path = code(&town);
    let looked = async || {
        let looked = town.send("GET", &path, &terminal, "").await?;
        Ok(looked.status_and_code())
    };
    eventually(looked, |looked| *looked == refused(401, "token-invalid")).await?;

    // A gateway that starts later refuses it too.
    assert!(second.gateway.stop()?.success());
    let mut second = SecondGateway::start(&city).await?;
    let path = code(&town);
    let looked = second.send("GET", &path, &terminal, "").await?;
    assert_eq!(looked.status_and_code(), refused(401, "token-invalid"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn worsening_facts_at_both_gateways_count_in_one_window() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("windows", 2)?;
    let (mut town, mut second) = found_with_second(&city, 1).await?;
    let (authority, person) = (town.authority.clone(), town.residents[0].person);
    for list in 0..5 {
        let body = worsening(person, &format!("ward {list}"), 100);
        assert_eq!(town.send("POST", "/v1/facts", &authority, body).await?.status(), 200);
        let body = worsening(person, &format!("home {list}"), 100);
        assert_eq!(second.send("POST", "/v1/facts", &authority, body).await?.status(), 200);
    }
    let body = worsening(person, "another", 1);
    assert_eq!(town.send("POST", "/v1/facts", &authority, body.clone()).await?.status(), 202);
    assert_eq!(second.send("POST", "/v1/facts", &authority, body).await?.status(), 202);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_gateway_begins_with_the_citys_pack_or_not_at_all() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("first_pack", 2)?.under("xinji");
    let _first = city.start(0)?;
    let error = city.under("nanchong").start(1).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("the pack in force is xinji/3") && error.contains("POST /v1/policies"), "{error}");
    Ok(())
}
