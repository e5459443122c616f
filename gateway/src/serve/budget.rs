//! The budget of a worker's connections: connections over TCP, each with a file descriptor, and the bytes of
//! unfinished requests and of unread answers. A request that came whole needs none of these bytes, and an
//! answer that is read at once needs none either.

use crate::fairness::SourceShares;
use crate::office::http::channel::BODY_BYTES_MAX;
use crate::wire::limits::HEAD_BYTES_MAX;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs;
use std::sync::Arc;

/// Bytes of the unfinished requests of one connection: a body of the longest kind and a head of the longest.
/// A request beyond them is refused.
pub const UNFINISHED_BYTES_MAX: usize = BODY_BYTES_MAX + HEAD_BYTES_MAX;
/// Bytes of answers that a QUIC connection holds until the peer acknowledges them. A page takes less.
pub const SEND_WINDOW_BYTES: usize = 256 * 1024;
/// TCP connections of a worker, of some 40 KiB each.
const TCP_CONNECTIONS_MAX: usize = 65_536;
/// File descriptors that connections may not use: they are for the journal, the store, the providers and the
/// admin listener.
const OTHER_DESCRIPTORS: u64 = 2_048;
/// The part of the memory that unfinished requests may hold, if the configuration does not say it.
const MEMORY_SHARE: u64 = 16;
/// The memory of a machine that does not say how much it has.
const MEMORY_UNKNOWN_BYTES: u64 = 4 << 30;
/// The least that a worker needs: some hundred bodies.
const WORKER_BYTES_MIN: usize = 8 << 20;

/// The budget of one worker's connections.
#[derive(Clone)]
pub struct WorkerBudget {
    /// Connections over TCP.
    pub tcp_connections: Arc<SourceShares>,
    /// Bytes of unfinished requests and of unread answers.
    pub unfinished: Arc<SourceShares>,
}

/// The budget of all workers' connections.
pub struct ConnectionBudget {
    descriptors: u64,
    unfinished_bytes: u64,
    workers: u64,
}

impl ConnectionBudget {
    /// The budget of so many workers. Raises the limit on file descriptors as far as the system allows.
    #[must_use]
    pub fn new(unfinished_mib: Option<u32>, workers: u16) -> Self {
        let unfinished_bytes =
            unfinished_mib.map_or_else(default_unfinished_bytes, |mib| u64::from(mib) << 20);
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("scangate_unfinished_max_bytes").set(unfinished_bytes as f64);
        Self { descriptors: raise_descriptors(), unfinished_bytes, workers: u64::from(workers.max(1)) }
    }

    /// The part of one worker.
    #[must_use]
    pub fn of_worker(&self) -> WorkerBudget {
        let left = self.descriptors.saturating_sub(OTHER_DESCRIPTORS).max(self.descriptors / 2);
        let connections = usize::try_from(left / self.workers).unwrap_or(TCP_CONNECTIONS_MAX);
        let bytes = usize::try_from(self.unfinished_bytes / self.workers).unwrap_or(usize::MAX / 4);
        WorkerBudget {
            tcp_connections: SourceShares::new(connections.min(TCP_CONNECTIONS_MAX)),
            unfinished: SourceShares::new(bytes.max(WORKER_BYTES_MIN)),
        }
    }
}

/// Raises the limit on file descriptors, and returns it.
fn raise_descriptors() -> u64 {
    const USUAL: u64 = 1_024;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return USUAL };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::info!(event = "descriptors-unraised", %error, soft, "the limit on file descriptors stays");
            soft
        }
    }
}

/// The bytes that unfinished requests may hold by default.
fn default_unfinished_bytes() -> u64 {
    memory_bytes().unwrap_or(MEMORY_UNKNOWN_BYTES) / MEMORY_SHARE
}

/// The memory of this machine, or of the control group that limits the process.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    let all = fs::read_to_string("/proc/meminfo").ok()?;
    let line = all.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let bytes = line.split_whitespace().next()?.parse::<u64>().ok()? * 1_024;
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = group.and_then(|limit| limit.trim().parse::<u64>().ok());
    Some(limit.map_or(bytes, |limit| limit.min(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_kept_back() {
        // A share of one source is two thirds of what there is.
        let connections = |descriptors, workers| {
            let budget = ConnectionBudget { descriptors, unfinished_bytes: 0, workers };
            let shares = budget.of_worker().tcp_connections;
            let source = std::net::SocketAddr::from(([192, 0, 2, 1], 1)).into();
            std::iter::from_fn(|| shares.take_one(source)).collect::<Vec<_>>().len()
        };
        assert_eq!(connections(2_048 + 3_000, 1), 2_000);
        assert_eq!(connections(2_048 + 3_000, 2), 1_000);
        assert_eq!(connections(1_200, 1), 400);
        assert!(connections(1 << 40, 1) < 65_536);
    }
}
