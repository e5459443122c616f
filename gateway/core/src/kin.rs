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
    /// The guardians whom the person had named before they accepted.
    #[serde(default)]
    pub accepted: Vec<PersonId>,
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

    fn side_mut(&mut self, side: Side) -> &mut Vec<PersonId> {
        match side {
            Side::Dependants => &mut self.dependants,
            Side::Guardians => &mut self.guardians,
        }
    }

    /// Adds a person to one of the lists. A named guardian has accepted now.
    pub fn add(&mut self, side: Side, other: PersonId) {
        self.side_mut(side).push(other);
        if side == Side::Guardians && self.named.contains(&other) {
            self.named.retain(|named| *named != other);
            self.accepted.push(other);
        }
    }

    /// Removes a person from one of the lists. Returns whether the person was on it.
    pub fn remove(&mut self, side: Side, other: PersonId) -> bool {
        if side == Side::Guardians {
            self.accepted.retain(|accepted| *accepted != other);
        }
        let list = self.side_mut(side);
        let before = list.len();
        list.retain(|one| *one != other);
        list.len() < before
    }

    /// The guardians whom the person never named.
    pub fn unnamed(&self) -> impl Iterator<Item = PersonId> {
        self.guardians.iter().filter(|guardian| !self.accepted.contains(guardian)).copied()
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
