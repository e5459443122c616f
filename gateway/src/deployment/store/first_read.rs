//! Retries of a start's first reads of the store. A cluster that is busy, or whose nodes join one by one,
//! times out for a moment, and a gateway that gave up would have to be started again.

use super::retry::Retryable;
use crate::deployment::snapshot;
use crate::drain::Backoff;
use scangate_core::text::OneLine;
use scangate_storage::cql::ClusterError;
use scangate_storage::registry::RegistryError;
use scangate_storage::trail::TrailError;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a start retries a read. A cluster elects and settles within half of it, and a service manager
/// that waits for a start usually waits longer.
const RETRYING_MAX: Duration = Duration::from_secs(60);
/// How long a start retries a read that has a snapshot to begin with instead: three tries, each of which may
/// take the five seconds of a request. The doors are shut meanwhile.
const WITH_SNAPSHOT_MAX: Duration = Duration::from_secs(20);

/// The bound on the retries of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryBound {
    /// Without the store the gateway cannot start.
    StoreNeeded,
    /// The data folder has a snapshot.
    SnapshotAtHand,
}

impl RetryBound {
    /// The bound for a start on this data folder.
    pub(crate) fn of(data: &Path) -> Self {
        if snapshot::exists(data) { Self::SnapshotAtHand } else { Self::StoreNeeded }
    }

    /// Whether a start may go on without a read that failed in this way for as long as the bound.
    pub(crate) fn spares(self, error: &anyhow::Error) -> bool {
        self == Self::SnapshotAtHand && is_transient(error)
    }

    const fn max(self) -> Duration {
        match self {
            Self::StoreNeeded => RETRYING_MAX,
            Self::SnapshotAtHand => WITH_SNAPSHOT_MAX,
        }
    }
}

/// The time by which a start waits. Tests have one of their own.
pub(crate) trait RetryTimer {
    /// Time since some moment in the past.
    fn elapsed(&self) -> Duration;
    /// Waits.
    fn pause(&mut self, length: Duration);
}

/// The machine's time, from the first try.
pub(crate) struct MachineTime(Instant);

impl Default for MachineTime {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl RetryTimer for MachineTime {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&mut self, length: Duration) {
        thread::sleep(length);
    }
}

/// Reads until it succeeds, and logs each failure. **Errors**: a permanent error immediately; a transient one
/// when the next retry would pass the bound.
pub(crate) fn read_first<T>(
    time: &mut impl RetryTimer,
    bound: RetryBound,
    mut read: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (began, mut backoff) = (time.elapsed(), Backoff::default());
    loop {
        let error = match read() {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        let pause = backoff.next();
        if !is_transient(&error) {
            return Err(error);
        }
        if time.elapsed() - began + pause > bound.max() {
            let max_s = bound.max().as_secs();
            return Err(error.context(format!("the store did not answer the first reads within {max_s} s")));
        }
        tracing::warn!(
            event = "first-read-unanswered",
            error = %OneLine(error.as_ref()),
            "the store did not answer the first read; retrying in {} ms",
            pause.as_millis()
        );
        time.pause(pause);
    }
}

/// Whether a retry may succeed: the cluster failed, and not for a reason that lasts.
fn is_transient(error: &anyhow::Error) -> bool {
    fn of<E: Retryable>(error: &anyhow::Error) -> bool {
        error.downcast_ref::<E>().is_some_and(E::is_transient)
    }
    of::<RegistryError>(error) || of::<TrailError>(error) || of::<ClusterError>(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_storage::cql::{Address, Cluster, ClusterOptions, Consistency, Schema};
    use std::collections::HashMap;

    /// A time that only pauses and reads move.
    #[derive(Default)]
    struct TestTime {
        now: Duration,
        pauses: u32,
    }

    impl RetryTimer for TestTime {
        fn elapsed(&self) -> Duration {
            self.now
        }

        fn pause(&mut self, length: Duration) {
            self.now += length;
            self.pauses += 1;
        }
    }

    /// The error of a cluster that is not there.
    fn away() -> anyhow::Error {
        let options = ClusterOptions {
            address: "cql://127.0.0.1:9/nobody".parse::<Address>().unwrap(),
            login: None,
            tls: None,
            consistency: Consistency::default(),
            translate: HashMap::new(),
            schema: Schema::Expect,
            copies: 1,
            nodes_wait_max: Duration::ZERO,
            request_max: Duration::from_millis(100),
        };
        let cluster = Cluster::new(options).unwrap();
        RegistryError::Cluster(cluster.connect(Duration::from_millis(100)).unwrap_err()).into()
    }

    #[test]
    fn a_timeout_is_retried_until_the_store_answers() {
        let (mut time, mut tries) = (TestTime::default(), 0);
        let read = read_first(&mut time, RetryBound::StoreNeeded, || {
            tries += 1;
            if tries < 5 { Err(away().context("the first read")) } else { Ok(tries) }
        });
        assert_eq!((read.unwrap(), time.pauses), (5, 4));
    }

    #[test]
    fn retries_end_at_the_bound_and_a_permanent_error_is_not_retried() {
        for bound in [RetryBound::StoreNeeded, RetryBound::SnapshotAtHand] {
            let (mut time, max) = (TestTime::default(), bound.max());
            let error = read_first::<()>(&mut time, bound, || Err(away())).unwrap_err();
            assert!(time.now <= max && time.now > max - Duration::from_secs(6), "{:?}", time.now);
            let words = format!("the store did not answer the first reads within {} s: ", max.as_secs());
            assert!(format!("{error:#}").starts_with(&words), "{error:#}");
            assert!(is_transient(&error), "a snapshot may take its place");
            assert_eq!(bound.spares(&error), bound == RetryBound::SnapshotAtHand);
        }
        for permanent in [RegistryError::Sealed.into(), anyhow::anyhow!("no rule pack was ever published")] {
            let (mut time, mut permanent) = (TestTime::default(), Some(permanent));
            let bound = RetryBound::StoreNeeded;
            let read = read_first::<()>(&mut time, bound, || Err(permanent.take().expect("it is read once")));
            assert!(read.is_err() && time.pauses == 0);
        }
    }
}
