//! Rows on a CQL cluster that several gateways share. Claim and swap are conditional writes. A unit is a
//! sequence of idempotent writes, not a logged batch: a batch log needs nodes of its own, and a cluster
//! refuses it while the failure detector counts a dead node as up.
//!
//! **Shape**: `(kind text, bucket int, key blob, value blob, writer blob, PRIMARY KEY ((kind, bucket),
//! key))`, in a CQL table without a TTL, and in one with a TTL each for changes and for answers. A kind is a
//! registry table's name. A bucket holds the groups that hash to it, so a group is one slice of one
//! partition. `writer` is a random number drawn for each conditional write. If the cluster cannot report
//! whether a conditional write was applied, that number identifies it.

mod ring;

pub(in crate::registry) use ring::TOKEN_RANGES;

use super::{GroupVisitor, KeyVisitor, RegistryTable, Row, RowKey, RowVisitor, Rows, WriteUnit};
use crate::cql::{Cluster, ClusterError, RetryBackoff, random_bytes};
use crate::raw_store::RawSnapshot;
use crate::registry::Result;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use scylla::response::query_result::QueryResult;
use scylla::serialize::batch::BatchValues;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// Partitions of a registry table.
const BUCKETS: u32 = 1_024;
/// Concurrent requests.
const REQUESTS_MAX: usize = 64;
/// Concurrent partition reads of a full table scan: each returns many rows.
const SCANS_MAX: usize = 16;

/// Bytes of keys and values in a batch that fills a partition, unless one row is larger: half of what a
/// cluster warns of.
const FILLING_BYTES_MAX: usize = 32 * 1024;

/// The size of a conditional write's random number. **Units**: bytes.
const WRITER_BYTES: usize = 8;
/// The number of locks that partitions share.
const LOCKS: usize = 512;

/// The prepared statements for one of the CQL tables.
struct RowStatements {
    get: PreparedStatement,
    group: PreparedStatement,
    bucket: PreparedStatement,
    keys: PreparedStatement,
    put: PreparedStatement,
    remove: PreparedStatement,
    claim: PreparedStatement,
    swap: PreparedStatement,
    take_out: PreparedStatement,
    settle: PreparedStatement,
}

/// The rows of a cluster.
pub(in crate::registry) struct ScyllaRows {
    cluster: Arc<Cluster>,
    staying: OnceCell<RowStatements>,
    changes: OnceCell<RowStatements>,
    answers: OnceCell<RowStatements>,
    locks: Vec<Mutex<()>>,
}

type KeyValue = (Vec<u8>, Vec<u8>);
type ClusterResult<T> = std::result::Result<T, ClusterError>;

impl ScyllaRows {
    pub(in crate::registry) fn new(cluster: Arc<Cluster>) -> Self {
        let locks = (0..LOCKS).map(|_| Mutex::new(())).collect();
        Self { cluster, staying: OnceCell::new(), changes: OnceCell::new(), answers: OnceCell::new(), locks }
    }

    async fn of(&self, table: RegistryTable) -> ClusterResult<&RowStatements> {
        let (statements, name) = if table == RegistryTable::Changes {
            (&self.changes, "changes")
        } else if table == RegistryTable::Answers {
            (&self.answers, "answers")
        } else {
            (&self.staying, "rows")
        };
        statements.get_or_try_init(|| RowStatements::prepare(&self.cluster, name)).await
    }

    async fn get_one(&self, table: RegistryTable, key: &[u8]) -> ClusterResult<Option<Vec<u8>>> {
        let bound = (table.name(), bucket(table, key), key);
        let answer = self.cluster.session().await?.execute_unpaged(&self.of(table).await?.get, bound).await;
        let rows = answer.map_err(ClusterError::of)?.into_rows_result().map_err(ClusterError::of)?;
        let row = rows.maybe_first_row::<(Vec<u8>,)>().map_err(ClusterError::of)?;
        Ok(row.map(|(value,)| value))
    }

