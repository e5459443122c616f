//! The open-loop driver: sends a plan's scans at their intended times. If the gateway slows down, the backlog
//! grows, as it would at a door. Scans that do not fit in the backlog are counted as dropped.

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

/// The maximum number of scans that wait to be sent or answered.
const BACKLOG_MAX: usize = 200_000;
/// The maximum number of phones with an open connection.
const PHONES_MAX: usize = 8_192;
/// The time for which a returning phone stays connected after its answer, so that its session ticket arrives.
const LINGER: Duration = Duration::from_millis(100);
/// The longest wait for the last answers after a run's end.
const TAIL_MAX: Duration = Duration::from_secs(30);

/// The kind of connection that carries scans to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Gates: connections that stay open, with several scans in flight on each.
    Gates {
        /// The number of connections.
        connections: usize,
        /// Scans in flight on each.
        in_flight: usize,
        /// The HTTP version.
        version: Version,
    },
    /// Phones: a new connection for each scan.
    Phones(Handshake),
}

/// The target, city and plan of a run.
pub struct LoadRun {
    /// The gateway that receives the scans.
    pub target: Arc<LoadTarget>,
    /// The residents and venues to which the plan's indices refer.
    pub city: Arc<LoadCity>,
    /// The scans, by carrier, in order of time.
    pub shares: Vec<(Carrier, Vec<PlannedScan>)>,
    /// The length of the run.
    pub length: Duration,
}

/// The time of day.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock of loadgen and the tests")]
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
        drivers.spawn(drive_share(start, carrier, scans, target, city, Arc::clone(&samples)));
    }
    let watched = Arc::clone(&samples);
    let watching = tokio::spawn(async move { watch(&bar, start, run.length, &watched).await });
    while let Some(driver) = drivers.join_next().await {
        driver??;
    }
    watching.abort();
    // The watcher's reference to the samples is dropped once its task has ended.
    let _ = watching.await;
    Arc::into_inner(samples).ok_or_else(|| anyhow::anyhow!("a scan is still in flight"))
}

async fn drive_share(
    start: Instant,
    carrier: Carrier,
    scans: Vec<PlannedScan>,
    target: Arc<LoadTarget>,
    city: Arc<LoadCity>,
    samples: Arc<Samples>,
) -> anyhow::Result<()> {
    match carrier {
        Carrier::Gates { connections, in_flight, version } => {
            let gates = GatePool::open(&target, connections, in_flight, version).await?;
            pace(start, scans, &city, &samples, gates).await;
        }
        Carrier::Phones(handshake) => {
            let permits = Arc::new(Semaphore::new(PHONES_MAX));
            let phones = Phones { target, handshake, permits, samples: Arc::clone(&samples) };
            pace(start, scans, &city, &samples, phones).await;
        }
    }
    Ok(())
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
        let totals = samples.totals();
        let seconds = start.elapsed().as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "a progress bar")]
        let (rate, failed) = (totals.kept_count as f64 / seconds, totals.failures.values().sum::<u64>());
        let ms = |quantile| {
            Duration::from_micros(totals.latencies.value_at_quantile(quantile)).as_secs_f64() * 1e3
        };
        bar.set_position(start.elapsed().min(length).as_secs());
        bar.set_message(format!(
            "{rate:.0} check-ins/s, p50 {:.1} ms, p99 {:.1} ms, {failed} failed",
            ms(0.5),
            ms(0.99)
        ));
    }
}

/// A sender of scans over one kind of connection.
trait ScanSender: Clone + Send + Sync + 'static {
    /// Sends the scan with this index in the plan.
    fn send_scan(&self, turn: usize, scan: ScanRequest) -> impl Future<Output = ScanResult> + Send;
}

/// A scan that is about to be sent.
struct ScanRequest {
    resident: LoadResident,
    venue: LoadVenue,
}

