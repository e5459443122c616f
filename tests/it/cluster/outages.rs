//! Outages of the cluster: check-ins continue on the journal, readers get an error, and a gateway starts from
//! its snapshot. Afterwards every acknowledged check-in is in the trails once.

use crate::operation::status::status_once;
use scangate_loadgen::city::venues;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::cluster::StoppedNode;
use scangate_tests::{
    ClusterCity, ClusterProxy, SecondGateway, TestTown, cluster, eventually, found_with_second, send,
};
use serde_json::json;
use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Number of residents, who scan throughout. Resident 0 is red.
const RESIDENTS: usize = 40;

struct Outage {
    proxy: ClusterProxy,
    city: ClusterCity,
    town: TestTown,
    kept: HashMap<scangate_core::id::PersonId, Vec<AcknowledgedCheckIn>>,
    scans: usize,
}

impl Outage {
    async fn found(name: &str) -> anyhow::Result<Self> {
        let proxy = ClusterProxy::start().await?;
        let city = ClusterCity::by(name, 1, &proxy.nodes, &proxy.translate)?;
        let mut town = TestTown::found_in(city.start(0)?, RESIDENTS).await?.sending_again();
        town.post_fact(0, "confirmed").await?;
        let mut outage = Self { proxy, city, town, kept: HashMap::new(), scans: 0 };
        outage.scan_all().await?;
        Ok(outage)
    }

    /// Checks in every resident at some venue, compares the colours, and records the acknowledgements.
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

    /// Compares the trails with the acknowledgements: each check-in is there once.
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

    /// Connects again, because an idle connection does not survive a long wait.
    async fn connect(&mut self) -> anyhow::Result<()> {
        self.town.target = self.town.gateway.target()?;
        self.town.connection = self.town.target.connect(Version::Http3).await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_ins_go_on_while_the_cluster_is_away_and_xz_15_so_does_what_memory_knows() -> anyhow::Result<()>
{
    let _turn = cluster::shared_turn().await;
    let mut outage = Outage::found("away").await?;
    let (case, tracer) = (outage.town.open_case(1).await?, outage.town.tracer.clone());
    // Wait for a snapshot that has the fact and the venues.
    let posted = now();
    let is_since = |age: f64| age > 0.0 && now().since_ms(posted) as f64 > age * 1e3;
    outage.metric("scangate_snapshot_age_seconds", is_since).await?;
    outage.connect().await?;

    outage.proxy.cut();
    outage.metric("scangate_store_up", |up| up == 0.0).await?;
    outage.scan_all().await?;
    outage.metric("scangate_backlog", |backlog| backlog >= 40.0).await?;
    status_once(&outage.town.gateway, |seen| seen["state"] == "store-down").await?;
    assert!(outage.is_ready()?);
    assert!(outage.metric("scangate_journal_room_seconds", |_| true).await? > 0.0);
    let path = format!("/v1/cases/{case}/trail");
    let trail = send(&mut outage.town.connection, "GET", &path, &tracer, "").await?;
    assert_eq!((trail.status(), trail.code().as_str()), (503, "store-unavailable"));
    assert!(trail.json()?["complete_through"].is_string(), "{}", trail.text());
    assert!(trail.header("retry-after").is_some());
    xz_15_the_rest_is_shown_without_the_store(&mut outage).await?;

    // A restart works without the cluster, and holds to the pack in force.
    outage.town.gateway.kill()?;
    outage.city = outage.city.under("nanchong");
    let error = outage.city.start(0).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("the pack in force is default/2"), "{error}");
    outage.city = outage.city.under("default");
    outage.restart().await?;
    outage.scan_all().await?;
    assert!(outage.is_ready()?);
    let age = outage.metric("scangate_colours_age_seconds", |_| true).await?;
    assert!(age > 0.0, "{age}");

    outage.proxy.heal();
    outage.metric("scangate_store_up", |up| up == 1.0).await?;
    outage.verify().await?;
    outage.metric("scangate_backlog", |backlog| backlog == 0.0).await?;
    status_once(&outage.town.gateway, |seen| seen["state"] == "ok").await?;
    outage.connect().await?;
    let trail = outage.town.send("GET", &path, &tracer, "").await?;
    assert_eq!(trail.status(), 200, "{}", trail.text());
    // The gateway follows changes again. The venue is new, because a repeated scan gets its first answer.
    let authority = outage.town.authority.clone();
    let venue = venues(&mut outage.town.connection, &authority, 1).await?;
    outage.town.venues.extend(venue);
    let posted = outage.town.post_fact(1, "confirmed").await?;
    assert_eq!((posted.status(), &posted.lines()?[0]["colour"]), (200, &json!("red")), "{}", posted.text());
    assert_eq!(outage.town.check_in(1, 3).await?.json()?["colour"], "red");
    Ok(())
}

/// Reads an overview during the outage: blocks from memory are present, the others contain a problem.
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
    let _turn = cluster::shared_turn().await;
    let mut outage = Outage::found("failing").await?;
    outage.proxy.fail(0.2);
    for _ in 0..3 {
        outage.scan_all().await?;
    }
    outage.proxy.slow(Duration::from_millis(200));
    outage.scan_all().await?;
    outage.proxy.hang();
    outage.scan_all().await?;
    outage.metric("scangate_store_up", |up| up == 0.0).await?;
    assert!(outage.is_ready()?);
    outage.proxy.heal();
    outage.metric("scangate_store_up", |up| up == 1.0).await?;
    outage.verify().await
}