    async fn partition(&self, table: RegistryTable, bucket: i32) -> ClusterResult<Vec<KeyValue>> {
        let select = self.of(table).await?.bucket.clone();
        let pager = self.cluster.session().await?.execute_iter(select, (table.name(), bucket)).await;
        let rows = pager.map_err(ClusterError::of)?.rows_stream::<KeyValue>().map_err(ClusterError::of)?;
        rows.map_err(ClusterError::of).try_collect().await
    }

    async fn partition_keys(&self, table: RegistryTable, bucket: i32) -> ClusterResult<Vec<Vec<u8>>> {
        let select = self.of(table).await?.keys.clone();
        let pager = self.cluster.session().await?.execute_iter(select, (table.name(), bucket)).await;
        let rows = pager.map_err(ClusterError::of)?.rows_stream::<(Vec<u8>,)>().map_err(ClusterError::of)?;
        rows.map_ok(|(key,)| key).map_err(ClusterError::of).try_collect().await
    }

    async fn slice(&self, table: RegistryTable, group: &[u8]) -> ClusterResult<Vec<KeyValue>> {
        let Some(end) = after(group) else { return self.partition(table, bucket(table, group)).await };
        let select = self.of(table).await?.group.clone();
        let bound = (table.name(), bucket_of(group), group, end);
        let pager = self.cluster.session().await?.execute_iter(select, bound).await;
        let rows = pager.map_err(ClusterError::of)?.rows_stream::<KeyValue>().map_err(ClusterError::of)?;
        rows.map_err(ClusterError::of).try_collect().await
    }

    /// Writes the puts of a unit in their order, and then its removals in theirs. Neighbours in one partition
    /// share a request, which the cluster applies whole.
    async fn write_unit(&self, unit: &WriteUnit) -> ClusterResult<()> {
        let is_shared = |table: RegistryTable, key: &[u8], other: RegistryTable, its_key: &[u8]| {
            table == other && bucket(table, key) == bucket(other, its_key)
        };
        for rows in unit.put.chunk_by(|one, next| is_shared(one.table, &one.key, next.table, &next.key)) {
            self.put_in_partition(rows).await?;
        }
        for keys in unit.remove.chunk_by(|one, next| is_shared(one.0, &one.1, next.0, &next.1)) {
            self.remove_from_partition(keys).await?;
        }
        Ok(())
    }

    /// Writes independent rows, batching those of a partition.
    pub(in crate::registry) fn fill(&self, rows: Vec<Row>) -> Result<()> {
        let batches = by_partition(rows);
        let writes = stream::iter(&batches).map(|rows| self.put_in_partition(rows));
        Ok(self.cluster.wait(writes.buffer_unordered(REQUESTS_MAX).try_collect())?)
    }

    async fn put_in_partition(&self, rows: &[Row]) -> ClusterResult<()> {
        let mut batch = Batch::new(BatchType::Unlogged);
        let mut bound = Vec::with_capacity(rows.len());
        for Row { table, key, value } in rows {
            batch.append_statement(self.of(*table).await?.put.clone());
            bound.push((table.name(), bucket(*table, key), key, value));
        }
        self.batch(batch, bound).await
    }

    async fn remove_from_partition(&self, keys: &[(RegistryTable, RowKey)]) -> ClusterResult<()> {
        let mut batch = Batch::new(BatchType::Unlogged);
        let mut bound = Vec::with_capacity(keys.len());
        for (table, key) in keys {
            batch.append_statement(self.of(*table).await?.remove.clone());
            bound.push((table.name(), bucket(*table, key), key));
        }
        self.batch(batch, bound).await
    }

    /// Sends a batch of one partition.
    async fn batch(&self, mut batch: Batch, bound: impl BatchValues) -> ClusterResult<()> {
        batch.set_is_idempotent(true);
        self.cluster.session().await?.batch(&batch, bound).await.map_err(ClusterError::of)?;
        Ok(())
    }

