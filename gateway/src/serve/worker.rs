//! One worker: a pinned thread with a current-thread runtime. The QUIC loop and hyper's connections are
//! its tasks.

use super::bell::Bell;
use super::budget::{SEND_WINDOW_BYTES, WorkerBudget};
use super::connection_ids::WorkerIds;
use super::deadlines::{IDLE_MAX, WORKER_DRAIN_MAX, WORKER_FAILURE_MAX};
use super::front_desk::FrontDesk;
use super::life::heartbeat::Heartbeats;
use super::life::phase::Phase;
use super::quic::QuicLoop;
use super::quic::connection::STREAMS_FIRST;
use super::quic::context::{HandshakeCounters, WorkerContext};
use super::quic::crypto::{QUIC_VERSION, QuicCrypto};
use super::socket::Sockets;
use super::tcp::{self, HttpContext, TlsHandshakeCounters, Watches};
use super::tls::Tls;
use crate::office::http::channel::OfficeSender;
use crate::rooms::journal::JournalDesk;
use crate::tables::Tables;
use crate::wire::http3::Limits;
use anyhow::Context as _;
use aws_lc_rs::{hkdf, hmac, rand};
use bytes::BytesMut;
use http::HeaderValue;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use quinn_proto::{
    Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, ValidationTokenConfig, VarInt,
};
use scangate_core::keys::Secret;
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Time between two stateless resets of a worker. A phone that moves to another gateway waits for one,
/// and when a gateway dies thousands move. A reset is smaller than the packet that it answers.
const RESET_INTERVAL_MIN: Duration = Duration::from_millis(1);
/// Incoming connections that may wait to be accepted.
const INCOMING_MAX: usize = 4_096;

/// The parts that a worker starts with.
pub struct Worker {
    /// The worker's number.
    pub number: u16,
    /// The number of workers.
    pub workers: u16,
    /// Its sockets.
    pub sockets: Sockets,
    /// Its lane of the journal, which rings the bell when a group is durable.
    pub desk: JournalDesk,
    /// Its bell.
    pub bell: Arc<Bell>,
    /// The tables that all workers share.
    pub tables: Arc<Tables>,
    /// The back office's door.
    pub door: OfficeSender,
    /// What its connections may hold.
    pub budget: WorkerBudget,
    /// TLS for both.
    pub tls: Arc<Tls>,
    /// `alt-svc` of HTTP/2 and HTTP/1.1: the port by which phones reach HTTP/3.
    pub alt_svc: HeaderValue,
    /// The deployment's secret, from which reset and token keys derive.
    pub secret: Secret,
    /// The signs of life, of which it leaves its own.
    pub heartbeats: Heartbeats,
    /// The phase it follows.
    pub phase: watch::Receiver<Phase>,
}

/// A bell for a worker that is yet to start. The journal gets the bell first.
#[must_use]
pub fn bell() -> Arc<Bell> {
    Arc::new(Bell::default())
}

/// Starts the worker's thread. The thread ends when the worker has drained, or with an error that stops
/// the gateway.
pub fn spawn(worker: Worker) -> std::io::Result<JoinHandle<anyhow::Result<()>>> {
    thread::Builder::new().name(format!("worker-{}", worker.number)).spawn(move || run(worker))
}

fn run(worker: Worker) -> anyhow::Result<()> {
    pin(worker.number);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, serve(worker))
}

/// Pins the thread to one of the cores that the process may use. If the system does not allow it, the
/// worker runs unpinned.
fn pin(number: u16) {
    let this = Pid::from_raw(0);
    let pinned = sched_getaffinity(this).and_then(|allowed| {
        let cores: Vec<_> = (0..CpuSet::count()).filter(|&core| allowed.is_set(core) == Ok(true)).collect();
        let mut set = CpuSet::new();
        set.set(cores[usize::from(number) % cores.len()])?;
        sched_setaffinity(this, &set)
    });
    if let Err(error) = pinned {
        tracing::info!(event = "worker-unpinned", %error, "the worker is not pinned to a core");
    }
}

