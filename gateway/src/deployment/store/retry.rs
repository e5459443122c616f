//! Retries of an operator's command while the cluster is late or away, with back-off. A copy goes on until it
//! has failed for minutes in a row; for a cluster that has never answered the limit is shorter.

use crate::drain::Backoff;
use anyhow::Context as _;
use scangate_storage::cql::ClusterError;
use scangate_storage::registry::RegistryError;
use scangate_storage::trail::TrailError;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

/// The longest run of failures after a first success.
const FAILING_MAX: Duration = Duration::from_secs(300);
/// The longest run of failures before any success: the address may be wrong.
const FIRST_FAILING_MAX: Duration = Duration::from_secs(30);
/// The longest run of failures of one request of a short command. An operator waits for it.
const REQUEST_FAILING_MAX: Duration = Duration::from_secs(60);

/// An error of an operation that may be retried.
pub trait Retryable: Error + Send + Sync + 'static {
    /// Whether a retry may succeed.
    fn is_transient(&self) -> bool;
}

impl Retryable for ClusterError {
    fn is_transient(&self) -> bool {
        !self.is_final()
    }
}

impl Retryable for RegistryError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Cluster(error) => error.is_transient(),
            Self::Store(_) | Self::Damaged(_) | Self::Sealed | Self::Random => false,
        }
    }
}

impl Retryable for TrailError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Cluster(error) => error.is_transient(),
            Self::Store(_) | Self::Damaged | Self::Buckets { .. } => false,
        }
    }
}

/// The time and back-off left for retries.
pub(crate) struct RetryBudget {
    failing_max: Duration,
    backoff: Backoff,
    failing_since: Option<Instant>,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { failing_max: FIRST_FAILING_MAX, backoff: Backoff::default(), failing_since: None }
    }
}

impl RetryBudget {
    /// Runs an operation until it succeeds. Reports the first failure of a run of failures. **Errors**: a
    /// permanent error, or a transient one that lasted beyond the limit.
    pub(crate) fn run<T, E: Retryable>(
        &mut self,
        report: impl Fn(&str),
        mut act: impl FnMut() -> Result<T, E>,
    ) -> anyhow::Result<T> {
        loop {
            let started = Instant::now();
            let error = match act() {
                Ok(done) => {
                    *self = Self { failing_max: FAILING_MAX, ..Self::default() };
                    return Ok(done);
                }
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error.into()),
            };
            if self.failing_since.is_none() {
                report(&format!("{error}; trying again"));
            }
            // One attempt may take longer than the limit: count from its start.
            let begun = *self.failing_since.get_or_insert(started);
            let Some(pause) = self.after_failure(Instant::now()) else {
                let seconds = begun.elapsed().as_secs();
                let advice = format!("gave up after {seconds} seconds; run the command again to resume");
                return Err(error).context(advice);
            };
            thread::sleep(pause);
        }
    }

    /// The pause before the next attempt; `None` once the limit is reached.
    fn after_failure(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.failing_since.get_or_insert(now);
        (now.duration_since(since) < self.failing_max).then(|| self.backoff.next())
    }
}

/// Runs one request of a short command, again while the cluster is late. Prints the first failure. The
/// request must be idempotent. **Errors**: a permanent error, or a minute of transient ones.
pub fn retried<T, E: Retryable>(act: impl FnMut() -> Result<T, E>) -> anyhow::Result<T> {
    let mut budget = RetryBudget { failing_max: REQUEST_FAILING_MAX, ..RetryBudget::default() };
    budget.run(|text| eprintln!("{text}"), act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_storage::cql::Schema;

    #[test]
    fn retries_end_after_minutes_of_failures_in_a_row() {
        let (mut retry, start) = (RetryBudget::default(), Instant::now());
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(retry.after_failure(start) < retry.after_failure(after(1)));
        assert_eq!(retry.after_failure(after(30)), None);
        retry.run(|_| {}, || Ok::<_, TrailError>(())).unwrap();
        assert!(retry.after_failure(after(60)).is_some() && retry.after_failure(after(359)).is_some());
        assert_eq!(retry.after_failure(after(360)), None);
    }

    #[test]
    fn a_transient_error_is_retried_and_a_permanent_one_is_returned() {
        let mut failures = 3;
        let mut said = std::cell::Cell::new(0);
        let done = RetryBudget::default().run(
            |_| said.set(said.get() + 1),
            || {
                failures -= 1;
                if failures > 0 { Err(TrailError::Cluster(transient())) } else { Ok(failures) }
            },
        );
        assert_eq!((done.unwrap(), *said.get_mut()), (0, 1));
        let failed = RetryBudget::default().run(|_| {}, || Err::<(), _>(TrailError::Damaged));
        assert_eq!(failed.unwrap_err().to_string(), TrailError::Damaged.to_string());
    }

    /// The error of an address without a cluster.
    fn transient() -> ClusterError {
        let address = "cql://127.0.0.1:1/nobody".parse().unwrap();
        let cluster =
            super::super::cluster(&address, &crate::config::CqlConfig::default(), Schema::Make).unwrap();
        cluster.connect(Duration::from_secs(5)).unwrap_err()
    }
}
