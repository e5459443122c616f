//! Driving: sends a plan's scans at their times, open loop. A gateway that slows down meets a growing
//! backlog, as it would at a door; what the backlog does not take is counted as dropped and never silently.

use crate::city::{LoadCity, LoadResident, LoadVenue};
use crate::client::{ClientConnection, Handshake, LoadTarget, NewConnection, Version};
use crate::plan::PlannedScan;
use crate::sample::{Samples, ScanResult};
use bytes::Bytes;
use http::Request;
use indicatif::{ProgressBar, ProgressStyle};
use scangate_core::time::{Step, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// Scans that may wait for their turn.
const BACKLOG_MAX: usize = 200_000;
/// Phones that may be connecting at once.
const PHONES_MAX: usize = 8_192;
/// How long a phone that will come back stays after its answer, so that the ticket for it arrives.
const LINGER: Duration = Duration::from_millis(100);
/// How long after a run's end its last answers are waited for.
const TAIL_MAX: Duration = Duration::from_secs(30);

/// How scans reach the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Gates: connections that stay, with so many scans in flight on each.
    Gates {
        /// How many connections.
        connections: usize,
        /// Scans in flight on each.
        in_flight: usize,
        /// Over which HTTP.
        version: Version,
    },
    /// Phones: a connection a scan.
    Phones(Handshake),
}

/// What a run is made of.
pub struct LoadRun {
    /// Where to.
    pub target: Arc<LoadTarget>,
    /// Who and where.
    pub city: Arc<LoadCity>,
    /// The scans, by carrier, in order of time.
    pub shares: Vec<(Carrier, Vec<PlannedScan>)>,
    /// How long.
    pub length: Duration,
}

/// The time of day.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Drives a run to its end.
pub async fn drive(run: LoadRun) -> anyhow::Result<Samples> {
    let samples = Arc::new(Samples::default());
    let bar = progress(run.length);
    let start = Instant::now() + Duration::from_millis(200);
    let mut drivers = JoinSet::new();
    for (carrier, scans) in run.shares {
        let (target, city) = (Arc::clone(&run.target), Arc::clone(&run.city));
        let samples = Arc::clone(&samples);
        drivers.spawn(async move {
            match carrier {
                Carrier::Gates { connections, in_flight, version } => {
                    let gates = GatePool::open(&target, connections, in_flight, version).await?;
                    pace(start, scans, &city, &samples, gates).await;
                }
                Carrier::Phones(handshake) => {
                    let places = Arc::new(Semaphore::new(PHONES_MAX));
                    let phones = Phones { target, handshake, places, samples: Arc::clone(&samples) };
                    pace(start, scans, &city, &samples, phones).await;
                }
            }
            anyhow::Ok(())
        });
    }
    let watched = Arc::clone(&samples);
    let watching = tokio::spawn(async move { watch(&bar, start, run.length, &watched).await });
    while let Some(driver) = drivers.join_next().await {
        driver??;
    }
    watching.abort();
    // The watcher's is dropped once its task has ended.
    let _ = watching.await;
    Arc::into_inner(samples).ok_or_else(|| anyhow::anyhow!("a scan is still under way"))
}

fn progress(length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(length.as_secs());
    let style = ProgressStyle::with_template("{elapsed:>4} {bar:30} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

async fn watch(bar: &ProgressBar, start: Instant, length: Duration, samples: &Samples) {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        let seen = samples.totals();
        let seconds = start.elapsed().as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "a progress bar")]
        let (rate, failed) = (seen.kept_count as f64 / seconds, seen.failures.values().sum::<u64>());
        let ms =
            |quantile| Duration::from_micros(seen.latencies.value_at_quantile(quantile)).as_secs_f64() * 1e3;
        bar.set_position(start.elapsed().min(length).as_secs());
        bar.set_message(format!(
            "{rate:.0} check-ins/s, p50 {:.1} ms, p99 {:.1} ms, {failed} failed",
            ms(0.5),
            ms(0.99)
        ));
    }
}

/// Something that carries scans.
trait ScanSender: Clone + Send + Sync + 'static {
    /// Carries one, whichever turn it is.
    fn carry(&self, turn: usize, scan: ScanRequest) -> impl Future<Output = ScanResult> + Send;
}

/// A scan about to be sent.
struct ScanRequest {
    resident: LoadResident,
    venue: LoadVenue,
}

impl ScanRequest {
    /// The request, with the code that the phone shows now.
    fn request(&self) -> Request<Bytes> {
        let code = self.resident.code(Step::of(now()));
        let body = json!({"venue": self.venue.poster, "person": code}).to_string();
        let request = Request::builder().method("POST").uri("/v1/check-ins");
        let request = request.header("content-type", "application/json").body(Bytes::from(body));
        request.expect("the request is made of constants")
    }
}

#[derive(Deserialize)]
struct ProblemReply {
    code: String,
}

