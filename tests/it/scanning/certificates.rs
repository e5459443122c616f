//! Another city's certificates at a terminal: a visitor without a registration.

use crate::authority::packs::publish;
use anyhow::Context as _;
use scangate_core::time::Timestamp;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown, eventually, refused, tick};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) const XUZHOU: &str = include_str!("../../../gateway/core/policies/xuzhou.toml");
pub(crate) const JINGZHOU: &str = include_str!("../../../gateway/core/policies/jingzhou.toml");

/// A town under this pack, in which it may be replaced.
pub(crate) async fn town_under(pack: &str, count: usize) -> anyhow::Result<TestTown> {
    let folder = Arc::new(tempfile::tempdir()?);
    let file = folder.path().join("pack.toml");
    std::fs::write(&file, pack)?;
    let file = file.display().to_string();
    let gateway = Gateway::start_in(Arc::clone(&folder), &["--policy", &file], ExpectedLog::Trouble)?;
    TestTown::found_in(gateway, count).await
}

/// The line by which a pack trusts a town, and the lines that follow.
pub(crate) async fn trust(issuer: &mut TestTown, more: &str) -> anyhow::Result<String> {
    let issuer = issuer.send("GET", "/v1/issuer", "", "").await?.json()?;
    let (name, key) = (issuer["issuer"].as_str().unwrap_or_default(), &issuer["key"]);
    Ok(format!("\n[[trust]]\nissuer = \"{name}\"\nkey = {key}\nscope = \"province\"\n{more}\n"))
}

