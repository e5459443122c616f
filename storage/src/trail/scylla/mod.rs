//! Trails on a CQL cluster. A partition is a bucket of many persons in a day, or of many venues in an hour. A
//! drain writes to each partition in unlogged batches.
//!
//! **Shape**: `visits_by_person ((bucket, day), person, at, id)` and `visits_by_venue ((bucket, hour), venue,
//! at, id)`, each with the other id and `said`. Days and hours are counted from 1970, times in milliseconds.
//! A bucket is the id modulo the number of buckets, which is fixed when the tables are made. Rows end by TTL
//! at the end of their day's retention. `visit_days` lists the stored days.

mod concurrency;
mod count;
mod payload;
mod timestamp;
mod whole;

use super::index::OwnerAsk;
use super::{Index, TrailError, TrailStore, merge, with_twins};
use crate::cql::{Cluster, ClusterError, clock};
use concurrency::ConcurrencyLimit;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::{PersonAsk, VenueAsk};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_core::visit::Window;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// Rows in one batch: at some 100 bytes each far below the servers' limits.
const ROWS_A_BATCH: usize = 128;
/// Concurrent reads.
const READS_MAX: usize = 64;
/// The shortest TTL of a row: servers reject zero.
const TTL_S_MIN: i64 = 60;
/// The longest TTL that servers accept: 20 years.
const TTL_S_MAX: i64 = 20 * 365 * 86_400;
/// The partition of `visit_days`.
const DAYS_PART: i32 = 0;
/// The row of `version` that holds the number of buckets.
const BUCKETS_CHOSEN: &str = "buckets";

struct TrailStatements {
    insert: [PreparedStatement; 2],
    select: [PreparedStatement; 2],
    delete_person: PreparedStatement,
    delete_visit: PreparedStatement,
    add_day: PreparedStatement,
    days: PreparedStatement,
    drop_day: PreparedStatement,
}

/// The trails of a cluster.
pub struct ScyllaTrails {
    cluster: Arc<Cluster>,
    /// Prepared when the cluster first answers.
    statements: OnceCell<TrailStatements>,
    /// The statements that read whole partitions, needed only by a comparison.
    whole: OnceCell<[PreparedStatement; 2]>,
    buckets: u16,
    retention_days: u16,
    limit: ConcurrencyLimit,
    /// The days that this gateway has added to the list.
    listed: Mutex<BTreeSet<u32>>,
    retained_from: AtomicU32,
}

/// The values that one row of an insert binds: bucket, period, owner, time, id, the other id, payload, TTL,
/// write timestamp.
type InsertValues<'a> = (i32, i32, i64, i64, &'a [u8], i64, [u8; payload::BYTES], i32, i64);

impl ScyllaTrails {
    /// The trails of a cluster with this retention. The number of buckets is written by the first gateway.
    /// This sends no request yet.
    #[must_use]
    pub fn new(cluster: Arc<Cluster>, buckets: u16, retention_days: u16) -> Self {
        Self {
            cluster,
            statements: OnceCell::new(),
            whole: OnceCell::new(),
            buckets,
            retention_days,
            limit: ConcurrencyLimit::default(),
            listed: Mutex::default(),
            retained_from: AtomicU32::new(0),
        }
    }

    /// Checks that the cluster can be used. **Errors**: the cluster's; the cluster has another number of
    /// buckets.
    pub fn check(&self) -> Result<(), TrailError> {
        self.cluster.wait(self.statements()).map(drop)
    }

    async fn statements(&self) -> Result<&TrailStatements, TrailError> {
        let make = || async {
            // The caller's number, if none was written before.
            let found = self.cluster.choose(BUCKETS_CHOSEN, i32::from(self.buckets)).await?;
            let found = u16::try_from(found).map_err(ClusterError::of)?;
            if found != self.buckets {
                return Err(TrailError::Buckets { found, asked: self.buckets });
            }
            Ok(TrailStatements::prepare(&self.cluster).await?)
        };
        self.statements.get_or_try_init(make).await
    }

