//! The number of check-ins on a cluster, for the report of a sunset. It queries the existing partitions, so
//! it needs neither the number of buckets nor the list of days.

use super::{READS_MAX, ScyllaTrails};
use crate::cql::{Cluster, ClusterError};
use crate::trail::TrailError;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeMap;

impl ScyllaTrails {
    /// The check-ins of a cluster's index by person, counted by UTC day (days since 1970). **Cost**: the
    /// cluster counts every partition.
    pub fn count_on(cluster: &Cluster) -> Result<BTreeMap<u32, u64>, TrailError> {
        cluster.wait(async {
            let partitions = partitions(cluster).await?;
            let select = "SELECT COUNT(*) FROM {}.visits_by_person WHERE bucket = ? AND day = ?";
            let select = &cluster.prepare(select).await?;
            let session = cluster.session().await?;
            let counts = stream::iter(partitions).map(|partition| async move {
                let rows = session.execute_unpaged(select, partition).await.map_err(ClusterError::of)?;
                let rows = rows.into_rows_result().map_err(ClusterError::of)?;
                let (count,) = rows.single_row::<(i64,)>().map_err(ClusterError::of)?;
                Ok::<_, TrailError>((partition.1, count))
            });
            let mut counts = counts.buffer_unordered(READS_MAX);
            let mut by_day = BTreeMap::new();
            while let Some((day, count)) = counts.try_next().await? {
                let (Ok(day), Ok(count)) = (u32::try_from(day), u64::try_from(count)) else {
                    return Err(TrailError::Damaged);
                };
                *by_day.entry(day).or_default() += count;
            }
            Ok(by_day)
        })
    }
}

/// The bucket and day of every existing partition.
async fn partitions(cluster: &Cluster) -> Result<Vec<(i32, i32)>, ClusterError> {
    let select = cluster.prepare("SELECT DISTINCT bucket, day FROM {}.visits_by_person").await?;
    let pager = cluster.session().await?.execute_iter(select, &[]).await.map_err(ClusterError::of)?;
    let rows = pager.rows_stream::<(i32, i32)>().map_err(ClusterError::of)?;
    rows.map_err(ClusterError::of).try_collect().await
}
