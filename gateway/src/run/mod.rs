//! Puts a gateway together, runs it until it is told to stop, and takes it apart in the order in which
//! nothing is lost: workers first, then the back office, the batcher, the journal.

mod recovery;

use crate::config::Config;
use crate::deployment::reference::Essentials;
use crate::deployment::snapshot::{self, Snapshot};
use crate::deployment::store::{self, Presence, Stores};
use crate::drain::batcher::{self, Batcher};
use crate::drain::fevers::Fevers;
use crate::drain::headroom::Headroom;
use crate::office::http::dispatch;
use crate::office::registration::providers::Providers;
use crate::office::{self, Office, OfficeSettings, RegistrationService, ResidentServices};
use crate::ops::admin::{self, Admin};
use crate::rooms::intake::Intake;
use crate::rooms::journal::JournalDesk;
use crate::serve::phase::Phase;
use crate::serve::worker::{self, Worker};
use crate::serve::{socket, tls};
use crate::tables::Tables;
use crate::tables::channels::Channels;
use crate::tables::colours::ColourTable;
use crate::tables::keyring::Keyring;
use crate::tables::policies;
use crate::tables::venues::Venues;
use crate::{clock, deployment, sunset};
use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use scangate_core::certificate::Issuer;
use scangate_core::keys::Secret;
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::policy::Policy;
use scangate_storage::cql::Cluster;
use scangate_storage::journal::{Journal, JournalConfig, RealDisk, WakeLane};
use scangate_storage::registry::Registry;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};

