//! The first phase: everything that a gateway reads before it serves. The data folder and its lock, the
//! secret, the certificate, the stores, the tables, and the journal. Of our threads only the journal's runs
//! yet.

use super::fill::FilledTables;
use super::{fill, recovery};
use crate::clock;
use crate::config::Config;
use crate::deployment::store::first_read::{MachineTime, RetryBound, read_first};
use crate::deployment::store::{self, Availability, Stores};
use crate::deployment::{self, FolderFormat, Identity, StartFolder};
use crate::office::registration::providers::Providers;
use crate::serve::tls::{self, Tls};
use crate::serve::{Bell, worker};
use crate::tables::Tables;
use anyhow::Context as _;
use scangate_core::certificate::Issuer;
use scangate_core::keys::Secret;
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::text::OneLine;
use scangate_core::token::Claims;
use scangate_storage::cql::Cluster;
use scangate_storage::journal::{
    Journal, JournalConfig, JournalError, Lane, RealDisk, RecoveryReport, WakeLane,
};
use scangate_storage::registry::{Registry, RegistryError};
use scangate_storage::trail::TrailStore;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;

/// Records in a worker's lane that await their fsync, and so the bound on waiting answers.
const LANE_RECORDS: usize = 16_384;

/// A gateway's parts before any of them runs.
pub(super) struct OpenGateway {
    pub(super) secret: Secret,
    pub(super) tls: Arc<Tls>,
    pub(super) providers: Providers,
    pub(super) issuer: Issuer,
    /// Whether the stores answered while the tables were filled.
    pub(super) availability: Availability,
    /// The number by which the other gateways of a city know this one.
    pub(super) gateway: u64,
    pub(super) registry: Registry,
    pub(super) trails: Arc<dyn TrailStore>,
    /// The cluster under registry and trails; none with embedded stores.
    pub(super) cluster: Option<Arc<Cluster>>,
    pub(super) tables: Arc<Tables>,
    /// The first uses of tokens, which the back office lists.
    pub(super) first_uses: Receiver<Claims>,
    pub(super) journal: OpenJournal,
}

/// The journal with its lanes: one a worker, and one for the back office.
pub(super) struct OpenJournal {
    pub(super) journal: Arc<Journal>,
    pub(super) recovered: RecoveryReport,
    pub(super) lanes: Vec<Lane>,
    pub(super) office_lane: Lane,
    pub(super) bells: Vec<Arc<Bell>>,
    pub(super) intake_bell: Arc<Notify>,
}

/// Opens everything. **Errors**: the deployment has ended, another gateway holds the folder, or a part cannot
/// be read. It keeps the folder from when other gateways know this one.
pub(super) fn open(config: &Config, folder: &mut StartFolder) -> anyhow::Result<OpenGateway> {
    // The journal's lock covers the whole folder: nothing else is read or written before it is held.
    let disk = RealDisk::open(config.data.join("journal"))?;
    // `gateway sunset` may have ended it before the lock was held.
    deployment::ensure_not_ended(&config.data)?;
    deployment::ensure_restored(&config.data)?;
    deployment::ensure_whole(config)?;
    ensure_free(config)?;
    deployment::close_to_others(&config.data);
    FolderFormat::advance(&config.data)?;
    let secret = deployment::secret(&config.data, config.secret.as_deref())?;
    let identity = Identity::of(config)?;
    identity.log(clock::now());
    let tls = Arc::new(tls::configure(identity)?);
    let providers = Providers::new(&config.registration)?;
    let gateway = deployment::gateway_number(&config.data)?;
    let Stores { registry, trails, availability, cluster } = store::open(config, &secret)?;
    let issuer = deployment::issuer(&secret);
    let filled = fill::tables(config, &secret, &issuer, &registry, availability)?;
    let FilledTables { tables, first_uses, availability } = filled;
    let tables = Arc::new(tables);
    deployment::first_tokens(&config.data, &deployment::token_key(&secret))?;
    providers.warn_of_doubles(&tables.policies.in_force().policy.terms().steps);

    let journal = open_journal(config, disk, &tables)?;
    let is_drained = journal.recovered.end == journal.recovered.checkpoint;
    if registry.is_shared() && availability == Availability::Up && is_drained {
        folder.keep();
        // From here on the other gateways wait for this one. With a backlog they have waited throughout.
        join_city_first(config, gateway, &registry, cluster.as_deref())?;
    }
    Ok(OpenGateway {
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
    })
}

