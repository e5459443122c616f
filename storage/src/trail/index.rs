//! The two indexes of check-ins, and the fields of a check-in that each uses.

use scangate_core::check_in::CheckIn;
use scangate_core::time::{DAY_MS, HOUR_MS};
use std::fmt;

/// An index of check-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// By person, in periods of a day.
    Persons,
    /// By venue, in periods of an hour.
    Venues,
}

impl Index {
    pub(super) const BOTH: [Self; 2] = [Self::Persons, Self::Venues];

    /// The id that owns a check-in in this index: the person or the venue.
    pub(super) fn owner(self, check_in: &CheckIn) -> u64 {
        match self {
            Self::Persons => check_in.person.0,
            Self::Venues => check_in.venue.0,
        }
    }

    /// The id that does not own the check-in.
    pub(super) fn other(self, check_in: &CheckIn) -> u64 {
        match self {
            Self::Persons => check_in.venue.0,
            Self::Venues => check_in.person.0,
        }
    }

    /// The length of a period. **Units**: milliseconds.
    pub(super) const fn period_ms(self) -> u64 {
        match self {
            Self::Persons => DAY_MS,
            Self::Venues => HOUR_MS,
        }
    }
}

impl fmt::Display for Index {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Persons => "by person",
            Self::Venues => "by venue",
        })
    }
}
