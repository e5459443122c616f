//! A disk that fills up under the gateway. Check-ins are refused as `journal-full`, acknowledged ones stay,
//! and the gateway recovers once there is space. Needs `SCANGATE_TEST_SMALL_DISK`, a small filesystem that
//! only root can mount.

use anyhow::Context as _;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown, send};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest time until the gateway notices free space. It checks four times a second.
const HEALING_MAX: Duration = Duration::from_secs(30);

/// Writes a file that takes all the free space.
fn fill(path: &Path) -> anyhow::Result<()> {
    let mut file = File::create(path)?;
    for size in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
    Ok(())
}

/// Imports new check-ins until one is refused, and returns the refusal's code.
async fn import_until_refused(town: &mut TestTown, kept: &mut BTreeSet<String>) -> anyhow::Result<String> {
    let authority = town.authority.clone();
    for round in 0..1_000 {
        let line = |number: u64| {
            let at = now().minus_ms(3_600_000 + round * 1_000 + number);
            json!({"person": town.residents[0].person, "venue": town.venues[0].venue, "at": at}).to_string()
        };
        let body = (0..1_000).map(line).collect::<Vec<_>>().join("\n");
        for answer in town.send("POST", "/v1/check-ins/import", &authority, body).await?.lines()? {
            match (answer["id"].as_str(), answer["code"].as_str()) {
                (Some(id), None) => kept.insert(id.to_owned()),
                (None, Some(code)) => return Ok(code.to_owned()),
                _ => anyhow::bail!("neither kept nor refused: {answer}"),
            };
        }
    }
    anyhow::bail!("a million check-ins went onto a full disk")
}

/// Posts facts until the registry has no space for one, and returns the refusal.
async fn facts_until_refused(town: &mut TestTown) -> anyhow::Result<TestReply> {
    for _ in 0..10_000 {
        let sent = town.post_fact(2, "symptoms").await?;
        if sent.status() >= 300 {
            return Ok(sent);
        }
    }
    anyhow::bail!("ten thousand facts went onto a full disk")
}

/// Repeats a request until the gateway accepts it.
async fn until_taken(
    town: &mut TestTown,
    since: Instant,
    mut ask: impl AsyncFnMut(&mut TestTown) -> anyhow::Result<TestReply>,
) -> anyhow::Result<TestReply> {
    loop {
        let sent = ask(town).await?;
        if sent.status() < 300 {
            return Ok(sent);
        }
        anyhow::ensure!(since.elapsed() < HEALING_MAX, "it does not heal: {}", sent.text());
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_loses_nothing_and_heals() -> anyhow::Result<()> {
    let disk =
        std::env::var("SCANGATE_TEST_SMALL_DISK").context("tests/run sets SCANGATE_TEST_SMALL_DISK")?;
    let folder = Arc::new(tempfile::tempdir_in(disk)?);
    let config = tempfile::NamedTempFile::new()?;
    std::fs::write(&config, "[journal]\nsegment_mib = 1\n")?;
    let arguments = ["--config", config.path().to_str().context("a path")?];
    let gateway = Gateway::start_in(Arc::clone(&folder), &arguments, ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, 3).await?;
    let first = town.check_in(0, 0).await?;
    assert_eq!(first.status(), 200, "{}", first.text());

    let filler = folder.path().join("filler");
    fill(&filler)?;
    let mut kept = BTreeSet::new();
    assert_eq!(import_until_refused(&mut town, &mut kept).await?, "journal-full");
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        let refused = send(&mut connection, "POST", "/v1/check-ins", "", town.scan(1, 0)).await?;
        assert_eq!((refused.status(), refused.code().as_str()), (503, "journal-full"), "{version:?}");
        assert!(refused.header("retry-after").is_some(), "{version:?}");
    }
    // The registry's store refuses as well, and one or two drains of the trails fail.
    let refused = facts_until_refused(&mut town).await?;
    assert_eq!((refused.status(), refused.code().as_str()), (503, "store-unavailable"));

    std::fs::remove_file(&filler)?;
    let since = Instant::now();
    let taken = until_taken(&mut town, since, async |town| town.check_in(1, 0).await).await?;
    until_taken(&mut town, since, async |town| town.post_fact(2, "symptoms").await).await?;
    kept.extend(
        [first.json()?, taken.json()?].iter().filter_map(|said| said["id"].as_str().map(str::to_owned)),
    );
    let case = town.open_case(0).await?;
    let mut traced = BTreeSet::from([taken.json()?["id"].as_str().context("an id")?.to_owned()]);
    // The failed drains are retried with back-off.
    let trail = town.traced(&format!("/v1/cases/{case}/trail")).await?;
    let visits = trail["visits"].as_array().context("a trail has visits")?;
    traced.extend(visits.iter().filter_map(|visit| visit["id"].as_str().map(str::to_owned)));
    assert!(
        kept.is_subset(&traced),
        "{} of {} acknowledged are lost",
        kept.difference(&traced).count(),
        kept.len()
    );
    Ok(())
}
