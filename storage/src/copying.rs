//! What copying from an embedded store to a cluster goes by, and comparing the two: piece after piece, so that
//! it needs little memory and can go on where it was interrupted.

use crate::trail::Index;
use scangate_core::id::{CheckInId, VenueId};
use scangate_core::time::Timestamp;
use std::fmt;

/// A piece that was copied or compared. Doing it again changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyChunk<Place> {
    /// Rows or check-ins in it.
    pub rows: u64,
    /// Where the next one begins; none after the last.
    pub next: Option<Place>,
}

/// In what a copy is unlike its source. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// In a row of the registry.
    #[error("a row of the registry's {table}, in bucket {bucket}, {mismatch}")]
    Row {
        /// Its table.
        table: String,
        /// Its bucket on the cluster.
        bucket: i32,
        /// How.
        mismatch: Mismatch,
    },
    /// In a check-in.
    #[error("check-in {id} at venue {venue}, {at}, kept {index}, {mismatch}")]
    CheckIn {
        /// Which.
        id: CheckInId,
        /// Where it was.
        venue: VenueId,
        /// When.
        at: Timestamp,
        /// Under which index.
        index: Index,
        /// How.
        mismatch: Mismatch,
    },
}

/// How something in a copy is unlike its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The copy does not have it.
    Missing,
    /// The copy alone has it.
    Surplus,
    /// The copy has it otherwise.
    Changed,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Missing => "is missing on the cluster",
            Self::Surplus => "is on the cluster alone",
            Self::Changed => "is another on the cluster",
        })
    }
}
