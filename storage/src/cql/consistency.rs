//! The consistency levels: how many replicas must acknowledge a write and answer a read.

use scylla::statement::{Consistency as Level, SerialConsistency};
use serde::Deserialize;

/// The consistency of reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// More than half of all replicas: reads see every acknowledged write, with any one of three nodes down.
    #[default]
    Quorum,
    /// More than half of the replicas in the gateway's own data centre.
    LocalQuorum,
    /// Every replica.
    All,
    /// One replica: losing a node may lose data.
    One,
}

impl Consistency {
    /// The word by which the configuration names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quorum => "quorum",
            Self::LocalQuorum => "local_quorum",
            Self::All => "all",
            Self::One => "one",
        }
    }

    /// The driver's levels for reads and writes, and for conditional writes.
    pub(super) fn levels(self) -> (Level, SerialConsistency) {
        match self {
            Self::Quorum => (Level::Quorum, SerialConsistency::Serial),
            Self::LocalQuorum => (Level::LocalQuorum, SerialConsistency::LocalSerial),
            Self::All => (Level::All, SerialConsistency::Serial),
            Self::One => (Level::One, SerialConsistency::Serial),
        }
    }

    /// The level of reads that complete conditional writes.
    pub(super) fn settling(self) -> Level {
        match self {
            Self::LocalQuorum => Level::LocalSerial,
            Self::Quorum | Self::All | Self::One => Level::Serial,
        }
    }
}