async fn serve(worker: Worker) -> anyhow::Result<()> {
    let Worker {
        number,
        workers,
        sockets,
        desk,
        bell,
        tables,
        door,
        budget,
        tls,
        alt_svc,
        secret,
        heartbeats,
        phase,
    } = worker;
    tokio::task::spawn_local(heartbeats.keep_beating(number));
    let endpoint = endpoint(number, workers, &tls, &secret)?;
    let front = Rc::new(RefCell::new(FrontDesk::new(tables, desk)));
    let work = WorkerContext {
        front: Rc::clone(&front),
        door: door.clone(),
        bell: Arc::clone(&bell),
        limits: Limits::default(),
        scratch: BytesMut::new(),
        date: front.borrow().now().http_date(),
        unfinished: Arc::clone(&budget.unfinished),
        now: Instant::now(),
        handshakes: HandshakeCounters::new(number),
    };
    let quic = QuicLoop::new(sockets.udp, endpoint, work, number).context("the QUIC socket")?;
    let listener = tokio::net::TcpListener::from_std(sockets.tcp).context("the TCP listener")?;
    let http = Rc::new(HttpContext {
        front,
        bell,
        door,
        tls: TlsAcceptor::from(Arc::clone(&tls.tcp)),
        alt_svc,
        places: budget.tcp_connections,
        unfinished: budget.unfinished,
        open: metrics::gauge!("scangate_tcp_connections", "worker" => number.to_string()),
        handshakes: TlsHandshakeCounters::new(number),
        unfinished_held: metrics::gauge!("scangate_unfinished_bytes", "worker" => number.to_string()),
        watches: Watches::default(),
    });
    let tcp = tokio::task::spawn_local(tcp::accept(listener, http, phase.clone()));
    let last_moment = pin!(last_moment(number, phase.clone()));
    quic.run(phase, tcp, last_moment).await.context("the QUIC loop")
}

/// Returns when a worker that ends may not wait any longer for its peers.
async fn last_moment(worker: u16, mut phase: watch::Receiver<Phase>) {
    let ending = phase.wait_for(|phase| *phase != Phase::Serving).await.map(|phase| *phase);
    let max = if matches!(ending, Ok(Phase::Failed)) { WORKER_FAILURE_MAX } else { WORKER_DRAIN_MAX };
    tokio::time::sleep(max).await;
    tracing::info!(
        event = "drain-cut",
        worker,
        "the drain reached its time limit; closing the remaining connections"
    );
}

fn endpoint(number: u16, workers: u16, tls: &Tls, secret: &Secret) -> anyhow::Result<Endpoint> {
    let reset = hmac::Key::new(hmac::HMAC_SHA256, &secret.purpose("quic reset").0);
    let token = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&secret.purpose("quic token").0);
    let mut random = [0; 32];
    rand::fill(&mut random).context("no randomness")?;
    let mut endpoint = EndpointConfig::new(Arc::new(reset));
    endpoint.min_reset_interval(RESET_INTERVAL_MIN);
    // quinn-proto would also offer the drafts of version 1.
    endpoint.supported_versions(vec![QUIC_VERSION]);
    endpoint.cid_generator(move || Box::new(WorkerIds::new(number, workers, &random)));
    let crypto = Arc::new(QuicCrypto::new(Arc::clone(&tls.quic))?);
    let mut server = ServerConfig::new(crypto, Arc::new(token));
    let mut tokens = ValidationTokenConfig::default();
    tokens.sent(0);
    server
        .transport_config(Arc::new(transport()?))
        .validation_token_config(tokens)
        .max_incoming(INCOMING_MAX)
        .migration(true);
    Ok(Endpoint::new(Arc::new(endpoint), Some(Arc::new(server)), true, None))
}

/// QUIC for exchanges of a hundred bytes: few streams, small windows, and no path MTU discovery, which
/// such an exchange never repays.
fn transport() -> anyhow::Result<TransportConfig> {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_FIRST))
        .max_concurrent_uni_streams(VarInt::from_u32(3))
        .stream_receive_window(VarInt::from_u32(16 * 1024))
        .receive_window(VarInt::from_u32(64 * 1024))
        .send_window(SEND_WINDOW_BYTES as u64)
        .datagram_receive_buffer_size(None)
        .send_fairness(false)
        .mtu_discovery_config(None)
        .max_idle_timeout(Some(IdleTimeout::try_from(IDLE_MAX)?));
    Ok(transport)
}
