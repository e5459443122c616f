//! A fact as the authority or a feed sends it, and the checks that make a [`Fact`] of it.

use super::{
    Area, CertificateType, Fact, FactIdentity, FactKind, Force, KindName, Measure, QuarantinePlace, Symptom,
    TestResult,
};
use crate::id::{FactId, PersonId, VenueId};
use crate::time::Timestamp;
use crate::{limits, text};
use serde::{Deserialize, Serialize};

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
    pub place: Option<QuarantinePlace>,
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

/// The reason why a line is not a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// A field that this kind needs is missing.
    #[error("this kind of fact needs `{0}`")]
    Missing(&'static str),
    /// A field does not belong to this kind.
    #[error("this kind of fact has no `{0}`")]
    Foreign(&'static str),
    /// `at` lies ahead of the server's clock.
    #[error("`at` lies in the future")]
    Future,
    /// `until` is not after `at`.
    #[error("`until` must be after `at`")]
    Backwards,
    /// `source` or `reference` is empty, too long or has characters that cannot be printed.
    #[error(
        "`source` and `reference` must have 1 to {} bytes and only printable characters",
        limits::NAME_BYTES_MAX
    )]
    Naming,
}

impl FactLine {
    /// The fact of this line, recorded at `now`.
    pub fn fact(self, now: Timestamp) -> Result<Fact, FactError> {
        if self.at > now.plus_ms(limits::AHEAD_MS_MAX) {
            return Err(FactError::Future);
        }
        if self.until.is_some_and(|until| until <= self.at) {
            return Err(FactError::Backwards);
        }
        let is_named = |name: &String| text::label(name).is_some();
        if !is_named(&self.source) || !self.reference.as_ref().is_none_or(is_named) {
            return Err(FactError::Naming);
        }
        let Self { person, at, until, .. } = self;
        let (source, reference) = (self.source.clone(), self.reference.clone());
        let (kind, force) = (self.kind()?, Force::InForce);
        let id =
            FactIdentity { person, kind: kind.name(), at, source: &source, reference: reference.as_deref() };
        let id = id.id();
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
                re_examined: self.re_examined.take().unwrap_or(false),
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
        // A field that is still there does not belong to this kind.
        match self.field_left() {
            Some(field) => Err(FactError::Foreign(field)),
            None => Ok(kind),
        }
    }

    fn symptoms(&mut self) -> Result<Vec<Symptom>, FactError> {
        self.which.take().filter(|which| !which.is_empty()).ok_or(FactError::Missing("which"))
    }

    fn field_left(&self) -> Option<&'static str> {
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
