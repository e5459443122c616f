//! Starts on a cluster whose nodes leave the first reads without an answer.

use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{COLOURS_LATE, ClusterCity, ClusterProxy, Gateway, TestTown, cluster, eventually};
use serde_json::json;

/// The first and the last table that a start reads before it serves.
const FIRST_TABLE: &str = "policies";
const LAST_TABLE: &str = "key-histories";
/// The table that a start reads before the colours are loaded.
const PEOPLE_TABLE: &str = "people";
/// Requests for a table that each of three nodes leaves without an answer: one try, also where it is hedged.
const IGNORED: usize = 1;
/// Requests for a table that no retry of a start outlasts.
const ALWAYS: usize = usize::MAX;

fn lines_with(gateway: &Gateway, words: &str) -> usize {
    gateway.log().iter().filter(|line| line.contains(words)).count()
}

/// Fails unless a start has retried, and has filled its tables from the cluster.
fn expect_retried(gateway: &Gateway, table: &str) {
    let log = || format!("{table}: {:#?}", gateway.log());
    assert!(lines_with(gateway, "the store did not answer the first read; retrying in") > 0, "{}", log());
    assert_eq!(lines_with(gateway, "starting without the cluster"), 0, "{}", log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_retries_its_first_reads_with_and_without_a_snapshot() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let mut proxy = ClusterProxy::start().await?;
    let city = ClusterCity::by("starts", 2, &proxy.nodes, &proxy.translate)?;
    let mut town = TestTown::found_in(city.start(0)?, 2).await?;
    // A gateway that follows changes reads the table too, and would take the drops meant for the start.
    town.gateway.kill()?;
    proxy.ignore(FIRST_TABLE, IGNORED);
    expect_retried(&city.start(1)?, FIRST_TABLE);
    proxy.heal();
    town.gateway = city.start(0)?;
    let founded = now();
    let age = async || town.gateway.metric("scangate_snapshot_age_seconds", "");
    eventually(age, |age| *age > 0.0 && now().since_ms(founded) as f64 > age * 1e3).await?;
    town.gateway.kill()?;
    proxy.ignore(LAST_TABLE, IGNORED);
    town.gateway = city.start(0)?;
    expect_retried(&town.gateway, LAST_TABLE);

    // The residents are not read in time: they are unknown until they are, whatever the snapshot says.
    town.gateway.kill()?;
    proxy.ignore(PEOPLE_TABLE, ALWAYS);
    town.gateway = city.start(0)?;
    assert_eq!(lines_with(&town.gateway, "starting without the cluster"), 0, "{:#?}", town.gateway.log());
    eventually(async || Ok(lines_with(&town.gateway, COLOURS_LATE)), |lines| *lines == 1).await?;
    town.target = town.gateway.target()?;
    town.connection = town.target.connect(Version::Http3).await?;
    let scan = town.check_in(1, 0).await?.json()?;
    assert_eq!((&scan["colour"], &scan["verdict"]), (&json!("unknown"), &json!("check")), "{scan}");
    proxy.heal();
    eventually(async || town.gateway.metric("scangate_colours_loaded", ""), |loaded| *loaded == 1.0).await?;
    town.connection = town.target.connect(Version::Http3).await?;
    assert_eq!(town.check_in(0, 1).await?.json()?["colour"], "green");

    // A read that is never answered: the gateway serves from its snapshot, and follows the cluster later.
    town.gateway.kill()?;
    proxy.ignore("venues", ALWAYS);
    town.gateway = city.start(0)?;
    assert_eq!(lines_with(&town.gateway, "starting without the cluster"), 1, "{:#?}", town.gateway.log());
    town.target = town.gateway.target()?;
    town.connection = town.target.connect(Version::Http3).await?;
    assert_eq!(town.check_in(0, 0).await?.status(), 200);
    proxy.heal();
    eventually(async || town.gateway.metric("scangate_store_up", ""), |up| *up == 1.0).await?;
    Ok(())
}
