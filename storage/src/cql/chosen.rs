//! Numbers that are chosen once for a keyspace's life, by whoever comes first: rows of the table of versions.

use super::cluster::Cluster;
use super::error::ClusterError;

impl Cluster {
    /// Chooses a number, unless there is one of that name. Returns the one there is now.
    pub(crate) async fn choose(&self, name: &str, number: i32) -> Result<i32, ClusterError> {
        let text = "INSERT INTO {}.version (name, version) VALUES (?, ?) IF NOT EXISTS";
        let insert = self.prepare(text).await?;
        self.session().await?.execute_unpaged(&insert, (name, number)).await.map_err(ClusterError::of)?;
        let chosen = self.chosen(name).await?;
        chosen.ok_or_else(|| ClusterError::of(format!("`{name}` was chosen and is not there")))
    }

    /// A number that was chosen.
    pub(crate) async fn chosen(&self, name: &str) -> Result<Option<i32>, ClusterError> {
        let read = self.prepare("SELECT version FROM {}.version WHERE name = ?").await?;
        let rows = self.session().await?.execute_unpaged(&read, (name,)).await.map_err(ClusterError::of)?;
        let rows = rows.into_rows_result().map_err(ClusterError::of)?;
        Ok(rows.maybe_first_row::<(i32,)>().map_err(ClusterError::of)?.map(|(number,)| number))
    }
}
