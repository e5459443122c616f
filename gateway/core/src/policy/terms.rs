//! Terms: the rights, duties and deadlines that a city gives its residents. The numbers are the pack's; the
//! gateway's back office counts and keeps the deadlines.

use crate::certificate::Scope;
use crate::colour::Colour;
use crate::kin::Side;
use crate::person::DocumentType;
use serde::{Deserialize, Serialize};

/// A proof that a registration needs in addition to name, phone and document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationStep {
    /// The code that the gateway sent to the phone.
    Sms,
    /// A picture of the face, to be compared with the document's.
    Face,
}

/// A question about health that registration asks, and that an edit may answer again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthQuestion {
    /// The present symptoms.
    Symptoms,
    /// The stays in other areas.
    Stays,
    /// The meetings with people from other areas.
    Contacts,
}

/// A check of an application before its first colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationCheck {
    /// The document's number proves itself by a check digit.
    Document,
    /// The phone is proven, or no other person is registered with it.
    Phone,
    /// The imported register does not contradict the application.
    Register,
}

/// The reason why the terms do not permit an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The city does not register people by this type of document.
    DocumentUnsupported,
    /// A person of this colour may not edit.
    EditNotGreen,
    /// A person of this colour may not take dependants.
    ProxyNotGreen,
    /// The holder has the maximum number of dependants.
    ProxyOutLimit,
    /// The dependant has the maximum number of guardians.
    ProxyInLimit,
    /// The city does not let guardians do this for dependants.
    ProxyRight,
}

/// The colours that permit an action; an empty set means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColourSet(pub(super) Vec<Colour>);

impl ColourSet {
    /// Whether a colour is in the set.
    #[must_use]
    pub fn allow(&self, colour: Colour) -> bool {
        self.0.is_empty() || self.0.contains(&colour)
    }
}

/// An action of a guardian for a dependant. Each needs a right of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Apply for the dependant's code.
    Apply,
    /// Change the dependant's name and phone.
    Edit,
    /// Report the dependant's health.
    Report,
    /// See the dependant's colour.
    View,
    /// Announce, change, report and see the dependant's arrivals.
    Arrive,
    /// Draft, confirm and see the dependant's declarations.
    Declare,
    /// Send and see the dependant's appeals.
    Appeal,
    /// Get the dependant's certificate.
    Certificate,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 8] = [
        Self::Apply,
        Self::Edit,
        Self::Report,
        Self::View,
        Self::Arrive,
        Self::Declare,
        Self::Appeal,
        Self::Certificate,
    ];

    /// Its word in packs and in the audit.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Edit => "edit",
            Self::Report => "report",
            Self::View => "view",
            Self::Arrive => "arrive",
            Self::Declare => "declare",
            Self::Appeal => "appeal",
            Self::Certificate => "certificate",
        }
    }
}

/// The right to change one's own name and phone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits {
    /// The colours of the people who may.
    pub colours: ColourSet,
    /// The edits of one person a local day; none for no limit.
    pub a_day: Option<u16>,
}

/// The right to act for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The colours of the people who may take dependants.
    pub colours: ColourSet,
    /// The maximum number of dependants of one guardian.
    pub dependants_max: u8,
    /// The maximum number of guardians of one dependant.
    pub guardians_max: u8,
    /// The actions that a guardian may do for a dependant.
    pub rights: Vec<Right>,
}

impl Family {
    /// Whether a list of `count` ties may have one more.
    pub fn allows_one_more(&self, side: Side, count: usize) -> Result<(), Denied> {
        let (max, denied) = match side {
            Side::Dependants => (self.dependants_max, Denied::ProxyOutLimit),
            Side::Guardians => (self.guardians_max, Denied::ProxyInLimit),
        };
        if count < usize::from(max) { Ok(()) } else { Err(denied) }
    }
}

/// The duty to report after arriving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrivals {
    /// The colours of the people who have the duty.
    pub colours: ColourSet,
    /// The time from the arrival to the deadline. **Units**: minutes.
    pub report_minutes: u16,
    /// Whether the person must name a responsible unit.
    pub unit_needed: bool,
}

/// The terms of a city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The documents by which people register.
    pub documents: Vec<DocumentType>,
    /// The other proofs that a registration needs.
    pub steps: Vec<RegistrationStep>,
    /// The questions that the registration page shows. The gateway accepts every answer in every city.
    pub asks: Vec<HealthQuestion>,
    /// The checks of an application before its first colour; empty for a city without reviews.
    pub checks: Vec<ApplicationCheck>,
    /// The time in which the authority reviews an application that fails a check. **Units**: hours.
    pub review_hours: u16,
    /// Edits of one's own name and phone.
    pub edits: Edits,
    /// Dependants and their guardians.
    pub family: Family,
    /// The duty to report after arriving, where there is one.
    pub arrivals: Option<Arrivals>,
    /// The time in which an appeal or a question must be answered. **Units**: hours.
    pub answer_hours: u16,
    /// The validity of a certificate. **Units**: hours.
    pub certificate_hours: u16,
    /// The area in which a certificate is valid.
    pub certificate_scope: Scope,
    /// Whether a fever measured at a door goes on record as a symptom.
    pub records_door_fever: bool,
}

impl Terms {
    /// Permits registration by a document of this type.
    pub fn register(&self, document: DocumentType) -> Result<(), Denied> {
        if self.documents.contains(&document) { Ok(()) } else { Err(Denied::DocumentUnsupported) }
    }

    /// Permits an edit by colour. The caller counts the edits of the day.
    pub fn edit(&self, colour: Colour) -> Result<(), Denied> {
        if self.edits.colours.allow(colour) { Ok(()) } else { Err(Denied::EditNotGreen) }
    }

    /// Permits a guardian's action for a dependant.
    pub fn act(&self, right: Right) -> Result<(), Denied> {
        if self.family.rights.contains(&right) { Ok(()) } else { Err(Denied::ProxyRight) }
    }

    /// Permits a holder of this colour to take one more dependant.
    pub fn take(&self, colour: Colour, dependants: usize, guardians: usize) -> Result<(), Denied> {
        if !self.family.colours.allow(colour) {
            return Err(Denied::ProxyNotGreen);
        }
        self.family.allows_one_more(Side::Dependants, dependants)?;
        self.family.allows_one_more(Side::Guardians, guardians)
    }
}
