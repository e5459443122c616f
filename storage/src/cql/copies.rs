//! The copies of a keyspace: how many it keeps, and on how many nodes of the cluster they can lie.

use super::cluster::Cluster;
use super::error::ClusterError;
use scylla::client::session::Session;
use scylla::errors::SchemaAgreementError;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The copies that a gateway asks for by default: with three, any one node may be lost.
pub const COPIES: u8 = 3;
/// The longest wait for as many live nodes as copies, before the keyspace is made. It leaves the rest of a
/// first start's time limit to the schema.
pub const NODES_WAIT_MAX: Duration = Duration::from_secs(60);
/// The time that nodes have to agree on the schema. A change of any keyspace takes a moment to reach all of
/// them.
const AGREEMENT_MAX: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// The copies of a keyspace and the nodes of its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicationState {
    /// The copies of each row in the data centre that has the fewest; none where the keyspace does not exist.
    pub copies: Option<u8>,
    /// The nodes that answer, in the data centre that has the fewest.
    pub nodes: usize,
}

/// Whether a cluster works as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterHealth {
    /// Whether all nodes that answer have the same schema.
    pub is_schema_agreed: bool,
    /// The time of a small read.
    pub read_time: Duration,
}

impl Cluster {
    /// Asks whether the nodes agree on the schema within some seconds, and times a small read.
    pub fn health(&self) -> Result<ClusterHealth, ClusterError> {
        self.wait(async {
            let session = self.session().await?;
            let is_schema_agreed = match timeout(AGREEMENT_MAX, session.await_schema_agreement()).await {
                Ok(Ok(_)) => true,
                Ok(Err(SchemaAgreementError::Timeout(_))) | Err(_) => false,
                Ok(Err(error)) => return Err(ClusterError::of(error)),
            };
            let began = Instant::now();
            copies(session, self.keyspace()).await?;
            Ok(ClusterHealth { is_schema_agreed, read_time: began.elapsed() })
        })
    }

    /// Reads how many copies the keyspace keeps, and how many nodes answer.
    pub fn replication(&self) -> Result<ReplicationState, ClusterError> {
        self.wait(async {
            let session = self.session().await?;
            let copies = copies(session, self.keyspace()).await?;
            Ok(ReplicationState { copies, nodes: live_nodes(session) })
        })
    }
}

/// The copies that a keyspace keeps; none where it does not exist.
async fn copies(session: &Session, keyspace: &str) -> Result<Option<u8>, ClusterError> {
    let text = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let rows = session.query_unpaged(text, (keyspace,)).await.map_err(ClusterError::of)?;
    let rows = rows.into_rows_result().map_err(ClusterError::of)?;
    let row = rows.maybe_first_row::<(HashMap<String, String>,)>().map_err(ClusterError::of)?;
    Ok(row.map(|(replication,)| fewest_copies(&replication)))
}

/// The fewest copies of a data centre, by the options of a replication strategy.
fn fewest_copies(replication: &HashMap<String, String>) -> u8 {
    let counts = replication.iter().filter(|(name, _)| *name != "class");
    // ScyllaDB and Cassandra write transient copies as `3/1`.
    let counts = counts.filter_map(|(_, count)| count.split('/').next()?.parse::<u8>().ok());
    counts.min().unwrap_or(1)
}

/// The nodes that answer, in the data centre that has the fewest.
fn live_nodes(session: &Session) -> usize {
    let state = session.get_cluster_state();
    let mut by_centre: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for node in state.get_nodes_info() {
        *by_centre.entry(node.datacenter.as_deref()).or_default() += usize::from(node.is_connected());
    }
    by_centre.into_values().min().unwrap_or(0)
}

/// Waits until as many nodes answer as a new keyspace has copies. **Errors**: fewer answer, which is final,
/// because nothing raises the number of copies later.
pub(super) async fn ensure_nodes(
    session: &Session,
    keyspace: &str,
    copies: u8,
    wait_max: Duration,
) -> Result<(), ClusterError> {
    let (since, mut logged) = (Instant::now(), None::<Instant>);
    loop {
        let nodes = live_nodes(session);
        if nodes >= usize::from(copies) {
            return Ok(());
        }
        if since.elapsed() >= wait_max {
            return Err(ClusterError::last(format!(
                "keyspace {keyspace} was not made: {nodes} of the cluster's nodes answer, and cql.copies asks for \
                 {copies} copies; start the other nodes, or choose fewer copies (`cql.copies = {}`): with one copy \
                 one lost node is lost data",
                nodes.max(1)
            )));
        }
        if logged.is_none_or(|logged| logged.elapsed() >= LOG_PAUSE) {
            tracing::warn!(
                event = "cluster-nodes-awaited",
                nodes,
                copies,
                "waiting for the cluster's other nodes before the keyspace is made"
            );
            logged = Some(Instant::now());
        }
        tokio::time::sleep(PAUSE).await;
        session.refresh_metadata().await.map_err(ClusterError::of)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cql::testing::{CONNECT_MAX, cluster, options};
    use crate::cql::{ClusterOptions, Schema};

    #[test]
    fn the_fewest_copies_count() {
        let of = |options: &[(&str, &str)]| {
            let options = options.iter().map(|(name, count)| ((*name).to_owned(), (*count).to_owned()));
            fewest_copies(&options.collect())
        };
        let class = ("class", "org.apache.cassandra.locator.NetworkTopologyStrategy");
        assert_eq!(of(&[class, ("datacenter1", "3")]), 3);
        assert_eq!(of(&[class, ("east", "3"), ("west", "2/1")]), 2);
        assert_eq!(of(&[("class", "SimpleStrategy"), ("replication_factor", "1")]), 1);
        assert_eq!(of(&[class]), 1);
    }

    #[test]
    fn a_keyspace_is_never_made_with_fewer_copies_than_asked_for() {
        let more = ClusterOptions { copies: 4, nodes_wait_max: Duration::ZERO, ..options("copies") };
        let refused = Cluster::new(more).unwrap().connect(CONNECT_MAX).unwrap_err();
        let text = refused.to_string();
        assert!(refused.is_final() && text.contains("3 of the cluster's nodes answer"), "{text}");
        assert!(text.contains("4 copies") && text.contains("`cql.copies = 3`"), "{text}");
        let look = ClusterOptions { schema: Schema::Leave, ..options("copies") };
        let look = Cluster::new(look).unwrap();
        assert_eq!(look.replication().unwrap(), ReplicationState { copies: None, nodes: 3 });
        // Fewer copies are a choice, and an existing keyspace keeps what it has.
        let two = ClusterOptions { copies: 2, ..options("copies") };
        Cluster::new(two).unwrap().connect(CONNECT_MAX).unwrap();
        let three = cluster("copies");
        three.connect(CONNECT_MAX).unwrap();
        assert_eq!(three.replication().unwrap().copies, Some(2));
    }
}