fn numbered(pack: &str, number: u32) -> String {
    let lines = pack.lines().map(|line| {
        if line.starts_with("version = ") { format!("version = {number}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(crate) async fn certificate(town: &mut TestTown, resident: usize) -> anyhow::Result<Value> {
    let answer = town.own(resident, "GET", "/certificates", &Value::Null).await?.json()?;
    let certificate = &answer["certificates"][0]["certificate"];
    anyhow::ensure!(certificate.is_string(), "{answer}");
    Ok(certificate.clone())
}

/// Shows something to a terminal at a venue.
async fn show(town: &mut TestTown, venue: usize, scan: &Value) -> anyhow::Result<TestReply> {
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[venue].venue))?;
    town.send("POST", "/v1/check-ins", &terminal, scan.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_21_and_xj_02_and_hb_02_one_code_opens_the_doors_of_two_cities_that_trust_each_other()
-> anyhow::Result<()> {
    // Both are of one province here.
    let mut there = town_under(JINGZHOU, 2).await?;
    let trust_there = trust(&mut there, "from = 2020-01-01").await?;
    let mut here = town_under(&(XUZHOU.to_owned() + &trust_there), 2).await?;
    let certified = json!({"certificate": certificate(&mut there, 0).await?});
    let first = show(&mut here, 0, &certified).await?;
    assert_eq!(first.status(), 200, "{}", first.text());
    let first = first.json()?;
    assert_eq!(
        [&first["colour"], &first["verdict"], &first["reasons"]],
        [&json!("green"), &json!("pass"), &json!(["certificate"])],
        "{first}"
    );
    assert_eq!(first["holder"], Value::Null, "{first}");
    assert!(first["explanations"][0]["zh"].as_str().is_some_and(|zh| zh.contains("健康证明")), "{first}");

    // Phones cannot show one in place of a person's code, and nothing is kept of a stranger's.
    let poster = json!({"venue": here.venues[0].poster, "certificate": certified["certificate"]}).to_string();
    let phone = here.send("POST", "/v1/check-ins", "", poster).await?;
    assert_eq!(phone.status_and_code(), refused(401, "token-invalid"));
    let own = json!({"certificate": certificate(&mut here, 0).await?});
    let untrusted = refused(422, "certificate-untrusted");
    assert_eq!(show(&mut here, 0, &own).await?.status_and_code(), untrusted);
    let mut forged = certified["certificate"].as_str().unwrap_or_default().to_owned();
    let place = forged.len() - 2;
    let other = if forged[place..].starts_with('A') { "B" } else { "A" };
    forged.replace_range(place..=place, other);
    assert_eq!(show(&mut here, 0, &json!({"certificate": forged})).await?.status_and_code(), untrusted);
    // The other way round it works once that city trusts this one.
    assert_eq!(show(&mut there, 0, &own).await?.status_and_code(), untrusted);
    let trust_here = trust(&mut here, "from = 2020-01-01").await?;
    let published = publish(&mut there, &(numbered(JINGZHOU, 90) + &trust_here)).await?;
    assert_eq!(published.status(), 200, "{}", published.text());
    assert_eq!(show(&mut there, 0, &own).await?.json()?["colour"], "green");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_21_a_visitors_trail_is_one_pseudonyms_and_a_case_can_name_it() -> anyhow::Result<()> {
    let mut there = town_under(JINGZHOU, 2).await?;
    let trust = trust(&mut there, "from = 2020-01-01").await?;
    let mut here = town_under(&(XUZHOU.to_owned() + &trust), 1).await?;
    let certified = json!({"certificate": certificate(&mut there, 0).await?});
    let first = show(&mut here, 0, &certified).await?.json()?;
    // Two certificates of one subject have one pseudonym, and another subject has another.
    tick().await?;
    let renewed = json!({"certificate": certificate(&mut there, 0).await?});
    assert_ne!(renewed, certified);
    let second = show(&mut here, 1, &renewed).await?.json()?;
    assert_eq!(first["pseudonym"], second["pseudonym"], "{second}");
    let other = json!({"certificate": certificate(&mut there, 1).await?});
    assert_ne!(show(&mut here, 0, &other).await?.json()?["pseudonym"], first["pseudonym"]);
    assert_eq!(here.check_in(0, 1).await?.status(), 200);

    let tracer = here.tracer.clone();
    let case = |person: &Value| {
        let (from, to) = (now().minus_ms(3_600_000), now().plus_ms(3_600_000));
        json!({"person": person, "purpose": "contact-tracing", "reference": "1", "from": from, "to": to})
            .to_string()
    };
    for name in [&first["pseudonym"], &certified["certificate"]] {
        let opened = here.send("POST", "/v1/cases", &tracer, case(name)).await?;
        assert_eq!(opened.status(), 200, "{}", opened.text());
        let path = format!("/v1/cases/{}", opened.json()?["case"].as_str().context("a case")?);
        let trail = here.traced(&format!("{path}/trail")).await?;
        let visits: Vec<_> = trail["visits"].as_array().into_iter().flatten().collect();
        let seen: Vec<_> = visits.iter().map(|visit| (&visit["id"], &visit["evidence"])).collect();
        let word = json!("certificate");
        assert_eq!(seen, [(&first["id"], &word), (&second["id"], &word)], "{trail}");
        let met = here.traced_through(&format!("{path}/co-presence"), now().plus_ms(1_500)).await?;
        assert!(met["contacts"].as_array().is_some_and(|contacts| !contacts.is_empty()), "{met}");
    }
    let unknown = here.send("POST", "/v1/cases", &tracer, case(&json!("p0000000000001"))).await?;
    assert_eq!(unknown.status_and_code(), refused(422, "person-unknown"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_02_trust_that_ends_stops_counting_at_doors_and_on_record() -> anyhow::Result<()> {
    let mut there = town_under(JINGZHOU, 1).await?;
    let trusted = trust(&mut there, "from = 2020-01-01").await?;
    let certified = json!({"certificate": certificate(&mut there, 0).await?});
    let nanchong = include_str!("../../../gateway/core/policies/nanchong.toml").to_owned()
        + "\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2020-01-01\n";
    // With the same seed, the resident has the same document in both towns.
    let mut here = town_under(&(nanchong.clone() + &trusted), 1).await?;
    let stay = json!({"kind": "stay", "area": "440103"});
    assert_eq!(here.fact(0, now().minus_ms(86_400_000), stay).await?, "yellow");
    // Handed in twice, it is one fact.
    let once = here.own(0, "POST", "/certificates", &certified).await?.json()?;
    let twice = here.own(0, "POST", "/certificates", &certified).await?.json()?;
    assert_eq!((&once["colour"], &once["fact"]), (&json!("green"), &twice["fact"]), "{once}");
    let person = here.residents[0].person;
    let authority = here.authority.clone();
    let path = format!("/v1/people/{person}");
    let record = here.send("GET", &path, &authority, "").await?.json()?;
    let is_certificate = |fact: &&Value| fact["kind"] == "certificate";
    let facts = record["facts"].as_array().context("facts")?;
    assert_eq!(facts.iter().filter(is_certificate).count(), 1, "{record}");

    // It is accepted late too, by the trust of its own time.
    let at: Timestamp = now();
    tick().await?;
    let published = publish(&mut here, &numbered(&nanchong, 90)).await?;
    assert_eq!(published.status(), 200, "{}", published.text());
    assert_eq!(
        show(&mut here, 0, &certified).await?.status_and_code(),
        refused(422, "certificate-untrusted")
    );
    let colour = async || Ok(here.own(0, "GET", "", &Value::Null).await?.json()?["colour"].clone());
    eventually(colour, |colour| *colour == "yellow").await?;
    let terminal = here.gateway.token("terminal", "gate", Some(here.venues[0].venue))?;
    let late = json!({"certificate": certified["certificate"], "at": at}).to_string();
    let late = here.send("POST", "/v1/check-ins/batch", &terminal, late).await?.lines()?.remove(0);
    assert_eq!((&late["colour"], &late["verdict"]), (&json!("green"), &json!("pass")), "{late}");
    Ok(())
}
