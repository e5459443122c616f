//! Facts about persons, as the authority reports them, each with its source and time. A fact sets no colour:
//! the rule pack decides what it means. A withdrawn fact stays on record and stops counting.

mod area;
mod identity;
mod line;

pub use area::{Area, AreaError};
pub(crate) use area::{covers_code, is_code_abroad};
pub use identity::FactIdentity;
pub use line::{FactError, FactLine};

use crate::id::{FactId, PersonId, VenueId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The kinds of facts, by the words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the contract's table says what each means")]
pub enum KindName {
    Confirmed,
    ClinicallyDiagnosed,
    Suspected,
    Asymptomatic,
    Discharged,
    Released,
    RuledOut,
    CloseContact,
    SharesHome,
    CoLocated,
    Quarantine,
    Ordered,
    Symptoms,
    Stay,
    AreaContact,
    Test,
    Certificate,
    FalseDeclaration,
    IdentityExpired,
    IdentityRenewed,
}

impl KindName {
    /// The kind's word in the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::ClinicallyDiagnosed => "clinically-diagnosed",
            Self::Suspected => "suspected",
            Self::Asymptomatic => "asymptomatic",
            Self::Discharged => "discharged",
            Self::Released => "released",
            Self::RuledOut => "ruled-out",
            Self::CloseContact => "close-contact",
            Self::SharesHome => "shares-home",
            Self::CoLocated => "co-located",
            Self::Quarantine => "quarantine",
            Self::Ordered => "ordered",
            Self::Symptoms => "symptoms",
            Self::Stay => "stay",
            Self::AreaContact => "area-contact",
            Self::Test => "test",
            Self::Certificate => "certificate",
            Self::FalseDeclaration => "false-declaration",
            Self::IdentityExpired => "identity-expired",
            Self::IdentityRenewed => "identity-renewed",
        }
    }
}

/// The place of a quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuarantinePlace {
    /// In an institution.
    Central,
    /// At home.
    Home,
}

/// A province's measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Quarantine in an institution.
    CentralQuarantine,
    /// Health monitoring at home.
    HomeMonitoring,
    /// A further look at the risk.
    RiskScreening,
    /// A test is due.
    TestDue,
}

/// A symptom, reported or measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symptom {
    /// A temperature at or above the pack's threshold.
    Fever,
    /// A dry cough.
    DryCough,
    /// A cough of any kind.
    Cough,
    /// Fatigue.
    Fatigue,
    /// Shortness of breath.
    Breathless,
    /// Another symptom of the airways.
    Respiratory,
}

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestResult {
    /// The test did not find the virus.
    Negative,
    /// The test found the virus.
    Positive,
}

/// The subject of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateType {
    /// Work outside the province.
    Work,
    /// Health.
    Health,
}

/// A kind of fact with the fields of that kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the contract's table says what each means")]
pub enum FactKind {
    Confirmed,
    ClinicallyDiagnosed,
    Suspected,
    Asymptomatic,
    Discharged,
    Released { of: Option<FactId> },
    RuledOut { of: Option<FactId> },
    CloseContact { of: Option<FactId> },
    SharesHome,
    CoLocated { venue: Option<VenueId> },
    Quarantine { place: QuarantinePlace, re_examined: bool },
    Ordered { measure: Measure },
    Symptoms { which: Vec<Symptom> },
    Stay { area: Area },
    AreaContact { area: Area },
    Test { result: TestResult },
    Certificate { r#type: CertificateType },
    FalseDeclaration,
    IdentityExpired,
    IdentityRenewed,
}

impl FactKind {
    /// The kind's name.
    #[must_use]
    pub const fn name(&self) -> KindName {
        match self {
            Self::Confirmed => KindName::Confirmed,
            Self::ClinicallyDiagnosed => KindName::ClinicallyDiagnosed,
            Self::Suspected => KindName::Suspected,
            Self::Asymptomatic => KindName::Asymptomatic,
            Self::Discharged => KindName::Discharged,
            Self::Released { .. } => KindName::Released,
            Self::RuledOut { .. } => KindName::RuledOut,
            Self::CloseContact { .. } => KindName::CloseContact,
            Self::SharesHome => KindName::SharesHome,
            Self::CoLocated { .. } => KindName::CoLocated,
            Self::Quarantine { .. } => KindName::Quarantine,
            Self::Ordered { .. } => KindName::Ordered,
            Self::Symptoms { .. } => KindName::Symptoms,
            Self::Stay { .. } => KindName::Stay,
            Self::AreaContact { .. } => KindName::AreaContact,
            Self::Test { .. } => KindName::Test,
            Self::Certificate { .. } => KindName::Certificate,
            Self::FalseDeclaration => KindName::FalseDeclaration,
            Self::IdentityExpired => KindName::IdentityExpired,
            Self::IdentityRenewed => KindName::IdentityRenewed,
        }
    }

    /// Whether it may end a fact. If it names the fact that it ends, it ends no other.
    #[must_use]
    pub fn may_end(&self, fact: FactId) -> bool {
        if let Self::Released { of: Some(of) } | Self::RuledOut { of: Some(of) } = self {
            *of == fact
        } else {
            true
        }
    }
}

/// Whether a fact counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Force {
    /// It counts.
    InForce,
    /// It was withdrawn and does not count.
    Withdrawn(Withdrawal),
}

/// The withdrawal of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredWithdrawal")]
pub struct Withdrawal {
    /// The authority's reason.
    pub reason: String,
    /// The time of the withdrawal; none where only the reason is on record. Such a fact never counted.
    pub at: Option<Timestamp>,
}

/// The forms in which withdrawals are on record.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredWithdrawal {
    Reason(String),
    Whole { reason: String, at: Option<Timestamp> },
}

impl From<StoredWithdrawal> for Withdrawal {
    fn from(stored: StoredWithdrawal) -> Self {
        match stored {
            StoredWithdrawal::Reason(reason) => Self { reason, at: None },
            StoredWithdrawal::Whole { reason, at } => Self { reason, at },
        }
    }
}

/// A fact on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its id.
    pub id: FactId,
    /// The person whom it is about.
    pub person: PersonId,
    /// Its kind, with the fields of that kind.
    #[serde(flatten)]
    pub kind: FactKind,
    /// When it became so.
    pub at: Timestamp,
    /// When it ends by itself; for a stay, when the person left.
    pub until: Option<Timestamp>,
    /// When it went on record.
    #[serde(default)]
    pub recorded: Timestamp,
    /// The authority or the feed that reported it.
    pub source: String,
    /// The source's own reference.
    pub reference: Option<String>,
    /// Whether it counts.
    pub force: Force,
}

#[cfg(test)]
mod tests;
