//! The tables of the residents' terms: `[registration]`, `[edits]`, `[family]`, `[arrivals]`, `[appeals]`,
//! `[certificates]` and `[door]`. A pack that leaves a key out allows everything, or has the default of this
//! file.

use super::Faults;
use crate::certificate::Scope;
use crate::colour::Colour;
use crate::person::DocumentType;
use crate::policy;
use crate::policy::{ApplicationCheck, ColourSet, HealthQuestion, RegistrationStep, Right, Terms};
use serde::Deserialize;
use toml::Spanned;

/// The default for the dependants of a guardian and for the guardians of a dependant.
const FAMILY_MAX: u8 = 3;
/// The default validity of a certificate, in hours.
const CERTIFICATE_HOURS: u16 = 24;
/// The default time in which an appeal or a question is answered, in hours.
const APPEAL_HOURS: u16 = 24;
/// The default time in which an application is reviewed, in hours.
const REVIEW_HOURS: u16 = 24;

const DOCUMENTS: [DocumentType; 4] = [
    DocumentType::ResidentId,
    DocumentType::Passport,
    DocumentType::HkMacauPermit,
    DocumentType::TaiwanPermit,
];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrationTable {
    #[serde(default)]
    documents: Option<Spanned<Vec<DocumentType>>>,
    #[serde(default)]
    steps: Vec<RegistrationStep>,
    #[serde(default)]
    asks: Vec<HealthQuestion>,
    #[serde(default)]
    checks: Vec<ApplicationCheck>,
    #[serde(default)]
    review_hours: Option<Spanned<u16>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct EditsTable {
    #[serde(default)]
    colours: Vec<Colour>,
    #[serde(default)]
    a_day: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FamilyTable {
    colours: Vec<Colour>,
    dependants_max: u8,
    guardians_max: u8,
    rights: Vec<Right>,
}

impl Default for FamilyTable {
    fn default() -> Self {
        let (colours, rights) = (Vec::new(), Right::ALL.to_vec());
        Self { colours, dependants_max: FAMILY_MAX, guardians_max: FAMILY_MAX, rights }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArrivalsTable {
    #[serde(default)]
    colours: Vec<Colour>,
    report_minutes: Spanned<u16>,
    #[serde(default)]
    unit_needed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AppealsTable {
    answer_hours: u16,
}

impl Default for AppealsTable {
    fn default() -> Self {
        Self { answer_hours: APPEAL_HOURS }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CertificatesTable {
    valid_hours: u16,
    scope: Scope,
}

impl Default for CertificatesTable {
    fn default() -> Self {
        Self { valid_hours: CERTIFICATE_HOURS, scope: Scope::Country }
    }
}

/// All of these tables.
pub(super) struct TermsTables {
    pub(super) registration: RegistrationTable,
    pub(super) edits: EditsTable,
    pub(super) family: FamilyTable,
    pub(super) arrivals: Option<ArrivalsTable>,
    pub(super) appeals: AppealsTable,
    pub(super) certificates: CertificatesTable,
    pub(super) door: DoorTable,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DoorTable {
    records_fever: bool,
}

pub(super) fn terms(tables: TermsTables, faults: &mut Faults<'_>) -> Terms {
    let TermsTables { registration, edits, family, arrivals, appeals, certificates, door } = tables;
    if let Some(none) = registration.documents.as_ref().filter(|documents| documents.as_ref().is_empty()) {
        faults.at(none, "documents must name at least one type of document");
    }
    if let Some(hours) = registration.review_hours.as_ref().filter(|_| registration.checks.is_empty()) {
        faults.at(hours, "review_hours needs `checks`");
    }
    let arrivals = arrivals.map(|ArrivalsTable { colours, report_minutes, unit_needed }| {
        if *report_minutes.as_ref() == 0 {
            faults.at(&report_minutes, "report_minutes must be at least 1");
        }
        let report_minutes = report_minutes.into_inner();
        policy::Arrivals { colours: ColourSet(colours), report_minutes, unit_needed }
    });
    let FamilyTable { colours, dependants_max, guardians_max, rights } = family;
    Terms {
        documents: registration.documents.map_or_else(|| DOCUMENTS.to_vec(), Spanned::into_inner),
        steps: registration.steps,
        asks: registration.asks,
        checks: registration.checks,
        review_hours: registration.review_hours.map_or(REVIEW_HOURS, Spanned::into_inner),
        edits: policy::Edits { colours: ColourSet(edits.colours), a_day: edits.a_day },
        family: policy::Family { colours: ColourSet(colours), dependants_max, guardians_max, rights },
        arrivals,
        answer_hours: appeals.answer_hours,
        certificate_hours: certificates.valid_hours,
        certificate_scope: certificates.scope,
        records_door_fever: door.records_fever,
    }
}
