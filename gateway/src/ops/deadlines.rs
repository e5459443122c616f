//! How long the admin listener waits for a client. The values are those of the public port.

use std::time::Duration;

/// From the accept, or from the first byte of a later request, to the end of its head.
pub(super) const HEAD_MAX: Duration = Duration::from_secs(10);
/// From the head to the answer, the body included.
pub(super) const REQUEST_MAX: Duration = Duration::from_secs(60);
/// From an answer to the first byte of the next request. Prometheus scrapes more often.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(120);
/// How long a client may take none of the bytes of an answer.
pub(super) const WRITE_MAX: Duration = Duration::from_secs(10);
