//! Units: the employers, communities and villages that answer for arriving people.

use crate::id::UnitId;
use serde::{Deserialize, Serialize};

/// The kind of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// An employer.
    Employer,
    /// An urban community.
    Community,
    /// A village.
    Village,
}

impl UnitKind {
    /// The word in requests and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Employer => "employer",
            Self::Community => "community",
            Self::Village => "village",
        }
    }

    /// The basis that a person proves by naming a unit of this kind.
    #[must_use]
    pub const fn basis(self) -> ArrivalBasis {
        match self {
            Self::Employer => ArrivalBasis::Job,
            Self::Community | Self::Village => ArrivalBasis::Home,
        }
    }
}

/// The reason for which a person may come to the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArrivalBasis {
    /// A permanent job there.
    Job,
    /// A permanent home there.
    Home,
}

/// A unit without its id. Two registrations with the same three fields are one unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewUnit {
    /// The unit's name.
    pub name: String,
    /// The kind of unit.
    pub kind: UnitKind,
    /// The district in which the unit lies.
    pub district: String,
}

/// A registered unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Its name, kind and district.
    pub about: NewUnit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xj_11_an_employer_proves_a_job_and_a_community_or_village_a_home() {
        for (kind, basis) in [
            (UnitKind::Employer, ArrivalBasis::Job),
            (UnitKind::Community, ArrivalBasis::Home),
            (UnitKind::Village, ArrivalBasis::Home),
        ] {
            assert_eq!(kind.basis(), basis);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
