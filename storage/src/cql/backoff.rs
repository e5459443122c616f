//! Conditional writes of one partition get in each other's way, and then a cluster may be unable to tell whether one
//! was done. It is asked again, after a pause that is drawn so that the same ones do not meet again.

use super::error::ClusterError;
use aws_lc_rs::rand;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use std::time::{Duration, Instant};

/// After how long nothing is asked again.
const TRYING_MAX: Duration = Duration::from_secs(10);
/// The longest first pause; each later one may be twice as long as the one before.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_millis(640);

/// The tries of one conditional write.
pub(crate) struct RetryBackoff {
    since: Instant,
    pause: Duration,
}

impl RetryBackoff {
    /// From now on.
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), pause: PAUSE_FIRST }
    }

    /// Waits before the next try after one that failed so. **Errors**: this one, where it tells that nothing was done,
    /// or has been met for too long.
    pub(crate) async fn again(&mut self, error: ExecutionError) -> Result<(), ClusterError> {
        let is_open = is_open(&error);
        let error = ClusterError::of(error);
        if is_open { self.after(error).await } else { Err(error) }
    }

    /// Waits before the next try after one that came to nothing, for this reason. **Errors**: it has for too long.
    pub(crate) async fn after(&mut self, why: ClusterError) -> Result<(), ClusterError> {
        if self.since.elapsed() >= TRYING_MAX {
            return Err(why);
        }
        let [part] = random_bytes()?;
        tokio::time::sleep(self.pause * u32::from(part) / u32::from(u8::MAX)).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }
}

/// Whether a conditional write that failed so may have been done all the same: unless the cluster said why not, or
/// it was never sent. It reads before it writes, over again where others write: a read that failed tells nothing.
fn is_open(error: &ExecutionError) -> bool {
    use DbError::{ReadFailure, ReadTimeout, ServerError, WriteFailure, WriteTimeout};
    use ExecutionError::{BadQuery, EmptyPlan, LastAttemptError};
    if let LastAttemptError(RequestAttemptError::DbError(error, _)) = error {
        return matches!(
            error,
            WriteTimeout { .. } | WriteFailure { .. } | ReadTimeout { .. } | ReadFailure { .. } | ServerError
        );
    }
    !matches!(error, BadQuery(_) | EmptyPlan)
}

/// Bytes drawn at random.
pub(crate) fn random_bytes<const BYTES: usize>() -> Result<[u8; BYTES], ClusterError> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| ClusterError::of("no randomness"))?;
    Ok(bytes)
}
