//! The limits of a run: how long it waits for a gateway, and how much it holds at a time.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The maximum number of scans that wait to be sent or answered. Each takes a few kilobytes.
pub(crate) const BACKLOG_MAX: u32 = 200_000;
/// The maximum number of phones with an open connection.
pub(crate) const PHONES_MAX: usize = 8_192;
/// The time for which a returning phone stays connected after its answer, so that its session ticket arrives.
pub(crate) const LINGER: Duration = Duration::from_millis(100);
/// The longest wait for a connection with its handshake. A phone's user gives up before.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(10);
/// The requests of one kind beside the scans that may be unanswered at a time.
pub(crate) const BESIDE_IN_FLIGHT_MAX: u32 = 1_000;
/// The longest wait for the answer to a request beside the scans.
pub(crate) const BESIDE_WAIT_MAX: Duration = Duration::from_secs(10);
/// The longest sleep of the pacing thread, after which it looks for an interruption.
pub(crate) const SLEEP_MAX: Duration = Duration::from_millis(50);
/// The time by which the kernel may wake the pacing thread late in order to wake it with others. The default
/// is 50 us, which would be part of every latency. **Units**: nanoseconds.
pub(crate) const TIMER_SLACK_NS: u64 = 1;
/// The time between the opening of the connections and the start of the plan.
pub(crate) const START_DELAY: Duration = Duration::from_millis(200);
/// The longest latency that the histograms distinguish: one hour. **Units**: microseconds.
pub(crate) const LATENCY_US_MAX: u64 = 3_600_000_000;

/// The waits of a run that its user chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunWaits {
    /// The longest time from a scan's intended time to its answer. A run ends at most this long after its
    /// last scan.
    pub answer_max: Duration,
    /// The time from the intended time after which an acknowledgement is late.
    pub late_after: Duration,
}

impl Default for RunWaits {
    /// An answer may come as late as the idle timeout of a connection, and is late once a person at a door
    /// would have scanned again.
    fn default() -> Self {
        Self { answer_max: Duration::from_secs(30), late_after: Duration::from_secs(5) }
    }
}