/// Adds the remedy to the error of a folder that another version wrote.
pub(super) fn advised(config: &Config, error: anyhow::Error) -> anyhow::Error {
    let journal = matches!(error.downcast_ref(), Some(JournalError::Format { .. }));
    let registry = error.downcast_ref().is_some_and(RegistryError::is_of_other_version);
    if !journal && !registry {
        return error;
    }
    let data = config.data.display();
    error.context(format!(
        "{data} was written by another version of Scangate: start that version, or restore a backup that this version \
         ({}) made",
        env!("CARGO_PKG_VERSION")
    ))
}

/// Checks both addresses before anything is made. The workers' sockets share a port, so without this a second
/// gateway would take half of the first one's clients.
fn ensure_free(config: &Config) -> anyhow::Result<()> {
    let Config { listen, admin, .. } = config;
    let udp = UdpSocket::bind(listen).map(drop);
    udp.and_then(|()| TcpListener::bind(listen)).with_context(|| format!("listening on {listen}"))?;
    TcpListener::bind(admin).with_context(|| format!("the admin listener on {admin}"))?;
    Ok(())
}

fn open_journal(config: &Config, disk: RealDisk, tables: &Tables) -> anyhow::Result<OpenJournal> {
    let bells: Vec<_> = (0..workers(config)).map(|_| worker::bell()).collect();
    let intake_bell = Arc::new(Notify::new());
    let wakes = wakes(&bells, &intake_bell);
    let (journal, mut lanes, recovered) = Journal::open(&journal_config(config), Arc::new(disk), wakes)?;
    recovery::report(&recovered);
    recovery::remember(&recovered, &tables.recent, clock::now());
    let office_lane = lanes.pop().context("a lane was made for the back office")?;
    Ok(OpenJournal { journal: Arc::new(journal), recovered, lanes, office_lane, bells, intake_bell })
}

/// Joins the city, with retries. With a snapshot a cluster that does not answer is not an error: the batcher
/// registers the gateway later, as after a start without the cluster.
fn join_city_first(
    config: &Config,
    gateway: u64,
    registry: &Registry,
    cluster: Option<&Cluster>,
) -> anyhow::Result<()> {
    let bound = RetryBound::of(&config.data);
    let joined = read_first(&mut MachineTime::default(), bound, || join_city(gateway, registry, cluster));
    match joined {
        Err(error) if bound.spares(&error) => {
            tracing::warn!(
                event = "gateway-unannounced",
                error = %OneLine(error.as_ref()),
                "the other gateways do not wait for this one yet"
            );
            Ok(())
        }
        joined => joined,
    }
}

/// Registers this gateway, so that the others wait for it, and only then checks whether the city is being
/// ended. A sunset closes the city first and then checks for gateways. In this order at least one of the two
/// sees the other.
fn join_city(gateway: u64, registry: &Registry, cluster: Option<&Cluster>) -> anyhow::Result<()> {
    registry.report_drained(gateway, clock::now())?;
    let Some(cluster) = cluster else { return Ok(()) };
    if let Err(error) = cluster.ensure_living() {
        registry.report_empty(gateway)?;
        return Err(error.into());
    }
    Ok(())
}

/// The configured number of workers, or one a core.
fn workers(config: &Config) -> u16 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    config.workers.unwrap_or_else(|| u16::try_from(cores.min(256)).expect("at most 256"))
}

fn wakes(bells: &[Arc<Bell>], intake: &Arc<Notify>) -> Vec<WakeLane> {
    let ring = |bell: &Arc<Bell>| {
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