async fn send(connection: &mut ClientConnection, scan: &ScanRequest) -> ScanResult {
    let Ok(answer) = connection.send(scan.request()).await else { return ScanResult::Broken };
    if answer.status().is_success() {
        return serde_json::from_slice(answer.body()).map_or(ScanResult::Broken, ScanResult::Kept);
    }
    serde_json::from_slice(answer.body())
        .map_or(ScanResult::Broken, |ProblemReply { code }| ScanResult::Refused(code))
}

/// Sends scans at their times, and returns when all are answered or the tail's time is over.
async fn pace(
    start: Instant,
    scans: Vec<PlannedScan>,
    city: &LoadCity,
    samples: &Arc<Samples>,
    carrier: impl ScanSender,
) {
    let backlog = Arc::new(Semaphore::new(BACKLOG_MAX));
    let mut under_way = JoinSet::new();
    for (turn, intended) in scans.into_iter().enumerate() {
        let at = start + intended.at;
        if at > Instant::now() {
            tokio::time::sleep_until(at.into()).await;
        }
        while under_way.try_join_next().is_some() {}
        let resident = city.residents[intended.resident as usize].clone();
        let person = resident.person;
        let Ok(place) = Arc::clone(&backlog).try_acquire_owned() else {
            samples.add(person, intended.at, Duration::ZERO, ScanResult::Dropped);
            continue;
        };
        let scan = ScanRequest { resident, venue: city.venues[intended.venue as usize].clone() };
        let (samples, carrier) = (Arc::clone(samples), carrier.clone());
        under_way.spawn(async move {
            let outcome = carrier.carry(turn, scan).await;
            samples.add(person, intended.at, at.elapsed(), outcome);
            drop(place);
        });
    }
    let all = async { while under_way.join_next().await.is_some() {} };
    // What has no answer by then is left out of both lists: it was not acknowledged.
    let _ = tokio::time::timeout(TAIL_MAX, all).await;
    under_way.shutdown().await;
}

/// Connections that stay.
#[derive(Clone)]
struct GatePool(Arc<Vec<GateConnection>>);

struct GateConnection {
    target: Arc<LoadTarget>,
    version: Version,
    connection: Mutex<Option<ClientConnection>>,
    places: Semaphore,
}

impl GatePool {
    async fn open(
        target: &Arc<LoadTarget>,
        connections: usize,
        in_flight: usize,
        version: Version,
    ) -> anyhow::Result<Self> {
        let mut gates = Vec::with_capacity(connections);
        for _ in 0..connections {
            let connection = Mutex::new(Some(target.connect(version).await?));
            let places = Semaphore::new(in_flight);
            gates.push(GateConnection { target: Arc::clone(target), version, connection, places });
        }
        Ok(Self(Arc::new(gates)))
    }
}

impl GateConnection {
    /// The connection, opened anew where it broke.
    async fn connection(&self) -> Option<ClientConnection> {
        let mut place = self.connection.lock().await;
        if place.is_none() {
            *place = self.target.connect(self.version).await.ok();
        }
        place.clone()
    }
}

impl ScanSender for GatePool {
    async fn carry(&self, turn: usize, scan: ScanRequest) -> ScanResult {
        let gate = &self.0[turn % self.0.len()];
        let Ok(_place) = gate.places.acquire().await else { return ScanResult::Broken };
        let Some(mut connection) = gate.connection().await else { return ScanResult::Broken };
        let outcome = send(&mut connection, &scan).await;
        if matches!(outcome, ScanResult::Broken) {
            *gate.connection.lock().await = None;
        }
        outcome
    }
}

/// A connection a scan.
#[derive(Clone)]
struct Phones {
    target: Arc<LoadTarget>,
    handshake: Handshake,
    places: Arc<Semaphore>,
    samples: Arc<Samples>,
}

impl ScanSender for Phones {
    async fn carry(&self, _: usize, scan: ScanRequest) -> ScanResult {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return ScanResult::Broken };
        let Ok(mut arrival) = self.target.arrive(self.handshake).await else { return ScanResult::Broken };
        let outcome = send(&mut arrival.connection, &scan).await;
        if self.handshake == Handshake::Early && arrival.was_early().await {
            self.samples.add_early();
        }
        let leaving = leave(arrival, self.handshake, place);
        if self.handshake == Handshake::Full {
            leaving.await;
        } else {
            tokio::spawn(leaving);
        }
        outcome
    }
}

/// Closes a phone's connection, after a while if it will come back.
async fn leave(arrival: NewConnection, handshake: Handshake, place: OwnedSemaphorePermit) {
    if handshake != Handshake::Full {
        tokio::time::sleep(LINGER).await;
    }
    if let Some(quic) = arrival.connection.quic() {
        // H3_NO_ERROR (RFC 9114 section 8.1).
        quic.close(quinn::VarInt::from_u32(0x100), b"");
    }
    drop(place);
}
