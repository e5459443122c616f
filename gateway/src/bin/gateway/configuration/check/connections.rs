//! The connections of a configuration: the cluster and the webhooks. Each has a few seconds to answer.

use super::{CheckFinding, at};
use scangate_gateway::config::{Config, EffectiveConfig, StoreLocation};
use scangate_gateway::deployment::store;
use scangate_gateway::office::registration::providers::Providers;
use scangate_storage::cql::{ReplicationState, Schema};
use std::time::Duration;

/// The time that a cluster has to answer.
const CLUSTER_MAX: Duration = Duration::from_secs(10);

/// Connects to everything that is configured.
pub(super) fn examine(effective: &EffectiveConfig) -> Vec<CheckFinding> {
    cluster(effective).into_iter().chain(webhooks(effective)).collect()
}

/// Asks the cluster for its nodes and the copies of the keyspace. `files` reports files that cannot be read.
fn cluster(effective: &EffectiveConfig) -> Option<CheckFinding> {
    let Config { store: StoreLocation::Cql(address), cql, .. } = &effective.config else { return None };
    let cluster = store::cluster(address, cql, Schema::Leave).ok()?;
    let told = |text: String| at(effective, "store", text);
    let state = cluster.connect(CLUSTER_MAX).and_then(|()| cluster.replication());
    let ReplicationState { copies, nodes } = match state {
        Ok(state) => state,
        Err(error) => return Some(CheckFinding::Error(told(format!("{address}: {error}")))),
    };
    let (keyspace, wished) = (&address.keyspace, cql.copies);
    match copies {
        None if nodes < usize::from(wished) => Some(CheckFinding::Error(told(format!(
            "{nodes} nodes answer, and keyspace {keyspace} would have {wished} copies: start the others, or set \
             cql.copies"
        )))),
        None => None,
        Some(copies) => match store::copies_advice(keyspace, copies, wished) {
            Some(advice) => Some(CheckFinding::Warning(told(advice))),
            None if nodes < usize::from(copies) => Some(CheckFinding::Warning(told(format!(
                "{nodes} nodes answer, fewer than the {copies} copies of keyspace {keyspace}"
            )))),
            None => None,
        },
    }
}

/// Asks each webhook. Any answer of HTTP counts: a provider may accept nothing but its own messages.
fn webhooks(effective: &EffectiveConfig) -> Vec<CheckFinding> {
    let Ok(providers) = Providers::new(&effective.config.registration) else { return Vec::new() };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![CheckFinding::Error(format!("no connection can be made: {error}"))],
    };
    let unanswered = runtime.block_on(providers.unanswered());
    unanswered
        .into_iter()
        .map(|(key, why)| CheckFinding::Error(at(effective, &format!("registration.{key}"), why)))
        .collect()
}
