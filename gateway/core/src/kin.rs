//! Kin: the ties between dependants and the guardians who act for them. Each person's record has that
//! person's side of a tie; the tie exists when both records name it.

use crate::id::PersonId;
use serde::{Deserialize, Serialize};

/// One person's ties.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kin {
    /// The people for whom the person acts.
    pub dependants: Vec<PersonId>,
    /// The people who act for the person.
    pub guardians: Vec<PersonId>,
    /// The people whom the person has named as guardians and who have not accepted yet. No guardian is among
    /// them.
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

    /// One of the lists, mutable.
    pub fn side_mut(&mut self, side: Side) -> &mut Vec<PersonId> {
        match side {
            Side::Dependants => &mut self.dependants,
            Side::Guardians => &mut self.guardians,
        }
    }

    /// Whether the person agrees that `holder` acts for them: `holder` is a guardian or is named as one.
    #[must_use]
    pub fn agrees_to(&self, holder: PersonId) -> bool {
        self.guardians.contains(&holder) || self.named.contains(&holder)
    }

    /// The number of guardians and of people named as guardians.
    #[must_use]
    pub fn agreed(&self) -> usize {
        self.guardians.len() + self.named.len()
    }
}
