//! Puts a gateway together, runs it until it is told to stop, and takes it apart in the order in which
//! nothing is lost: workers first, then the back office, the batcher, the journal.

mod recovery;

use crate::admin::{self, Admin};
use crate::batcher::{self, Batcher};
use crate::config::Config;
use crate::gate::Gate;
use crate::intake::Intake;
use crate::keyring::Keyring;
use crate::office::{self, Office, OfficeSettings, dispatch};
use crate::policies::{Policies, Published};
use crate::rooms::journal::Desk;
use crate::serve::quic::Phase;
use crate::serve::worker::{self, Worker};
use crate::serve::{socket, tls};
use crate::venues::Venues;
use crate::{clock, deployment};
use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use scangate_core::keys::Secret;
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::policy::Policy;
use scangate_storage::journal::{Journal, JournalConfig, RealDisk, WakeLane};
use scangate_storage::registry::Registry;
use scangate_storage::trail::{BUCKETS, EmbeddedTrails, TrailStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, watch};

/// Records that a worker's lane holds on their way to the disk: as many as answers may wait there.
const LANE_RECORDS: usize = 16_384;
/// Threads of the back office.
const OFFICE_THREADS: usize = 2;
/// How often the journal's health is looked at.
const HEALTH_TICK: Duration = Duration::from_millis(100);
/// How long the back office may take to answer its last calls.
const OFFICE_DRAIN_MAX: Duration = Duration::from_secs(5);

/// Where a gateway came to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Phones and gates.
    pub listen: SocketAddr,
    /// Operators.
    pub admin: SocketAddr,
}

/// Runs a gateway until SIGTERM or SIGINT, and drains it. `ready` is told where it listens, once it does.
/// **Errors**: what it could not start with, or what it cannot go on with.
pub fn run(
    config: &Config,
    metrics: PrometheusHandle,
    ready: impl FnOnce(&Config, Addresses),
) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("the data folder {}", config.data.display()))?;
    // The lock on the journal is the one on the whole folder: nothing else is touched before it is held.
    let disk = RealDisk::open(config.data.join("journal"))?;
    let secret = deployment::secret(&config.data, config.secret.as_deref())?;
    let identity = match (&config.certificate, &config.key) {
        (Some(certificate), Some(key)) => deployment::identity(certificate, key)?,
        (Some(_) | None, _) => deployment::development_identity(&config.data)?,
    };
    let tls = Arc::new(tls::configure(&identity)?);
    let registry = Registry::open(&config.data.join("registry"), &secret)?;
    let trails: Arc<dyn TrailStore> = Arc::new(EmbeddedTrails::open(&config.data.join("trails"), BUCKETS)?);
    let gate = Arc::new(gate(config, &secret, &registry)?);
    deployment::first_tokens(&config.data, &gate.tokens)?;

    let workers = workers(config);
    let bells: Vec<_> = (0..workers).map(|_| worker::bell()).collect();
    let intake_bell = Arc::new(Notify::new());
    let wakes = wakes(&bells, &intake_bell);
    let (journal, mut lanes, recovered) = Journal::open(&journal_config(config), Arc::new(disk), wakes)?;
    recovery::report(&recovered);
    recovery::remember(&recovered, &gate.recent);
    let journal = Arc::new(journal);

    let batcher = Batcher {
        journal: Arc::clone(&journal),
        from: recovered.checkpoint,
        trails: Arc::clone(&trails),
        retention_days: config.retention_days,
    };
    let (batcher, drains) = batcher::start(batcher).context("the batcher's thread")?;
    let office_lane = lanes.pop().context("a lane was made for the back office")?;
    let watched = Arc::clone(&journal);
    let intake =
        Intake::new(workers, office_lane, journal.durability(), intake_bell, move || watched.is_poisoned());

    let sockets =
        socket::open(config.listen, workers).with_context(|| format!("listening on {}", config.listen))?;
    let listen = sockets.first().context("at least one worker")?.udp.local_addr()?;
    let settings = office_settings(config, listen);
    let office = Arc::new(Office::new(Arc::clone(&gate), registry, trails, drains, intake, settings));
    let runtime = office_runtime()?;
    let (door, calls) = dispatch::door();
    let answering = runtime.spawn(dispatch::run(calls, office::router(Arc::clone(&office))));
    runtime.spawn(load_and_keep(Arc::clone(&office)));

    let (set_phase, phase) = watch::channel(Phase::Serving);
    let admin_listener = runtime
        .block_on(TcpListener::bind(config.admin))
        .with_context(|| format!("the admin listener on {}", config.admin))?;
    let addresses = Addresses { listen, admin: admin_listener.local_addr()? };
    let admin =
        Admin { gate: Arc::clone(&gate), journal: Arc::clone(&journal), metrics, phase: phase.clone() };
    runtime.spawn(admin::serve(admin_listener, admin));

    let mut threads = Vec::new();
    for (number, ((sockets, bell), lane)) in (0..).zip(sockets.into_iter().zip(bells).zip(lanes)) {
        let desk = Desk { number, lane, durability: journal.durability() };
        let (gate, door, tls) = (Arc::clone(&gate), door.clone(), Arc::clone(&tls));
        let (secret, phase) = (secret.clone(), phase.clone());
        let worker = Worker { number, sockets, desk, bell, gate, door, tls, secret, phase };
        threads.push(worker::spawn(worker).context("a worker's thread")?);
    }
    drop(door);
    ready(config, addresses);

    let ended = runtime.block_on(until_told(&journal, &threads));
    tracing::info!("draining");
    set_phase.send_replace(Phase::Draining);
    for thread in threads {
        thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked")))?;
    }
    // No worker holds the door any more: the back office ends with its last call.
    let _ = runtime.block_on(async { tokio::time::timeout(OFFICE_DRAIN_MAX, answering).await });
    batcher.stop();
    runtime.shutdown_timeout(OFFICE_DRAIN_MAX);
    drop(office);
    match Arc::try_unwrap(journal) {
        Ok(journal) => journal.close(),
        Err(_) => tracing::info!("the journal is still read; it is recovered at the next start"),
    }
    ended
}

