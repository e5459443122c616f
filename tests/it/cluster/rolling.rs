//! A rolling restart: three gateways on one cluster end and start again one after another under load. Clients
//! that follow GOAWAY and `retry-after` get an answer to every scan.

use super::load::earliest;
use anyhow::Context as _;
use futures_util::future::{join_all, try_join_all};
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Step;
use scangate_loadgen::city::{LoadCity, residents, venues};
use scangate_loadgen::client::lines::post_lines;
use scangate_loadgen::client::{ClientConnection, ClientError, LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::{COLOURS_LATE, ClusterCity, Gateway, TestReply, cluster, eventually, send};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Number of gateways.
const GATEWAYS: usize = 3;
/// The address of each gateway. Clients of all tests have 127.0.0.1: one of their connections, even a closed
/// one, could have a gateway's port there while the gateway is away.
const HOSTS: [Ipv4Addr; GATEWAYS] =
    [Ipv4Addr::new(127, 0, 1, 1), Ipv4Addr::new(127, 0, 1, 2), Ipv4Addr::new(127, 0, 1, 3)];
/// Residents of a client. The first one is red.
const RESIDENTS_A_CLIENT: usize = 40;
/// Number of venues.
const VENUES: usize = 8;
/// Scans that a gate has under way on its connection.
const BURST: usize = 4;
/// Acknowledgements before and after each restart.
const ACKNOWLEDGED: u64 = 200;
/// Tries of a scan. One gateway at a time is away, so a client that needs more is led in a circle.
const TRIES_MAX: usize = 8;
/// Of so many scans that are sent again, one may be in doubt.
const DOUBTED_OF: u64 = 4;
/// Time between the bursts of a client whose answers come faster.
const PACE: Duration = Duration::from_millis(20);
/// How long a client waits for a connection before it turns to the next gateway.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// The reasons that leave no doubt: the scan was not sent, or the gateway says that it did not process it.
const UNPROCESSED: [&str; 5] = [
    "Http2: channel closed",
    "Http2: operation was canceled: connection closed",
    "Http2: http2 error: connection error received: not a result of an error",
    "Http3: Remote is closing the connection",
    "Http3: Remote reset: H3_REQUEST_REJECTED",
];

/// Whether this reason leaves no doubt.
fn is_told(why: &str) -> bool {
    UNPROCESSED.contains(&why) || why.starts_with("503")
}

/// How a client connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// As a gate: one connection for many scans, until the gateway says that it goes.
    Stay,
    /// As a phone: a new connection for each scan, at the next gateway.
    Leave,
}

/// The clients: four gates and two phones.
const CLIENTS: [(Habit, Version); 6] = [
    (Habit::Stay, Version::Http3),
    (Habit::Stay, Version::Http2),
    (Habit::Stay, Version::Http3),
    (Habit::Stay, Version::Http2),
    (Habit::Leave, Version::Http3),
    (Habit::Leave, Version::Http2),
];

/// How far the load and the restarts are.
#[derive(Default)]
struct RollingProgress {
    acknowledged: AtomicU64,
    is_over: AtomicBool,
}

/// The same check-in for every try.
#[derive(Clone)]
struct RollingScan {
    resident: usize,
    body: String,
    /// Whether a gateway may have it without having answered.
    is_in_doubt: bool,
}

/// The result of a client.
#[derive(Default)]
struct RollingEnd {
    kept: Vec<(PersonId, Vec<AcknowledgedCheckIn>)>,
    /// The check-ins of which a try was in doubt.
    doubted: HashSet<CheckInId>,
    scans: u64,
    /// Scans that had no answer at the first try, by the reason.
    again: BTreeMap<String, u64>,
    /// Connections that did not open.
    unopened: u64,
    /// Scans whose answer had no colour. The check-in is kept all the same.
    uncoloured: u64,
}

/// A client as the contract asks for: a scan without an answer is sent again, at the next gateway.
struct RollingClient {
    number: usize,
    habit: Habit,
    version: Version,
    gateways: Vec<LoadTarget>,
    /// The gateway that it uses.
    at: usize,
    connection: Option<ClientConnection>,
    city: Arc<LoadCity>,
    end: RollingEnd,
}

