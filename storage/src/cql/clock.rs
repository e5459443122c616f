//! The wall clock, used only for a row's TTL, an erasure's write timestamp, and the second of a change
//! announcement. No check-in, fact or audit entry takes its time from here.

use scangate_core::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "storage's one clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
