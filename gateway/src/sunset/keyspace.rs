//! The keyspace of a city that ends: checks that no gateway serves it, counts its contents and drops it. This
//! module never creates a keyspace. Its requests are idempotent, and are sent again while the cluster is
//! late.

use super::inventory::{Keyspace, StoreInventory};
use crate::config::{Config, StoreLocation};
use crate::deployment::store::{self, retried};
use anyhow::ensure;
use scangate_core::keys::Secret;
use scangate_storage::cql::{Address, Cluster, Nodes, Schema};
use scangate_storage::registry::Registry;
use scangate_storage::trail::ScyllaTrails;
use std::sync::Arc;
use std::time::Duration;

/// Timeout of the cluster's first answer.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// The keyspace of a city, on a connected cluster.
pub(super) struct CityKeyspace {
    address: Address,
    cluster: Arc<Cluster>,
}

impl CityKeyspace {
    /// Connects to the keyspace that the configuration names; `None` for embedded stores.
    pub(super) fn of(config: &Config) -> anyhow::Result<Option<Self>> {
        let StoreLocation::Cql(address) = &config.store else { return Ok(None) };
        let cluster = store::cluster(address, &config.cql, Schema::Leave)?;
        cluster.connect(CONNECT_MAX)?;
        Ok(Some(Self { address: address.clone(), cluster: Arc::new(cluster) }))
    }

    /// The keyspace's name.
    pub(super) fn name(&self) -> &str {
        &self.address.keyspace
    }

    /// Whether the keyspace exists.
    pub(super) fn is_there(&self) -> anyhow::Result<bool> {
        retried(|| self.cluster.has_keyspace())
    }

    /// Checks that a gateway made the keyspace and every table in it.
    pub(super) fn ensure_made_by_gateway(&self) -> anyhow::Result<()> {
        let (tables, strange) = (self.tables()?, retried(|| self.cluster.unknown_tables())?);
        ensure!(
            strange.is_empty(),
            "keyspace {} has tables that no gateway makes: {}. Move them away first; nothing was changed",
            self.name(),
            strange.join(", ")
        );
        ensure!(
            tables.iter().any(|table| table == "version"),
            "keyspace {} was not made by a gateway",
            self.name()
        );
        Ok(())
    }

    /// Checks that no other gateway serves the keyspace. `own` is the gateway whose data folder is locked.
    pub(super) fn ensure_unserved(&self, secret: &Secret, own: Option<u64>) -> anyhow::Result<()> {
        let registry = self.registry(secret)?;
        let mut drained = retried(|| registry.drained())?;
        drained.retain(|(gateway, _)| Some(*gateway) != own);
        let (to, count) = (&self.address, drained.len());
        ensure!(
            drained.is_empty(),
            "gateways at work on {to}: {count}. Stop each in order, so that it drains its journal; `gateway store \
             gateways --store {to}` lists them, and `gateway store retire NUMBER --store {to}` removes one that \
             will never return"
        );
        Ok(())
    }

    /// Closes the keyspace: no gateway serves it from now on.
    pub(super) fn close(&self) -> anyhow::Result<()> {
        retried(|| self.cluster.begin_sunset())
    }

    /// Reverses [`Self::close`].
    pub(super) fn reopen(&self) -> anyhow::Result<()> {
        retried(|| self.cluster.cancel_sunset())
    }

    /// The keyspace's tables and the cluster's nodes.
    pub(super) fn describe(&self) -> anyhow::Result<Keyspace> {
        let Nodes { known: nodes, away: nodes_away } = retried(|| self.cluster.nodes())?;
        Ok(Keyspace { name: self.name().to_owned(), tables: self.tables()?, nodes, nodes_away })
    }

    /// Counts the contents.
    pub(super) fn count(&self, secret: &Secret) -> anyhow::Result<StoreInventory> {
        let check_ins = retried(|| ScyllaTrails::count_on(&self.cluster))?;
        let registry = self.registry(secret)?;
        retried(|| StoreInventory::count("cql", &registry, check_ins.clone()))
    }

    /// Drops the keyspace with its contents.
    pub(super) fn drop_all(&self) -> anyhow::Result<()> {
        retried(|| self.cluster.drop_keyspace())
    }

    /// The names of its tables.
    pub(super) fn tables(&self) -> anyhow::Result<Vec<String>> {
        retried(|| self.cluster.tables())
    }

    fn registry(&self, secret: &Secret) -> anyhow::Result<Registry> {
        Ok(Registry::clustered(Arc::clone(&self.cluster), secret)?)
    }
}