    fn listed(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The partition of an owner's check-ins at a time: bucket and period.
    fn partition(&self, index: Index, owner: u64, at: Timestamp) -> (i32, i32) {
        let bucket = i32::try_from(owner % u64::from(self.buckets)).expect("less than the number of buckets");
        (bucket, small(at.0 / index.period_ms()))
    }

    /// The TTL of a row of this day. **Units**: seconds.
    fn ttl(&self, day: u32) -> i32 {
        let now = i64::try_from(clock::now().0 / 1_000).unwrap_or(i64::MAX);
        let end = (i64::from(day) + i64::from(self.retention_days) + 1) * 86_400;
        i32::try_from((end - now).clamp(TTL_S_MIN, TTL_S_MAX)).expect("20 years fit")
    }

    /// Writes a drain under these indexes. Failed batches are retried as long as each round makes progress.
    async fn write_all(&self, drain: &[CheckIn], indexes: &[Index]) -> Result<(), TrailError> {
        self.list_days(drain).await?;
        let mut left: Vec<_> = indexes
            .iter()
            .flat_map(|&index| self.batches(index, drain).into_iter().map(move |batch| (index, batch)))
            .collect();
        loop {
            let count = left.len();
            let (undone, error) = self.write_some(left).await;
            let Some(error) = error else {
                self.limit.grow();
                return Ok(());
            };
            self.limit.shrink();
            if undone.len() == count {
                return Err(error);
            }
            left = undone;
        }
    }

    /// Writes batches until one fails. Returns the batches that are not known to be written, and the first
    /// error.
    async fn write_some<'a>(
        &self,
        batches: Vec<(Index, Vec<InsertValues<'a>>)>,
    ) -> (Vec<(Index, Vec<InsertValues<'a>>)>, Option<TrailError>) {
        let (mut undone, mut first) = (Vec::new(), None);
        let has_failed = &AtomicBool::new(false);
        let mut writing = stream::iter(batches)
            .map(|(index, batch)| async move {
                if has_failed.load(Ordering::Relaxed) {
                    return Err(((index, batch), None));
                }
                let written = self.write_batch(index, &batch).await;
                written.map_err(|error| {
                    has_failed.store(true, Ordering::Relaxed);
                    ((index, batch), Some(error))
                })
            })
            .buffer_unordered(self.limit.allowed());
        while let Some(written) = writing.next().await {
            if let Err((batch, error)) = written {
                undone.push(batch);
                first = first.or(error);
            }
        }
        drop(writing);
        (undone, first)
    }

    /// Adds the days of a drain to the list before any of its rows are written, so that no reader skips a
    /// day.
    async fn list_days(&self, drain: &[CheckIn]) -> Result<(), TrailError> {
        let days: BTreeSet<u32> = drain.iter().map(|check_in| check_in.at.utc_day()).collect();
        let new: Vec<u32> = days.difference(&self.listed()).copied().collect();
        for day in new {
            let bound = (DAYS_PART, small(u64::from(day)), self.ttl(day));
            let session = self.cluster.session().await?;
            session
                .execute_unpaged(&self.statements().await?.add_day, bound)
                .await
                .map_err(ClusterError::of)?;
            self.listed().insert(day);
        }
        Ok(())
    }

    /// The rows of a drain in one index, as batches of one partition each. Of two rows with one key, only the
    /// first by precedence is written.
    fn batches<'a>(&self, index: Index, drain: &'a [CheckIn]) -> Vec<Vec<InsertValues<'a>>> {
        let partition = |check_in: &CheckIn| self.partition(index, index.owner(check_in), check_in.at);
        let mut drain: Vec<_> = drain.iter().map(|check_in| (partition(check_in), check_in)).collect();
        drain.sort_unstable_by_key(|(partition, check_in)| {
            (*partition, check_in.id, check_in.at, check_in.precedence())
        });
        drain.dedup_by_key(|(_, check_in)| (check_in.id, check_in.at));
        let rows: Vec<InsertValues<'a>> = drain
            .into_iter()
            .map(|((bucket, period), check_in)| {
                let (owner, other) = (index.owner(check_in), index.other(check_in));
                let (id, said) = (&check_in.id.0[..], payload::encode(check_in));
                let (ttl, timestamp) = (self.ttl(check_in.at.utc_day()), timestamp::of_row(check_in));
                (
                    bucket,
                    period,
                    signed(owner),
                    signed(check_in.at.0),
                    id,
                    signed(other),
                    said,
                    ttl,
                    timestamp,
                )
            })
            .collect();
        let partitions = rows.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1));
        partitions.flat_map(|rows| rows.chunks(ROWS_A_BATCH).map(<[_]>::to_vec)).collect()
    }

    async fn write_batch(&self, index: Index, rows: &[InsertValues<'_>]) -> Result<(), TrailError> {
        let insert = &self.statements().await?.insert[index as usize];
        let session = self.cluster.session().await?;
        if let [row] = rows {
            session.execute_unpaged(insert, row).await.map_err(ClusterError::of)?;
            return Ok(());
        }
        let statements = std::iter::repeat_with(|| insert.clone().into()).take(rows.len()).collect();
        let mut batch = Batch::new_with_statements(BatchType::Unlogged, statements);
        batch.set_is_idempotent(true);
        session.batch(&batch, rows).await.map_err(ClusterError::of)?;
        Ok(())
    }

    /// The listed days within the retention.
    async fn days(&self) -> Result<Vec<u32>, TrailError> {
        let answer =
            self.cluster.session().await?.execute_unpaged(&self.statements().await?.days, (DAYS_PART,)).await;
        let rows = answer.map_err(ClusterError::of)?.into_rows_result().map_err(ClusterError::of)?;
        let from = self.retained_from.load(Ordering::Relaxed);
        let mut days = Vec::new();
        for row in rows.rows::<(i32,)>().map_err(ClusterError::of)? {
            let (day,) = row.map_err(ClusterError::of)?;
            days.extend(u32::try_from(day).ok().filter(|&day| day >= from));
        }
        Ok(days)
    }

    /// The check-ins of an owner in one period and a window.
    async fn period(
        &self,
        index: Index,
        owner: u64,
        period: u64,
        window: Window,
    ) -> Result<Vec<CheckIn>, TrailError> {
        let (bucket, period) = self.partition(index, owner, Timestamp(period * index.period_ms()));
        let bound = (bucket, period, signed(owner), bound_of(window.from), bound_of(window.to));
        let select = self.statements().await?.select[index as usize].clone();
        let pager =
            self.cluster.session().await?.execute_iter(select, bound).await.map_err(ClusterError::of)?;
        let mut rows = pager.rows_stream::<(i64, Vec<u8>, i64, Vec<u8>)>().map_err(ClusterError::of)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().await {
            let (at, id, other, said) = row.map_err(ClusterError::of)?;
            found.push(check_in(index, owner, at, id, other, &said)?);
        }
        Ok(found)
    }

    /// The check-ins of each query, in order.
    async fn read(&self, index: Index, asks: Vec<OwnerAsk>) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        let mut found = self.rows(index, &asks).await?;
        found.iter_mut().zip(asks).for_each(|(own, ask)| merge(own, ask.window));
        Ok(found)
    }

    /// Every row of each query and of its twins, unmerged.
    async fn rows(&self, index: Index, asks: &[OwnerAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        let days = &self.days().await?;
        let reads = asks.iter().enumerate().flat_map(|(number, ask)| {
            let window = with_twins(ask.window);
            let periods = days.iter().flat_map(move |&day| index.periods(day, window));
            periods.map(move |period| (number, ask.owner, period, window))
        });
        let mut found = vec![Vec::new(); asks.len()];
        let mut reading = stream::iter(reads)
            .map(|(number, owner, period, window)| async move {
                let own = self.period(index, owner, period, window).await;
                own.map(|own| (number, own))
            })
            .buffer_unordered(READS_MAX);
        while let Some((number, own)) = reading.try_next().await? {
            found[number].extend(own);
        }
        drop(reading);
        Ok(found)
    }

    async fn forget_all(&self, person: PersonId) -> Result<(), TrailError> {
        let window = Window { from: Timestamp(0), to: Timestamp(u64::MAX) };
        // Unmerged: each record of a check-in has a row of its own under the venue.
        let ask = OwnerAsk { owner: person.0, window };
        let own = self.rows(Index::Persons, &[ask]).await?.pop().unwrap_or_default();
        let timestamp = timestamp::of_erasure(clock::now());
        let session = self.cluster.session().await?;
        for check_in in &own {
            let (bucket, hour) = self.partition(Index::Venues, check_in.venue.0, check_in.at);
            let (venue, at, id) = (signed(check_in.venue.0), signed(check_in.at.0), &check_in.id.0[..]);
            let bound = (timestamp, bucket, hour, venue, at, id);
            session
                .execute_unpaged(&self.statements().await?.delete_visit, bound)
                .await
                .map_err(ClusterError::of)?;
        }
        // The index by person is deleted last, so that a retry finds the rows again.
        for day in self.days().await? {
            let at = Timestamp(u64::from(day) * DAY_MS);
            let (bucket, day) = self.partition(Index::Persons, person.0, at);
            let bound = (timestamp, bucket, day, signed(person.0));
            session
                .execute_unpaged(&self.statements().await?.delete_person, bound)
                .await
                .map_err(ClusterError::of)?;
        }
        Ok(())
    }

    /// Removes days before `first` from the list, so that they are not queried. Their rows end by TTL.
    async fn retain_all(&self, first: u32) -> Result<(), TrailError> {
        for day in self.days().await?.into_iter().filter(|&day| day < first) {
            let bound = (DAYS_PART, small(u64::from(day)));
            let session = self.cluster.session().await?;
            session
                .execute_unpaged(&self.statements().await?.drop_day, bound)
                .await
                .map_err(ClusterError::of)?;
        }
        self.retained_from.fetch_max(first, Ordering::Relaxed);
        self.listed().retain(|&day| day >= first);
        Ok(())
    }
}

