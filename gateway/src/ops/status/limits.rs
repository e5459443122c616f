//! The intervals and bounds of the status.

use std::time::Duration;

/// The interval between two samples. One costs about as much as a scrape of `/metrics`.
pub(super) const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);
/// The samples in memory: the last hour.
pub(super) const SAMPLES_MAX: usize = 360;
/// The samples of the last minute, within which a refused request counts as shedding.
pub(super) const RECENT_SAMPLES: usize = 6;
/// The age from which values of the registry are no longer called current. They are read every ten seconds,
/// and a read may take five.
pub(super) const REGISTRY_AGE_MAX: Duration = Duration::from_secs(30);
/// The age from which another gateway's last report is a fault. A gateway reports every second.
pub(super) const GATEWAY_AGE_MAX: Duration = Duration::from_secs(60);

const _: () = assert!(SAMPLE_INTERVAL.as_secs() * SAMPLES_MAX as u64 == 60 * 60);
const _: () = assert!(SAMPLE_INTERVAL.as_secs() * RECENT_SAMPLES as u64 == 60);
