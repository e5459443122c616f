//! Channels: one app's excess takes nothing from another's quota, on every HTTP version.

use futures_util::future::try_join_all;
use scangate_core::time::Step;
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::{Gateway, TestTown, send};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// Two apps. Requests with another host belong to neither.
const CONFIG: &str = r#"
[[channel]]
name = "app"
hosts = ["app.example"]
requests_a_second_max = 2

[[channel]]
name = "alipay"
hosts = ["alipay.example"]
requests_a_second_max = 100000
"#;
/// More requests than a channel of two a second accepts during a test.
const TRIES: usize = 500;

/// A channel's rated requests a second, and a crowd of ten times as many residents.
const RATED: usize = 40;
const CROWD: usize = 10 * RATED;

fn by(gateway: &Gateway, host: &str) -> anyhow::Result<LoadTarget> {
    Ok(gateway.target()?.named(host))
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_12_a_channel_over_its_quota_is_shed_and_the_others_are_served() -> anyhow::Result<()> {
    let config = tempfile::NamedTempFile::new()?;
    std::fs::write(&config, CONFIG)?;
    let gateway = Gateway::start(&["--config", &config.path().display().to_string()])?;
    let town = TestTown::found_in(gateway, 2).await?;
    let scan = |resident: usize| {
        let code = town.residents[resident].code(Step::of(now()));
        json!({"venue": town.venues[0].poster, "person": code}).to_string()
    };
    for version in Version::ALL {
        let mut flooding = by(&town.gateway, "app.example")?.connect(version).await?;
        let mut shed = None;
        for _ in 0..TRIES {
            let sent = send(&mut flooding, "POST", "/v1/check-ins", "", scan(0)).await?;
            if sent.status() != 200 {
                shed = Some(sent);
                break;
            }
        }
        let Some(shed) = shed else { panic!("{version:?}: nothing was shed") };
        assert_eq!((shed.status(), shed.code().as_str()), (503, "overloaded"), "{version:?}");
        assert!(shed.header("retry-after").is_some(), "{version:?}");
        assert!(shed.json()?["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{}", shed.text());
        // Another app, a client without a channel and the back office are all unaffected.
        for host in ["alipay.example", "localhost"] {
            let mut calm = by(&town.gateway, host)?.connect(version).await?;
            for _ in 0..20 {
                let sent = send(&mut calm, "POST", "/v1/check-ins", "", scan(1)).await?;
                assert_eq!(sent.status(), 200, "{version:?} {host}: {}", sent.text());
                let asked = send(&mut calm, "GET", "/v1/registration", "", "").await?;
                assert_eq!(asked.status(), 200, "{version:?} {host}: {}", asked.text());
            }
        }
    }
    let of = |words: &str| town.gateway.metric("scangate_channel_requests_total", words);
    assert!(of(r#"channel="app",outcome="shed""#)? >= 3.0);
    assert_eq!(
        (of(r#"channel="alipay",outcome="taken""#)?, of(r#"channel="alipay",outcome="shed""#)?),
        (120.0, 0.0)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_20_and_xj_19_at_ten_times_the_load_some_are_shed_politely_and_nothing_acknowledged_is_lost()
-> anyhow::Result<()> {
    let config = tempfile::NamedTempFile::new()?;
    // The town is founded and verified under another host name than the crowd's.
    let rated = format!(
        "[[channel]]\nname = \"crowd\"\nhosts = [\"crowd.example\"]\nrequests_a_second_max = {RATED}\n"
    );
    std::fs::write(&config, rated)?;
    let gateway = Gateway::start(&["--config", &config.path().display().to_string()])?;
    let town = TestTown::found_in(gateway, CROWD).await?;
    let step = Step::of(now());
    let scan = |resident: usize| {
        json!({"venue": town.venues[0].poster, "person": town.residents[resident].code(step)}).to_string()
    };
    let crowd = by(&town.gateway, "crowd.example")?.connect(Version::Http2).await?;
    let all = (0..CROWD).map(|resident| {
        let (mut connection, body) = (crowd.clone(), scan(resident));
        async move { send(&mut connection, "POST", "/v1/check-ins", "", body).await }
    });
    let (mut kept, mut waits) = (HashMap::new(), HashSet::new());
    for (resident, sent) in try_join_all(all).await?.into_iter().enumerate() {
        assert!(!sent.text().contains("系统繁忙"), "{}", sent.text());
        if sent.status() == 200 {
            let acknowledged: AcknowledgedCheckIn = serde_json::from_value(sent.json()?)?;
            kept.insert(town.residents[resident].person, vec![acknowledged]);
        } else {
            assert_eq!(sent.code(), "overloaded", "{}", sent.text());
            assert!(sent.header("retry-after").is_some());
            waits.insert(sent.json()?["retry_after_ms"].as_u64());
        }
    }
    assert!(kept.len() >= RATED && kept.len() < CROWD, "{} were taken", kept.len());
    // The retry times are spread.
    assert!(waits.len() > CROWD / 10 && !waits.contains(&None), "{waits:?}");
    // Repeated taps get the first answer and create nothing.
    let Some((person, first)) = kept.iter().next() else { panic!("somebody was taken") };
    let impatient = town.residents.iter().position(|resident| resident.person == *person).unwrap_or_default();
    let mut connection = by(&town.gateway, "localhost")?.connect(Version::Http3).await?;
    for _ in 0..10 {
        let again = send(&mut connection, "POST", "/v1/check-ins", "", scan(impatient)).await?;
        let again: AcknowledgedCheckIn = serde_json::from_value(again.json()?)?;
        assert_eq!((again.id, again.at), (first[0].id, first[0].at));
    }
    let verified = verify(&town.target, &town.residents, &kept).await?;
    assert!(verified.is_ok() && verified.acknowledged == kept.len() as u64, "{verified:?}");
    Ok(())
}
