//! The end of a keyspace. It begins with a number that is written once, after which no gateway serves the
//! keyspace, and it ends by dropping the keyspace with all its data. Counting the data is not done here.

use super::backoff::RetryBackoff;
use super::cluster::Cluster;
use super::error::ClusterError;
use super::keyspace::{ENDING, ensure_living, has_keyspace, names};
use super::schema::TABLES;
use scylla::statement::Statement;
use std::time::Duration;

/// The time limit for dropping the keyspace on every node: each node may make a snapshot first.
const DROP_MAX: Duration = Duration::from_secs(120);

/// The number of nodes of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nodes {
    /// All known nodes.
    pub known: u64,
    /// The nodes that cannot be reached now.
    pub away: u64,
}

impl Cluster {
    /// Whether the keyspace exists.
    pub fn has_keyspace(&self) -> Result<bool, ClusterError> {
        self.wait(async { has_keyspace(self.session().await?, self.keyspace()).await })
    }

    /// The keyspace's tables, sorted by name; empty where the keyspace does not exist.
    pub fn tables(&self) -> Result<Vec<String>, ClusterError> {
        let text = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
        let mut tables = self.wait(async { names(self.session().await?, text, self.keyspace()).await })?;
        tables.sort_unstable();
        Ok(tables)
    }

    /// The tables that no gateway of this or an earlier version has made.
    pub fn unknown_tables(&self) -> Result<Vec<String>, ClusterError> {
        let mut tables = self.tables()?;
        tables.retain(|table| !TABLES.contains(&table.as_str()));
        Ok(tables)
    }

    /// Counts the nodes, and those that are down.
    pub fn nodes(&self) -> Result<Nodes, ClusterError> {
        self.wait(async {
            let state = self.session().await?.get_cluster_state();
            let nodes = state.get_nodes_info();
            let away = nodes.iter().filter(|node| !node.is_connected()).count();
            Ok(Nodes { known: nodes.len() as u64, away: away as u64 })
        })
    }

    /// Marks the keyspace as being ended: no gateway that connects from now on serves it.
    pub fn begin_sunset(&self) -> Result<(), ClusterError> {
        self.wait(self.choose(ENDING, 1)).map(drop)
    }

    /// Removes the mark that [`Cluster::begin_sunset`] made.
    pub fn cancel_sunset(&self) -> Result<(), ClusterError> {
        self.wait(async {
            let text = "DELETE FROM {}.version WHERE name = ? IF EXISTS";
            let delete = self.prepare_conditional(text).await?;
            let (session, mut backoff) = (self.session().await?, RetryBackoff::new());
            while let Err(error) = session.execute_unpaged(&delete, (ENDING,)).await {
                backoff.wait_after(error).await?;
            }
            Ok(())
        })
    }

    /// Checks that the keyspace is not being ended. **Errors**: it is.
    pub fn ensure_living(&self) -> Result<(), ClusterError> {
        self.wait(async { ensure_living(self.session().await?, self.keyspace()).await })
    }

    /// Drops the keyspace, if it still exists. Every reachable node has dropped it when this returns.
    pub fn drop_keyspace(&self) -> Result<(), ClusterError> {
        self.wait(async {
            let session = self.session().await?;
            let mut drop = Statement::new(format!("DROP KEYSPACE IF EXISTS {}", self.keyspace()));
            drop.set_request_timeout(Some(DROP_MAX));
            session.query_unpaged(drop, &[]).await.map_err(ClusterError::of)?;
            session.await_schema_agreement().await.map_err(ClusterError::of)?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cql::testing::{CONNECT_MAX, cluster, options};
    use crate::cql::{ClusterOptions, Schema};

    fn looking(test: &str, schema: Schema) -> Cluster {
        Cluster::new(ClusterOptions { schema, ..options(test) }).unwrap()
    }

    fn connected(cluster: &Cluster) -> Result<(), ClusterError> {
        cluster.connect(CONNECT_MAX)
    }

    #[test]
    fn a_keyspace_that_is_ended_serves_nobody_and_is_gone() {
        let (city, ending) = (cluster("ending"), looking("ending", Schema::Leave));
        assert!(!ending.has_keyspace().unwrap(), "looking makes nothing");
        connected(&city).unwrap();
        assert!(ending.has_keyspace().unwrap() && ending.unknown_tables().unwrap().is_empty());
        assert_eq!(ending.tables().unwrap().len(), TABLES.len());
        assert_eq!(ending.nodes().unwrap().away, 0);

        ending.begin_sunset().unwrap();
        let refused = connected(&cluster("ending")).unwrap_err();
        assert!(refused.is_final() && refused.to_string().contains("being ended"), "{refused}");
        assert!(city.ensure_living().is_err());
        ending.cancel_sunset().unwrap();
        city.ensure_living().unwrap();
        connected(&cluster("ending")).unwrap();

        ending.drop_keyspace().unwrap();
        ending.drop_keyspace().unwrap();
        assert!(!ending.has_keyspace().unwrap() && ending.tables().unwrap().is_empty());
        let refused = connected(&looking("ending", Schema::Expect)).unwrap_err();
        assert!(refused.is_final() && refused.to_string().contains("does not exist"), "{refused}");
        assert!(!ending.has_keyspace().unwrap());
    }

    #[test]
    fn a_table_that_is_no_gateways_is_seen() {
        let (city, ending) = (cluster("strange"), looking("strange", Schema::Leave));
        connected(&city).unwrap();
        let text = format!("CREATE TABLE {}.holidays (day int PRIMARY KEY)", city.keyspace());
        let mut made = Statement::new(text);
        made.set_request_timeout(Some(CONNECT_MAX));
        city.wait(async { city.session().await.unwrap().query_unpaged(made, &[]).await }).unwrap();
        assert_eq!(ending.unknown_tables().unwrap(), ["holidays"]);
    }
}