impl RollingClient {
    /// Turns to the next gateway.
    fn turn(&mut self) {
        self.connection = None;
        self.at = (self.at + 1) % self.gateways.len();
    }

    /// The open connection, or a new one at the first gateway that takes one.
    async fn connection(&mut self) -> anyhow::Result<ClientConnection> {
        for _ in 0..TRIES_MAX {
            if let Some(connection) = &self.connection {
                return Ok(connection.clone());
            }
            let connecting = self.gateways[self.at].connect(self.version);
            match tokio::time::timeout(CONNECT_MAX, connecting).await {
                Ok(Ok(connection)) => self.connection = Some(connection),
                Ok(Err(_)) | Err(_) => {
                    self.end.unopened += 1;
                    self.turn();
                }
            }
        }
        anyhow::bail!("no gateway takes a connection")
    }

    fn next_scan(&mut self) -> RollingScan {
        let number = usize::try_from(self.end.scans).unwrap_or(0);
        self.end.scans += 1;
        let resident = self.number * RESIDENTS_A_CLIENT + number % RESIDENTS_A_CLIENT;
        let venue = number / RESIDENTS_A_CLIENT % VENUES;
        let code = self.city.residents[resident].code(Step::of(now()));
        let body = json!({"venue": self.city.venues[venue].poster, "person": code}).to_string();
        RollingScan { resident, body, is_in_doubt: false }
    }

    /// Sends scans until each has its answer.
    async fn settle(&mut self, mut scans: Vec<RollingScan>) -> anyhow::Result<()> {
        for attempt in 0..TRIES_MAX {
            let connection = self.connection().await?;
            let answers = scans.iter().map(|scan| {
                let (mut connection, body) = (connection.clone(), scan.body.clone());
                async move { send(&mut connection, "POST", "/v1/check-ins", "", body).await }
            });
            let answers = join_all(answers).await;
            let mut unsettled = Vec::new();
            for (mut scan, answer) in scans.into_iter().zip(answers) {
                if let Some(why) = self.take(&scan, answer).await? {
                    scan.is_in_doubt |= !is_told(&why);
                    unsettled.push(scan);
                    if attempt == 0 {
                        *self.end.again.entry(why).or_default() += 1;
                    }
                }
            }
            if unsettled.is_empty() {
                return Ok(());
            }
            scans = unsettled;
            self.turn();
        }
        anyhow::bail!("client {} sent {} scans {TRIES_MAX} times without an answer", self.number, scans.len())
    }

    /// Takes an answer. Returns why the scan is sent again, if it is.
    async fn take(
        &mut self,
        scan: &RollingScan,
        answer: anyhow::Result<TestReply>,
    ) -> anyhow::Result<Option<String>> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.is::<ClientError>() => {
                return Ok(Some(format!("{:?}: {error:#}", self.version)));
            }
            Err(error) => return Err(error),
        };
        if answer.status() == 503 {
            let wait: u64 = answer.header("retry-after").context("503 has retry-after")?.parse()?;
            tokio::time::sleep(Duration::from_secs(wait)).await;
            return Ok(Some(format!("503 {}", answer.code())));
        }
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let colour = if scan.resident.is_multiple_of(RESIDENTS_A_CLIENT) { "red" } else { "green" };
        if answer.json()?["colour"] == "unknown" {
            self.end.uncoloured += 1;
        } else {
            assert_eq!(answer.json()?["colour"], colour, "{}", answer.text());
        }
        let kept: AcknowledgedCheckIn = serde_json::from_value(answer.json()?)?;
        if scan.is_in_doubt {
            self.end.doubted.insert(kept.id);
        }
        self.end.kept.push((self.city.residents[scan.resident].person, vec![kept]));
        Ok(None)
    }

    /// Scans until the restarts are over.
    async fn run(mut self, progress: Arc<RollingProgress>) -> anyhow::Result<RollingEnd> {
        let burst = if self.habit == Habit::Stay { BURST } else { 1 };
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !progress.is_over.load(Ordering::Relaxed) {
            pace.tick().await;
            let scans = (0..burst).map(|_| self.next_scan()).collect();
            self.settle(scans).await?;
            progress.acknowledged.fetch_add(burst as u64, Ordering::Relaxed);
            if self.habit == Habit::Leave {
                self.turn();
            }
        }
        Ok(self.end)
    }
}

