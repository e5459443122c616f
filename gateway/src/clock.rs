//! The wall clock. The only place that asks for the time of day; everything else is handed it.

use scangate_core::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day. **Units**: milliseconds since 1970; a clock set before then reads as 1970, at which no
/// code is valid.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the gateway's one clock")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
