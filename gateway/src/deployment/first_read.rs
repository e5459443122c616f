//! Retries of a start's first reads of the store. A cluster that is busy, or whose nodes join one by one,
//! times out for a moment, and a gateway that gave up would have to be started again.

use crate::drain::Backoff;
use scangate_storage::cql::ClusterError;
use scangate_storage::registry::RegistryError;
use scangate_storage::trail::TrailError;
use std::thread;
use std::time::{Duration, Instant};

/// How long a start retries. A cluster elects and settles within half of it, and a service manager that waits
/// for a start usually waits longer.
const RETRYING_MAX: Duration = Duration::from_secs(60);

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
/// after a minute of retries.
pub(crate) fn read_first<T>(
    time: &mut impl RetryTimer,
    mut read: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (began, mut backoff) = (time.elapsed(), Backoff::default());
    loop {
        let error = match read() {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        let pause = backoff.next();
        if !is_transient(&error) || time.elapsed() - began + pause > RETRYING_MAX {
            return Err(error);
        }
        let error = format!("{error:#}");
        tracing::warn!(
            error,
            "the store did not answer the first read; retrying in {} ms",
            pause.as_millis()
        );
        time.pause(pause);
    }
}

/// Whether a retry may succeed: the cluster failed, and not for a reason that lasts.
fn is_transient(error: &anyhow::Error) -> bool {
    let lasts = |error: &ClusterError| error.is_final();
    if let Some(RegistryError::Cluster(error)) = error.downcast_ref() {
        return !lasts(error);
    }
    if let Some(TrailError::Cluster(error)) = error.downcast_ref() {
        return !lasts(error);
    }
    error.downcast_ref().is_some_and(|error| !lasts(error))
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
        let read = read_first(&mut time, || {
            tries += 1;
            if tries < 5 { Err(away().context("the first read")) } else { Ok(tries) }
        });
        assert_eq!((read.unwrap(), time.pauses), (5, 4));
    }

    #[test]
    fn retries_end_after_a_minute_and_a_permanent_error_is_not_retried() {
        let mut time = TestTime::default();
        assert!(read_first::<()>(&mut time, || Err(away())).is_err());
        assert!(
            time.now <= RETRYING_MAX && time.now > RETRYING_MAX - Duration::from_secs(6),
            "{:?}",
            time.now
        );
        for permanent in [RegistryError::Sealed.into(), anyhow::anyhow!("no rule pack was ever published")] {
            let (mut time, mut permanent) = (TestTime::default(), Some(permanent));
            let read = read_first::<()>(&mut time, || Err(permanent.take().expect("it is read once")));
            assert!(read.is_err() && time.pauses == 0);
        }
    }
}
