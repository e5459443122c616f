//! Codes that no phone creates: paper passes, and the changing code on a door's screen. The tests seal them
//! with the deployment's own secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scangate_core::code::{DoorCode, PaperPass, PersonCode, VenueTicket};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::keys::{DoorKey, Generation, Key, KeyState, Kid, MasterKey};
use scangate_core::limits::TICKET_STEPS;
use scangate_core::time::{Step, Timestamp};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{CITIES_EAST_MS, TestTown, away_from_midnight, refused, send};
use serde_json::{Value, json};

/// The door with the screen.
const DOOR: u16 = 3;
/// The path by which a screen reads its key.
const KEY_PATH: &str = "/v1/doors/me/key";

fn master(town: &TestTown) -> anyhow::Result<MasterKey> {
    Ok(town.gateway.secret()?.master(Kid(1)))
}

/// A pass of the first resident, valid for `days` more days.
fn pass(town: &TestTown, days: i32) -> anyhow::Result<String> {
    let today = now().plus_ms(CITIES_EAST_MS).utc_day();
    let not_after = today.saturating_add_signed(days);
    let key = master(town)?.server().pass(KeyState::default());
    Ok(PaperPass::seal(Kid(1), town.residents[0].person, not_after, &key).text())
}

/// A code of one door, sealed with another door's key.
fn door_code(
    town: &TestTown,
    venue: VenueId,
    step: Step,
    door: u16,
    key_of: (VenueId, u16),
) -> anyhow::Result<String> {
    Ok(DoorCode::seal(Kid(1), venue, door, step, &master(town)?.door(key_of.0, key_of.1)).text())
}

