//! Bad input gets a problem with a stable code, the same on every HTTP version, and nothing is stored.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scangate_core::time::Step;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{Gateway, TestTown, send};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn bad_scans_are_refused_alike_everywhere() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let code = town.residents[0].code(Step::of(now()));
    let poster = &town.venues[0].poster;
    let with = |more: &str| format!(r#"{{"venue":"{poster}","person":"{code}"{more}}}"#);
    let of = |venue: &str, person: &str| json!({"venue": venue, "person": person}).to_string();
    let table: Vec<(String, u16, &str)> = vec![
        (String::new(), 400, "malformed"),
        ("{".into(), 400, "malformed"),
        ("[]".into(), 400, "malformed"),
        ("null".into(), 400, "malformed"),
        ("\u{feff}{}".into(), 400, "malformed"),
        ("{}".into(), 400, "malformed"),
        (with(r#","colour":"green""#), 400, "malformed"),
        (with(r#","person":"again""#), 400, "malformed"),
        (with(r#","direction":"up""#), 400, "malformed"),
        (with(r#","at":"2022-01-04T00:00:00Z""#), 400, "malformed"),
        (with(r#","companions":["1","2","3","4","5","6","7","8","9"]"#), 400, "malformed"),
        (with(r#","temperature":36.6"#), 401, "token-invalid"),
        (with(r#","temperature":NaN"#), 400, "malformed"),
        (with(&format!(r#","companions":["{}"]"#, "A".repeat(5_000))), 413, "too-large"),
        (of(poster, &code[1..]), 401, "person-code-invalid"),
        (of(poster, &format!("{code}A")), 401, "person-code-invalid"),
        (of(poster, poster), 401, "person-code-invalid"),
        (of(&code, &code), 422, "venue-code-invalid"),
        (of(&poster[..20], &code), 422, "venue-code-invalid"),
    ];
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        for (body, status, code) in &table {
            let sent = send(&mut connection, "POST", "/v1/check-ins", "", body.clone()).await?;
            let said = (sent.status(), sent.code());
            assert_eq!(said, (*status, (*code).to_owned()), "{version:?} {body}: {}", sent.text());
            assert_eq!(sent.header("content-type"), Some("application/problem+json"), "{body}");
            let problem = sent.json()?;
            assert_eq!(problem["status"], *status);
            assert!(problem["title"].is_string() && problem["detail"].is_string());
            // The gateway may close an HTTP/1.1 connection whose body it did not read to the end.
            if sent.status() == 413 {
                connection = town.target.connect(version).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_25_every_problem_names_the_hotline_of_the_pack_in_force() -> anyhow::Result<()> {
    let town = TestTown::under("xinji", 1).await?;
    let resident = town.residents[0].authorization(now());
    let table: [(&str, &str, &str, &str, u16, &str); 9] = [
        ("POST", "/v1/check-ins", "", "{", 400, "malformed"),
        ("GET", "/v1/colours/AQH", "", "", 401, "token-invalid"),
        ("POST", "/v1/people", "", "{", 400, "malformed"),
        ("GET", "/v1/people/me", "", "", 401, "token-invalid"),
        ("POST", "/v1/people/me/reports", &resident, "{", 400, "malformed"),
        ("DELETE", "/v1/people/me/bookings/2022-01-04", &resident, "", 404, "not-found"),
        ("POST", "/v1/facts", &resident, "", 401, "token-invalid"),
        ("GET", "/v1/nothing", "", "", 404, "not-found"),
        ("DELETE", "/v1/registration", "", "", 405, "method-not-allowed"),
    ];
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        for (method, path, by, body, status, code) in table {
            let sent = send(&mut connection, method, path, by, body).await?;
            let said = (sent.status(), sent.code(), sent.json()?["hotline"].clone());
            let length = sent.header("content-length").map(str::to_owned);
            assert_eq!(
                said,
                (status, code.to_owned(), json!("0311-83283507")),
                "{version:?} {method} {path}"
            );
            assert_eq!(length, Some(sent.text().len().to_string()), "{version:?} {method} {path}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_anywhere_spoils_a_code() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let person = URL_SAFE_NO_PAD.decode(town.residents[0].code(Step::of(now())))?;
    let poster = URL_SAFE_NO_PAD.decode(&town.venues[0].poster)?;
    for bit in 0..person.len() * 8 {
        let mut flipped = person.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let scan = json!({"venue": town.venues[0].poster, "person": URL_SAFE_NO_PAD.encode(flipped)});
        let sent = town.send("POST", "/v1/check-ins", "", scan.to_string()).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (401, "person-code-invalid"), "bit {bit}");
    }
    let code = town.residents[0].code(Step::of(now()));
    for bit in 0..poster.len() * 8 {
        let mut flipped = poster.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let scan = json!({"venue": URL_SAFE_NO_PAD.encode(flipped), "person": code});
        let sent = town.send("POST", "/v1/check-ins", "", scan.to_string()).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (422, "venue-code-invalid"), "bit {bit}");
    }
    let mine = town.mine(0).await?;
    assert_eq!(mine["check_ins"], json!([]), "a refused scan was kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_venue_takes_nobody() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let venue = town.venues[0].venue;
    let closed = town.send("DELETE", &format!("/v1/venues/{venue}"), &authority, "").await?;
    assert_eq!(closed.status(), 204, "{}", closed.text());
    let refused = town.check_in(0, 0).await?;
    assert_eq!((refused.status(), refused.code().as_str()), (422, "venue-closed"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_that_are_not_there() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        for (method, path, status, code) in [
            ("GET", "/nothing", 404, "not-found"),
            ("GET", "/v1/check-ins", 405, "method-not-allowed"),
            ("PUT", "/v1/people", 405, "method-not-allowed"),
            ("DELETE", "/openapi.json", 405, "method-not-allowed"),
        ] {
            let sent = send(&mut connection, method, path, "", "").await?;
            assert_eq!((sent.status(), sent.code().as_str()), (status, code), "{version:?} {method} {path}");
            assert_eq!(sent.header("allow").is_some(), status == 405, "{method} {path}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_in_too_many_places_is_refused_and_nobody_else() -> anyhow::Result<()> {
    let config = tempfile::NamedTempFile::new()?;
    std::fs::write(&config, "person_check_ins_max = 2\n")?;
    let gateway = Gateway::start(&["--config", config.path().to_str().context("a path")?])?;
    let mut town = TestTown::found_in(gateway, 2).await?;
    // All scans use codes of one step, so the test does not depend on the time.
    let step = Step::of(now());
    let scan = |town: &TestTown, resident: usize, venue: usize| {
        json!({"venue": town.venues[venue].poster, "person": town.residents[resident].code(step)}).to_string()
    };
    let mut kept = Vec::new();
    for venue in [0, 1] {
        let sent = town.send("POST", "/v1/check-ins", "", scan(&town, 0, venue)).await?;
        assert_eq!(sent.status(), 200, "{}", sent.text());
        kept.push(sent.json()?["id"].clone());
    }
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        let third = send(&mut connection, "POST", "/v1/check-ins", "", scan(&town, 0, 2)).await?;
        assert_eq!((third.status(), third.code().as_str()), (429, "too-many"), "{version:?}");
        let retry_after = third.header("retry-after").and_then(|text| text.parse::<u32>().ok());
        assert!(retry_after.is_some_and(|seconds| seconds > 0), "{version:?}: {retry_after:?}");
        let repeated = send(&mut connection, "POST", "/v1/check-ins", "", scan(&town, 0, 1)).await?;
        assert_eq!(repeated.json()?["id"], kept[1], "{version:?}: what was taken is answered again");
        let other = send(&mut connection, "POST", "/v1/check-ins", "", scan(&town, 1, 0)).await?;
        assert_eq!(other.status(), 200, "{version:?}: {}", other.text());
    }
    Ok(())
}
