//! Numbers that are written once in a keyspace's life: the first writer wins. They are rows of the version
//! table.

use super::answer::existing_version;
use super::backoff::RetryBackoff;
use super::cluster::Cluster;
use super::error::ClusterError;

impl Cluster {
    /// Writes a number under a name that has none yet, and returns the number that the name now has, whoever
    /// wrote it. The call is idempotent.
    pub(crate) async fn choose(&self, name: &str, number: i32) -> Result<i32, ClusterError> {
        let text = "INSERT INTO {}.version (name, version) VALUES (?, ?) IF NOT EXISTS";
        let insert = self.prepare_conditional(text).await?;
        let (session, mut backoff) = (self.session().await?, RetryBackoff::new());
        loop {
            match session.execute_unpaged(&insert, (name, number)).await {
                Ok(done) => return Ok(existing_version(done)?.unwrap_or(number)),
                Err(error) => backoff.wait_after(error).await?,
            }
        }
    }

    /// Reads a number that was chosen; none before the first write.
    pub(crate) async fn chosen(&self, name: &str) -> Result<Option<i32>, ClusterError> {
        let read = self.prepare("SELECT version FROM {}.version WHERE name = ?").await?;
        let rows = self.session().await?.execute_unpaged(&read, (name,)).await.map_err(ClusterError::of)?;
        let rows = rows.into_rows_result().map_err(ClusterError::of)?;
        Ok(rows.maybe_first_row::<(i32,)>().map_err(ClusterError::of)?.map(|(number,)| number))
    }
}

#[cfg(test)]
mod tests {
    use crate::cql::testing::{Doubt, Doubtful};
    use std::sync::Arc;

    #[test]
    fn a_number_is_chosen_whatever_the_cluster_can_tell() {
        let mut doubtful = Doubtful::connected("chosen");
        for (number, how) in (1..).zip([Doubt::WriteTimeout, Doubt::ReadTimeout, Doubt::Lost]) {
            let name = format!("number {number}");
            let cluster = Arc::clone(&doubtful.cluster);
            let choose = |number| cluster.wait(cluster.choose(&name, number)).unwrap();
            assert_eq!(doubtful.doubt(name.as_bytes(), how, || choose(number)), number, "{how:?}");
            assert_eq!(choose(99), number);
        }
    }
}