/// A person whom another gateway has registered a moment ago.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_not_in_the_table_is_unknown_and_kept() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let person = PersonId(77);
    for generation in [Generation(0), Generation(1)] {
        let key = master(&town)?.person(person, generation);
        let code = PersonCode::seal(Kid(1), person, Step::of(now()), &key).text();
        let scan =
            json!({"venue": town.venues[usize::from(generation.0)].poster, "person": code}).to_string();
        let kept = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
        assert_eq!((&kept["colour"], &kept["verdict"]), (&json!("unknown"), &json!("check")));
        assert_eq!(kept["checks"], json!(["manual"]));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_10_a_paper_pass_opens_a_terminals_door_until_its_day_is_over() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let town = TestTown::found(1).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let scan = |pass: &str| json!({"pass": pass, "document_shown": true}).to_string();
    let (good, over) = (pass(&town, 0)?, pass(&town, -1)?);
    let forged = good.replacen(&good[20..21], if &good[20..21] == "A" { "B" } else { "A" }, 1);
    let code = town.residents[0].code(Step::of(now()));
    let both = json!({"pass": good, "person": code}).to_string();
    for version in Version::ALL {
        let mut gate = town.target.connect(version).await?;
        let taken = send(&mut gate, "POST", "/v1/check-ins", &terminal, scan(&good)).await?;
        let said = taken.json()?;
        assert_eq!((taken.status(), &said["colour"]), (200, &json!("green")), "{version:?} {said}");
        assert_eq!(said["venue"]["id"], json!(town.venues[0].venue));
        for (body, token, status, code) in [
            (scan(&over), terminal.as_str(), 401, "person-code-expired"),
            (scan(&forged), terminal.as_str(), 401, "person-code-invalid"),
            (scan(&code), terminal.as_str(), 401, "person-code-invalid"),
            (both.clone(), terminal.as_str(), 400, "malformed"),
            (scan(&good), "", 401, "token-invalid"),
            (json!({"pass": good, "venue": town.venues[0].poster}).to_string(), "", 401, "token-invalid"),
        ] {
            let refused = send(&mut gate, "POST", "/v1/check-ins", token, body).await?;
            assert_eq!((refused.status(), refused.code().as_str()), (status, code), "{version:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doors_code_is_good_for_its_door_and_moment() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let (venue, step) = (town.venues[0].venue, Step::of(now()));
    let stranger = VenueId(venue.0 ^ 1);
    let scan = |code: &str| json!({"venue": code, "person": town.residents[0].code(step)}).to_string();
    let own = (venue, DOOR);
    let table = [
        (door_code(&town, venue, Step(step.0 - 3), DOOR, own)?, "venue-code-expired"),
        (door_code(&town, venue, Step(step.0 + 2), DOOR, own)?, "venue-code-expired"),
        (door_code(&town, venue, step, DOOR + 1, own)?, "venue-code-invalid"),
        (door_code(&town, stranger, step, DOOR, own)?, "venue-code-invalid"),
        (door_code(&town, stranger, step, DOOR, (stranger, DOOR))?, "venue-code-invalid"),
    ];
    let good = [
        door_code(&town, venue, step, DOOR, own)?,
        door_code(&town, venue, step, DOOR + 1, (venue, DOOR + 1))?,
        town.venues[0].poster.clone(),
    ];
    let mut ids: Vec<Value> = Vec::new();
    for version in Version::ALL {
        let mut phone = town.target.connect(version).await?;
        for (code, expected) in &table {
            let refused = send(&mut phone, "POST", "/v1/check-ins", "", scan(code)).await?;
            assert_eq!((refused.status(), refused.code().as_str()), (422, *expected), "{version:?}");
        }
        // Codes of several doors of a venue are one check-in.
        for code in &good {
            let taken = send(&mut phone, "POST", "/v1/check-ins", "", scan(code)).await?.json()?;
            assert_eq!(taken["venue"]["id"], json!(venue), "{version:?} {taken}");
            ids.push(taken["id"].clone());
        }
    }
    assert!(ids.iter().all(|id| id.is_string() && *id == ids[0]), "{ids:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_stands_for_a_doors_code_while_somebody_registers() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (venue, step, key) = (town.venues[0].venue, Step::of(now()), master(&town)?.server());
    let terms = |code: &str| format!("/v1/registration?venue={code}");
    let door = door_code(&town, venue, step, DOOR, (venue, DOOR))?;
    let given = town.send("GET", &terms(&door), "", "").await?.json()?;
    let ticket = given["ticket"]["venue"].as_str().unwrap_or_default().to_owned();
    let expires: Timestamp = serde_json::from_value(given["ticket"]["expires"].clone())?;
    assert!((600_000..=630_000).contains(&expires.since_ms(now())), "{expires}");
    // Neither a poster, which does not expire, nor a ticket gets one.
    for lasting in [&town.venues[0].poster.clone(), &ticket] {
        let given = town.send("GET", &terms(lasting), "", "").await?.json()?;
        assert!(given["documents"].is_array() && given.get("ticket").is_none(), "{given}");
    }
    let sealed = |ago: u32| VenueTicket::seal(Kid(1), venue, DOOR, Step(step.0 - ago), &key).text();
    let forged = sealed(0).replacen(&ticket[20..21], if &ticket[20..21] == "A" { "B" } else { "A" }, 1);
    let person = town.residents[0].clone();
    let scan = |venue: &str| json!({"venue": venue, "person": person.code(step)}).to_string();
    for (code, problem) in [
        (sealed(TICKET_STEPS + 1), "venue-code-expired"),
        (forged, "venue-code-invalid"),
        (door_code(&town, venue, Step(step.0 - 3), DOOR, (venue, DOOR))?, "venue-code-expired"),
    ] {
        let refused_terms = town.send("GET", &terms(&code), "", "").await?;
        assert_eq!(refused_terms.status_and_code(), refused(422, problem));
        let refused_scan = town.send("POST", "/v1/check-ins", "", scan(&code)).await?;
        assert_eq!(refused_scan.status_and_code(), refused(422, problem));
    }
    // It can be passed on, so it proves no more than a poster does.
    for good in [ticket, sealed(TICKET_STEPS - 1)] {
        let taken = town.send("POST", "/v1/check-ins", "", scan(&good)).await?.json()?;
        assert_eq!(taken["venue"]["id"], json!(venue), "{taken}");
    }
    let case = town.open_case(0).await?;
    let trail = town.traced_through(&format!("/v1/cases/{case}/trail"), now()).await?;
    assert_eq!(trail["visits"][0]["evidence"], "poster", "{trail}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_makes_its_doors_codes_from_the_key_that_it_reads() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let venue = town.venues[0].venue;
    let screen = town.gateway.screen("screen 3", venue, DOOR)?;
    let read = async |town: &mut TestTown, token: &str| town.send("GET", KEY_PATH, token, "").await;
    for kid in [1, 2] {
        let answer = read(&mut town, &screen).await?;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let given = answer.json()?;
        assert_eq!(
            (&given["venue"], &given["door"], &given["kid"]),
            (&json!(venue), &json!(DOOR), &json!(kid))
        );
        assert_eq!(given["venue_name"], "Venue 0", "{given}");
        let key = URL_SAFE_NO_PAD.decode(given["key"].as_str().unwrap_or_default())?;
        let key = DoorKey(Key(key.try_into().map_err(|_| anyhow::anyhow!("a key has 32 bytes"))?));
        let step = Step::of(now());
        let code = DoorCode::seal(Kid(kid), venue, DOOR, step, &key).text();
        let scan = json!({"venue": code, "person": town.residents[0].code(step)}).to_string();
        let taken = town.send("POST", "/v1/check-ins", "", scan).await?;
        assert_eq!((taken.status(), &taken.json()?["venue"]["id"]), (200, &json!(venue)));
        let operator = town.gateway.first_token("operator")?;
        assert_eq!(town.send("POST", "/v1/keys/rotate", &operator, "").await?.status(), 200);
    }

    let doorless = town.gateway.token("terminal", "gate", Some(venue))?;
    let authority = town.authority.clone();
    for token in [&doorless, &authority] {
        assert_eq!(read(&mut town, token).await?.status_and_code(), refused(403, "role-wrong"));
    }
    let elsewhere = town.gateway.screen("screen of none", VenueId(venue.0 ^ 1), DOOR)?;
    assert_eq!(read(&mut town, &elsewhere).await?.status_and_code(), refused(422, "venue-code-invalid"));
    assert_eq!(town.send("DELETE", &format!("/v1/venues/{venue}"), &authority, "").await?.status(), 204);
    assert_eq!(read(&mut town, &screen).await?.status_and_code(), refused(422, "venue-closed"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_08_a_paper_pass_and_a_temperature_admit_who_has_no_phone() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let authority = town.authority.clone();
    let path = format!("/v1/people/{}/passes", town.residents[0].person);
    let long = town.send("POST", &path, &authority, r#"{"days":1000}"#).await?;
    assert_eq!(long.status_and_code(), refused(400, "malformed"));
    let printed = town.send("POST", &path, &authority, r#"{"days":14}"#).await?.json()?;
    let terminal = town.gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
    let mut scan = json!({"pass": printed["pass"]});
    let without = town.send("POST", "/v1/check-ins", &terminal, scan.to_string()).await?.json()?;
    assert_eq!((&without["verdict"], &without["checks"]), (&json!("check"), &json!(["temperature"])));
    // Another venue in the same step is another check-in.
    let other = town.gateway.token("terminal", "gate 2", Some(town.venues[1].venue))?;
    scan["temperature"] = json!(36.6);
    let with = town.send("POST", "/v1/check-ins", &other, scan.to_string()).await?.json()?;
    assert_eq!(with["verdict"], "pass", "{with}");
    Ok(())
}
