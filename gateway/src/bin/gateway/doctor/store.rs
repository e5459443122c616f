//! The store: its nodes, the copies of the keyspace, whether its nodes agree on the schema, and its latency.

use super::finding::DoctorFinding;
use scangate_core::text::OneLine;
use scangate_gateway::config::{Config, StoreLocation};
use scangate_gateway::deployment::store::{self, CopiesVerdict, retried};
use scangate_storage::cql::{ClusterHealth, ReplicationState, Schema};
use std::time::Duration;

/// The time limit for connecting to a cluster.
const CLUSTER_MAX: Duration = Duration::from_secs(10);
/// The latency of a small read from which the drain and the back office are slow.
const LATENCY_MAX: Duration = Duration::from_millis(20);

/// Connects to a cluster and looks at it. An embedded store is in the data folder.
pub(super) fn examine(config: &Config) -> Vec<DoctorFinding> {
    let StoreLocation::Cql(address) = &config.store else {
        let text = format!("registry and trails are in {}", config.data.display());
        return vec![DoctorFinding::ok("store-down", text)];
    };
    let read = || -> anyhow::Result<(ReplicationState, ClusterHealth)> {
        let cluster = store::cluster(address, &config.cql, Schema::Leave)?;
        cluster.connect(CLUSTER_MAX)?;
        Ok((retried(|| cluster.replication())?, retried(|| cluster.health())?))
    };
    match read() {
        Ok((replication, health)) => {
            vec![copies(config, &address.keyspace, replication), schema(health), latency(health)]
        }
        Err(error) => {
            vec![DoctorFinding::error("store-down", format!("{address}: {}", OneLine(error.as_ref())))]
        }
    }
}

/// Compares the copies of the keyspace with the configured number.
fn copies(config: &Config, keyspace: &str, state: ReplicationState) -> DoctorFinding {
    const PAGE: &str = "store-copies";
    match CopiesVerdict::of(config, keyspace, state) {
        CopiesVerdict::Fit(text) | CopiesVerdict::NotMade(text) => DoctorFinding::ok(PAGE, text),
        CopiesVerdict::NotMakeable(text) | CopiesVerdict::Fewer(text) => DoctorFinding::error(PAGE, text),
        CopiesVerdict::Gone(text) => DoctorFinding::error("store-down", text),
        CopiesVerdict::More(text) => DoctorFinding::warning(PAGE, text),
        CopiesVerdict::NodesAway(text) => DoctorFinding::warning("store-down", text),
    }
}

fn schema(health: ClusterHealth) -> DoctorFinding {
    const PAGE: &str = "store-schema";
    if health.is_schema_agreed {
        DoctorFinding::ok(PAGE, "the nodes agree on the schema")
    } else {
        DoctorFinding::warning(PAGE, "the nodes do not agree on the schema")
    }
}

fn latency(health: ClusterHealth) -> DoctorFinding {
    const PAGE: &str = "store-latency";
    let text = format!("a small read takes {:.1} ms", health.read_time.as_secs_f64() * 1e3);
    if health.read_time > LATENCY_MAX {
        DoctorFinding::warning(PAGE, text)
    } else {
        DoctorFinding::ok(PAGE, text)
    }
}
