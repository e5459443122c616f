//! The stores that the configuration names: embedded ones in the data folder, or a CQL cluster that several
//! gateways share.

pub(crate) mod first_read;
mod login;
mod retry;

pub(crate) use retry::RetryBudget;
pub use retry::retried;

use super::folder::{FolderFormat, has_served};
use super::snapshot;
use crate::config::{Config, CqlConfig, StoreLocation};
use anyhow::Context as _;
use first_read::{MachineTime, RetryBound, read_first};
use login::login;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use scangate_core::keys::Secret;
use scangate_core::text::without_mark;
use scangate_storage::cql::{
    Address, Cluster, ClusterOptions, FillState, NODES_WAIT_MAX, REQUEST_MAX, ReplicationState, Schema,
};
use scangate_storage::registry::Registry;
use scangate_storage::trail::{BUCKETS, EmbeddedTrails, ScyllaTrails, TrailError, TrailStore};
use std::cmp::Ordering;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Timeout of the cluster at a start with a snapshot.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Timeout of the cluster at a start without a snapshot. It includes the time to create the schema.
const FIRST_CONNECT_MAX: Duration = Duration::from_secs(120);

/// Whether the stores answered at start-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// They answered.
    Up,
    /// They did not answer, but may later.
    Down,
}

/// The stores.
pub struct Stores {
    /// People, venues, facts, cases, audit.
    pub registry: Registry,
    /// The trails.
    pub trails: Arc<dyn TrailStore>,
    /// Whether they answered.
    pub availability: Availability,
    /// The cluster; `None` for embedded stores.
    pub cluster: Option<Arc<Cluster>>,
}

/// Opens the configured stores. **Errors**: an embedded store cannot be opened, or the cluster's schema does
/// not suit this gateway. A cluster that does not answer is not an error here.
pub fn open(config: &Config, secret: &Secret) -> anyhow::Result<Stores> {
    match &config.store {
        StoreLocation::Embedded => embedded(&config.data, secret),
        StoreLocation::Cql(address) => {
            // If the keyspace that a folder has served is gone, the gateway does not create it again.
            let schema = if has_served(&config.data) { Schema::Expect } else { Schema::Make };
            let cluster = Arc::new(cluster(address, &config.cql, schema)?);
            let registry = Registry::clustered(Arc::clone(&cluster), secret)?;
            let buckets = config.cql.buckets.unwrap_or(BUCKETS);
            let trails = ScyllaTrails::new(Arc::clone(&cluster), buckets, config.retention_days);
            let within = if snapshot::exists(&config.data) { CONNECT_MAX } else { FIRST_CONNECT_MAX };
            let availability = check(&cluster, &trails, within, RetryBound::of(&config.data))?;
            Ok(Stores { registry, trails: Arc::new(trails), availability, cluster: Some(cluster) })
        }
    }
}

/// Opens the embedded stores of a data folder. **Errors**: the folder has a later format, or cannot be read.
pub fn embedded(data: &Path, secret: &Secret) -> anyhow::Result<Stores> {
    FolderFormat::ensure_known(data)?;
    let registry = Registry::embedded(&data.join("registry"), secret)?;
    let trails = Arc::new(EmbeddedTrails::open(&data.join("trails"), BUCKETS)?);
    Ok(Stores { registry, trails, availability: Availability::Up, cluster: None })
}

/// A cluster that is not connected yet.
pub fn cluster(address: &Address, config: &CqlConfig, schema: Schema) -> anyhow::Result<Cluster> {
    let options = ClusterOptions {
        address: address.clone(),
        login: login(config)?,
        tls: config.authority.as_deref().map(tls).transpose()?,
        consistency: config.consistency,
        translate: config.translate.iter().map(|(from, to)| (*from, *to)).collect(),
        schema,
        copies: config.copies,
        nodes_wait_max: NODES_WAIT_MAX,
        request_max: REQUEST_MAX,
    };
    Ok(Cluster::new(options)?)
}

/// A comparison of a keyspace's copies with the configured number and the nodes that answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopiesVerdict {
    /// They agree. The text has the numbers.
    Fit(String),
    /// The keyspace does not exist, and no start from this folder makes it. The text says why.
    Gone(String),
    /// The first start makes the keyspace. The text has the numbers.
    NotMade(String),
    /// The first start cannot make the keyspace, because too few nodes answer.
    NotMakeable(String),
    /// The keyspace has more copies than configured. The text has the remedy.
    More(String),
    /// The keyspace has fewer copies than configured. The text has the remedy.
    Fewer(String),
    /// Fewer nodes answer than there are copies.
    NodesAway(String),
}