/// Founds the city, and waits until each gateway knows its residents and their colours.
async fn found(gateways: &[Gateway]) -> anyhow::Result<LoadCity> {
    let authority = gateways[0].first_token("authority")?;
    let mut connection = gateways[0].target()?.connect(Version::Http3).await?;
    let count = RESIDENTS_A_CLIENT * CLIENTS.len();
    let residents = residents(&mut connection, &authority, 8, count).await?;
    let venues = venues(&mut connection, &authority, VENUES).await?;
    let red = || residents.iter().step_by(RESIDENTS_A_CLIENT);
    let fact = |person| json!({"person": person, "kind": "confirmed", "at": now(), "source": "test"});
    let facts: Vec<String> = red().map(|resident| fact(resident.person).to_string()).collect();
    let posted: Vec<Value> = post_lines(&mut connection, "/v1/facts", &authority, &facts).await?;
    assert!(posted.iter().all(|line| line["colour"] == "red"), "{posted:?}");
    for gateway in gateways {
        // A gateway reads the registrations of another one in any order.
        let all_known = |known: &f64| *known >= count as f64;
        eventually(async || gateway.metric("scangate_residents", ""), all_known).await?;
        let terminal = gateway.token("terminal", "gate", Some(venues[0].venue))?;
        let mut connection = gateway.target()?.connect(Version::Http3).await?;
        for resident in red() {
            let look = async || {
                let path = format!("/v1/colours/{}", resident.code(Step::of(now())));
                send(&mut connection, "GET", &path, &terminal, "").await?.json()
            };
            eventually(look, |look| look["colour"] == "red").await?;
        }
    }
    Ok(LoadCity { venues, residents })
}

/// Waits for more acknowledgements, unless a client has failed.
async fn more(progress: &RollingProgress, has_failed: impl Fn() -> bool) -> anyhow::Result<()> {
    let goal = progress.acknowledged.load(Ordering::Relaxed) + ACKNOWLEDGED;
    let count = async || {
        anyhow::ensure!(!has_failed(), "a client failed");
        Ok(progress.acknowledged.load(Ordering::Relaxed))
    };
    eventually(count, |count| *count >= goal).await.map(drop)
}

/// Ends a gateway as a supervisor's restart does, and starts it again where it was. Returns whether its drain
/// reached the time limit, after which it closes connections whose requests it has not answered.
async fn restart(city: &ClusterCity, gateways: &mut Vec<Gateway>, number: usize) -> anyhow::Result<bool> {
    let mut ended = gateways.remove(number);
    let (listen, process) = (ended.listen, ended.process());
    ended.terminate()?;
    let status = eventually(async || ended.ended(), Option::is_some).await?;
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    let is_cut = ended.log().iter().any(|line| line.contains("the drain reached its time limit"));
    drop(ended);
    let started = tokio::task::block_in_place(|| city.start_listening(number, listen))?;
    assert!(started.listen == listen && started.process() != process);
    gateways.insert(number, started);
    Ok(is_cut)
}

/// Restarts one gateway after another under load, each once the one before is ready and serves again. Returns
/// the number of drains that reached their time limit.
async fn restart_all(
    city: &ClusterCity,
    gateways: &mut Vec<Gateway>,
    progress: &RollingProgress,
    has_failed: impl Fn() -> bool,
) -> anyhow::Result<usize> {
    let mut cuts = 0;
    for number in 0..GATEWAYS {
        more(progress, &has_failed).await?;
        cuts += usize::from(restart(city, gateways, number).await?);
        let restarted = &gateways[number];
        let is_ready = async || Ok(restarted.ask("/readyz")?.starts_with("HTTP/1.1 200"));
        eventually(is_ready, |is_ready| *is_ready).await?;
        let answered = async || {
            anyhow::ensure!(!has_failed(), "a client failed");
            restarted.metric("scangate_check_ins_total", "")
        };
        eventually(answered, |answered| *answered > 0.0).await?;
    }
    Ok(cuts)
}

