//! The changes of a start of this version in a data folder and a keyspace of an earlier one. They are listed,
//! or made without serving.

use crate::config::{Config, StoreLocation};
use crate::deployment::store::{self, Availability, Stores, retried};
use crate::deployment::{self, FolderFormat, snapshot};
use anyhow::{Context as _, bail};
use scangate_storage::cql::{Address, Schema, SchemaState};
use scangate_storage::journal::{JournalFiles, RealDisk};
use scangate_storage::registry::Registry;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The time limit for connecting to a cluster.
const CLUSTER_MAX: Duration = Duration::from_secs(10);

/// A part of a deployment, as an upgrade finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpgradePart {
    /// The part's name.
    pub part: &'static str,
    /// The format that it has.
    pub found: String,
    /// The changes of a start, a sentence each; empty where it has this version's format.
    pub changes: Vec<String>,
}

/// The changes that a start of this version would make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpgradePlan {
    /// This version.
    pub version: &'static str,
    /// The parts, whether or not they change.
    pub parts: Vec<UpgradePart>,
}

impl UpgradePlan {
    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.changes.is_empty())
    }

    fn add(&mut self, part: &'static str, found: String, changes: Vec<String>) {
        self.parts.push(UpgradePart { part, found, changes });
    }
}

/// Looks at the data folder and the store of a configuration, and changes nothing. It works beside a running
/// gateway. **Errors**: a part is missing, damaged, or of a later version, or the cluster does not answer.
pub fn plan(config: &Config) -> anyhow::Result<UpgradePlan> {
    let data = &config.data;
    let mut plan = UpgradePlan { version: env!("CARGO_PKG_VERSION"), parts: Vec::new() };
    let folder = served(config)?;
    let current = FolderFormat::current().format;
    let changes = folder.changes().iter().map(|change| format!("it gets format {current}: {change}"));
    let found = format!("format {}, of version {}", folder.format, folder.gateway);
    plan.add("data folder", found, changes.collect());
    let open = deployment::count_open_to_others(data);
    let closed = format!("others than its owner lose access to {open} files and folders");
    let found = if open == 0 { "its owner alone can read it" } else { "others can read a part of it" };
    plan.add("permissions", found.into(), (open > 0).then_some(closed).into_iter().collect());
    plan.add("journal", journal(data)?, Vec::new());
    if let Some(is_current) = snapshot::has_current_format(data)? {
        let (found, change) = if is_current {
            ("this version's format", None)
        } else {
            ("another format", Some("it is written again in this version's format".to_owned()))
        };
        plan.add("snapshot", found.into(), change.into_iter().collect());
    }
    if let StoreLocation::Cql(address) = &config.store {
        examine_cluster(config, address, &mut plan)?;
    }
    Ok(plan)
}

/// Brings the data folder of a stopped gateway and its store to this version's formats, as a start does.
/// **Errors**: a gateway runs on the folder; a part is missing, damaged, or of a later version; the cluster
/// does not answer.
pub fn upgrade(config: &Config) -> anyhow::Result<()> {
    served(config)?;
    let _lock = RealDisk::open(config.data.join("journal"))?;
    deployment::close_to_others(&config.data);
    FolderFormat::advance(&config.data)?;
    let secret = deployment::existing_secret(&config.data, config.secret.as_deref())?;
    let Stores { registry, availability, .. } = store::open(config, &secret)?;
    if availability == Availability::Down {
        bail!("{} does not answer", config.store);
    }
    retried(|| registry.index_earlier_rows())
}

/// The format of a folder that a gateway has served. **Errors**: none has, the deployment has ended, a part
/// is missing, or the format is later.
fn served(config: &Config) -> anyhow::Result<FolderFormat> {
    let data = &config.data;
    deployment::ensure_not_ended(data)?;
    deployment::ensure_restored(data)?;
    deployment::ensure_whole(config)?;
    let found = FolderFormat::read(data)?;
    let found = found.with_context(|| format!("{} is not the data folder of a gateway", data.display()))?;
    found.ensure_readable(data)?;
    Ok(found)
}

fn journal(data: &Path) -> anyhow::Result<String> {
    let folder = data.join("journal");
    let files = JournalFiles::open(&folder).with_context(|| folder.display().to_string())?;
    let formats: Vec<_> = files
        .formats()?
        .iter()
        .map(|(format, segments)| format!("segments of format {format}: {segments}"))
        .collect();
    Ok(if formats.is_empty() { "no segments".into() } else { formats.join(", ") })
}

/// Compares the keyspace's schema, and looks for gateways of an earlier format.
fn examine_cluster(config: &Config, address: &Address, plan: &mut UpgradePlan) -> anyhow::Result<()> {
    let cluster = Arc::new(store::cluster(address, &config.cql, Schema::Leave)?);
    cluster.connect(CLUSTER_MAX).with_context(|| address.to_string())?;
    let SchemaState { found, known, statements } = retried(|| cluster.schema_state())?;
    let keyspace = &address.keyspace;
    let found = found
        .with_context(|| format!("keyspace {keyspace} does not exist, and this folder has served it"))?;
    if found > known {
        bail!(
            "keyspace {keyspace} has schema version {found}, and this version knows {known}: a later version has \
             migrated it; install that version"
        );
    }
    plan.add("keyspace", format!("{keyspace} has schema version {found} of {known}"), statements);
    let secret = deployment::existing_secret(&config.data, config.secret.as_deref())?;
    let registry = Registry::clustered(cluster, &secret)?;
    let gateways = retried(|| registry.gateways_of_earlier_format())?;
    let numbers: Vec<_> = gateways.iter().map(|gateway| format!("{gateway:016x}")).collect();
    let change = format!("rows are indexed again once these run this version: {}", numbers.join(", "));
    let found = format!("{} of an earlier version", numbers.len());
    plan.add("gateways", found, (!numbers.is_empty()).then_some(change).into_iter().collect());
    Ok(())
}
