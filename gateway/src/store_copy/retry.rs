//! Patience with a cluster that is away for a while: what failed is done again, less and less often, until it
//! has done nothing but fail for minutes. A cluster that has never answered is given up sooner.

use crate::drain::Backoff;
use anyhow::Context as _;
use scangate_storage::cql::ClusterError;
use scangate_storage::registry::RegistryError;
use scangate_storage::trail::TrailError;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

/// How long it may do nothing but fail, once it has worked.
const FAILING_MAX: Duration = Duration::from_secs(300);
/// How long before it ever has: an address may be wrong.
const FIRST_FAILING_MAX: Duration = Duration::from_secs(30);

/// An error that may be another thing a moment later, or not.
pub(super) trait MayPass: Error + Send + Sync + 'static {
    /// Whether it may.
    fn may_pass(&self) -> bool;
}

impl MayPass for ClusterError {
    fn may_pass(&self) -> bool {
        !self.is_final()
    }
}

impl MayPass for RegistryError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Cluster(error) => error.may_pass(),
            Self::Store(_) | Self::Damaged(_) | Self::Sealed | Self::Random => false,
        }
    }
}

impl MayPass for TrailError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Cluster(error) => error.may_pass(),
            Self::Store(_) | Self::Damaged | Self::Buckets { .. } => false,
        }
    }
}

/// The patience.
pub(super) struct Patience {
    failing_max: Duration,
    backoff: Backoff,
    failing_since: Option<Instant>,
}

impl Default for Patience {
    fn default() -> Self {
        Self { failing_max: FIRST_FAILING_MAX, backoff: Backoff::default(), failing_since: None }
    }
}

impl Patience {
    /// Does something until it succeeds. Says once that it does not. **Errors**: one that does not pass, or did
    /// not for minutes.
    pub(super) fn until_done<T, E: MayPass>(
        &mut self,
        say: impl Fn(&str),
        mut act: impl FnMut() -> Result<T, E>,
    ) -> anyhow::Result<T> {
        loop {
            let started = Instant::now();
            let error = match act() {
                Ok(done) => {
                    *self = Self { failing_max: FAILING_MAX, ..Self::default() };
                    return Ok(done);
                }
                Err(error) if error.may_pass() => error,
                Err(error) => return Err(error.into()),
            };
            if self.failing_since.is_none() {
                say(&format!("{error}; trying again"));
            }
            // One try may take longer than there is patience for.
            let begun = *self.failing_since.get_or_insert(started);
            let Some(pause) = self.after_failure(Instant::now()) else {
                let seconds = begun.elapsed().as_secs();
                let advice = format!("it was tried for {seconds} seconds; run the command again to go on");
                return Err(error).context(advice);
            };
            thread::sleep(pause);
        }
    }

    /// How long to wait before the next try; none where it has failed for long enough.
    fn after_failure(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.failing_since.get_or_insert(now);
        (now.duration_since(since) < self.failing_max).then(|| self.backoff.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_storage::cql::Schema;

    #[test]
    fn it_lasts_for_minutes_of_failures_in_a_row() {
        let (mut patience, start) = (Patience::default(), Instant::now());
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(patience.after_failure(start) < patience.after_failure(after(1)));
        assert_eq!(patience.after_failure(after(30)), None);
        patience.until_done(|_| {}, || Ok::<_, TrailError>(())).unwrap();
        assert!(patience.after_failure(after(60)).is_some() && patience.after_failure(after(359)).is_some());
        assert_eq!(patience.after_failure(after(360)), None);
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_an_error_at_once() {
        let mut failures = 3;
        let mut said = std::cell::Cell::new(0);
        let done = Patience::default().until_done(
            |_| said.set(said.get() + 1),
            || {
                failures -= 1;
                if failures > 0 { Err(TrailError::Cluster(passing())) } else { Ok(failures) }
            },
        );
        assert_eq!((done.unwrap(), *said.get_mut()), (0, 1));
        let failed = Patience::default().until_done(|_| {}, || Err::<(), _>(TrailError::Damaged));
        assert_eq!(failed.unwrap_err().to_string(), TrailError::Damaged.to_string());
    }

    /// The error of a cluster at an address where there is none.
    fn passing() -> ClusterError {
        let address = "cql://127.0.0.1:1/nobody".parse().unwrap();
        let cluster =
            crate::deployment::store::cluster(&address, &crate::config::CqlConfig::default(), Schema::Make)
                .unwrap();
        cluster.connect(Duration::from_secs(5)).unwrap_err()
    }
}