impl ScanRequest {
    /// The HTTP request, with the personal code that the phone shows now.
    fn request(&self) -> Request<Bytes> {
        let code = self.resident.code(Step::of(now()));
        let body = json!({"venue": self.venue.poster, "person": code}).to_string();
        let request = Request::builder().method("POST").uri("/v1/check-ins");
        let request = request.header("content-type", "application/json").body(Bytes::from(body));
        request.expect("the request consists of constants")
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

/// Sends scans at their intended times. Returns once all are answered, or `TAIL_MAX` after the last was sent.
async fn pace(
    start: Instant,
    scans: Vec<PlannedScan>,
    city: &LoadCity,
    samples: &Arc<Samples>,
    carrier: impl ScanSender,
) {
    let backlog = Arc::new(Semaphore::new(BACKLOG_MAX));
    let mut in_flight_scans = JoinSet::new();
    for (turn, intended) in scans.into_iter().enumerate() {
        let at = start + intended.at;
        if at > Instant::now() {
            tokio::time::sleep_until(at.into()).await;
        }
        while in_flight_scans.try_join_next().is_some() {}
        let resident = city.residents[intended.resident as usize].clone();
        let person = resident.person;
        let Ok(permit) = Arc::clone(&backlog).try_acquire_owned() else {
            samples.add(person, intended.at, Duration::ZERO, ScanResult::Dropped);
            continue;
        };
        let scan = ScanRequest { resident, venue: city.venues[intended.venue as usize].clone() };
        let (samples, carrier) = (Arc::clone(samples), carrier.clone());
        in_flight_scans.spawn(async move {
            let outcome = carrier.send_scan(turn, scan).await;
            samples.add(person, intended.at, at.elapsed(), outcome);
            drop(permit);
        });
    }
    let all = async { while in_flight_scans.join_next().await.is_some() {} };
    // A scan without an answer by then is in neither list, because it was not acknowledged.
    let _ = tokio::time::timeout(TAIL_MAX, all).await;
    in_flight_scans.shutdown().await;
}

/// The gate connections, which stay open.
#[derive(Clone)]
struct GatePool(Arc<Vec<GateConnection>>);

struct GateConnection {
    target: Arc<LoadTarget>,
    version: Version,
    connection: Mutex<Option<ClientConnection>>,
    permits: Semaphore,
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
            let permits = Semaphore::new(in_flight);
            gates.push(GateConnection { target: Arc::clone(target), version, connection, permits });
        }
        Ok(Self(Arc::new(gates)))
    }
}

impl GateConnection {
    /// The open connection. A broken one is opened again, as is one that the gateway closed because it was
    /// idle.
    async fn connection(&self) -> Option<ClientConnection> {
        let mut slot = self.connection.lock().await;
        let quic = slot.as_ref().and_then(ClientConnection::quic);
        if slot.is_none() || quic.is_some_and(|quic| quic.close_reason().is_some()) {
            *slot = self.target.connect(self.version).await.ok();
        }
        slot.clone()
    }
}

impl ScanSender for GatePool {
    async fn send_scan(&self, turn: usize, scan: ScanRequest) -> ScanResult {
        let gate = &self.0[turn % self.0.len()];
        let Ok(_permit) = gate.permits.acquire().await else { return ScanResult::Broken };
        let Some(mut connection) = gate.connection().await else { return ScanResult::Broken };
        let outcome = send(&mut connection, &scan).await;
        if matches!(outcome, ScanResult::Broken) {
            *gate.connection.lock().await = None;
        }
        outcome
    }
}

/// The phones, which open a connection for each scan.
#[derive(Clone)]
struct Phones {
    target: Arc<LoadTarget>,
    handshake: Handshake,
    permits: Arc<Semaphore>,
    samples: Arc<Samples>,
}

impl ScanSender for Phones {
    async fn send_scan(&self, _: usize, scan: ScanRequest) -> ScanResult {
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return ScanResult::Broken };
        let Ok(mut arrival) = self.target.arrive(self.handshake).await else { return ScanResult::Broken };
        let outcome = send(&mut arrival.connection, &scan).await;
        if self.handshake == Handshake::Early && arrival.was_early().await {
            self.samples.add_early();
        }
        let leaving = leave(arrival, self.handshake, permit);
        if self.handshake == Handshake::Full {
            leaving.await;
        } else {
            tokio::spawn(leaving);
        }
        outcome
    }
}

/// Closes a phone's connection. A phone that will return first waits for its session ticket.
async fn leave(arrival: NewConnection, handshake: Handshake, permit: OwnedSemaphorePermit) {
    if handshake != Handshake::Full {
        tokio::time::sleep(LINGER).await;
    }
    if let Some(quic) = arrival.connection.quic() {
        // H3_NO_ERROR (RFC 9114 section 8.1).
        quic.close(quinn::VarInt::from_u32(0x100), b"");
    }
    drop(permit);
}
