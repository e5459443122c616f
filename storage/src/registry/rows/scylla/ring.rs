//! Full scans over the token ring, whatever the table and bucket: for comparing and counting.

use super::{KeyVisitor, SCANS_MAX, ScyllaRows};
use crate::cql::ClusterError;
use crate::registry::Result;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use scylla::deserialize::row::DeserializeRow;
use std::ops::Range;

/// The number of equal token ranges into which the ring is divided.
pub(in crate::registry) const TOKEN_RANGES: u16 = 256;

/// A visitor of rows, each with the name of its table.
type RingVisitor<'a> = dyn FnMut(&str, &[u8], &[u8]) -> Result<()> + 'a;

impl ScyllaRows {
    /// Whether the store has no row without TTL.
    pub(in crate::registry) fn is_empty(&self) -> Result<bool> {
        let query = async {
            let select = self.cluster.prepare("SELECT kind FROM {}.rows LIMIT 1").await?;
            let found = self.cluster.session().await?.execute_unpaged(&select, &[]).await;
            let rows = found.map_err(ClusterError::of)?.into_rows_result().map_err(ClusterError::of)?;
            Ok::<_, ClusterError>(rows.rows_num() == 0)
        };
        Ok(self.cluster.wait(query)?)
    }

    /// Visits every row without TTL in some token ranges, unordered. Rows are streamed, so little is in
    /// memory at a time.
    pub(in crate::registry) fn ring(&self, ranges: Range<u16>, each: &mut RingVisitor<'_>) -> Result<()> {
        self.scan_ring("kind, key, value", ranges, &mut |(table, key, value): (String, Vec<u8>, Vec<u8>)| {
            each(&table, &key, &value)
        })
    }

    /// Visits every key of the whole ring, unordered.
    pub(super) fn ring_keys(&self, each: &mut KeyVisitor<'_>) -> Result<()> {
        self.scan_ring("kind, key", 0..TOKEN_RANGES, &mut |(table, key): (String, Vec<u8>)| {
            each(&table, &key)
        })
    }

    /// Visits these columns of every row without TTL in some token ranges, unordered.
    fn scan_ring<T>(
        &self,
        columns: &str,
        ranges: Range<u16>,
        each: &mut dyn FnMut(T) -> Result<()>,
    ) -> Result<()>
    where
        T: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata> + Send + 'static,
    {
        self.cluster.wait(async {
            let text = format!(
                "SELECT {columns} FROM {{}}.rows \
                 WHERE token(kind, bucket) >= ? AND token(kind, bucket) <= ?"
            );
            let select = &self.cluster.prepare(&text).await?;
            let session = self.cluster.session().await?;
            let reads = stream::iter(ranges).map(|range| async move {
                let pager = session.execute_iter(select.clone(), tokens(range)).await;
                let rows = pager.map_err(ClusterError::of)?.rows_stream::<T>();
                Ok::<_, ClusterError>(rows.map_err(ClusterError::of)?.map_err(ClusterError::of))
            });
            let mut rows = reads.buffer_unordered(SCANS_MAX).try_flatten_unordered(SCANS_MAX);
            while let Some(row) = rows.try_next().await? {
                each(row)?;
            }
            Ok(())
        })
    }
}

/// The first and the last token of a range.
fn tokens(range: u16) -> (i64, i64) {
    const BITS: u32 = i64::BITS - TOKEN_RANGES.ilog2();
    let first = u64::from(range) << BITS;
    let last = first | ((1 << BITS) - 1);
    // Tokens are signed: the ring begins at the least one.
    let signed = |token: u64| token.cast_signed() ^ i64::MIN;
    (signed(first), signed(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_the_whole_ring() {
        assert_eq!((tokens(0).0, tokens(TOKEN_RANGES - 1).1), (i64::MIN, i64::MAX));
        for range in 1..TOKEN_RANGES {
            assert_eq!(tokens(range).0, tokens(range - 1).1 + 1);
        }
    }
}
