//! The wall clock: the only module that reads the time of day. Everything else takes it as an argument.

use scangate_core::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day. **Units**: milliseconds since 1970; a clock before 1970 reads as 1970, when no code is
/// valid.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the gateway's one clock")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