/// Prints what the clients went through. A gateway may answer without a colour only if it has logged that its
/// colours are late.
fn tell(ends: &[RollingEnd], cuts: usize, gateways: &[Gateway]) {
    let scans: u64 = ends.iter().map(|end| end.scans).sum();
    let unopened: u64 = ends.iter().map(|end| end.unopened).sum();
    let mut again: BTreeMap<&str, u64> = BTreeMap::new();
    for (why, count) in ends.iter().flat_map(|end| &end.again) {
        *again.entry(why).or_default() += count;
    }
    println!("{scans} scans, sent again: {again:?}; {unopened} connections did not open; {cuts} drains cut");
    let uncoloured: u64 = ends.iter().map(|end| end.uncoloured).sum();
    let is_late = |gateway: &Gateway| gateway.log().iter().any(|line| line.contains(COLOURS_LATE));
    let late = gateways.iter().filter(|gateway| is_late(gateway)).count();
    println!("{uncoloured} scans had no colour; {late} gateways served before they had the colours");
    assert!(late > 0 || uncoloured == 0);
    // A client that gets no processor time during a drain may miss what it was told. It sends the scan again,
    // too. Of a gateway without GOAWAY nearly half of these scans are in doubt.
    let doubted: u64 = again.iter().filter(|(why, _)| !is_told(why)).map(|(_, count)| count).sum();
    let all: u64 = again.values().sum();
    assert!(cuts > 0 || doubted * DOUBTED_OF <= all, "{doubted} of {all} scans were in doubt: {again:?}");
}

/// Reads every acknowledged check-in back through a gateway.
async fn check(gateway: &Gateway, city: &LoadCity, ends: &[RollingEnd]) -> anyhow::Result<()> {
    let doubted: HashSet<CheckInId> = ends.iter().flat_map(|end| end.doubted.iter().copied()).collect();
    let (target, kept) = (gateway.target()?, earliest(ends.iter().flat_map(|end| end.kept.clone())));
    let of = |in_doubt: bool| {
        let mut some = kept.clone();
        some.values_mut().for_each(|list| list.retain(|one| doubted.contains(&one.id) == in_doubt));
        some
    };
    let verified = verify(&target, &city.residents, &of(false)).await?;
    assert!(verified.is_ok() && verified.acknowledged > ACKNOWLEDGED, "{verified:?}");
    // A gateway may have one without having answered. Its time is earlier than the one that the client knows,
    // and counts.
    let verified = verify(&target, &city.residents, &of(true)).await?;
    assert_eq!(verified.found + verified.changed, verified.acknowledged, "in doubt: {verified:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_scan_of_a_client_that_follows_goaway() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let town = ClusterCity::new("rolling", GATEWAYS)?;
    let mut gateways: Vec<Gateway> = (0..GATEWAYS)
        .map(|number| town.start_listening(number, SocketAddr::from((HOSTS[number], 0))))
        .collect::<anyhow::Result<_>>()?;
    let city = Arc::new(found(&gateways).await?);
    let progress = Arc::new(RollingProgress::default());
    let client = |(number, (habit, version))| {
        let gateways: Vec<LoadTarget> =
            gateways.iter().map(Gateway::target).collect::<anyhow::Result<_>>()?;
        let (at, city) = (number % GATEWAYS, Arc::clone(&city));
        let end = RollingEnd::default();
        Ok(RollingClient { number, habit, version, gateways, at, connection: None, city, end })
    };
    let clients: Vec<RollingClient> =
        CLIENTS.into_iter().enumerate().map(client).collect::<anyhow::Result<_>>()?;
    let running: Vec<_> =
        clients.into_iter().map(|client| tokio::spawn(client.run(Arc::clone(&progress)))).collect();
    let has_failed = || running.iter().any(|client| client.is_finished());
    let restarted = restart_all(&town, &mut gateways, &progress, has_failed).await;
    progress.is_over.store(true, Ordering::Relaxed);
    // A client that failed says more than the restarts that then ended.
    let ends = try_join_all(running).await?.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    tell(&ends, restarted?, &gateways);
    for gateway in &gateways {
        check(gateway, &city, &ends).await?;
    }
    Ok(())
}
