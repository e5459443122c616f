//! Reads of whole partitions of one index, for copying and comparing.

use super::{READS_MAX, ScyllaTrails, check_in, small, unsigned};
use crate::cql::ClusterError;
use crate::trail::{Index, TrailError};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use scangate_core::check_in::CheckIn;
use scangate_core::time::Timestamp;
use scylla::statement::prepared::PreparedStatement;

impl ScyllaTrails {
    /// The number of buckets.
    pub(in crate::trail) fn buckets(&self) -> u16 {
        self.buckets
    }

    /// Whether no day is listed: then nothing was ever written.
    pub(in crate::trail) fn is_empty(&self) -> Result<bool, TrailError> {
        Ok(self.cluster.wait(self.days())?.is_empty())
    }

    /// Stores check-ins under one index alone.
    pub(in crate::trail) fn write_index(
        &self,
        index: Index,
        check_ins: &[CheckIn],
    ) -> Result<(), TrailError> {
        self.cluster.wait(self.write_all(check_ins, &[index]))
    }

    /// The check-ins of whole partitions, each a bucket and a period, unordered.
    pub(in crate::trail) fn partitions(
        &self,
        index: Index,
        partitions: &[(u16, u32)],
    ) -> Result<Vec<CheckIn>, TrailError> {
        self.cluster.wait(async {
            let reads = stream::iter(partitions).map(|&(bucket, period)| {
                self.one_partition(index, (i32::from(bucket), small(u64::from(period))))
            });
            reads.buffer_unordered(READS_MAX).try_concat().await
        })
    }

    async fn one_partition(&self, index: Index, partition: (i32, i32)) -> Result<Vec<CheckIn>, TrailError> {
        let select = self.whole().await?[index as usize].clone();
        let session = self.cluster.session().await?;
        let pager = session.execute_iter(select, partition).await.map_err(ClusterError::of)?;
        let rows = pager.rows_stream::<(i64, i64, Vec<u8>, i64, Vec<u8>)>().map_err(ClusterError::of)?;
        let mut rows = rows.map_err(ClusterError::of);
        let mut found = Vec::new();
        while let Some((owner, at, id, other, said)) = rows.try_next().await? {
            let owner = unsigned(owner);
            // A read would never find a row in the wrong partition.
            if self.partition(index, owner, Timestamp(unsigned(at))) != partition {
                return Err(TrailError::Damaged);
            }
            found.push(check_in(index, owner, at, id, other, &said)?);
        }
        Ok(found)
    }

    async fn whole(&self) -> Result<&[PreparedStatement; 2], TrailError> {
        // Preparing the other statements also checks the number of buckets.
        self.statements().await?;
        let make = || async {
            let select = |table: &str, period: &str, owner: &str, other: &str| {
                format!(
                    "SELECT {owner}, at, id, {other}, said FROM {{}}.{table} WHERE bucket = ? AND {period} = ?"
                )
            };
            let persons = select("visits_by_person", "day", "person", "venue");
            let venues = select("visits_by_venue", "hour", "venue", "person");
            Ok([self.cluster.prepare(&persons).await?, self.cluster.prepare(&venues).await?])
        };
        self.whole.get_or_try_init(make).await
    }
}
