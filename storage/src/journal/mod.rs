//! The write-ahead journal: the only truth about a check-in until the trail store has it. Workers push
//! into lanes; one thread gathers groups, writes each with one write and one `fdatasync`, and says how far
//! every lane is on disk. It knows nothing of colours or stores; whoever drains it follows with a
//! [`Reader`] and frees segments with [`Journal::checkpoint`].
//!
//! **Shape**. A segment file is a row of 64-byte slots, written full of zeros before its first use:
//!
//! | slot | holds |
//! |---|---|
//! | 0 | the segment's header: magic, format version, segment number, first sequence, CRC |
//! | then, a group | a group header: magic, segment number, first sequence, count, CRC; then `count` records |
//!
//! A record is a check-in with a CRC that is mixed with its sequence number, so that what an earlier life
//! of a recycled segment left behind never verifies. Integers are little-endian. The sequence number of a
//! record is its place among all records ever written.
//!
//! **What a crash leaves**. At most one group is ever unsynced, the last one. If it is damaged, nothing
//! valid follows it: recovery keeps its intact records, which were real check-ins that nobody was promised,
//! and goes on after them. Damage that a later valid group follows is no crash but corruption: it is
//! reported, and everything outside the damaged record is kept. A segment that was closed in order ends in
//! a seal, so that there damage at the very end is told from a crash, too.

mod checkpoint;
mod config;
mod disk;
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
pub use lane::{Durability, JournalTicket, Lane, PushRefusal};
pub use owner::Journal;
pub use reader::Reader;
pub use record::Sequence;
pub use recover::{Damage, RecoveryReport};
pub use reopen::inspect;
pub use shared::WakeLane;

/// Why the journal cannot be opened or followed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process holds the folder. Nothing was touched; stop the other one first.
    #[error("another gateway runs on {folder}")]
    Locked {
        /// The folder.
        folder: String,
    },
    /// The disk failed. Nothing was acknowledged because of it.
    #[error("the journal's disk: {0}")]
    Disk(#[from] std::io::Error),
    /// A segment is of a format that this version does not know. Use the version that wrote it.
    #[error("segment {segment} has format version {version}, which this version does not read")]
    Format {
        /// The segment.
        segment: u64,
        /// Its version.
        version: u8,
    },
}

#[cfg(test)]
mod tests;
