//! How many copies must have a write, and be asked for a read.

use scylla::statement::{Consistency as Level, SerialConsistency};
use serde::Deserialize;

/// The consistency of reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// More than half of all copies: what was written is read, with any one of three nodes away.
    #[default]
    Quorum,
    /// More than half of the copies in the gateway's own data centre.
    LocalQuorum,
    /// Every copy.
    All,
    /// One copy: a lost node may be lost data.
    One,
}

impl Consistency {
    /// The driver's levels: of reads and writes, and of conditional writes.
    pub(super) fn levels(self) -> (Level, SerialConsistency) {
        match self {
            Self::Quorum => (Level::Quorum, SerialConsistency::Serial),
            Self::LocalQuorum => (Level::LocalQuorum, SerialConsistency::LocalSerial),
            Self::All => (Level::All, SerialConsistency::Serial),
            Self::One => (Level::One, SerialConsistency::Serial),
        }
    }

    /// The level of reads that end conditional writes.
    pub(super) fn settling(self) -> Level {
        match self {
            Self::LocalQuorum => Level::LocalSerial,
            Self::Quorum | Self::All | Self::One => Level::Serial,
        }
    }
}