    /// Adds a row unless its key exists. Returns the existing value.
    async fn claim_one(&self, row: &Row) -> ClusterResult<Option<Vec<u8>>> {
        let Row { table, key, value } = row;
        let (statements, writer) = (self.of(*table).await?, random_bytes::<WRITER_BYTES>()?);
        let bucket = bucket(*table, key);
        let (_alone, mut backoff) = (self.alone(*table, bucket).await, RetryBackoff::new());
        let session = self.cluster.session().await?;
        loop {
            let bound = (table.name(), bucket, key, value, &writer[..]);
            let found = match session.execute_unpaged(&statements.claim, bound).await {
                Ok(done) => condition(done)?,
                Err(error) => {
                    backoff.wait_after(error).await?;
                    self.settled(*table, bucket, key, &mut backoff).await?
                }
            };
            match found {
                ConditionalResult::Done => return Ok(None),
                ConditionalResult::Found { writer: Some(by), .. } if by == writer => return Ok(None),
                ConditionalResult::Found { value, .. } => return Ok(Some(value)),
                ConditionalResult::Missing => backoff.wait(contended()).await?,
            }
        }
    }

    /// Replaces or removes a row if its value is still `from`. Returns whether it was. When a removal is in
    /// doubt, a missing row counts as removed, whoever removed it.
    async fn swap_one(
        &self,
        table: RegistryTable,
        key: &[u8],
        from: &[u8],
        to: Option<&[u8]>,
    ) -> ClusterResult<bool> {
        let (statements, writer) = (self.of(table).await?, random_bytes::<WRITER_BYTES>()?);
        let bucket = bucket(table, key);
        let (_alone, mut backoff) = (self.alone(table, bucket).await, RetryBackoff::new());
        let session = self.cluster.session().await?;
        loop {
            let answer = match to {
                Some(to) => {
                    let bound = (to, &writer[..], table.name(), bucket, key, from);
                    session.execute_unpaged(&statements.swap, bound).await
                }
                None => {
                    session.execute_unpaged(&statements.take_out, (table.name(), bucket, key, from)).await
                }
            };
            match answer {
                Ok(done) => return Ok(matches!(condition(done)?, ConditionalResult::Done)),
                Err(error) => backoff.wait_after(error).await?,
            }
            match self.settled(table, bucket, key, &mut backoff).await? {
                ConditionalResult::Found { writer: Some(by), .. } if by == writer => return Ok(true),
                ConditionalResult::Found { value, .. } if value == from => backoff.wait(contended()).await?,
                ConditionalResult::Missing => return Ok(to.is_none()),
                ConditionalResult::Found { .. } | ConditionalResult::Done => return Ok(false),
            }
        }
    }

    /// Reads a key after every conditional write in progress on its partition is completed or dropped.
    async fn settled(
        &self,
        table: RegistryTable,
        bucket: i32,
        key: &[u8],
        backoff: &mut RetryBackoff,
    ) -> ClusterResult<ConditionalResult> {
        let (settle, session) = (&self.of(table).await?.settle, self.cluster.session().await?);
        let answer = loop {
            match session.execute_unpaged(settle, (table.name(), bucket, key)).await {
                Ok(answer) => break answer,
                Err(error) => backoff.wait_after(error).await?,
            }
        };
        let rows = answer.into_rows_result().map_err(ClusterError::of)?;
        let row = rows.maybe_first_row::<(Vec<u8>, Option<Vec<u8>>)>().map_err(ClusterError::of)?;
        Ok(row
            .map_or(ConditionalResult::Missing, |(value, writer)| ConditionalResult::Found { value, writer }))
    }

    /// Locks a partition: conditional writes of one partition contend, so this gateway sends one at a time.
    async fn alone(&self, table: RegistryTable, bucket: i32) -> MutexGuard<'_, ()> {
        let number = table as usize * BUCKETS as usize + bucket.unsigned_abs() as usize;
        self.locks[number % LOCKS].lock().await
    }
}

impl Rows for ScyllaRows {
    fn is_shared(&self) -> bool {
        true
    }

