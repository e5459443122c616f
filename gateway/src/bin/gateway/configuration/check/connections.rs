//! The connections of a configuration: the cluster and the webhooks. Each has a few seconds to answer.

use super::{CheckFinding, at};
use scangate_core::text::OneLine;
use scangate_gateway::config::{Config, EffectiveConfig, StoreLocation};
use scangate_gateway::deployment::store::{self, CopiesVerdict, retried};
use scangate_gateway::office::registration::providers::Providers;
use scangate_storage::cql::{ClusterError, ClusterSetting, Schema};
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
    let connected = cluster.connect(CLUSTER_MAX).map_err(anyhow::Error::from);
    let state = match connected.and_then(|()| retried(|| cluster.replication())) {
        Ok(state) => state,
        Err(error) => {
            let key = match error.downcast_ref().and_then(ClusterError::setting) {
                Some(ClusterSetting::Login) if cql.login.is_some() => "cql.login",
                Some(ClusterSetting::Authority) if cql.authority.is_some() => "cql.authority",
                Some(ClusterSetting::Login | ClusterSetting::Authority) | None => "store",
            };
            return Some(CheckFinding::Error(at(
                effective,
                key,
                format!("{address}: {}", OneLine(error.as_ref())),
            )));
        }
    };
    match CopiesVerdict::of(&effective.config, &address.keyspace, state) {
        CopiesVerdict::Fit(_) | CopiesVerdict::NotMade(_) => None,
        CopiesVerdict::Gone(text) | CopiesVerdict::NotMakeable(text) => Some(CheckFinding::Error(told(text))),
        CopiesVerdict::More(text) | CopiesVerdict::Fewer(text) | CopiesVerdict::NodesAway(text) => {
            Some(CheckFinding::Warning(told(text)))
        }
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
