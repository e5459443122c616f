//! Reading: the lookups of all queries of a batch, shared by the threads of a pool. A trace makes a thousand
//! of them, and each waits for memory or for the disk.

use super::OpenStore;
use super::block::Block;
use super::bucket::Bucket;
use super::days::Stage;
use crate::trail::index::OwnerAsk;
use crate::trail::{Index, TrailError, merge, with_twins};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use scangate_core::check_in::CheckIn;
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use std::thread::available_parallelism;

/// The most threads of a pool. All traces of a gateway share them, and a scan needs the cores as well.
const THREADS_MAX: usize = 4;
/// The lookups that a thread takes at a time, some 200 us of work. The caller does fewer by itself.
const LOOKUPS_A_TURN: usize = 32;

/// The threads that read.
pub(super) struct ReadPool(ThreadPool);

impl ReadPool {
    /// As many threads as there are cores, up to the most.
    pub(super) fn new() -> Result<Self, TrailError> {
        let cores = available_parallelism().map_or(1, usize::from);
        let threads = ThreadPoolBuilder::new().num_threads(cores.min(THREADS_MAX));
        let threads = threads.thread_name(|number| format!("trails-{number}")).build();
        threads.map(Self).map_err(|error| fjall::Error::Io(std::io::Error::other(error)).into())
    }
}

/// A query's lookup in one bucket.
#[derive(Clone, Copy)]
struct Lookup {
    bucket: Bucket,
    /// The query's place in its batch.
    place: usize,
    owner: u64,
    window: Window,
}

/// A check-in for the query at this place.
type Found = (usize, CheckIn);

impl OpenStore {
    /// The check-ins of each query, in order.
    pub(super) fn read(&self, index: Index, asks: Vec<OwnerAsk>) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        let mut lookups = self.lookups(index, &asks);
        lookups.sort_unstable_by_key(|lookup| (lookup.bucket, lookup.place));
        let read = |lookups| self.look_up_all(lookups);
        let turns = if lookups.len() <= LOOKUPS_A_TURN {
            vec![read(&lookups)?]
        } else {
            let turns = || lookups.par_chunks(LOOKUPS_A_TURN).map(read).collect::<Result<_, _>>();
            self.readers.0.install(turns)?
        };
        let mut found = vec![Vec::new(); asks.len()];
        turns.into_iter().flatten().for_each(|(place, check_in)| found[place].push(check_in));
        found.iter_mut().zip(asks).for_each(|(own, ask)| merge(own, ask.window));
        Ok(found)
    }

    /// The lookups of queries: one for each period of a stored day.
    fn lookups(&self, index: Index, asks: &[OwnerAsk]) -> Vec<Lookup> {
        let days = self.days.stored(index);
        let of_ask = |(place, &OwnerAsk { owner, window }): (usize, &OwnerAsk)| {
            let window = with_twins(window);
            let days = days.range(window.from.utc_day()..);
            let days = days.take_while(move |&&day| day <= window.to.utc_day());
            let periods = days.flat_map(move |&day| index.periods(day, window));
            periods.map(move |period| {
                let at = Timestamp(period * index.period_ms());
                Lookup { bucket: Bucket::of(index, owner, at, self.buckets), place, owner, window }
            })
        };
        asks.iter().enumerate().flat_map(of_ask).collect()
    }

    fn look_up_all(&self, lookups: &[Lookup]) -> Result<Vec<Found>, TrailError> {
        let mut found = Vec::new();
        for of_bucket in lookups.chunk_by(|one, other| one.bucket == other.bucket) {
            self.look_up(of_bucket[0].bucket, of_bucket, &mut found)?;
        }
        Ok(found)
    }

    /// Appends what lookups find in their bucket.
    fn look_up(&self, bucket: Bucket, lookups: &[Lookup], found: &mut Vec<Found>) -> Result<(), TrailError> {
        let mut own = Vec::new();
        let mut take = |block: &Block<'_>, lookup: &Lookup| {
            block.take(bucket.index, lookup.owner, lookup.window, &mut own)?;
            found.extend(own.drain(..).map(|check_in| (lookup.place, check_in)));
            Ok::<_, TrailError>(())
        };
        for (stage, keyspace) in self.days.of_read(bucket.index, bucket.day)? {
            match stage {
                Stage::Open => {
                    for entry in keyspace.prefix(bucket.prefix()) {
                        let value = entry.value()?;
                        let block = Block::read(&value)?;
                        lookups.iter().try_for_each(|lookup| take(&block, lookup))?;
                    }
                }
                Stage::Packed => {
                    for lookup in lookups {
                        if let Some(value) = keyspace.get(bucket.packed_key(lookup.owner, self.buckets))? {
                            take(&Block::read(&value)?, lookup)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