/// Records that a worker's lane holds on their way to the disk: as many as answers may wait there.
const LANE_RECORDS: usize = 16_384;
/// Threads of the back office.
const OFFICE_THREADS: usize = 2;
/// Between two snapshots lies the time that one takes, so many times over, within these bounds.
const SNAPSHOT_SHARE: u32 = 20;
const SNAPSHOT_PAUSE_MIN: Duration = Duration::from_secs(5);
const SNAPSHOT_PAUSE_MAX: Duration = Duration::from_secs(40);
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
    sunset::ensure_living(&config.data)?;
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("the data folder {}", config.data.display()))?;
    // The lock on the journal is the one on the whole folder: nothing else is touched before it is held.
    let disk = RealDisk::open(config.data.join("journal"))?;
    // Once more: it may have ended before the lock was held.
    sunset::ensure_living(&config.data)?;
    let secret = deployment::secret(&config.data, config.secret.as_deref())?;
    let identity = match (&config.certificate, &config.key) {
        (Some(certificate), Some(key)) => deployment::identity(certificate, key)?,
        (Some(_) | None, _) => {
            let hosts = config.channel.iter().flat_map(|channel| &channel.hosts);
            deployment::development_identity(&config.data, hosts)?
        }
    };
    let tls = Arc::new(tls::configure(&identity)?);
    let providers = Providers::new(&config.registration)?;
    let gateway = deployment::gateway_number(&config.data)?;
    let Stores { registry, trails, presence, cluster } = store::open(config, &secret)?;
    let issuer = deployment::issuer(&secret);
    let tables = Arc::new(tables(config, &secret, &issuer, &registry, presence)?);
    deployment::first_tokens(&config.data, &tables.tokens)?;
    providers.warn_of_doubles(&tables.policies.in_force().policy.terms().steps);

    let workers = workers(config);
    let bells: Vec<_> = (0..workers).map(|_| worker::bell()).collect();
    let intake_bell = Arc::new(Notify::new());
    let wakes = wakes(&bells, &intake_bell);
    let (journal, mut lanes, recovered) = Journal::open(&journal_config(config), Arc::new(disk), wakes)?;
    recovery::report(&recovered);
    recovery::remember(&recovered, &tables.recent);
    let journal = Arc::new(journal);

    if registry.is_shared() && presence == Presence::There && recovered.end == recovered.checkpoint {
        // From here on the others wait for this one. With a backlog they have gone on doing so.
        join_city(gateway, &registry, cluster.as_deref())?;
    }
    let (fevers, feverish) = Fevers::new(Arc::clone(&tables), registry.clone());
    let batcher = Batcher {
        journal: Arc::clone(&journal),
        from: recovered.checkpoint,
        trails: Arc::clone(&trails),
        retention_days: config.retention_days,
        registry: registry.clone(),
        gateway,
        fevers,
    };
    let (batcher, drains) = batcher::start(batcher).context("the batcher's thread")?;
    let office_lane = lanes.pop().context("a lane was made for the back office")?;
    let watched = Arc::clone(&journal);
    let intake =
        Intake::new(workers, office_lane, journal.durability(), intake_bell, move || watched.is_poisoned());

    let sockets =
        socket::open(config.listen, workers).with_context(|| format!("listening on {}", config.listen))?;
    let listen = sockets.first().context("at least one worker")?.udp.local_addr()?;
    let settings = office_settings(config, gateway, listen);
    let registration = RegistrationService::new(providers, &secret);
    let services = ResidentServices { registration, issuer };
    let office = Office::new(Arc::clone(&tables), registry, trails, drains, intake, services, settings);
    let office = Arc::new(office);
    let runtime = office_runtime()?;
    let (door, calls) = dispatch::channel();
    let answering = runtime.spawn(dispatch::run(calls, office::router(Arc::clone(&office))));
    runtime.spawn(office::keep_in_step(Arc::clone(&office)));
    runtime.spawn(office::recolour_when_due(Arc::clone(&office)));
    runtime.spawn(office::watch_duties(Arc::clone(&office)));
    runtime.spawn(office::recolour_feverish(Arc::clone(&office), feverish));
    runtime.spawn(keep_snapshot(config.data.clone(), Arc::clone(&tables)));

    let (set_phase, phase) = watch::channel(Phase::Serving);
    let admin_listener = runtime
        .block_on(TcpListener::bind(config.admin))
        .with_context(|| format!("the admin listener on {}", config.admin))?;
    let addresses = Addresses { listen, admin: admin_listener.local_addr()? };
    let admin =
        Admin { tables: Arc::clone(&tables), journal: Arc::clone(&journal), metrics, phase: phase.clone() };
    runtime.spawn(admin::serve(admin_listener, admin));

    let mut threads = Vec::new();
    for (number, ((sockets, bell), lane)) in (0..).zip(sockets.into_iter().zip(bells).zip(lanes)) {
        let desk = JournalDesk { number, lane, durability: journal.durability() };
        let (tables, door, tls) = (Arc::clone(&tables), door.clone(), Arc::clone(&tls));
        let (secret, phase) = (secret.clone(), phase.clone());
        let worker = Worker { number, workers, sockets, desk, bell, tables, door, tls, secret, phase };
        threads.push(worker::spawn(worker).context("a worker's thread")?);
    }
    drop(door);
    // Whoever was told that it is ready may stop it in order.
    let told = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    ready(config, addresses);

    let ended = runtime.block_on(until_told(told, &journal, &threads));
    tracing::info!("draining");
    set_phase.send_replace(Phase::Draining);
    for thread in threads {
        thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked")))?;
    }
    // No worker holds the door any more: the back office ends with its last call.
    let _ = runtime.block_on(async { tokio::time::timeout(OFFICE_DRAIN_MAX, answering).await });
    batcher.stop();
    runtime.shutdown_timeout(OFFICE_DRAIN_MAX);
    if let Err(error) = take_snapshot(&config.data, &tables) {
        tracing::warn!(%error, "the last snapshot was not written");
    }
    drop(office);
    match Arc::try_unwrap(journal) {
        Ok(journal) => journal.close(),
        Err(_) => tracing::info!("the journal is still read; it is recovered at the next start"),
    }
    ended
}

