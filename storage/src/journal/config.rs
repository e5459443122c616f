//! What an operator sets of a journal.

use scangate_core::time::Timestamp;

/// The journal's settings.
#[derive(Debug, Clone)]
pub struct JournalConfig {
    /// One segment. **Units**: bytes, a multiple of 64.
    pub segment_bytes: u64,
    /// All segments together. **Units**: bytes.
    pub disk_bytes_max: u64,
    /// Records that a lane holds on their way to the disk; fewer where all lanes would outgrow a segment.
    pub lane_records: usize,
    /// Check-ins from this time on are given back by recovery.
    pub recent_since: Timestamp,
}
