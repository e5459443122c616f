//! The write-ahead journal: the only record of a check-in until the trail store has it. Workers push into
//! lanes. One thread forms groups, writes each with one write and one `fdatasync`, and publishes how much of
//! every lane is durable. The journal knows nothing of colours or stores: the batcher follows it with a
//! [`Reader`] and frees segments with [`Journal::checkpoint`].
//!
//! **Shape**. A segment file is a sequence of 64-byte slots, filled with zeros before its first use:
//!
//! | slot | holds |
//! |---|---|
//! | 0 | the segment's header: magic, format version, segment number, first sequence, CRC |
//! | then groups | a group header: magic, segment number, first sequence, count, CRC; then `count` records |
//!
//! A record is a check-in with a CRC that is mixed with its sequence number, so records from an earlier use
//! of a recycled segment never verify. Integers are little-endian. The sequence number of a record is its
//! position among all records ever written.
//!
//! **Crash recovery**. At most one group is unsynced, the last one. If it is damaged, nothing valid follows
//! it: recovery keeps its intact records, which are real check-ins that were never acknowledged, and
//! continues after them. Damage that a later valid group follows is corruption, not a crash: it is reported,
//! and everything outside the damaged record is kept. A segment that was closed in order ends in a seal,
//! which also tells corruption at the very end from a crash.
//!
//! **Files**. [`JournalFiles`] reads the files without the lock, beside a running gateway too, and
//! [`JournalRebuild`] writes new ones from a backup's records.

mod config;
mod disk;
mod files;
mod group;
mod lane;
mod owner;
mod reader;
mod record;
mod recover;
mod reopen;
mod segment;
mod shared;
mod spare;
mod writer;

pub use config::JournalConfig;
pub use disk::{Disk, DiskFile, RealDisk};
pub use files::{
    JournalFiles, JournalRebuild, JournalSurvey, RECORD_BYTES, SegmentFile, pack_records, unpack_records,
};
pub use lane::{Durability, JournalTicket, Lane};
pub use owner::{Journal, JournalHold};
pub use reader::Reader;
pub use record::Sequence;
pub use recover::{Damage, RecoveryReport};
pub use reopen::inspect;
pub use shared::{PushRefusal, WakeLane};

/// The journal cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process holds the folder's lock. Nothing was changed; stop the other process first.
    #[error("another gateway runs on {folder}")]
    Locked {
        /// The folder.
        folder: String,
    },
    /// The disk failed. Nothing was acknowledged because of this call.
    #[error("the journal's disk: {0}")]
    Disk(#[from] std::io::Error),
    /// A segment has a format that this version does not know. Use the version that wrote it.
    #[error("segment {segment} has format version {version}, which this version does not read")]
    Format {
        /// The segment.
        segment: u64,
        /// Its format version.
        version: u8,
    },
}

#[cfg(test)]
mod tests;
