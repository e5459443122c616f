//! Fact filters: the facts that a rule is about, by their kind and, where that is not enough, by their
//! fields.

use super::area::{Areas, Risk};
use crate::fact::{
    Area, CertificateType, Fact, FactKind, Force, KindName, Measure, QuarantinePlace, Symptom, TestResult,
    covers_code, is_code_abroad,
};
use crate::time::Timestamp;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;

/// The facts of a kind. Each further field that is set must match the fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FactFilter {
    pub(super) kind: KindName,
    pub(super) place: Option<QuarantinePlace>,
    pub(super) re_examined: Option<bool>,
    pub(super) measure: Option<Measure>,
    pub(super) symptom: Option<Symptom>,
    pub(super) risk: Option<Risk>,
    pub(super) area: Option<String>,
    pub(super) abroad: Option<bool>,
    pub(super) result: Option<TestResult>,
    pub(super) certificate: Option<CertificateType>,
}

impl FactFilter {
    /// Whether a fact counts and matches at some time.
    pub(super) fn covers(&self, fact: &Fact, areas: &Areas) -> bool {
        self.stretch(fact, areas).is_some()
    }

    /// The time in which a fact counts and matches, which may have no end. A stay matches a risk while that
    /// is the highest of its days so far.
    pub(super) fn stretch(&self, fact: &Fact, areas: &Areas) -> Option<(Timestamp, Option<Timestamp>)> {
        let is_covered =
            fact.force == Force::InForce && fact.kind.name() == self.kind && self.matches_fields(fact, areas);
        match (&fact.kind, self.risk) {
            _ if !is_covered => None,
            (FactKind::Stay { area }, Some(risk)) => {
                areas.stretch(area, fact.at, fact.until.unwrap_or(Timestamp::MAX), risk)
            }
            _ => Some((fact.at, None)),
        }
    }

    fn matches_fields(&self, fact: &Fact, areas: &Areas) -> bool {
        match &fact.kind {
            FactKind::Quarantine { place, re_examined } => {
                is(self.place, *place) && is(self.re_examined, *re_examined)
            }
            FactKind::Ordered { measure } => is(self.measure, *measure),
            FactKind::Symptoms { which } => self.symptom.is_none_or(|symptom| which.contains(&symptom)),
            FactKind::Stay { area } => self.matches_place(area),
            FactKind::AreaContact { area } => {
                let risk = || areas.risk(area, fact.at, fact.until.unwrap_or(fact.at));
                self.matches_place(area) && self.risk.is_none_or(|wanted| risk() == wanted)
            }
            FactKind::Test { result } => is(self.result, *result),
            FactKind::Certificate { r#type } => is(self.certificate, *r#type),
            FactKind::Confirmed
            | FactKind::ClinicallyDiagnosed
            | FactKind::Suspected
            | FactKind::Asymptomatic
            | FactKind::Discharged
            | FactKind::Released { .. }
            | FactKind::RuledOut { .. }
            | FactKind::CloseContact { .. }
            | FactKind::SharesHome
            | FactKind::CoLocated { .. }
            | FactKind::FalseDeclaration
            | FactKind::IdentityExpired
            | FactKind::IdentityRenewed => true,
        }
    }

    fn matches_place(&self, area: &Area) -> bool {
        self.area.as_ref().is_none_or(|code| area.is_in(code)) && is(self.abroad, area.is_abroad())
    }

    /// Whether one fact can match both filters.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let areas_meet = match (&self.area, &other.area) {
            (Some(one), Some(another)) => covers_code(one, another) || covers_code(another, one),
            (None, _) | (_, None) => true,
        };
        // A fact may name several symptoms.
        self.kind == other.kind
            && areas_meet
            && may_be(self.place, other.place)
            && may_be(self.re_examined, other.re_examined)
            && may_be(self.measure, other.measure)
            && may_be(self.risk, other.risk)
            && may_be(self.is_abroad(), other.is_abroad())
            && may_be(self.result, other.result)
            && may_be(self.certificate, other.certificate)
    }

    /// Whether it is about places abroad, by its `abroad` or else by its area code.
    fn is_abroad(&self) -> Option<bool> {
        self.abroad.or_else(|| self.area.as_deref().map(is_code_abroad))
    }

    /// A field that is set although facts of this kind do not have it.
    pub(super) fn foreign_field(&self) -> Option<&'static str> {
        use KindName::{AreaContact, Certificate, Ordered, Quarantine, Stay, Symptoms, Test};
        let fields: [(bool, &[KindName], &'static str); 9] = [
            (self.place.is_some(), &[Quarantine], "place"),
            (self.re_examined.is_some(), &[Quarantine], "re_examined"),
            (self.measure.is_some(), &[Ordered], "measure"),
            (self.symptom.is_some(), &[Symptoms], "symptom"),
            (self.risk.is_some(), &[Stay, AreaContact], "risk"),
            (self.area.is_some(), &[Stay, AreaContact], "area"),
            (self.abroad.is_some(), &[Stay, AreaContact], "abroad"),
            (self.result.is_some(), &[Test], "result"),
            (self.certificate.is_some(), &[Certificate], "certificate"),
        ];
        let foreign =
            |(is_given, kinds, _): &(bool, &[KindName], _)| *is_given && !kinds.contains(&self.kind);
        fields.iter().find(|field| foreign(field)).map(|(_, _, name)| *name)
    }
}

fn is<T: PartialEq>(filter: Option<T>, field: T) -> bool {
    filter.is_none_or(|filter| filter == field)
}

fn may_be<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}

/// A filter as a table: `{ kind = "quarantine", place = "central" }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactFilterTable {
    kind: KindName,
    #[serde(default)]
    place: Option<QuarantinePlace>,
    #[serde(default)]
    re_examined: Option<bool>,
    #[serde(default)]
    measure: Option<Measure>,
    #[serde(default)]
    symptom: Option<Symptom>,
    #[serde(default)]
    risk: Option<Risk>,
    #[serde(default)]
    area: Option<String>,
    #[serde(default)]
    abroad: Option<bool>,
    #[serde(default)]
    result: Option<TestResult>,
    #[serde(default)]
    certificate: Option<CertificateType>,
}

impl From<KindName> for FactFilter {
    fn from(kind: KindName) -> Self {
        Self {
            kind,
            place: None,
            re_examined: None,
            measure: None,
            symptom: None,
            risk: None,
            area: None,
            abroad: None,
            result: None,
            certificate: None,
        }
    }
}

impl<'de> Deserialize<'de> for FactFilter {
    /// A filter is written as a kind's name or as a table.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct FactFilterVisitor;
        impl<'de> Visitor<'de> for FactFilterVisitor {
            type Value = FactFilter;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a kind of fact, or a table with `kind`")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<FactFilter, E> {
                KindName::deserialize(StrDeserializer::new(name)).map(FactFilter::from)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FactFilter, A::Error> {
                let table = FactFilterTable::deserialize(MapAccessDeserializer::new(map))?;
                let FactFilterTable { kind, place, re_examined, measure, symptom, .. } = table;
                let FactFilterTable { risk, area, abroad, result, certificate, .. } = table;
                Ok(FactFilter {
                    kind,
                    place,
                    re_examined,
                    measure,
                    symptom,
                    risk,
                    area,
                    abroad,
                    result,
                    certificate,
                })
            }
        }
        from.deserialize_any(FactFilterVisitor)
    }
}
