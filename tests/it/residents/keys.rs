//! The keys of residents: generations, kids, and paper passes.

use scangate_core::time::Step;
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown, refused};
use serde_json::{Value, json};

/// A resident whose phone has the key of an answer.
fn phone(answer: &TestReply) -> anyhow::Result<LoadResident> {
    anyhow::ensure!(answer.status() == 200, "{}", answer.text());
    serde_json::from_value::<RegistrationReply>(answer.json()?)?.resident()
}

/// The code's answer at a door: the status, and the problem's code.
async fn scan(town: &mut TestTown, resident: &LoadResident, venue: usize) -> anyhow::Result<(u16, String)> {
    let code = resident.code(Step::of(now()));
    let scan = json!({"venue": town.venues[venue].poster, "person": code}).to_string();
    Ok(town.send("POST", "/v1/check-ins", "", scan).await?.status_and_code())
}

async fn issue(town: &mut TestTown, resident: usize) -> anyhow::Result<TestReply> {
    let (authority, person) = (town.authority.clone(), town.residents[resident].person);
    let reason = json!({"reason": "phone stolen"}).to_string();
    town.send("POST", &format!("/v1/people/{person}/key"), &authority, reason).await
}

async fn print_pass(town: &mut TestTown, resident: usize) -> anyhow::Result<String> {
    let (authority, person) = (town.authority.clone(), town.residents[resident].person);
    let path = format!("/v1/people/{person}/passes");
    let printed = town.send("POST", &path, &authority, json!({"days": 7}).to_string()).await?.json()?;
    Ok(printed["pass"].as_str().unwrap_or_default().to_owned())
}

async fn scan_pass(town: &mut TestTown, terminal: &str, pass: &str) -> anyhow::Result<(u16, String)> {
    let scan = json!({"pass": pass, "document_shown": true}).to_string();
    Ok(town.send("POST", "/v1/check-ins", terminal, scan).await?.status_and_code())
}

