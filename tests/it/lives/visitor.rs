//! A visitor with another city's certificate: through the doors without a registration, then registered,
//! with a stay that the city looks at, and the certificate handed in.

use super::Life;
use scangate_core::time::DAY_MS;
use scangate_loadgen::client::Version;
use scangate_tests::{ExpectedLog, Gateway, TestTown, refused};
use serde_json::{Value, json};

/// The visitor's home, whose clock is the city's.
async fn home(life: &Life) -> anyhow::Result<TestTown> {
    TestTown::found_in(Gateway::start_by(&life.clock, "default", ExpectedLog::Quiet)?, 1).await
}

async fn certificate(home: &mut TestTown, life: &Life) -> anyhow::Result<Value> {
    home.connection = home.target.connect(Version::Http3).await?;
    let by = home.residents[0].authorization(life.clock.now());
    let answer = home.send("GET", "/v1/people/me/certificates", &by, "").await?.json()?;
    anyhow::ensure!(answer["certificates"][0]["certificate"].is_string(), "{answer}");
    Ok(json!({"certificate": answer["certificates"][0]["certificate"]}))
}

/// Shows a certificate that is not accepted any more.
async fn is_refused(life: &mut Life, certified: &Value) -> anyhow::Result<()> {
    let terminal = life.terminal.clone();
    let sent = life.town.send("POST", "/v1/check-ins", &terminal, certified.to_string()).await?;
    assert_eq!(sent.status_and_code(), refused(422, "certificate-untrusted"));
    Ok(())
}

/// A visitor's life under a pack.
async fn live(pack: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("pack.toml");
    std::fs::write(&file, pack)?;
    let mut life = Life::begin_in(&file.display().to_string(), ExpectedLog::Trouble).await?;
    let mut home = home(&life).await?;

    // Nobody trusts that city yet.
    let first = certificate(&mut home, &life).await?;
    is_refused(&mut life, &first).await?;
    let issuer = home.send("GET", "/v1/issuer", "", "").await?.json()?;
    let trust = format!(
        "\n[[trust]]\nissuer = {}\nkey = {}\nfrom = 2020-01-01\nscope = \"country\"\n",
        issuer["issuer"], issuer["key"]
    );
    let number = pack.lines().find_map(|line| line.strip_prefix("version = ")).unwrap_or_default();
    let next = pack.replacen(&format!("version = {number}"), "version = 90", 1) + &trust;
    let published = crate::authority::packs::publish(&mut life.town, &next).await?;
    assert_eq!(published.status(), 200, "{}", published.text());

    // Through the door as a visitor. The next day the certificate is over, and a new one is the same
    // person's.
    let came = life.show(&first).await?;
    assert_eq!((&came["colour"], &came["reasons"]), (&json!("green"), &json!(["certificate"])), "{came}");
    assert_ne!(came["verdict"], "refuse");
    life.sleep().await?;
    is_refused(&mut life, &first).await?;
    let second = certificate(&mut home, &life).await?;
    assert_eq!(life.show(&second).await?["pseudonym"], came["pseudonym"]);

    // The visitor stays, and registers. With the same seed, the first residents of both towns have one
    // document.
    let handed_in = life.own(0, "POST", "/certificates", &second).await?;
    assert_eq!(
        (&handed_in["colour"], &handed_in["reasons"][0]["rule"]),
        (&json!("green"), &json!("certificate"))
    );
    let again = life.own(0, "POST", "/certificates", &second).await?;
    assert_eq!(again["fact"], handed_in["fact"]);
    let until = life.clock.now().plus_ms(DAY_MS);
    assert!(handed_in["until"].as_str().is_some_and(|end| end <= until.to_string().as_str()), "{handed_in}");
    life.sleep().await?;
    life.wait(60_000).await?;
    let mine = life.own(0, "GET", "", &Value::Null).await?;
    assert_eq!((&mine["colour"], &mine["reasons"]), (&json!("green"), &json!([])), "{mine}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_21_a_visitors_life_in_xuzhou() -> anyhow::Result<()> {
    live(include_str!("../../../gateway/core/policies/xuzhou.toml")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_02_a_visitors_life_in_xinji() -> anyhow::Result<()> {
    live(include_str!("../../../gateway/core/policies/xinji.toml")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_12_a_visitors_life_in_nanchong() -> anyhow::Result<()> {
    live(include_str!("../../../gateway/core/policies/nanchong.toml")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_02_a_visitors_life_in_jingzhou() -> anyhow::Result<()> {
    live(include_str!("../../../gateway/core/policies/jingzhou.toml")).await
}
