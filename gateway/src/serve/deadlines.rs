//! How long the gateway waits for a peer, in every state of a connection and of a request. The values are the
//! same for all HTTP versions.

use crate::office::http::channel::BODY_BYTES_MAX;
use crate::wire::route::BodyUse;
use std::time::Duration;

/// A handshake, from its first packet.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// The first byte and the head of a request. A phone needs far less.
pub const HEAD_MAX: Duration = Duration::from_secs(10);
/// A body that makes no progress, and an answer that the peer does not read.
pub const STALL_MAX: Duration = Duration::from_secs(10);
/// A whole body: 64 KiB at 9 kbit/s.
pub const BODY_MAX: Duration = Duration::from_secs(60);
/// A whole body of lines, which may be a register of a million.
pub const LINES_MAX: Duration = Duration::from_secs(600);
/// A connection without a request. Terminals send at least a scan a minute.
pub const IDLE_MAX: Duration = Duration::from_secs(120);
/// A whole drain, after which the process has ended.
pub const DRAIN_MAX: Duration = Duration::from_secs(5);
/// The part of a drain in which the workers' connections end. Its rest is for the back office, the batcher
/// and the journal.
pub const WORKER_DRAIN_MAX: Duration = Duration::from_secs(3);
/// The time in which a worker whose journal failed sends its refusals.
pub const WORKER_FAILURE_MAX: Duration = Duration::from_millis(500);
/// The time in which a worker closes the connections that are left after either.
pub const WORKER_CLOSE_MAX: Duration = Duration::from_millis(250);
/// The pause between two looks for what is late. A deadline passes at most this much later.
pub const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// How long a body may stream to the back office; none for a body that the worker gathers first.
/// `declared` is its `content-length`.
#[must_use]
pub fn streaming_max(body: BodyUse, declared: Option<u64>) -> Option<Duration> {
    match body {
        BodyUse::Small => None,
        BodyUse::Large if declared.is_some_and(|length| length <= BODY_BYTES_MAX as u64) => None,
        BodyUse::Large => Some(BODY_MAX),
        BodyUse::Lines => Some(LINES_MAX),
    }
}