/// The acts in the audit, oldest first, with their objects.
pub(crate) async fn audited(town: &mut TestTown) -> anyhow::Result<Vec<(String, String)>> {
    let operator = town.gateway.first_token("operator")?;
    let entries = town.send("GET", "/v1/audit?from=1", &operator, "").await?.lines()?;
    let word = |entry: &Value, name: &str| entry["act"][name].as_str().unwrap_or_default().to_owned();
    Ok(entries.iter().map(|entry| (word(entry, "act"), word(entry, "object"))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_ends_the_old_one_with_its_codes_and_passes() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let pass = print_pass(&mut town, 0).await?;
    assert_eq!(scan_pass(&mut town, &terminal, &pass).await?.0, 200);
    let new = phone(&issue(&mut town, 0).await?)?;
    let old = std::mem::replace(&mut town.residents[0], new.clone());
    assert_eq!(new.person, old.person);
    assert_eq!(scan(&mut town, &old, 1).await?, refused(401, "person-code-invalid"));
    assert_eq!(scan_pass(&mut town, &terminal, &pass).await?, refused(401, "person-code-invalid"));
    let read = town.send("GET", "/v1/people/me", &old.authorization(now()), "").await?;
    assert_eq!(read.status_and_code(), refused(401, "person-code-invalid"));
    assert_eq!(scan(&mut town, &new, 1).await?.0, 200);
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.status(), 200);
    let pass = print_pass(&mut town, 0).await?;
    assert_eq!(scan_pass(&mut town, &terminal, &pass).await?.0, 200);
    // Each further key ends the one before; other people are not affected.
    let newer = phone(&issue(&mut town, 0).await?)?;
    assert_eq!(scan(&mut town, &new, 2).await?, refused(401, "person-code-invalid"));
    assert_eq!(scan(&mut town, &newer, 2).await?.0, 200);
    assert_eq!(town.check_in(1, 2).await?.status(), 200);

    let issued = ("key-issued".to_owned(), old.person.to_string());
    assert_eq!(audited(&mut town).await?.iter().filter(|&act| *act == issued).count(), 2);
    let (authority, path) = (town.authority.clone(), format!("/v1/people/{}/key", old.person));
    for (path, body, expected) in [
        (path.as_str(), json!({"reason": " "}), refused(400, "malformed")),
        (path.as_str(), json!({}), refused(400, "malformed")),
        ("/v1/people/p0000000000001/key", json!({"reason": "x"}), refused(404, "not-found")),
    ] {
        let sent = town.send("POST", path, &authority, body.to_string()).await?;
        assert_eq!(sent.status_and_code(), expected);
    }

    // A restart loads the generation before the first scan.
    let folder = town.gateway.folder();
    town.gateway.stop()?;
    town.gateway = Gateway::start_in(folder, &[], ExpectedLog::Quiet)?;
    town.target = town.gateway.target()?;
    town.connection = town.target.connect(scangate_loadgen::client::Version::Http3).await?;
    assert_eq!(scan(&mut town, &old, 0).await?, refused(401, "person-code-invalid"));
    assert_eq!(scan(&mut town, &newer, 0).await?.0, 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_passes_open_no_door_and_the_phone_goes_on() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let (authority, person) = (town.authority.clone(), town.residents[0].person);
    let pass = print_pass(&mut town, 0).await?;
    assert_eq!(scan_pass(&mut town, &terminal, &pass).await?.0, 200);
    let revoke = format!("/v1/people/{person}/passes/revoke");
    assert_eq!(town.send("POST", &revoke, &authority, "").await?.status(), 204);
    assert_eq!(scan_pass(&mut town, &terminal, &pass).await?, refused(401, "person-code-invalid"));
    assert_eq!(town.check_in(0, 1).await?.status(), 200);
    let new = print_pass(&mut town, 0).await?;
    assert_ne!(new, pass);
    assert_eq!(scan_pass(&mut town, &terminal, &new).await?.0, 200);
    assert!(audited(&mut town).await?.contains(&("passes-revoked".into(), person.to_string())));
    let unknown = town.send("POST", "/v1/people/p0000000000001/passes/revoke", &authority, "").await?;
    assert_eq!(unknown.status_and_code(), refused(404, "not-found"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kid_is_withdrawn_once_every_phone_has_moved_to_the_newest() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let operator = town.gateway.first_token("operator")?;
    let kids = town.send("POST", "/v1/keys/rotate", &operator, "").await?.json()?;
    assert_eq!(kids, json!({"current": 2, "accepted": [1, 2]}));
    assert_eq!(town.check_in(0, 0).await?.status(), 200);
    let current = town.send("DELETE", "/v1/keys/2", &operator, "").await?;
    assert_eq!(current.status_and_code(), refused(400, "malformed"));
    let used = town.send("DELETE", "/v1/keys/1", &operator, "").await?;
    assert_eq!(used.status_and_code(), refused(409, "kid-in-use"));

    // One phone moves by itself, the other person gets a new key.
    assert_eq!(town.own(0, "GET", "", &Value::Null).await?.json()?["kid"], 2);
    let old = town.residents[0].authorization(now());
    town.residents[0] = phone(&town.own(0, "POST", "/key", &Value::Null).await?)?;
    let both = town.send("GET", "/v1/keys", &operator, "").await?.json()?;
    assert_eq!(both["people"], json!({"1": 1, "2": 1}));
    // The key that the phone had is valid until its kid is withdrawn.
    assert_eq!(town.send("GET", "/v1/people/me", &old, "").await?.status(), 200);
    town.residents[1] = phone(&issue(&mut town, 1).await?)?;
    let people = town.send("GET", "/v1/keys", &operator, "").await?.json()?["people"].clone();
    assert_eq!(people, json!({"1": 0, "2": 2}));
    assert_eq!(town.send("DELETE", "/v1/keys/1", &operator, "").await?.status(), 204);
    assert_eq!(town.send("GET", "/v1/people/me", &old, "").await?.status(), 401);
    // The posters were printed under the withdrawn kid: a terminal needs none.
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[1].venue))?;
    for resident in [0, 1] {
        let scan = json!({"person": town.residents[resident].code(Step::of(now()))}).to_string();
        assert_eq!(town.send("POST", "/v1/check-ins", &terminal, scan).await?.status(), 200);
    }
    let again = town.send("DELETE", "/v1/keys/1", &operator, "").await?;
    assert_eq!(again.status_and_code(), refused(404, "not-found"));
    Ok(())
}
