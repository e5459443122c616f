//! The tables about what residents may do: `[registration]`, `[edits]`, `[family]`, `[arrivals]`, `[appeals]`,
//! `[certificates]` and `[door]`. What a pack leaves out is allowed, or takes the number given here.

use super::Faults;
use crate::certificate::Scope;
use crate::colour::Colour;
use crate::person::DocumentType;
use crate::policy;
use crate::policy::{Colours, RegistrationStep, Right, Terms};
use serde::Deserialize;
use toml::Spanned;

/// Dependants of a holder, and holders of a dependant, unless a pack says otherwise.
const FAMILY_MAX: u8 = 3;
/// Hours for which a certificate may be relied on unless a pack says otherwise.
const CERTIFICATE_HOURS: u16 = 24;
/// Hours in which an appeal or a question is answered unless a pack says otherwise.
const APPEAL_HOURS: u16 = 24;

const DOCUMENTS: [DocumentType; 4] = [
    DocumentType::ResidentId,
    DocumentType::Passport,
    DocumentType::HkMacauPermit,
    DocumentType::TaiwanPermit,
];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    #[serde(default)]
    documents: Option<Spanned<Vec<DocumentType>>>,
    #[serde(default)]
    steps: Vec<RegistrationStep>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Edits {
    #[serde(default)]
    colours: Vec<Colour>,
    #[serde(default)]
    a_day: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Family {
    colours: Vec<Colour>,
    dependants_max: u8,
    guardians_max: u8,
    rights: Vec<Right>,
}

impl Default for Family {
    fn default() -> Self {
        let (colours, rights) = (Vec::new(), Right::ALL.to_vec());
        Self { colours, dependants_max: FAMILY_MAX, guardians_max: FAMILY_MAX, rights }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arrivals {
    #[serde(default)]
    colours: Vec<Colour>,
    report_minutes: Spanned<u16>,
    #[serde(default)]
    unit_needed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Appeals {
    answer_hours: u16,
}

impl Default for Appeals {
    fn default() -> Self {
        Self { answer_hours: APPEAL_HOURS }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Certificates {
    valid_hours: u16,
    scope: Scope,
}

impl Default for Certificates {
    fn default() -> Self {
        Self { valid_hours: CERTIFICATE_HOURS, scope: Scope::Country }
    }
}

/// All of them.
pub(super) struct Tables {
    pub(super) registration: Registration,
    pub(super) edits: Edits,
    pub(super) family: Family,
    pub(super) arrivals: Option<Arrivals>,
    pub(super) appeals: Appeals,
    pub(super) certificates: Certificates,
    pub(super) door: Door,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Door {
    records_fever: bool,
}

pub(super) fn terms(tables: Tables, faults: &mut Faults<'_>) -> Terms {
    let Tables { registration, edits, family, arrivals, appeals, certificates, door } = tables;
    if let Some(none) = registration.documents.as_ref().filter(|documents| documents.as_ref().is_empty()) {
        faults.at(none, "with no type of document nobody could register");
    }
    let arrivals = arrivals.map(|Arrivals { colours, report_minutes, unit_needed }| {
        if *report_minutes.as_ref() == 0 {
            faults.at(&report_minutes, "report_minutes must be at least 1");
        }
        let report_minutes = report_minutes.into_inner();
        policy::Arrivals { colours: Colours(colours), report_minutes, unit_needed }
    });
    let Family { colours, dependants_max, guardians_max, rights } = family;
    Terms {
        documents: registration.documents.map_or_else(|| DOCUMENTS.to_vec(), Spanned::into_inner),
        steps: registration.steps,
        edits: policy::Edits { colours: Colours(edits.colours), a_day: edits.a_day },
        family: policy::Family { colours: Colours(colours), dependants_max, guardians_max, rights },
        arrivals,
        answer_hours: appeals.answer_hours,
        certificate_hours: certificates.valid_hours,
        certificate_scope: certificates.scope,
        records_door_fever: door.records_fever,
    }
}
