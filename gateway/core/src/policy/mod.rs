//! Rule packs: what a city decides, as data. A pack says which facts lead to which colour, until when and
//! what clears it, and who is admitted at which door. It is read from TOML, checked whole, and then only
//! asked; the time comes from whoever asks.
//!
//! **Source**: `gateway/core/policies/` holds the packs, each commented for who writes one.

mod admission;
mod area;
mod calendar;
mod fact_filter;
mod holding;
mod judgement;
mod overlap;
mod pack;
mod rule;
mod terms;
mod transition;
mod trust;

pub use admission::{Admission, DoorContext};
pub use area::{AreaRisk, Risk};
pub use calendar::Calendar;
pub use holding::{FiredRule, Progress};
pub use judgement::Judgement;
pub use overlap::{Overlap, OverlapCause, OverlapReason};
pub use pack::PolicyError;
pub use rule::Rule;
pub use terms::{Arrivals, ColourSet, Denied, Edits, Family, RegistrationStep, Right, Terms};
pub use trust::TrustedIssuer;

use crate::colour::{Colour, Reasons, Standing};
use crate::evidence::Evidence;
use crate::fact::KindName;
use crate::scan::{DoorWork, Temperature};
use crate::time::Timestamp;
use admission::AdmissionRule;
use area::Areas;

/// How a colour that was given is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Transition {
    /// Consecutive local days with a report for a step to the next milder colour.
    reports: u16,
}

/// A rule pack.
#[derive(Debug, Clone)]
pub struct Policy {
    name: String,
    label: String,
    title: String,
    hotline: String,
    calendar: Calendar,
    fever: Temperature,
    areas: Areas,
    transition: Option<Transition>,
    rules: Vec<Rule>,
    terms: Terms,
    trusted: Vec<TrustedIssuer>,
    admissions: Vec<AdmissionRule>,
}

impl Policy {
    /// Reads a pack. **Errors**: with line and column and, for a wrong key or word, the nearest right one.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        pack::parse(text)
    }

    /// The text of a pack that comes with the gateway.
    #[must_use]
    pub fn builtin(name: &str) -> Option<&'static str> {
        match name {
            "default" => Some(include_str!("../../policies/default.toml")),
            "xuzhou" => Some(include_str!("../../policies/xuzhou.toml")),
            "xinji" => Some(include_str!("../../policies/xinji.toml")),
            "nanchong" => Some(include_str!("../../policies/nanchong.toml")),
            "jingzhou" => Some(include_str!("../../policies/jingzhou.toml")),
            _ => None,
        }
    }

    /// The names of the packs that come with the gateway.
    pub const BUILTIN: [&str; 5] = ["default", "xuzhou", "xinji", "nanchong", "jingzhou"];

    /// Name and version, such as `default/1`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Its name, which is also who issues its certificates.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whose certificates are taken.
    #[must_use]
    pub fn trusted(&self) -> &[TrustedIssuer] {
        &self.trusted
    }

    /// What the pack calls itself.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The number that refusals point to.
    #[must_use]
    pub fn hotline(&self) -> &str {
        &self.hotline
    }

    /// The rules, by number.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The words of reasons in answers: rules by their id, and the door's own.
    pub fn reason_words(&self, reasons: Reasons) -> impl Iterator<Item = &str> {
        let fever = reasons.has(Reasons::FEVER).then_some("fever");
        reasons.rules().filter_map(|number| self.rules.get(number)).map(|rule| rule.id.as_str()).chain(fever)
    }

    /// Whether facts of a kind can make a colour worse.
    #[must_use]
    pub fn worsens(&self, kind: KindName) -> bool {
        self.rules.iter().any(|rule| rule.is_fired_by(kind) && rule.colour > Colour::Green)
    }

    /// A person's standing by all that is on record, at a time: a pure function, whatever order facts and reports
    /// are in. **Cost**: rules times facts; where colours are kept until reports are in, also reports times spans.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence, now: Timestamp) -> Judgement {
        judgement::judge(self, evidence, now)
    }

    /// The table of areas and their risk, in the pack's order.
    #[must_use]
    pub fn areas(&self) -> &[AreaRisk] {
        &self.areas.0
    }

    /// What residents may do, and by when.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The days of the city.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The temperature from which on it is a fever.
    #[must_use]
    pub fn fever(&self) -> Temperature {
        self.fever
    }

    /// Rules of different colours that one fact can fire at once, and rules of which one outranks the other.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Overlap> {
        overlap::overlaps(self)
    }

    /// What a door does. **Cost**: a few comparisons; no allocation.
    #[must_use]
    pub fn admit(&self, standing: Standing, place: DoorContext, door: DoorWork) -> Admission {
        admission::admit(&self.admissions, self.fever, standing, place, door)
    }
}

#[cfg(test)]
mod tests;
