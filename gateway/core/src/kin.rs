//! Kin: who acts for whom. Each side's list stands with that person; a tie is there when both lists say so.

use crate::id::PersonId;
use serde::{Deserialize, Serialize};

/// One person's ties.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kin {
    /// For whom the person acts.
    pub dependants: Vec<PersonId>,
    /// Who acts for the person.
    pub guardians: Vec<PersonId>,
}

/// A side of a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The holder's list of dependants.
    Dependants,
    /// The dependant's list of guardians.
    Guardians,
}

impl Kin {
    /// One of the lists.
    #[must_use]
    pub fn side(&self, side: Side) -> &[PersonId] {
        match side {
            Side::Dependants => &self.dependants,
            Side::Guardians => &self.guardians,
        }
    }

    /// One of the lists, to be changed.
    pub fn side_mut(&mut self, side: Side) -> &mut Vec<PersonId> {
        match side {
            Side::Dependants => &mut self.dependants,
            Side::Guardians => &mut self.guardians,
        }
    }
}