impl TrailStore for ScyllaTrails {
    fn write(&self, drain: &[CheckIn]) -> Result<(), TrailError> {
        self.cluster.wait(self.write_all(drain, &Index::BOTH))
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.cluster.wait(self.read(Index::Persons, asks.iter().map(OwnerAsk::from).collect()))
    }

    fn venues(&self, asks: &[VenueAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.cluster.wait(self.read(Index::Venues, asks.iter().map(OwnerAsk::from).collect()))
    }

    fn retain_from(&self, day: u32) -> Result<(), TrailError> {
        self.cluster.wait(self.retain_all(day))
    }

    fn forget(&self, person: PersonId) -> Result<(), TrailError> {
        self.cluster.wait(self.forget_all(person))
    }
}

impl TrailStatements {
    async fn prepare(cluster: &Cluster) -> Result<Self, ClusterError> {
        let insert = |table: &str, period: &str, owner: &str, other: &str| {
            format!(
                "INSERT INTO {{}}.{table} (bucket, {period}, {owner}, at, id, {other}, said) \
                 VALUES (?, ?, ?, ?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?"
            )
        };
        let select = |table: &str, period: &str, owner: &str, other: &str| {
            format!(
                "SELECT at, id, {other}, said FROM {{}}.{table} \
                 WHERE bucket = ? AND {period} = ? AND {owner} = ? AND at >= ? AND at < ?"
            )
        };
        let persons = ("visits_by_person", "day", "person", "venue");
        let venues = ("visits_by_venue", "hour", "venue", "person");
        Ok(Self {
            insert: [
                cluster.prepare(&insert(persons.0, persons.1, persons.2, persons.3)).await?,
                cluster.prepare(&insert(venues.0, venues.1, venues.2, venues.3)).await?,
            ],
            select: [
                cluster.prepare(&select(persons.0, persons.1, persons.2, persons.3)).await?,
                cluster.prepare(&select(venues.0, venues.1, venues.2, venues.3)).await?,
            ],
            delete_person: cluster
                .prepare(
                    "DELETE FROM {}.visits_by_person USING TIMESTAMP ? \
                     WHERE bucket = ? AND day = ? AND person = ?",
                )
                .await?,
            delete_visit: cluster
                .prepare(
                    "DELETE FROM {}.visits_by_venue USING TIMESTAMP ? \
                     WHERE bucket = ? AND hour = ? AND venue = ? AND at = ? AND id = ?",
                )
                .await?,
            add_day: cluster
                .prepare("INSERT INTO {}.visit_days (part, day) VALUES (?, ?) USING TTL ?")
                .await?,
            days: cluster.prepare("SELECT day FROM {}.visit_days WHERE part = ?").await?,
            drop_day: cluster.prepare("DELETE FROM {}.visit_days WHERE part = ? AND day = ?").await?,
        })
    }
}

/// Builds a check-in from a row of an index.
fn check_in(
    index: Index,
    owner: u64,
    at: i64,
    id: Vec<u8>,
    other: i64,
    said: &[u8],
) -> Result<CheckIn, TrailError> {
    let (person, venue) = match index {
        Index::Persons => (owner, unsigned(other)),
        Index::Venues => (unsigned(other), owner),
    };
    Ok(CheckIn {
        id: CheckInId(id.try_into().map_err(|_| TrailError::Damaged)?),
        person: PersonId(person),
        venue: VenueId(venue),
        at: Timestamp(unsigned(at)),
        ..payload::decode(said).ok_or(TrailError::Damaged)?
    })
}

/// A window's bound. No check-in has a time that CQL's signed integers cannot hold.
fn bound_of(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// CQL has only signed integers: the bits stay the same.
const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

const fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// A day or an hour since 1970, saturating far beyond any real time.
fn small(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