fn workers(config: &Config) -> u16 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    config.workers.unwrap_or_else(|| u16::try_from(cores.min(256)).expect("at most 256"))
}

fn wakes(bells: &[Arc<crate::serve::Bell>], intake: &Arc<Notify>) -> Vec<WakeLane> {
    let ring = |bell: &Arc<crate::serve::Bell>| {
        let ring = Arc::clone(bell.ring());
        Box::new(move || ring.notify_one()) as WakeLane
    };
    let intake = Arc::clone(intake);
    bells.iter().map(ring).chain([Box::new(move || intake.notify_waiters()) as WakeLane]).collect()
}

fn journal_config(config: &Config) -> JournalConfig {
    const MIB: u64 = 1024 * 1024;
    JournalConfig {
        segment_bytes: u64::from(config.journal.segment_mib) * MIB,
        disk_bytes_max: u64::from(config.journal.disk_mib_max) * MIB,
        lane_records: LANE_RECORDS,
        recent_since: clock::now().minus_ms(2 * STEP_VALID_MS),
    }
}

fn gate(config: &Config, secret: &Secret, registry: &Registry) -> anyhow::Result<Gate> {
    let kids = match registry.setting(office::KIDS)? {
        Some(kids) => serde_json::from_slice(&kids).context("the kids in the registry")?,
        None => crate::keyring::Kids::default(),
    };
    let venues = Venues::default();
    registry.venues(|venue| venues.put(venue))?;
    Ok(Gate {
        colours: crate::colours::Colours::default(),
        venues,
        keyring: Keyring::new(secret.clone(), kids),
        policies: policies(config, registry)?,
        recent: crate::recent::Recent::new(config.person_check_ins_max),
        tokens: deployment::token_key(secret),
    })
}

/// The setting that keeps the pack which the configuration named last.
const CONFIGURED_POLICY: &str = "configured-policy";

/// The pack in force: the last one published, by the configuration or by two approvers. The configuration
/// publishes its pack when it names another than at the last start.
fn policies(config: &Config, registry: &Registry) -> anyhow::Result<Policies> {
    let text = deployment::policy(&config.policy)?;
    let parse =
        |text: &str| Policy::parse(text).map_err(|error| anyhow::anyhow!("{}:{error}", config.policy));
    if registry.setting(CONFIGURED_POLICY)?.as_deref() != Some(text.as_bytes()) {
        registry.publish_policy(parse(&text)?.label(), &text)?;
        registry.set(CONFIGURED_POLICY, text.as_bytes())?;
    }
    let mut stored = registry.policies()?;
    let last = stored.pop().context("a pack was published")?;
    let policies = Policies::new(Published { number: last.number, policy: parse(&last.text)? });
    for earlier in stored {
        policies.remember(Published { number: earlier.number, policy: parse(&earlier.text)? });
    }
    Ok(policies)
}

fn office_settings(config: &Config, listen: SocketAddr) -> OfficeSettings {
    let origin = config.origin.clone().unwrap_or_else(|| format!("https://localhost:{}", listen.port()));
    OfficeSettings {
        origin: origin.trim_end_matches('/').to_owned(),
        tracer_cases_max: config.tracer.cases_max,
        tracer_persons_max: config.tracer.persons_max,
        retention_days: config.retention_days,
    }
}

fn office_runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(OFFICE_THREADS)
        .thread_name("office")
        .enable_all()
        .build()
        .context("the back office's threads")
}

/// Loads the colour table, then keeps it in step with time.
async fn load_and_keep(office: Arc<Office>) {
    let loading = Arc::clone(&office);
    let loaded = tokio::task::spawn_blocking(move || office::load(&loading)).await;
    match loaded {
        Ok(Ok(())) => tracing::info!(residents = office.gate.colours.len(), "the colour table is loaded"),
        Ok(Err(error)) => tracing::error!(%error, "the colour table is not loaded: colours are unknown"),
        Err(error) => tracing::error!(%error, "loading the colour table panicked: colours are unknown"),
    }
    office::recolour_when_due(office).await;
}

/// Waits for a signal, or for what the gateway cannot go on with.
async fn until_told(
    journal: &Journal,
    workers: &[thread::JoinHandle<anyhow::Result<()>>],
) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut health = tokio::time::interval(HEALTH_TICK);
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = health.tick() => {
                anyhow::ensure!(!journal.is_poisoned(), "the journal is poisoned: start again to recover");
                let ended = workers.iter().any(thread::JoinHandle::is_finished);
                anyhow::ensure!(!ended, "a worker ended");
            }
        }
    }
}
