//! Prints: posters with names of any length, posters by the command, paper passes, and the sheets of an
//! import.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use scangate_core::time::{DAY_MS, Step, Timestamp};
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_tests::{
    CITIES_EAST_MS, ExpectedLog, Gateway, TestReply, TestTown, assert_done, assert_refused,
    away_from_midnight,
};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_poster_has_all_of_a_long_name_in_lines() -> anyhow::Result<()> {
    let mut town = TestTown::found(0).await?;
    let authority = town.authority.clone();
    for name in
        ["新疆维吾尔自治区巴音郭楞蒙古自治州和静县巴音布鲁克镇社会保障与公共就业服务所", "东门 & 市场"]
    {
        let venue = json!({"name": name, "kind": "government", "district": "鼓楼"}).to_string();
        let added = town.send("POST", "/v1/venues", &authority, venue).await?.json()?;
        let path = format!("/v1/venues/{}/posters/1.svg", added["venue"].as_str().context("a venue")?);
        let poster = town.send("GET", &path, &authority, "").await?.text();
        let lines: Vec<&str> =
            poster.split("<tspan").skip(1).filter_map(|rest| rest.split('>').nth(1)).collect();
        let whole = lines.iter().map(|line| line.trim_end_matches("</tspan")).collect::<String>();
        assert_eq!(whole.replace("&amp;", "&"), name);
        assert_eq!(lines.len() > 1, name.chars().count() > 20, "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() < 30), "{lines:?}");
    }
    Ok(())
}

/// The address in a poster's code, which the command draws from a known kid and origin.
fn drawn(town: &TestTown, more: &[&str]) -> anyhow::Result<std::process::Output> {
    let (venue, data) = (town.venues[0].venue.to_string(), town.gateway.folder());
    let data = data.path().display().to_string();
    Gateway::run(&[&["poster", &venue, "--data", &data, "--name", "东门市场"], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_poster_command_seals_under_the_current_kid_and_points_to_the_origin() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, "origin = \"https://scan.example\"\n")?;
    let config = file.display().to_string();
    let data = Arc::new(tempfile::tempdir()?);
    let gateway = Gateway::start_in(data, &["--config", &config], ExpectedLog::Quiet)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let (authority, operator) = (town.authority.clone(), town.gateway.first_token("operator")?);
    for kid in [1, 2] {
        if kid == 2 {
            let rotated = town.send("POST", "/v1/keys/rotate", &operator, "").await?;
            assert_eq!(rotated.json()?["current"], json!(2));
        }
        // The gateway's own poster has the current kid and the origin. Its QR must be the command's, too.
        let venue = json!({"name": "东门市场", "kind": "market", "district": "鼓楼"}).to_string();
        let added = town.send("POST", "/v1/venues", &authority, venue).await?.json()?;
        let code = URL_SAFE_NO_PAD.decode(added["poster"].as_str().context("a poster")?)?;
        assert_eq!(code[..2], [0x11, kid]);
        let venue = town.venues[0].venue;
        let path = format!("/v1/venues/{venue}/posters/1.svg");
        let served = town.send("GET", &path, &authority, "").await?.text();
        let output = drawn(&town, &[])?;
        assert_done(&output, "</svg>");
        let of_code = |svg: &str| svg.split_once("<path").map(|(_, rest)| rest.to_owned());
        let code = of_code(&String::from_utf8(output.stdout)?);
        assert!(code.is_some() && code == of_code(&served), "kid {kid}");
        let elsewhere = drawn(&town, &["--origin", "https://other.example"])?;
        assert_ne!(of_code(&String::from_utf8(elsewhere.stdout)?), code);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_poster_command_fails_where_it_cannot_know_or_the_kid_is_withdrawn() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let operator = town.gateway.first_token("operator")?;
    let rotated = town.send("POST", "/v1/keys/rotate", &operator, "").await?;
    assert_eq!(rotated.status(), 200);
    assert_done(&drawn(&town, &["--kid", "1"])?, "</svg>");
    let never = drawn(&town, &["--kid", "9"])?;
    assert_refused(&never, "kid 9 is withdrawn");
    std::fs::remove_file(town.gateway.folder().path().join("poster.json"))?;
    assert_refused(&drawn(&town, &[])?, "give --kid and --origin");
    let named = ["--kid", "2", "--origin", "https://scan.example"];
    assert_done(&drawn(&town, &named)?, "</svg>");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_10_a_paper_pass_is_printed_to_the_end_of_a_local_day() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = TestTown::found(1).await?;
    let (authority, person) = (town.authority.clone(), town.residents[0].person);
    let path = format!("/v1/people/{person}/passes");
    let local_day = |at: Timestamp| (at.0 + CITIES_EAST_MS) / DAY_MS;
    for days in [1, 90] {
        let today = local_day(now());
        let body = json!({"days": days}).to_string();
        let printed = town.send("POST", &path, &authority, body).await?.json()?;
        let until: Timestamp = serde_json::from_value(printed["until"].clone())?;
        assert_eq!(until.0 + CITIES_EAST_MS, (today + days + 1) * DAY_MS, "{printed}");
        let pass = URL_SAFE_NO_PAD.decode(printed["pass"].as_str().context("a pass")?)?;
        let last_day = u32::from_be_bytes(pass[10..14].try_into()?);
        assert_eq!(u64::from(last_day), today + days);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_too_far_from_the_servers_comes_back_with_the_servers_time() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (authority, person) = (town.authority.clone(), town.residents[0].person);
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let (ahead, past) = (now().plus_ms(60_000), now().minus_ms(73 * 3_600_000));
    let scan = |at: Timestamp| json!({"person": town.residents[0].code(Step::of(at)), "at": at});
    let import = |at: Timestamp| json!({"person": person, "venue": town.venues[0].venue, "at": at});
    let fact = json!({"person": person, "kind": "symptoms", "which": ["fever"], "at": ahead, "source": "x"});
    let long_past = import(now().minus_ms(15 * DAY_MS));
    for (path, token, line) in [
        ("/v1/check-ins/batch", &terminal, scan(ahead)),
        ("/v1/check-ins/batch", &terminal, scan(past)),
        ("/v1/check-ins/import", &authority, import(ahead)),
        ("/v1/check-ins/import", &authority, long_past),
        ("/v1/facts", &authority, fact),
    ] {
        let before = now();
        let answer = town.send("POST", path, token, line.to_string()).await?.lines()?.remove(0);
        assert_eq!((&answer["status"], &answer["code"]), (&json!(400), &json!("malformed")), "{path} {line}");
        let server_time: Timestamp = serde_json::from_value(answer["server_time"].clone())?;
        assert!(before.minus_ms(1) <= server_time && server_time <= now().plus_ms(1), "{path} {answer}");
    }
    let shape = town.send("POST", "/v1/check-ins/batch", &terminal, "{}").await?.lines()?;
    assert_eq!((&shape[0]["code"], shape[0].get("server_time")), (&json!("malformed"), None));
    Ok(())
}

/// A person who is imported, with a document of their own.
pub(crate) fn new_person(number: u32, district: &str) -> Value {
    json!({
        "name": format!("居民 <{number}>"), "phone": format!("138{number:08}"), "district": district,
        "document": {"type": "passport", "number": format!("S{number:07}")},
    })
}

/// Imports people as a client that accepts this type.
pub(crate) async fn import_as(
    target: &LoadTarget,
    authorization: &str,
    accept: &str,
    lines: String,
) -> anyhow::Result<TestReply> {
    let request = Request::post("/v1/people/import")
        .header("authorization", authorization)
        .header("accept", accept)
        .body(lines.into())?;
    let mut connection = target.connect(Version::Http2).await?;
    Ok(TestReply { answer: connection.send(request).await? })
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_14_a_community_prints_a_sheet_for_each_resident_and_lists_what_was_refused() -> anyhow::Result<()>
{
    let mut town = TestTown::under("xinji", 0).await?;
    let office = town.gateway.authority_in("community", "云龙")?;
    let lines = [
        new_person(1, "云龙").to_string(),
        new_person(2, "泉山").to_string(),
        "{".to_owned(),
        new_person(4, "云龙").to_string(),
    ];
    let printed = import_as(&town.target, &office, "text/html", lines.join("\n")).await?;
    assert_eq!(printed.status(), 200);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(printed.header(name), Some(value), "{name}");
    }
    assert!(
        printed.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'"))
    );
    let text = printed.text();
    assert_eq!((text.matches("class=\"sheet\"").count(), text.matches("<svg").count()), (2, 2), "{text}");
    for words in [
        "居民 &lt;1&gt;",
        "居民 &lt;4&gt;",
        "…0001",
        "0311-83283507",
        "line 2: <b>district-wrong</b>",
        "line 3: <b>malformed</b>",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("S0000001") && !text.contains("居民 &lt;2&gt;"), "{text}");
    // The same people are answered as lines to a client that asks for lines, and the sheet is the same again.
    let given = import_as(&town.target, &office, "application/x-ndjson", lines.join("\n")).await?.lines()?;
    assert!(given[0]["key"].is_string() && given[3]["key"].is_string(), "{given:?}");
    assert_eq!(import_as(&town.target, &office, "text/html", lines.join("\n")).await?.text(), text);
    let operator = town.gateway.first_token("operator")?;
    let audit = town.send("GET", "/v1/audit", &operator, "").await?.text();
    assert_eq!(audit.matches("{\"sheets\":true}").count(), 2, "{audit}");
    Ok(())
}
