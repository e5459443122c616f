//! How many people have each colour, and how many turned to it. The colour table counts each change of a
//! record, so no reader has to walk through the table.

use super::PackedPerson;
use scangate_core::colour::Colour;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of colours, with `unknown`.
const COLOURS: usize = 4;

/// A number for each colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByColour([u64; COLOURS]);

impl ByColour {
    /// The number of a colour.
    #[must_use]
    pub const fn of(&self, colour: Colour) -> u64 {
        self.0[colour as usize]
    }

    /// The numbers with their colours, from green to red, and `unknown` last.
    pub fn iter(&self) -> impl Iterator<Item = (Colour, u64)> + use<> {
        let Self(numbers) = *self;
        [Colour::Green, Colour::Yellow, Colour::Red, Colour::Unknown]
            .into_iter()
            .map(move |colour| (colour, numbers[colour as usize]))
    }

    /// The difference from earlier numbers.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at].saturating_sub(earlier.0[at])))
    }

    /// The sum of the numbers of each colour.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] + other.0[at]))
    }
}

/// The counts of the colour table. **Cost**: a record whose colour stays costs nothing.
#[derive(Debug, Default)]
pub(super) struct ColourCounts {
    people: [AtomicU64; COLOURS],
    turns: [AtomicU64; COLOURS],
}

impl ColourCounts {
    /// Counts the change of one record. None is a person without a record; an erased person counts as none.
    pub(super) fn change(&self, before: Option<PackedPerson>, after: Option<PackedPerson>) {
        let colour = |packed: Option<PackedPerson>| {
            packed.filter(|packed| !packed.is_erased()).map(|packed| packed.standing().colour)
        };
        let (before, after) = (colour(before), colour(after));
        if before == after {
            return;
        }
        if let Some(colour) = before {
            self.people[colour as usize].fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(colour) = after {
            self.people[colour as usize].fetch_add(1, Ordering::Relaxed);
            if before.is_some_and(|before| before != Colour::Unknown) {
                self.turns[colour as usize].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The people of each colour.
    pub(super) fn people(&self) -> ByColour {
        ByColour(self.people.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }

    /// The turns to each colour since the start. A first colour is not a turn.
    pub(super) fn turns(&self) -> ByColour {
        ByColour(self.turns.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }
}
