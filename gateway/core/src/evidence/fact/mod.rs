//! Facts about persons: what the authority reports, with source and time. A fact sets no colour; what it
//! means is the rule pack's to say. A withdrawn fact stays on record and stops counting.

use crate::id::{FactId, PersonId, VenueId};
use crate::limits;
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

/// Where a quarantine is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
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
    /// At or above the pack's threshold.
    Fever,
    /// A dry cough.
    DryCough,
    /// Short of breath.
    Breathless,
    /// Others of the airways.
    Respiratory,
}

/// What a test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestResult {
    /// Nothing found.
    Negative,
    /// The virus found.
    Positive,
}

/// What a certificate certifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateType {
    /// Work outside the province.
    Work,
    /// Health.
    Health,
}

/// An area: a GB/T 2260 code of six digits, or an ISO 3166 country of two letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Area(String);

/// The text is neither kind of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an area is a GB/T 2260 code of six digits or an ISO 3166 country of two capital letters")]
pub struct AreaError;

/// Hong Kong, Macau and Taiwan have a code of both kinds, which mean the same place.
const REGIONS: [(&str, &str); 3] = [("710000", "TW"), ("810000", "HK"), ("820000", "MO")];
/// Digits of a GB/T 2260 code that say which province or region a place is in.
const REGION_DIGITS: usize = 2;

/// The code of the other kind, of Hong Kong, Macau, Taiwan and whatever lies there.
fn other_code(code: &str) -> Option<&'static str> {
    REGIONS.into_iter().find_map(|(division, country)| {
        if code == country {
            Some(division)
        } else {
            code.starts_with(&division[..REGION_DIGITS]).then_some(country)
        }
    })
}

/// Whether a code covers another one, of whichever kind: whatever begins with it.
pub(crate) fn covers_code(wider: &str, code: &str) -> bool {
    code.starts_with(wider) || other_code(code).is_some_and(|other| other.starts_with(wider))
}

/// Whether a code is of a country or region beyond the mainland's border.
pub(crate) fn is_code_abroad(code: &str) -> bool {
    let is_country = code.bytes().all(|byte| byte.is_ascii_uppercase());
    is_country && code != "CN" || other_code(code).is_some()
}

impl Area {
    /// Whether the area lies in what a code covers: whatever begins with it.
    #[must_use]
    pub fn is_in(&self, code: &str) -> bool {
        covers_code(code, &self.0)
    }

    /// Whether it is a country or region beyond the mainland's border.
    #[must_use]
    pub fn is_abroad(&self) -> bool {
        is_code_abroad(&self.0)
    }
}

impl TryFrom<String> for Area {
    type Error = AreaError;
    fn try_from(text: String) -> Result<Self, AreaError> {
        let is_division = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_country = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if is_division || is_country { Ok(Self(text)) } else { Err(AreaError) }
    }
}

impl From<Area> for String {
    fn from(area: Area) -> Self {
        area.0
    }
}

/// A kind with what belongs to it.
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
    Quarantine { place: Place, re_examined: bool },
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

    /// Whether it may end a fact: where it names the fact that it ends, no other.
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
    /// It does.
    InForce,
    /// It was withdrawn.
    Withdrawn(Withdrawal),
}

/// How a fact was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredWithdrawal")]
pub struct Withdrawal {
    /// Why.
    pub reason: String,
    /// When; none where only the reason is on record: such a fact never counted.
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
    /// Whom it is about.
    pub person: PersonId,
    /// What.
    #[serde(flatten)]
    pub kind: FactKind,
    /// When it became so.
    pub at: Timestamp,
    /// When it ends by itself; for a stay, when the person left.
    pub until: Option<Timestamp>,
    /// When it went on record.
    #[serde(default)]
    pub recorded: Timestamp,
    /// Who says so.
    pub source: String,
    /// The source's own reference.
    pub reference: Option<String>,
    /// Whether it counts.
    pub force: Force,
}

/// A fact as a line of `POST /v1/facts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the contract's table says what each means")]
pub struct FactLine {
    pub person: PersonId,
    pub kind: KindName,
    pub at: Timestamp,
    #[serde(default)]
    pub until: Option<Timestamp>,
    pub source: String,
    #[serde(default)]
    pub reference: Option<String>,
    #[serde(default)]
    pub of: Option<FactId>,
    #[serde(default)]
    pub venue: Option<VenueId>,
    #[serde(default)]
    pub place: Option<Place>,
    #[serde(default)]
    pub re_examined: Option<bool>,
    #[serde(default)]
    pub measure: Option<Measure>,
    #[serde(default)]
    pub which: Option<Vec<Symptom>>,
    #[serde(default)]
    pub area: Option<Area>,
    #[serde(default)]
    pub result: Option<TestResult>,
    #[serde(default)]
    pub r#type: Option<CertificateType>,
}

