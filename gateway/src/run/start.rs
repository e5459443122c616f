//! The second phase: starts the batcher, the back office, the admin listener and the workers over the open
//! parts.

use super::backups::watch_backups;
use super::certificates::watch_certificate;
use super::copies::watch_copies;
use super::open::{OpenGateway, OpenJournal};
use super::snapshots::write_snapshots;
use super::{Addresses, OperatorTools};
use crate::config::{Config, MarkError, Origin};
use crate::deployment::store::Availability;
use crate::drain::batcher::{self, BatcherParts};
use crate::drain::fever_facts::FeverRecorder;
use crate::drain::gate_duties::GateRecorder;
use crate::office::http::channel::OfficeSender;
use crate::office::http::dispatch;
use crate::office::{self, NewTokens, Office, OfficeServices, OfficeSettings, RegistrationService};
use crate::ops::admin::{self, Admin};
use crate::ops::backup::control::{self, BackupDesk};
use crate::ops::backup::fingerprint;
use crate::ops::reload::{Reloader, reload_on_hangup};
use crate::ops::status::{StatusBoard, keep_sampling};
use crate::ops::supervisor;
use crate::rooms::intake::Intake;
use crate::rooms::journal::JournalDesk;
use crate::serve::Bell;
use crate::serve::budget::ConnectionBudget;
use crate::serve::life::heartbeat::Heartbeats;
use crate::serve::life::phase::Phase;
use crate::serve::socket::{self, Sockets};
use crate::serve::tls::{CurrentIdentity, Tls};
use crate::serve::worker::{self, Worker};
use crate::tables::Tables;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use http::HeaderValue;
use scangate_core::id::PersonId;
use scangate_core::keys::Secret;
use scangate_storage::cql::Cluster;
use scangate_storage::journal::{Durability, Journal, Lane};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::Receiver;
use tokio::sync::{Notify, watch};
use tokio::task;

/// How long the start waits for the colours. A city of which they take longer is served without them.
const COLOURS_WAIT_MAX: Duration = Duration::from_secs(10);
/// The interval at which the start looks for the colours.
const COLOURS_TICK: Duration = Duration::from_millis(5);
/// Threads of the back office.
const OFFICE_THREADS: usize = 2;

/// A gateway that serves, with the handles that stop it.
pub(super) struct RunningGateway {
    pub(super) runtime: Runtime,
    pub(super) workers: Vec<JoinHandle<anyhow::Result<()>>>,
    pub(super) phase: watch::Sender<Phase>,
    /// Ends once every worker has ended and the last call is answered.
    pub(super) answering: task::JoinHandle<()>,
    pub(super) batcher: batcher::BatcherHandle,
    pub(super) journal: Arc<Journal>,
    pub(super) tables: Arc<Tables>,
    pub(super) office: Arc<Office>,
    pub(super) stop: StopSignals,
}

/// The signals that stop a gateway.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Waits for the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Starts every part. **Errors**: an address is taken, or a thread cannot be made.
pub(super) fn start(
    config: &Config,
    opened: OpenGateway,
    tools: OperatorTools,
) -> anyhow::Result<(RunningGateway, Addresses)> {
    let (fevers, feverish) = FeverRecorder::new(Arc::clone(&opened.tables), opened.registry.clone());
    let batcher = batcher_parts(config, &opened, fevers);
    let OpenGateway {
        secret,
        tls,
        providers,
        issuer,
        availability,
        gateway,
        registry,
        trails,
        cluster,
        tables,
        first_uses,
        journal,
    } = opened;
    let OpenJournal { journal, lanes, office_lane, bells, intake_bell, .. } = journal;
    let (batcher, drains) = batcher::start(batcher).context("the batcher's thread")?;
    let workers = u16::try_from(lanes.len()).context("more lanes than workers may be")?;
    let intake = intake(workers, office_lane, &journal, intake_bell);
    let (sockets, listen) = open_sockets(config, workers)?;
    let settings = office_settings(config, gateway, listen)?;
    let alt_svc = HeaderValue::from_str(&format!("h3=\":{}\"; ma=86400", settings.origin.port()))?;
    let registration = RegistrationService::new(providers, &secret);
    let new_tokens = NewTokens::new(config.data.clone(), first_uses);
    let services = OfficeServices { registration, issuer, new_tokens };
    let office =
        Arc::new(Office::new(Arc::clone(&tables), registry, trails, drains, intake, services, settings));
    let runtime = office_runtime()?;
    let (door, answering) = start_office(&runtime, &office, feverish);
    spawn_watchers(&runtime, config, &office, cluster, Arc::clone(&tls.identity), availability);
    let (set_phase, phase) = watch::channel(Phase::Serving);
    let heartbeats = Heartbeats::new(workers);
    let admin =
        AdminParts { office: &office, journal: &journal, tls: &tls, phase: &phase, heartbeats: &heartbeats };
    start_control(&runtime, config, &secret, &admin);
    let addresses = Addresses { listen, admin: start_admin(config, &runtime, tools, &admin)? };
    let shared = WorkerParts {
        workers,
        tables: Arc::clone(&tables),
        door,
        budget: ConnectionBudget::new(config.unfinished_mib, workers),
        tls,
        alt_svc,
        secret,
        heartbeats: heartbeats.clone(),
        phase,
    };
    let workers = start_workers(shared, sockets, bells, lanes, &journal.durability())?;
    // Before `ready`: from then on a supervisor may send SIGTERM, which must drain the gateway.
    let stop = stop_signals(&runtime)?;
    runtime.spawn(supervisor::feed_watchdog(heartbeats));
    let running = RunningGateway {
        runtime,
        workers,
        phase: set_phase,
        answering,
        batcher,
        journal,
        tables,
        office,
        stop,
    };
    Ok((running, addresses))
}