/// Tells the others to wait for this gateway. It looks whether the city is being ended only after that, and who ends
/// a city says so before looking whom it waits for: of the two one sees the other.
fn join_city(gateway: u64, registry: &Registry, cluster: Option<&Cluster>) -> anyhow::Result<()> {
    registry.tell_drained(gateway, clock::now())?;
    let Some(cluster) = cluster else { return Ok(()) };
    if let Err(error) = cluster.ensure_living() {
        registry.tell_empty(gateway)?;
        return Err(error.into());
    }
    Ok(())
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

/// What the workers share, filled from the registry, or from the snapshot where that is away.
fn tables(
    config: &Config,
    secret: &Secret,
    issuer: &Issuer,
    registry: &Registry,
    presence: Presence,
) -> anyhow::Result<Tables> {
    let colours = ColourTable::default();
    let essentials = match presence {
        Presence::There => {
            publish_configured(config, issuer, registry)?;
            Essentials::read(registry)?
        }
        Presence::Away => from_snapshot(config, &colours)?,
    };
    let policies = essentials.packs(issuer.public_key_bytes())?;
    let venues = Venues::default();
    essentials.venues.into_iter().for_each(|venue| venues.put(venue));
    Ok(Tables {
        colours,
        venues,
        keyring: Keyring::new(secret.clone(), essentials.kids),
        policies,
        recent: crate::tables::recent::RecentCheckIns::new(config.person_check_ins_max),
        channels: Channels::new(&config.channel),
        tokens: deployment::token_key(secret),
    })
}

fn from_snapshot(config: &Config, colours: &ColourTable) -> anyhow::Result<Essentials> {
    let read = snapshot::read(&config.data, colours)?;
    let Snapshot { followed, essentials } = read.with_context(|| {
        format!("{} does not answer, and {} has no snapshot", config.store, config.data.display())
    })?;
    colours.set_followed(followed);
    colours.set_snapshot(followed);
    colours.set_loaded();
    tracing::info!(%followed, residents = colours.len(), "answering by the snapshot");
    Ok(essentials)
}

/// The setting that keeps the pack which the configuration named last.
const CONFIGURED_POLICY: &str = "configured-policy";

/// Publishes the pack that the configuration names, when it names another than at the last start. In a city it
/// is the first one only: gateways with different configurations would take turns, so that later packs come by
/// two approvers.
fn publish_configured(config: &Config, issuer: &Issuer, registry: &Registry) -> anyhow::Result<()> {
    if registry.is_shared() && !registry.policies()?.is_empty() {
        return Ok(());
    }
    let text = deployment::policy(&config.policy)?;
    if registry.setting(CONFIGURED_POLICY)?.as_deref() != Some(text.as_bytes()) {
        let policy = Policy::parse(&text).map_err(|error| anyhow::anyhow!(error.of_file(&config.policy)))?;
        let signature = policies::sign(issuer, policy.label(), &text);
        registry.publish_policy(policy.label(), &text, &signature)?;
        registry.set(CONFIGURED_POLICY, text.as_bytes())?;
    }
    Ok(())
}

fn office_settings(config: &Config, gateway: u64, listen: SocketAddr) -> OfficeSettings {
    let origin = config.origin.clone().unwrap_or_else(|| format!("https://localhost:{}", listen.port()));
    OfficeSettings {
        gateway,
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

/// Takes snapshots for as long as the gateway runs, where there are other gateways to follow. A twentieth of a
/// disk's time at most goes into them, as long as that keeps them younger than a minute.
async fn keep_snapshot(data: PathBuf, tables: Arc<Tables>) {
    loop {
        let began = Instant::now();
        let (folder, shared) = (data.clone(), Arc::clone(&tables));
        match tokio::task::spawn_blocking(move || take_snapshot(&folder, &shared)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "no snapshot was written; trying again"),
            Err(error) => tracing::error!(%error, "writing a snapshot panicked"),
        }
        let pause = began.elapsed() * SNAPSHOT_SHARE;
        tokio::time::sleep(pause.clamp(SNAPSHOT_PAUSE_MIN, SNAPSHOT_PAUSE_MAX)).await;
    }
}

fn take_snapshot(data: &Path, tables: &Tables) -> io::Result<()> {
    match tables.colours.followed() {
        Some(followed) if tables.colours.is_loaded() && tables.colours.snapshot() < Some(followed) => {
            snapshot::write(data, followed, &Essentials::of(tables), &tables.colours)?;
            tables.colours.set_snapshot(followed);
            Ok(())
        }
        Some(_) | None => Ok(()),
    }
}

/// Waits for a signal, or for what the gateway cannot go on with.
async fn until_told(
    (mut terminate, mut interrupt): (Signal, Signal),
    journal: &Journal,
    workers: &[thread::JoinHandle<anyhow::Result<()>>],
) -> anyhow::Result<()> {
    let mut health = tokio::time::interval(HEALTH_TICK);
    let mut headroom = Headroom::new(Instant::now(), journal.durable_end());
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = health.tick() => {
                anyhow::ensure!(!journal.is_poisoned(), "the journal is poisoned: start again to recover");
                let ended = workers.iter().any(thread::JoinHandle::is_finished);
                anyhow::ensure!(!ended, "a worker ended");
                let seconds = headroom.seconds(Instant::now(), journal.durable_end(), journal.room());
                metrics::gauge!("scangate_journal_room_seconds").set(seconds);
            }
        }
    }
}
