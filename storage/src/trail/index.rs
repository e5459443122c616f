//! The two orders in which check-ins are kept, and what of a check-in each goes by.

use scangate_core::check_in::CheckIn;
use scangate_core::time::{DAY_MS, HOUR_MS};
use std::fmt;

/// One of the two orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// By person, a day together.
    Persons,
    /// By venue, an hour together.
    Venues,
}

impl Index {
    pub(super) const BOTH: [Self; 2] = [Self::Persons, Self::Venues];

    /// Whose a check-in is in this index.
    pub(super) fn owner(self, check_in: &CheckIn) -> u64 {
        match self {
            Self::Persons => check_in.person.0,
            Self::Venues => check_in.venue.0,
        }
    }

    /// The other of the two.
    pub(super) fn other(self, check_in: &CheckIn) -> u64 {
        match self {
            Self::Persons => check_in.venue.0,
            Self::Venues => check_in.person.0,
        }
    }

    /// The length of its periods. **Units**: milliseconds.
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
