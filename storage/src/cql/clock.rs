//! The time of day, for what a cluster is told with a row besides the row: how long it lives, and in which second
//! it was told of. No check-in, fact or act takes its time from here.

use scangate_core::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "storage's one clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
