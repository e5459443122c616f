//! Certificates of another city: accepted by a city that trusts the issuer, within dates and scope.

use scangate_core::time::DAY_MS;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, refused};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn gz_12_and_hb_02_and_xz_21_another_citys_certificate_is_taken_where_it_is_trusted_and_holds()
-> anyhow::Result<()> {
    let mut home = TestTown::under("jingzhou", 2).await?;
    let issuer = home.send("GET", "/v1/issuer", "", "").await?.json()?;
    let key = issuer["key"].as_str().unwrap_or_default().to_owned();
    let certificate = home.own(0, "GET", "/certificates", &Value::Null).await?.json()?;
    let text = certificate["certificates"][0]["certificate"].clone();
    assert_eq!(certificate["certificates"][0]["purpose"], "entry");
    // Only green residents get a certificate.
    assert_eq!(home.fact(1, now(), json!({"kind": "close-contact"})).await?, "yellow");
    let none = home.own(1, "GET", "/certificates", &Value::Null).await?.json()?;
    assert_eq!(none["certificates"], json!([]));

    let folder = tempfile::tempdir()?;
    let pack = folder.path().join("pack.toml");
    let nanchong = include_str!("../../../gateway/core/policies/nanchong.toml").to_owned();
    let mid = "\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2020-01-01\n";
    let trust = |from: &str, scope: &str| {
        format!("\n[[trust]]\nissuer = \"jingzhou\"\nkey = \"{key}\"\nfrom = {from}\nscope = \"{scope}\"\n")
    };
    std::fs::write(&pack, nanchong.clone() + mid + &trust("2020-01-01", "province"))?;
    // With the same seed, resident 0 has the same document in both towns.
    let mut away = TestTown::under(&pack.display().to_string(), 2).await?;
    let stay = json!({"kind": "stay", "area": "440103"});
    assert_eq!(away.fact(0, now().minus_ms(DAY_MS), stay.clone()).await?, "yellow");
    let handed_in = json!({ "certificate": text });
    let others = away.own(1, "POST", "/certificates", &handed_in).await?;
    assert_eq!(others.status_and_code(), refused(422, "certificate-invalid"));
    let taken = away.own(0, "POST", "/certificates", &handed_in).await?;
    assert_eq!(taken.status(), 200, "{}", taken.text());
    let taken = taken.json()?;
    assert_eq!((&taken["colour"], &taken["reasons"][0]["rule"]), (&json!("green"), &json!("certificate")));

    // HB-02: recognition starts on a date.
    std::fs::write(&pack, nanchong.clone() + mid + &trust("2999-01-01", "province"))?;
    let mut early = TestTown::under(&pack.display().to_string(), 1).await?;
    assert_eq!(early.fact(0, now().minus_ms(DAY_MS), stay).await?, "yellow");
    let untrusted = early.own(0, "POST", "/certificates", &handed_in).await?;
    assert_eq!(untrusted.status_and_code(), refused(422, "certificate-untrusted"));

    // Jingzhou's certificates are valid in its province, which this town is not part of.
    assert_eq!(certificate["certificates"][0]["scope"], "province");
    std::fs::write(&pack, nanchong + mid + &trust("2020-01-01", "country"))?;
    let mut elsewhere = TestTown::under(&pack.display().to_string(), 1).await?;
    let foreign = elsewhere.own(0, "POST", "/certificates", &handed_in).await?;
    assert_eq!(foreign.status_and_code(), refused(422, "foreign-scope"));
    Ok(())
}
