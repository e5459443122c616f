//! Kin: who acts for whom, and who may. Each side's list stands with that person; a tie is there when both
//! lists say so.

use crate::id::PersonId;
use serde::{Deserialize, Serialize};

/// One person's ties.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kin {
    /// For whom the person acts.
    pub dependants: Vec<PersonId>,
    /// Who acts for the person.
    pub guardians: Vec<PersonId>,
    /// Whom the person has named to act for them and who has not taken them yet: none of the guardians.
    #[serde(default)]
    pub named: Vec<PersonId>,
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

    /// Whether the person agrees that somebody acts for them: who does already, or is named.
    #[must_use]
    pub fn agrees_to(&self, holder: PersonId) -> bool {
        self.guardians.contains(&holder) || self.named.contains(&holder)
    }

    /// How many act for the person or may.
    #[must_use]
    pub fn agreed(&self) -> usize {
        self.guardians.len() + self.named.len()
    }
}
