//! Compares the copies that the keyspace keeps with the configured number, at the start and while the gateway
//! runs: an operator may change the keyspace at any time.

use crate::deployment::store::copies_advice;
use crate::office::run_blocking;
use scangate_storage::cql::{Cluster, ReplicationState};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_secs(60);

/// Sets the metric of copies, and warns once for each number that differs from the configured one.
pub(super) async fn watch_copies(cluster: Arc<Cluster>, wished: u8) {
    metrics::gauge!("scangate_store_copies", "kind" => "wished").set(f64::from(wished));
    let mut known = None;
    loop {
        let read = Arc::clone(&cluster);
        // While the cluster is away, other parts report it.
        if let Ok(Ok(ReplicationState { copies: Some(copies), .. })) =
            run_blocking(move || read.replication()).await
        {
            metrics::gauge!("scangate_store_copies", "kind" => "actual").set(f64::from(copies));
            if known.replace(copies) != Some(copies)
                && let Some(advice) = copies_advice(cluster.keyspace(), copies, wished)
            {
                tracing::warn!(event = "copies-differ", "{advice}");
            }
        }
        sleep(PAUSE).await;
    }
}
