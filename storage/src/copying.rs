//! Types shared by the copy from an embedded store to a cluster and by its comparison. Both work chunk by
//! chunk, so they need little memory and can resume after an interruption.

use crate::trail::Index;
use scangate_core::id::{CheckInId, VenueId};
use scangate_core::time::Timestamp;
use std::fmt;

/// A chunk that was copied or compared. Repeating it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyChunk<Position> {
    /// The number of rows or check-ins in the chunk.
    pub rows: u64,
    /// The position of the next chunk; none after the last.
    pub next: Option<Position>,
}

/// The difference between a copy and its source. It contains no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// A registry row differs.
    #[error("a row of the registry's {table}, in bucket {bucket}, {mismatch}")]
    Row {
        /// The row's table.
        table: String,
        /// The row's bucket on the cluster.
        bucket: i32,
        /// The kind of difference.
        mismatch: Mismatch,
    },
    /// A check-in differs.
    #[error("check-in {id} at venue {venue}, {at}, indexed {index}, {mismatch}")]
    CheckIn {
        /// The check-in's id.
        id: CheckInId,
        /// The venue of the check-in.
        venue: VenueId,
        /// The time of the check-in.
        at: Timestamp,
        /// The index in which the two sides differ.
        index: Index,
        /// The kind of difference.
        mismatch: Mismatch,
    },
}

/// The way an entry of a copy differs from its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The entry is missing from the copy.
    Missing,
    /// The entry exists only in the copy.
    Surplus,
    /// The entry has another value in the copy.
    Changed,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Missing => "is missing on the cluster",
            Self::Surplus => "exists only on the cluster",
            Self::Changed => "differs on the cluster",
        })
    }
}
