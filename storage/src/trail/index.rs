//! The two indexes of check-ins, and the fields of a check-in that each uses.

use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::{PersonAsk, VenueAsk};
use scangate_core::time::{DAY_MS, HOUR_MS};
use scangate_core::visit::Window;
use std::fmt;
use std::ops::Range;

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

    /// The periods of a day that a window touches, counted from 1970.
    pub(super) fn periods(self, day: u32, window: Window) -> Range<u64> {
        let a_day = DAY_MS / self.period_ms();
        let (first, end) = (u64::from(day) * a_day, (u64::from(day) + 1) * a_day);
        let (from, to) = (window.from.0 / self.period_ms(), window.to.0.div_ceil(self.period_ms()));
        first.max(from)..end.min(to)
    }
}

/// A query for the check-ins of an owner in an index.
#[derive(Clone, Copy)]
pub(super) struct OwnerAsk {
    pub(super) owner: u64,
    pub(super) window: Window,
}

impl From<&PersonAsk> for OwnerAsk {
    fn from(ask: &PersonAsk) -> Self {
        Self { owner: ask.person.0, window: ask.window }
    }
}

impl From<&VenueAsk> for OwnerAsk {
    fn from(ask: &VenueAsk) -> Self {
        Self { owner: ask.venue.0, window: ask.window }
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
