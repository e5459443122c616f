//! Outages of the cluster: check-ins go on from the journal, readers are told so, a gateway comes up meanwhile by
//! its snapshot, and afterwards every acknowledged check-in is in the trails once.

use scangate_loadgen::city::venues;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::{Between, City, Town, city, eventually};
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;

/// Residents who go on scanning; resident 0 is red.
const RESIDENTS: usize = 40;

struct Outage {
    between: Between,
    city: City,
    town: Town,
    kept: HashMap<scangate_core::id::PersonId, Vec<AcknowledgedCheckIn>>,
    scans: usize,
}

impl Outage {
    async fn found(name: &str) -> anyhow::Result<Self> {
        let between = Between::start().await?;
        let city = City::by(name, 1, &between.nodes, &between.translate)?;
        let mut town = Town::found_in(city.start(0)?, RESIDENTS).await?;
        town.post_fact(0, "confirmed").await?;
        let mut outage = Self { between, city, town, kept: HashMap::new(), scans: 0 };
        outage.scan_all().await?;
        Ok(outage)
    }

    /// Checks everybody in somewhere, and remembers what was acknowledged. Each is answered with their colour.
    async fn scan_all(&mut self) -> anyhow::Result<()> {
        self.scans += 1;
        for resident in 0..RESIDENTS {
            let sent = self.town.check_in(resident, (self.scans + resident) % 3).await?;
            assert_eq!(sent.status(), 200, "{}", sent.text());
            let answer = sent.json()?;
            assert_eq!(answer["colour"], if resident == 0 { "red" } else { "green" }, "{answer}");
            let person = self.town.residents[resident].person;
            self.kept.entry(person).or_default().push(serde_json::from_value(answer)?);
        }
        Ok(())
    }

    async fn metric(&self, name: &str, is_right: impl Fn(f64) -> bool) -> anyhow::Result<f64> {
        eventually(async || self.town.gateway.metric(name, ""), |value| is_right(*value)).await
    }

    fn is_ready(&self) -> anyhow::Result<bool> {
        Ok(self.town.gateway.ask("/readyz")?.starts_with("HTTP/1.1 200"))
    }

    /// Everything acknowledged is in the trails once.
    async fn verify(&self) -> anyhow::Result<()> {
        let verified = verify(&self.town.gateway.target()?, &self.town.residents, &self.kept).await?;
        assert!(verified.is_ok() && verified.acknowledged > 0, "{verified:?}");
        Ok(())
    }

    /// Kills the gateway and starts it again.
    async fn restart(&mut self) -> anyhow::Result<()> {
        self.town.gateway.kill()?;
        self.town.gateway = self.city.start(0)?;
        self.connect().await
    }

    /// Connects anew: a connection without a word does not outlive a long wait.
    async fn connect(&mut self) -> anyhow::Result<()> {
        self.town.target = self.town.gateway.target()?;
        self.town.connection = self.town.target.connect(Version::Http3).await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_ins_go_on_while_the_cluster_is_away_and_xz_15_so_does_what_memory_knows() -> anyhow::Result<()>
{
    let _turn = city::among_others().await;
    let mut outage = Outage::found("away").await?;
    let (case, tracer) = (outage.town.open_case(1).await?, outage.town.tracer.clone());
    // A snapshot has the fact, and the venues.
    let posted = now();
    let is_since = |age: f64| age > 0.0 && now().since_ms(posted) as f64 > age * 1e3;
    outage.metric("scangate_snapshot_age_seconds", is_since).await?;
    outage.connect().await?;

    outage.between.cut();
    outage.metric("scangate_store_up", |up| up == 0.0).await?;
    outage.scan_all().await?;
    outage.metric("scangate_backlog", |backlog| backlog >= 40.0).await?;
    assert!(outage.is_ready()?);
    assert!(outage.metric("scangate_journal_room_seconds", |_| true).await? > 0.0);
    let trail = outage.town.send("GET", &format!("/v1/cases/{case}/trail"), &tracer, "").await?;
    assert_eq!((trail.status(), trail.code().as_str()), (503, "store-unavailable"));
    assert!(trail.json()?["complete_through"].is_string(), "{}", trail.text());
    assert!(trail.header("retry-after").is_some());
    xz_15_the_rest_is_shown_without_the_store(&mut outage).await?;

    // A restart does not need the cluster either.
    outage.restart().await?;
    outage.scan_all().await?;
    assert!(outage.is_ready()?);
    let age = outage.metric("scangate_colours_age_seconds", |_| true).await?;
    assert!(age > 0.0, "{age}");

    outage.between.heal();
    outage.metric("scangate_store_up", |up| up == 1.0).await?;
    outage.verify().await?;
    outage.metric("scangate_backlog", |backlog| backlog == 0.0).await?;
    outage.connect().await?;
    let trail = outage.town.send("GET", &format!("/v1/cases/{case}/trail"), &tracer, "").await?;
    assert_eq!(trail.status(), 200, "{}", trail.text());
    // And changes are followed again. A venue that nobody has scanned yet: a repeated scan gets its first answer.
    let authority = outage.town.authority.clone();
    let venue = venues(&mut outage.town.connection, &authority, 1).await?;
    outage.town.venues.extend(venue);
    let posted = outage.town.post_fact(1, "confirmed").await?;
    assert_eq!((posted.status(), &posted.lines()?[0]["colour"]), (200, &json!("red")), "{}", posted.text());
    assert_eq!(outage.town.check_in(1, 3).await?.json()?["colour"], "red");
    Ok(())
}

/// Of a resident's overview the blocks that come from memory are there, and the others say that they are not.
async fn xz_15_the_rest_is_shown_without_the_store(outage: &mut Outage) -> anyhow::Result<()> {
    let seen = outage.town.own(0, "GET", "/overview", &serde_json::Value::Null).await?;
    assert_eq!(seen.status(), 200, "{}", seen.text());
    let seen = seen.json()?;
    assert_eq!(seen["code"]["colour"], "red", "{seen}");
    assert!(seen["areas"]["listed"].is_array() && seen["policy"]["hotline"].is_string(), "{seen}");
    for block in ["province", "itinerary"] {
        assert_eq!(seen[block]["problem"]["code"], "store-unavailable", "{seen}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_silent_slow_or_failing_loses_and_doubles_nothing() -> anyhow::Result<()> {
    let _turn = city::among_others().await;
    let mut outage = Outage::found("failing").await?;
    outage.between.fail(0.2);
    for _ in 0..3 {
        outage.scan_all().await?;
    }
    outage.between.slow(Duration::from_millis(200));
    outage.scan_all().await?;
    outage.between.hang();
    outage.scan_all().await?;
    outage.metric("scangate_store_up", |up| up == 0.0).await?;
    assert!(outage.is_ready()?);
    outage.between.heal();
    outage.metric("scangate_store_up", |up| up == 1.0).await?;
    outage.verify().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_cluster_and_snapshot_it_says_what_is_missing_and_ends() -> anyhow::Result<()> {
    let nobody: std::net::SocketAddr = "127.0.0.1:9".parse()?;
    let city = City::by("nobody", 1, &[nobody], &HashMap::new())?;
    let Err(error) = city.start(0) else { panic!("there is nothing to start with") };
    let text = error.to_string();
    assert!(text.contains("does not answer") && text.contains("has no snapshot"), "{text}");
    Ok(())
}