/// Residents whose facts are posted before a node dies, and afterwards.
const BEFORE: Range<usize> = 0..20;
const AFTERWARDS: Range<usize> = 20..80;
/// The longest time by which a dead node may delay all requests together, beside twice the time that such
/// requests took before. A gateway that waited for the node would wait for 2.5 s in one request after
/// another.
const DELAY_MAX: Duration = Duration::from_secs(6);

/// Posts a fact about each of these residents and awaits the colour at the other gateway. About some it also
/// withdraws the fact, and opens a case about a new person.
async fn work_on(
    town: &mut TestTown,
    second: &mut SecondGateway,
    residents: Range<usize>,
) -> anyhow::Result<Duration> {
    let (authority, tracer) = (town.authority.clone(), town.tracer.clone());
    let began = Instant::now();
    for resident in residents {
        let posted = town.post_fact(resident, "confirmed").await?;
        assert_eq!(posted.status(), 200, "{resident}: {}", posted.text());
        let line = posted.lines()?.remove(0);
        assert_eq!(line["colour"], "red", "{resident}: {line}");
        second.sees(town, resident, "red").await?;
        if resident % 5 > 0 {
            continue;
        }
        let path = format!("/v1/facts/{}/withdraw", line["fact"].as_str().unwrap_or_default());
        let withdrawn = town.send("POST", &path, &authority, r#"{"reason":"mistaken"}"#).await?;
        assert_eq!((withdrawn.status(), &withdrawn.json()?["colour"]), (200, &json!("green")));
        let person = json!({
            "name": "孙八", "phone": format!("139000070{resident:02}"),
            "document": {"type": "passport", "number": format!("E710000{resident:02}")},
        });
        let registered = town.send("POST", "/v1/people", "", person.to_string()).await?;
        assert_eq!(registered.status(), 200, "{}", registered.text());
        let case = json!({
            "person": registered.json()?["person"], "purpose": "contact-tracing", "reference": "r",
            "from": now().minus_ms(86_400_000), "to": now(),
        });
        let opened = town.send("POST", "/v1/cases", &tracer, case.to_string()).await?;
        assert_eq!(opened.status(), 200, "{}", opened.text());
    }
    Ok(began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_dies_and_facts_withdrawals_registrations_and_cases_go_on() -> anyhow::Result<()> {
    let _turn = cluster::exclusive_turn().await;
    let city = ClusterCity::new("death", 2)?;
    let (mut town, mut second) = found_with_second(&city, AFTERWARDS.end).await?;
    // A gateway that is still loading the city reads every row. It follows changes from then on.
    eventually(async || second.gateway.metric("scangate_store_up", ""), |up| *up == 1.0).await?;
    let before = work_on(&mut town, &mut second, BEFORE).await?;
    let node = tokio::task::spawn_blocking(|| StoppedNode::stop(3)).await??;
    let after = work_on(&mut town, &mut second, AFTERWARDS).await?;
    tokio::task::spawn_blocking(move || node.start()).await??;
    let times = u32::try_from(AFTERWARDS.len() / BEFORE.len())?;
    assert!(after <= 2 * times * before + DELAY_MAX, "{before:?} before, {after:?} afterwards");
    Ok(())
}