impl CopiesVerdict {
    /// Judges the state of a keyspace by the configured number of copies and the data folder.
    #[must_use]
    pub fn of(config: &Config, keyspace: &str, state: ReplicationState) -> Self {
        let ReplicationState { copies, nodes } = state;
        let wished = config.cql.copies;
        let answer = format!("{nodes} nodes of the cluster answer");
        let Some(copies) = copies else {
            return if has_served(&config.data) {
                let data = config.data.display();
                Self::Gone(format!(
                    "{answer}, and keyspace {keyspace} does not exist. {data} has served a city, so a start on it makes \
                     none"
                ))
            } else if nodes < usize::from(wished) {
                Self::NotMakeable(format!(
                    "{answer}, and keyspace {keyspace} would have {wished} copies: start the others, or set cql.copies"
                ))
            } else {
                Self::NotMade(format!(
                    "{answer}; the first start makes keyspace {keyspace} with {wished} copies"
                ))
            };
        };
        match (copies_advice(keyspace, copies, wished), copies < wished) {
            (Some(advice), true) => Self::Fewer(advice),
            (Some(advice), false) => Self::More(advice),
            (None, _) if nodes < usize::from(copies) => {
                Self::NodesAway(format!("{answer}, fewer than the {copies} copies of keyspace {keyspace}"))
            }
            (None, _) => {
                Self::Fit(format!("{answer}; keyspace {keyspace} keeps {copies} copies, as configured"))
            }
        }
    }
}

/// What an operator can do about a keyspace whose copies are not the configured number; none where they are.
#[must_use]
pub(crate) fn copies_advice(keyspace: &str, copies: u8, wished: u8) -> Option<String> {
    let differs =
        format!("keyspace {keyspace} keeps {copies} copies of each row, and cql.copies is {wished}");
    match copies.cmp(&wished) {
        Ordering::Equal => None,
        Ordering::Greater => Some(format!("{differs}: set cql.copies = {copies}")),
        Ordering::Less => Some(format!(
            "{differs}: raise it by `ALTER KEYSPACE {keyspace} WITH replication = \
             {{'class': 'NetworkTopologyStrategy', 'DATA CENTRE': {wished}}}` and then \
             `nodetool repair -full {keyspace}` on every node, or set cql.copies = {copies}"
        )),
    }
}

/// Connects and reads the keyspace's state, with retries. A gateway with a snapshot retries for a shorter
/// time, because it can start without the cluster.
fn check(
    cluster: &Cluster,
    trails: &ScyllaTrails,
    within: Duration,
    bound: RetryBound,
) -> anyhow::Result<Availability> {
    if let Err(error) = cluster.connect(within) {
        anyhow::ensure!(!error.is_final(), error);
        tracing::warn!(event = "started-without-cluster", %error, "starting without the cluster");
        return Ok(Availability::Down);
    }
    let read = || Ok(trails.check().and_then(|()| Ok(cluster.filling()?))?);
    let filling = read_first(&mut MachineTime::default(), bound, read);
    match filling.map_err(|error| error.downcast::<TrailError>()) {
        Ok(FillState::None | FillState::Whole(_)) => Ok(Availability::Up),
        Ok(FillState::Begun(_)) => {
            anyhow::bail!(
                "the keyspace is being copied into: run `gateway store copy` again until it is complete"
            )
        }
        Err(Err(error)) => Err(error),
        Err(Ok(error @ TrailError::Buckets { .. })) => Err(error).context("cql.buckets"),
        Err(Ok(error)) => {
            tracing::warn!(event = "started-without-cluster", %error, "starting without the cluster");
            Ok(Availability::Down)
        }
    }
}

/// TLS to nodes whose certificates are signed by this authority.
fn tls(authority: &Path) -> anyhow::Result<Arc<rustls::ClientConfig>> {
    let read = || -> anyhow::Result<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(without_mark(&fs::read(authority)?)) {
            roots.add(certificate?)?;
        }
        anyhow::ensure!(!roots.is_empty(), "it holds no certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Ok(rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth())
    };
    read().map(Arc::new).with_context(|| format!("cql.authority {}", authority.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_judged_with_the_nodes_that_answer() {
        let data = tempfile::tempdir().unwrap();
        let config = Config { data: data.path().to_owned(), ..Config::default() };
        assert_eq!(config.cql.copies, 3);
        let judged = |copies, nodes| CopiesVerdict::of(&config, "k", ReplicationState { copies, nodes });
        assert!(matches!(judged(None, 3), CopiesVerdict::NotMade(_)));
        assert!(matches!(judged(None, 2), CopiesVerdict::NotMakeable(_)));
        assert!(matches!(judged(Some(3), 3), CopiesVerdict::Fit(_)));
        assert!(matches!(judged(Some(3), 2), CopiesVerdict::NodesAway(_)));
        assert!(
            matches!(judged(Some(2), 3), CopiesVerdict::Fewer(text) if text.contains("ALTER KEYSPACE k"))
        );
        assert!(matches!(judged(Some(5), 5), CopiesVerdict::More(text) if text.contains("cql.copies = 5")));
        fs::write(data.path().join("authority.token"), "").unwrap();
        assert!(
            matches!(judged(None, 3), CopiesVerdict::Gone(text) if text.contains("keyspace k does not exist"))
        );
        assert!(matches!(judged(Some(3), 3), CopiesVerdict::Fit(_)));
    }
}