    fn get(&self, table: RegistryTable, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>> {
        let reads = stream::iter(keys).map(|key| self.get_one(table, key)).buffered(REQUESTS_MAX);
        Ok(self.cluster.wait(reads.try_collect())?)
    }

    fn groups(&self, table: RegistryTable, groups: &[RowKey], each: &mut GroupVisitor<'_>) -> Result<()> {
        self.cluster.wait(async {
            let mut reading =
                stream::iter(groups).map(|group| self.slice(table, group)).buffered(REQUESTS_MAX).enumerate();
            while let Some((at, rows)) = reading.next().await {
                for (key, value) in rows? {
                    if table.group(&key) == groups[at] {
                        each(at, &key, &value)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn all(&self, table: RegistryTable, each: &mut RowVisitor<'_>) -> Result<()> {
        self.cluster.wait(async {
            let buckets = stream::iter(0..BUCKETS.cast_signed());
            let mut reading = buckets.map(|bucket| self.partition(table, bucket)).buffer_unordered(SCANS_MAX);
            while let Some(rows) = reading.try_next().await? {
                in_groups(table, rows).iter().try_for_each(|(key, value)| each(key, value))?;
            }
            Ok(())
        })
    }

    fn keys(&self, table: RegistryTable, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.cluster.wait(async {
            let buckets = stream::iter(0..BUCKETS.cast_signed());
            let mut reading =
                buckets.map(|bucket| self.partition_keys(table, bucket)).buffer_unordered(SCANS_MAX);
            while let Some(keys) = reading.try_next().await? {
                keys.iter().try_for_each(|key| each(key))?;
            }
            Ok(())
        })
    }

    fn every_key(&self, each: &mut KeyVisitor<'_>) -> Result<()> {
        self.ring_keys(each)
    }

    fn write(&self, units: &[WriteUnit]) -> Result<()> {
        let writes = stream::iter(units).map(|unit| self.write_unit(unit)).buffer_unordered(REQUESTS_MAX);
        Ok(self.cluster.wait(writes.try_collect())?)
    }

    fn claim(&self, rows: &[Row]) -> Result<Vec<Option<Vec<u8>>>> {
        let claims = stream::iter(rows).map(|row| self.claim_one(row)).buffered(REQUESTS_MAX);
        Ok(self.cluster.wait(claims.try_collect())?)
    }

    fn swap(&self, table: RegistryTable, key: &[u8], from: &[u8], to: Option<&[u8]>) -> Result<bool> {
        Ok(self.cluster.wait(self.swap_one(table, key, from, to))?)
    }

    fn snapshot(&self) -> Result<Option<RawSnapshot>> {
        Ok(None)
    }
}

impl RowStatements {
    async fn prepare(cluster: &Cluster, table: &str) -> ClusterResult<Self> {
        let partition = "WHERE kind = ? AND bucket = ?";
        let select =
            |columns: &str, rest: &str| format!("SELECT {columns} FROM {{}}.{table} {partition} {rest}");
        let delete = |rest: &str| format!("DELETE FROM {{}}.{table} {partition} AND key = ? {rest}");
        let insert = |columns: &str, values: &str| {
            format!("INSERT INTO {{}}.{table} (kind, bucket, key, value{columns}) VALUES (?, ?, ?, ?{values}")
        };
        let swap =
            format!("UPDATE {{}}.{table} SET value = ?, writer = ? {partition} AND key = ? IF value = ?");
        Ok(Self {
            get: cluster.prepare_hedged(&select("value", "AND key = ?")).await?,
            group: cluster.prepare_hedged(&select("key, value", "AND key >= ? AND key < ?")).await?,
            bucket: cluster.prepare(&select("key, value", "")).await?,
            keys: cluster.prepare(&select("key", "")).await?,
            put: cluster.prepare(&insert("", ")")).await?,
            remove: cluster.prepare(&delete("")).await?,
            claim: cluster.prepare_conditional(&insert(", writer", ", ?) IF NOT EXISTS")).await?,
            swap: cluster.prepare_conditional(&swap).await?,
            take_out: cluster.prepare_conditional(&delete("IF value = ?")).await?,
            settle: cluster.prepare_settling(&select("value, writer", "AND key = ?")).await?,
        })
    }
}

/// Groups rows by partition. A large partition is split into several parts.
fn by_partition(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut partitions: HashMap<(RegistryTable, i32), Vec<Vec<Row>>> = HashMap::new();
    for row in rows {
        let parts = partitions.entry((row.table, bucket(row.table, &row.key))).or_default();
        let bytes = |part: &Vec<Row>| part.iter().map(Row::bytes).sum::<usize>();
        match parts.last_mut().filter(|part| bytes(part) + row.bytes() <= FILLING_BYTES_MAX) {
            Some(part) => part.push(row),
            None => parts.push(vec![row]),
        }
    }
    partitions.into_values().flatten().collect()
}

/// The bucket of a key.
pub(in crate::registry) fn bucket(table: RegistryTable, key: &[u8]) -> i32 {
    bucket_of(table.group(key))
}

fn bucket_of(group: &[u8]) -> i32 {
    (crc32fast::hash(group) % BUCKETS).cast_signed()
}

/// The least key after all keys with this prefix; none where no such key exists.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=kept].to_vec();
    end[kept] += 1;
    Some(end)
}

/// Orders a partition's rows by group. If one group's key is a prefix of another's, the partition interleaves
/// their rows.
fn in_groups(table: RegistryTable, mut rows: Vec<KeyValue>) -> Vec<KeyValue> {
    rows.sort_by(|(one, _), (other, _)| {
        table.group(one).cmp(table.group(other)).then_with(|| one.cmp(other))
    });
    rows
}

/// The result of a conditional write, or the row that it would have changed.
enum ConditionalResult {
    /// The write was applied.
    Done,
    /// The write was not applied. The row has this value, and the writer of its last conditional write if
    /// there was one.
    Found { value: Vec<u8>, writer: Option<Vec<u8>> },
    /// The row does not exist.
    Missing,
}

/// Parses a conditional write's answer. Servers differ in the columns of their answers.
fn condition(result: QueryResult) -> ClusterResult<ConditionalResult> {
    let rows = result.into_rows_result().map_err(ClusterError::of)?;
    let place = |name| rows.column_specs().iter().position(|column| column.name() == name);
    let (value_at, writer_at) = (place("value"), place("writer"));
    let mut row = rows.first_row::<scylla::value::Row>().map_err(ClusterError::of)?;
    let applied = row.columns.first().and_then(|column| column.as_ref()?.as_boolean());
    if applied == Some(true) {
        return Ok(ConditionalResult::Done);
    }
    let mut blob = |at: Option<usize>| row.columns.get_mut(at?)?.take()?.into_blob();
    let writer = blob(writer_at);
    Ok(blob(value_at).map_or(ConditionalResult::Missing, |value| ConditionalResult::Found { value, writer }))
}

/// The error of a conditional write that was neither applied nor refused.
fn contended() -> ClusterError {
    ClusterError::of("other writers keep changing the same rows")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cql::testing::{Doubt, Doubtful};

    #[test]
    fn what_is_claimed_and_swapped_in_doubt_is_done_once() {
        let mut doubtful = Doubtful::connected("doubted");
        let rows = ScyllaRows::new(Arc::clone(&doubtful.cluster));
        for how in [Doubt::WriteTimeout, Doubt::ReadTimeout, Doubt::Lost] {
            let key = format!("doubted {how:?}").into_bytes();
            let row =
                |value: &str| Row { table: RegistryTable::Settings, key: key.clone(), value: value.into() };
            let mut in_doubt = |change: &dyn Fn() -> bool| {
                assert!(doubtful.doubt(&key, how, change), "{how:?}");
            };
            in_doubt(&|| rows.claim(&[row("one")]).unwrap() == [None]);
            in_doubt(&|| rows.claim(&[row("two")]).unwrap() == [Some(b"one".to_vec())]);
            in_doubt(&|| rows.swap(RegistryTable::Settings, &key, b"one", Some(b"three")).unwrap());
            in_doubt(&|| !rows.swap(RegistryTable::Settings, &key, b"one", Some(b"four")).unwrap());
            in_doubt(&|| rows.swap(RegistryTable::Settings, &key, b"three", None).unwrap());
            assert_eq!(rows.get(RegistryTable::Settings, &[key]).unwrap(), [None]);
        }
    }

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(after(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(after(&[1, 255]), Some(vec![2]));
        assert_eq!(after(&[255, 255]), None);
        assert_eq!(after(&[]), None);
    }
}