/// Why a line is no fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// A field that this kind needs is missing.
    #[error("this kind of fact needs `{0}`")]
    Missing(&'static str),
    /// A field that this kind does not have.
    #[error("this kind of fact has no `{0}`")]
    Foreign(&'static str),
    /// `at` lies ahead of the server's clock.
    #[error("`at` lies in the future")]
    Future,
    /// `until` is not after `at`.
    #[error("`until` must be after `at`")]
    Backwards,
    /// `source` or `reference` is empty or too long.
    #[error("`source` and `reference` must have 1 to {} bytes", limits::NAME_BYTES_MAX)]
    Naming,
}

impl FactLine {
    /// Makes the fact of this line, under an id, as of `now`.
    pub fn fact(self, id: FactId, now: Timestamp) -> Result<Fact, FactError> {
        if self.at > now.plus_ms(limits::AHEAD_MS_MAX) {
            return Err(FactError::Future);
        }
        if self.until.is_some_and(|until| until <= self.at) {
            return Err(FactError::Backwards);
        }
        let is_named = |text: &String| (1..=limits::NAME_BYTES_MAX).contains(&text.len());
        if !is_named(&self.source) || !self.reference.as_ref().is_none_or(is_named) {
            return Err(FactError::Naming);
        }
        let Self { person, at, until, .. } = self;
        let (source, reference) = (self.source.clone(), self.reference.clone());
        let (kind, force) = (self.kind()?, Force::InForce);
        Ok(Fact { id, person, kind, at, until, recorded: now, source, reference, force })
    }

    fn kind(mut self) -> Result<FactKind, FactError> {
        let kind = match self.kind {
            KindName::Confirmed => FactKind::Confirmed,
            KindName::ClinicallyDiagnosed => FactKind::ClinicallyDiagnosed,
            KindName::Suspected => FactKind::Suspected,
            KindName::Asymptomatic => FactKind::Asymptomatic,
            KindName::Discharged => FactKind::Discharged,
            KindName::Released => FactKind::Released { of: self.of.take() },
            KindName::RuledOut => FactKind::RuledOut { of: self.of.take() },
            KindName::CloseContact => FactKind::CloseContact { of: self.of.take() },
            KindName::SharesHome => FactKind::SharesHome,
            KindName::CoLocated => FactKind::CoLocated { venue: self.venue.take() },
            KindName::Quarantine => FactKind::Quarantine {
                place: self.place.take().ok_or(FactError::Missing("place"))?,
                re_examined: self.re_examined.take().ok_or(FactError::Missing("re_examined"))?,
            },
            KindName::Ordered => {
                FactKind::Ordered { measure: self.measure.take().ok_or(FactError::Missing("measure"))? }
            }
            KindName::Symptoms => FactKind::Symptoms { which: self.symptoms()? },
            KindName::Stay => FactKind::Stay { area: self.area.take().ok_or(FactError::Missing("area"))? },
            KindName::AreaContact => {
                FactKind::AreaContact { area: self.area.take().ok_or(FactError::Missing("area"))? }
            }
            KindName::Test => {
                FactKind::Test { result: self.result.take().ok_or(FactError::Missing("result"))? }
            }
            KindName::Certificate => {
                self.until.ok_or(FactError::Missing("until"))?;
                FactKind::Certificate { r#type: self.r#type.take().ok_or(FactError::Missing("type"))? }
            }
            KindName::FalseDeclaration => FactKind::FalseDeclaration,
            KindName::IdentityExpired => FactKind::IdentityExpired,
            KindName::IdentityRenewed => FactKind::IdentityRenewed,
        };
        // What its kind did not take does not belong to it.
        match self.left() {
            Some(field) => Err(FactError::Foreign(field)),
            None => Ok(kind),
        }
    }

    fn symptoms(&mut self) -> Result<Vec<Symptom>, FactError> {
        self.which.take().filter(|which| !which.is_empty()).ok_or(FactError::Missing("which"))
    }

    fn left(&self) -> Option<&'static str> {
        let fields = [
            (self.of.is_some(), "of"),
            (self.venue.is_some(), "venue"),
            (self.place.is_some(), "place"),
            (self.re_examined.is_some(), "re_examined"),
            (self.measure.is_some(), "measure"),
            (self.which.is_some(), "which"),
            (self.area.is_some(), "area"),
            (self.result.is_some(), "result"),
            (self.r#type.is_some(), "type"),
        ];
        fields.into_iter().find(|(is_left, _)| *is_left).map(|(_, field)| field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_641_254_400_000);

    fn fact(more: &str) -> Result<Fact, String> {
        let person = PersonId(5);
        let line = format!(r#"{{"person":"{person}","at":"2022-01-03T00:00:00Z","source":"cdc",{more}}}"#);
        let line: FactLine = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        line.fact(FactId(1), NOW).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_of_the_contract_is_a_line() {
        for more in [
            r#""kind":"confirmed""#,
            r#""kind":"clinically-diagnosed""#,
            r#""kind":"suspected""#,
            r#""kind":"asymptomatic""#,
            r#""kind":"discharged""#,
            r#""kind":"released""#,
            r#""kind":"ruled-out""#,
            r#""kind":"released","of":"f0000000000009""#,
            r#""kind":"ruled-out","of":"f0000000000009""#,
            r#""kind":"close-contact""#,
            r#""kind":"close-contact","until":"2022-01-17T00:00:00Z""#,
            r#""kind":"shares-home""#,
            r#""kind":"co-located","venue":"v0000000000001""#,
            r#""kind":"quarantine","place":"central","re_examined":false"#,
            r#""kind":"ordered","measure":"test-due""#,
            r#""kind":"symptoms","which":["fever","dry-cough"]"#,
            r#""kind":"stay","area":"420100""#,
            r#""kind":"area-contact","area":"JP""#,
            r#""kind":"test","result":"negative""#,
            r#""kind":"certificate","type":"work","until":"2022-02-01T00:00:00Z""#,
            r#""kind":"false-declaration","reference":"17""#,
            r#""kind":"identity-expired""#,
            r#""kind":"identity-renewed""#,
        ] {
            let fact = fact(more).unwrap_or_else(|error| panic!("{more}: {error}"));
            let stored = serde_json::to_string(&fact).unwrap();
            assert_eq!(serde_json::from_str::<Fact>(&stored).unwrap(), fact);
        }
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        for (more, word) in [
            (r#""kind":"green""#, "unknown variant"),
            (r#""kind":"confirmed","colour":"red""#, "unknown field"),
            (r#""kind":"confirmed","area":"420100""#, "no `area`"),
            (r#""kind":"discharged","of":"f0000000000009""#, "no `of`"),
            (r#""kind":"released","of":"p0000000000009""#, "f and 13 characters"),
            (r#""kind":"stay""#, "needs `area`"),
            (r#""kind":"stay","area":"hubei""#, "GB/T 2260"),
            (r#""kind":"symptoms","which":[]"#, "needs `which`"),
            (r#""kind":"certificate","type":"work""#, "needs `until`"),
            (r#""kind":"confirmed","until":"2022-01-02T00:00:00Z""#, "after `at`"),
            (r#""kind":"confirmed","reference":"""#, "1 to 200"),
        ] {
            let error = fact(more).unwrap_err();
            assert!(error.contains(word), "{more}: {error}");
        }
        let mut line: FactLine = serde_json::from_str(
            r#"{"person":"p0000000000005","kind":"confirmed","at":"2022-01-05T00:00:00Z","source":"cdc"}"#,
        )
        .unwrap();
        assert_eq!(line.clone().fact(FactId(1), NOW), Err(FactError::Future));
        line.at = NOW.plus_ms(limits::AHEAD_MS_MAX);
        assert!(line.fact(FactId(1), NOW).is_ok());
    }

    #[test]
    fn facts_on_record_read_whatever_fields_they_have() {
        let withdrawn = |reason: &str, at| Force::Withdrawn(Withdrawal { reason: reason.into(), at });
        let none = || Force::InForce;
        for (kind, force, read) in [
            (r#""released""#, r#""in-force""#, (FactKind::Released { of: None }, none())),
            (r#""ruled-out""#, r#""in-force""#, (FactKind::RuledOut { of: None }, none())),
            (r#""ruled-out","of":null"#, r#""in-force""#, (FactKind::RuledOut { of: None }, none())),
            (
                r#""released","of":"f0000000000009""#,
                r#""in-force""#,
                (FactKind::Released { of: Some(FactId(9)) }, none()),
            ),
            (r#""confirmed""#, r#"{"withdrawn":"x"}"#, (FactKind::Confirmed, withdrawn("x", None))),
            (
                r#""confirmed""#,
                r#"{"withdrawn":{"reason":"x","at":"2022-01-04T00:00:00.000Z"}}"#,
                (FactKind::Confirmed, withdrawn("x", Some(NOW))),
            ),
        ] {
            let stored = format!(
                r#"{{"id":"f0000000000001","person":"p0000000000005","kind":{kind},"until":null,
                    "at":"2022-01-03T00:00:00Z","source":"cdc","reference":null,"force":{force}}}"#
            );
            let fact: Fact =
                serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{stored}: {error}"));
            assert_eq!((fact.kind.clone(), fact.force.clone()), read, "{stored}");
            let again = serde_json::to_string(&fact).unwrap();
            assert_eq!(serde_json::from_str::<Fact>(&again).unwrap(), fact);
        }
    }

    #[test]
    fn hong_kong_macau_and_taiwan_have_codes_of_both_kinds() {
        for (area, code, is_in) in [
            ("HK", "HK", true),
            ("HK", "81", true),
            ("HK", "810000", true),
            ("HK", "810001", false),
            ("HK", "820000", false),
            ("810000", "HK", true),
            ("810001", "HK", true),
            ("820000", "MO", true),
            ("MO", "8200", true),
            ("TW", "710000", true),
            ("710000", "TW", true),
            ("710000", "HK", false),
            ("440300", "HK", false),
            ("JP", "71", false),
        ] {
            assert_eq!(Area::try_from(area.to_owned()).unwrap().is_in(code), is_in, "{area} in {code}");
        }
        for (area, is_abroad) in [
            ("HK", true),
            ("810000", true),
            ("820000", true),
            ("710000", true),
            ("JP", true),
            ("CN", false),
            ("440300", false),
        ] {
            assert_eq!(Area::try_from(area.to_owned()).unwrap().is_abroad(), is_abroad, "{area}");
        }
    }
}