/// Waits for the colours, unless the store is away. Without them a phone that comes at once would get the
/// colour `unknown`.
fn await_colours(office: &Office, availability: Availability) {
    let until = Instant::now() + COLOURS_WAIT_MAX;
    while availability == Availability::Up && !office.tables.colours.is_loaded() && Instant::now() < until {
        thread::sleep(COLOURS_TICK);
    }
    if availability == Availability::Up && !office.tables.colours.is_loaded() {
        tracing::info!(
            event = "colours-late",
            "serving before the colour table is loaded: colours are unknown until then"
        );
    }
}

/// The parts that the batcher works with.
fn batcher_parts(config: &Config, opened: &OpenGateway, fevers: FeverRecorder) -> BatcherParts {
    let OpenGateway { gateway, registry, trails, tables, journal, .. } = opened;
    BatcherParts {
        journal: Arc::clone(&journal.journal),
        from: journal.recovered.checkpoint,
        trails: Arc::clone(trails),
        retention_days: config.retention_days,
        registry: registry.clone(),
        gateway: *gateway,
        fevers,
        gates: GateRecorder::new(Arc::clone(tables), registry.clone()),
        tables: Arc::clone(tables),
    }
}

/// The parts that all workers share.
struct WorkerParts {
    workers: u16,
    tables: Arc<Tables>,
    door: OfficeSender,
    budget: ConnectionBudget,
    tls: Arc<Tls>,
    alt_svc: HeaderValue,
    secret: Secret,
    heartbeats: Heartbeats,
    phase: watch::Receiver<Phase>,
}

/// Starts a thread for each worker. The senders of calls end with the workers.
fn start_workers(
    shared: WorkerParts,
    sockets: Vec<Sockets>,
    bells: Vec<Arc<Bell>>,
    lanes: Vec<Lane>,
    durability: &Durability,
) -> anyhow::Result<Vec<JoinHandle<anyhow::Result<()>>>> {
    let parts = (0..).zip(sockets.into_iter().zip(bells).zip(lanes));
    let start = |(number, ((sockets, bell), lane))| {
        let desk = JournalDesk { number, lane, durability: durability.clone() };
        let WorkerParts { workers, tables, door, budget, tls, alt_svc, secret, heartbeats, phase } = &shared;
        let (tables, door, tls) = (Arc::clone(tables), door.clone(), Arc::clone(tls));
        let (alt_svc, budget) = (alt_svc.clone(), budget.of_worker());
        let (workers, secret, phase) = (*workers, secret.clone(), phase.clone());
        let heartbeats = heartbeats.clone();
        let worker = Worker {
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
        };
        worker::spawn(worker).context("a worker's thread")
    };
    parts.map(start).collect()
}

/// The back office's way into the journal, by its own lane behind those of the workers.
fn intake(workers: u16, lane: Lane, journal: &Arc<Journal>, bell: Arc<Notify>) -> Intake {
    let watched = Arc::clone(journal);
    Intake::new(workers, lane, journal.durability(), bell, move || watched.is_poisoned())
}

/// Starts the back office. Returns the sender of its calls, and the task that answers them.
fn start_office(
    runtime: &Runtime,
    office: &Arc<Office>,
    feverish: Receiver<Vec<PersonId>>,
) -> (OfficeSender, task::JoinHandle<()>) {
    office.write_poster_settings();
    let (door, calls) = dispatch::channel();
    let router = office::router(Arc::clone(office));
    let answering =
        runtime.spawn(dispatch::run(calls, router, office.places.clone(), Arc::clone(&office.tables)));
    runtime.spawn(office::recolour_feverish(Arc::clone(office), feverish));
    (door, answering)
}

