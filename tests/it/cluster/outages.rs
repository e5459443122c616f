//! Outages of the cluster: check-ins continue on the journal, readers get an error, and a gateway starts from
//! its snapshot. Afterwards every acknowledged check-in is in the trails once.

use crate::operation::status::status_once;
use scangate_core::time::Step;
use scangate_loadgen::city::venues;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::cluster::StoppedNode;
use scangate_tests::{ClusterCity, ClusterProxy, TestTown, cluster, eventually, found_with_second, send};
use serde_json::json;
use std::collections::HashMap;
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

/// Residents about whom facts are posted.
const FACTS: usize = 60;
/// A request as long as this has waited for the dead node, or for a loaded machine. A coordinator waits for a
/// dead replica for half of its time limit, which is 5 s.
const WAITED: Duration = Duration::from_millis(2_500);
/// How many of the requests, some 150, may have waited.
const WAITED_MAX: usize = 3;

/// How long requests took, each with its kind.
#[derive(Default)]
struct Durations(Vec<(Duration, &'static str)>);

impl Durations {
    /// Runs a request, and notes its duration.
    async fn time<T>(&mut self, kind: &'static str, request: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = request.await;
        self.0.push((began.elapsed(), kind));
        done
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_dies_and_facts_withdrawals_registrations_and_cases_go_on() -> anyhow::Result<()> {
    let _turn = cluster::exclusive_turn().await;
    let city = ClusterCity::new("death", 2)?;
    let (mut town, mut second) = found_with_second(&city, FACTS).await?;
    let (authority, tracer) = (town.authority.clone(), town.tracer.clone());
    let terminal = second.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    // A gateway that is still loading the city reads every row. It follows changes from then on.
    eventually(async || second.gateway.metric("scangate_store_up", ""), |up| *up == 1.0).await?;

    let node = tokio::task::spawn_blocking(|| StoppedNode::stop(3)).await??;
    let (mut durations, mut facts) = (Durations::default(), Vec::new());
    for resident in 0..FACTS {
        let posted = durations.time("fact", town.post_fact(resident, "confirmed")).await?;
        assert_eq!(posted.status(), 200, "{resident}: {}", posted.text());
        let line = posted.lines()?.remove(0);
        assert_eq!(line["colour"], "red", "{resident}: {line}");
        facts.push(line["fact"].as_str().unwrap_or_default().to_owned());
        let look = async || {
            let code = town.residents[resident].code(Step::of(now()));
            second.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.json()
        };
        durations.time("colour", eventually(look, |look| look["colour"] == "red")).await?;
    }
    for (number, fact) in facts.iter().take(10).enumerate() {
        let path = format!("/v1/facts/{fact}/withdraw");
        let withdrawing = town.send("POST", &path, &authority, r#"{"reason":"mistaken"}"#);
        let withdrawn = durations.time("withdrawal", withdrawing).await?;
        assert_eq!((withdrawn.status(), &withdrawn.json()?["colour"]), (200, &json!("green")));
        let person = json!({
            "name": "孙八", "phone": "13900007070",
            "document": {"type": "passport", "number": format!("E7100000{number}")},
        });
        let registering = town.send("POST", "/v1/people", "", person.to_string());
        let registered = durations.time("registration", registering).await?;
        assert_eq!(registered.status(), 200, "{}", registered.text());
        let case = json!({
            "person": registered.json()?["person"], "purpose": "contact-tracing", "reference": "r",
            "from": now().minus_ms(86_400_000), "to": now(),
        });
        let opening = town.send("POST", "/v1/cases", &tracer, case.to_string());
        let opened = durations.time("case", opening).await?;
        assert_eq!(opened.status(), 200, "{}", opened.text());
    }
    tokio::task::spawn_blocking(move || node.start()).await??;
    durations.0.sort_unstable();
    let waited = durations.0.iter().filter(|(took, _)| *took > WAITED).count();
    let longest = &durations.0[durations.0.len() - 8..];
    assert!(waited <= WAITED_MAX, "{waited} requests waited: {longest:?}");
    Ok(())
}
