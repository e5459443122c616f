//! Terms: what a city lets residents do for themselves and for each other, and by when things must be done. The
//! numbers are the pack's; who counts and who keeps time is elsewhere.

use crate::certificate::Scope;
use crate::colour::Colour;
use crate::kin::Side;
use crate::person::DocumentType;
use serde::{Deserialize, Serialize};

/// What a registration must bring besides name, phone and document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationStep {
    /// The code that was sent to the phone.
    Sms,
    /// A picture of the face, to be compared with the document's.
    Face,
}

/// Why the terms do not let somebody do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The city does not register people by this type of document.
    DocumentUnsupported,
    /// The colour may not edit.
    EditNotGreen,
    /// The colour may not take dependants.
    ProxyNotGreen,
    /// The holder has as many dependants as may be.
    ProxyOutLimit,
    /// The dependant has as many holders as may be.
    ProxyInLimit,
    /// The city does not let guardians do this for dependants.
    ProxyRight,
}

/// Colours that may do something; none given means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColourSet(pub(super) Vec<Colour>);

impl ColourSet {
    /// Whether one may.
    #[must_use]
    pub fn allow(&self, colour: Colour) -> bool {
        self.0.is_empty() || self.0.contains(&colour)
    }
}

/// What a guardian may do for a dependant. Each is asked for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Have a code made for them.
    Apply,
    /// Change their name and phone.
    Edit,
    /// Report their health.
    Report,
    /// See their colour.
    View,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 4] = [Self::Apply, Self::Edit, Self::Report, Self::View];

    /// Its word in packs and in the audit.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Edit => "edit",
            Self::Report => "report",
            Self::View => "view",
        }
    }
}

/// Who may change their own name and phone, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits {
    /// Who.
    pub colours: ColourSet,
    /// How often a local day; none for no limit.
    pub a_day: Option<u16>,
}

/// Who may act for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Who may take dependants.
    pub colours: ColourSet,
    /// Dependants of one holder.
    pub dependants_max: u8,
    /// Holders of one dependant.
    pub guardians_max: u8,
    /// What a holder may do for a dependant.
    pub rights: Vec<Right>,
}

impl Family {
    /// Whether a list of ties of so many takes one more.
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
    /// Whose.
    pub colours: ColourSet,
    /// How long they have. **Units**: minutes.
    pub report_minutes: u16,
    /// Whether a fixed job or residence and a responsible unit must be named.
    pub unit_needed: bool,
}

/// The terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// By which documents people register.
    pub documents: Vec<DocumentType>,
    /// What else a registration brings.
    pub steps: Vec<RegistrationStep>,
    /// Edits.
    pub edits: Edits,
    /// Dependants and their holders.
    pub family: Family,
    /// The duty after arriving, where there is one.
    pub arrivals: Option<Arrivals>,
    /// By when an appeal or a question is to be answered. **Units**: hours.
    pub answer_hours: u16,
    /// For how long a certificate may be relied on. **Units**: hours.
    pub certificate_hours: u16,
    /// How far from the city it holds.
    pub certificate_scope: Scope,
    /// Whether a fever measured at a door goes on record as a symptom.
    pub records_door_fever: bool,
}

impl Terms {
    /// Whether people may register by a document.
    pub fn register(&self, document: DocumentType) -> Result<(), Denied> {
        if self.documents.contains(&document) { Ok(()) } else { Err(Denied::DocumentUnsupported) }
    }

    /// Whether somebody may edit, by colour; how often is counted by whoever keeps the day's count.
    pub fn edit(&self, colour: Colour) -> Result<(), Denied> {
        if self.edits.colours.allow(colour) { Ok(()) } else { Err(Denied::EditNotGreen) }
    }

    /// Whether guardians may do this for dependants.
    pub fn act(&self, right: Right) -> Result<(), Denied> {
        if self.family.rights.contains(&right) { Ok(()) } else { Err(Denied::ProxyRight) }
    }

    /// Whether a holder of this colour may take one more dependant.
    pub fn take(&self, colour: Colour, dependants: usize, guardians: usize) -> Result<(), Denied> {
        if !self.family.colours.allow(colour) {
            return Err(Denied::ProxyNotGreen);
        }
        self.family.allows_one_more(Side::Dependants, dependants)?;
        self.family.allows_one_more(Side::Guardians, guardians)
    }
}