/// Starts the socket for backups. On a file system without sockets the gateway serves without it.
fn start_control(
    runtime: &Runtime,
    config: &Config,
    secret: &Secret,
    AdminParts { office, journal, phase, .. }: &AdminParts<'_>,
) {
    let desk = BackupDesk {
        data: config.data.clone(),
        store: config.store.to_string(),
        secret: fingerprint(secret),
        registry: office.registry.clone(),
        trails: Arc::clone(&office.trails),
        journal: Arc::clone(journal),
        phase: (*phase).clone(),
    };
    let _inside = runtime.enter();
    match control::listen(&desk.data) {
        Ok(socket) => drop(runtime.spawn(control::serve(socket, desk))),
        Err(error) => {
            tracing::warn!(event = "control-missing", %error, "no control socket: stop the gateway to take a backup")
        }
    }
}

/// Opens the sockets of the workers, and returns them with the address.
fn open_sockets(config: &Config, workers: u16) -> anyhow::Result<(Vec<Sockets>, SocketAddr)> {
    let sockets =
        socket::open(config.listen, workers).with_context(|| format!("listening on {}", config.listen))?;
    let listen = sockets.first().context("at least one worker")?.udp.local_addr()?;
    Ok((sockets, listen))
}

/// Starts the tasks that keep the back office up to date, and waits until they have loaded the colours.
fn spawn_watchers(
    runtime: &Runtime,
    config: &Config,
    office: &Arc<Office>,
    cluster: Option<Arc<Cluster>>,
    identity: Arc<CurrentIdentity>,
    availability: Availability,
) {
    runtime.spawn(watch_backups(config.data.clone()));
    runtime.spawn(watch_certificate(identity));
    runtime.spawn(office::keep_in_step(Arc::clone(office)));
    runtime.spawn(office::recolour_when_due(Arc::clone(office)));
    runtime.spawn(office::watch_duties(Arc::clone(office)));
    runtime.spawn(office::erase_when_due(Arc::clone(office)));
    runtime.spawn(office::sweep_answers(Arc::clone(office)));
    runtime.spawn(office::keep_token_list(Arc::clone(office)));
    runtime.spawn(write_snapshots(config.data.clone(), Arc::clone(&office.tables)));
    if let Some(cluster) = cluster {
        runtime.spawn(watch_copies(cluster, config.cql.copies));
    }
    await_colours(office, availability);
}

/// The parts that the admin listener shows.
struct AdminParts<'a> {
    office: &'a Arc<Office>,
    journal: &'a Arc<Journal>,
    tls: &'a Tls,
    phase: &'a watch::Receiver<Phase>,
    heartbeats: &'a Heartbeats,
}

/// Starts the operators' controls: the admin listener, and reloads on SIGHUP.
fn start_admin(
    config: &Config,
    runtime: &Runtime,
    tools: OperatorTools,
    AdminParts { office, journal, tls, phase, heartbeats }: &AdminParts<'_>,
) -> anyhow::Result<SocketAddr> {
    let OperatorTools { metrics, logs, read_config } = tools;
    let (identity, running) = (Arc::clone(&tls.identity), config.clone());
    let reloader = Arc::new(Reloader::new(read_config, running, identity, Arc::clone(office), logs));
    let status = Arc::new(StatusBoard::new(
        Arc::clone(office),
        Arc::clone(journal),
        metrics.clone(),
        (*phase).clone(),
        Arc::clone(&tls.identity),
    ));
    runtime.spawn(keep_sampling(Arc::clone(&status)));
    let admin = Admin {
        office: Arc::clone(office),
        journal: Arc::clone(journal),
        metrics,
        phase: (*phase).clone(),
        heartbeats: (*heartbeats).clone(),
        identity: Arc::clone(&tls.identity),
        reloader: Arc::clone(&reloader),
        status,
    };
    let listener = runtime
        .block_on(TcpListener::bind(config.admin))
        .with_context(|| format!("the admin listener on {}", config.admin))?;
    let address = listener.local_addr()?;
    runtime.spawn(admin::serve(listener, admin));
    let _inside = runtime.enter();
    runtime.spawn(reload_on_hangup(reloader, signal(SignalKind::hangup())?));
    Ok(address)
}

fn stop_signals(runtime: &Runtime) -> anyhow::Result<StopSignals> {
    let _inside = runtime.enter();
    Ok(StopSignals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    })
}

fn office_settings(config: &Config, gateway: u64, listen: SocketAddr) -> Result<OfficeSettings, MarkError> {
    Ok(OfficeSettings {
        gateway,
        origin: config.origin.clone().unwrap_or_else(|| Origin::of_localhost(listen.port())),
        data: config.data.clone(),
        tracer: ArcSwap::from_pointee(config.tracer.clone()),
        retention_days: config.retention_days,
        city: config.city.shown()?,
    })
}

fn office_runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(OFFICE_THREADS)
        .thread_name("office")
        .enable_all()
        .build()
        .context("the back office's threads")
}
