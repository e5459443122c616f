//! Retries of conditional writes. Concurrent conditional writes of one partition contend, and the cluster may
//! then be unable to report whether one was applied. The write is retried after a random pause, so that the
//! same writers do not collide again.

use super::error::ClusterError;
use aws_lc_rs::rand;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use std::time::{Duration, Instant};

/// No retry begins after this long.
const RETRYING_MAX: Duration = Duration::from_secs(10);
/// The upper bound of the first pause. The bound doubles with each retry.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
/// The largest bound of a pause.
const PAUSE_MAX: Duration = Duration::from_millis(640);

/// The retries of one conditional write.
pub(crate) struct RetryBackoff {
    since: Instant,
    pause: Duration,
}

impl RetryBackoff {
    /// Starts the time limit.
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), pause: PAUSE_FIRST }
    }

    /// Waits before the next attempt, after an attempt that failed with this error. **Errors**: the error
    /// itself, where it proves that the write was not applied or the time limit has passed.
    pub(crate) async fn wait_after(&mut self, error: ExecutionError) -> Result<(), ClusterError> {
        let is_in_doubt = is_in_doubt(&error);
        let error = ClusterError::of(error);
        if is_in_doubt { self.wait(error).await } else { Err(error) }
    }

    /// Waits before the next attempt, after an attempt without effect. **Errors**: the reason given, once the
    /// time limit has passed.
    pub(crate) async fn wait(&mut self, why: ClusterError) -> Result<(), ClusterError> {
        if self.since.elapsed() >= RETRYING_MAX {
            return Err(why);
        }
        let [part] = random_bytes()?;
        tokio::time::sleep(self.pause * u32::from(part) / u32::from(u8::MAX)).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }
}

/// Whether a conditional write that failed with this error may still have been applied. It was not if the
/// cluster reported why, or if it was never sent. A conditional write reads before it writes, repeatedly
/// under contention, so a failed read proves nothing.
fn is_in_doubt(error: &ExecutionError) -> bool {
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

/// Random bytes.
pub(crate) fn random_bytes<const BYTES: usize>() -> Result<[u8; BYTES], ClusterError> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| ClusterError::of("no randomness"))?;
    Ok(bytes)
}
