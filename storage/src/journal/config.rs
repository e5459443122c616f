//! The operator's settings of a journal.

use scangate_core::time::Timestamp;

/// The journal's settings.
#[derive(Debug, Clone)]
pub struct JournalConfig {
    /// The size of one segment. **Units**: bytes, a multiple of 64.
    pub segment_bytes: u64,
    /// The bound on all segments together. **Units**: bytes.
    pub disk_bytes_max: u64,
    /// The capacity of a lane in records; reduced where all lanes together would outgrow a segment.
    pub lane_records: usize,
    /// Recovery returns the check-ins from this time on.
    pub recent_since: Timestamp,
}
