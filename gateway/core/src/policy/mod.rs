//! Rule packs: a city's decisions as data. A pack says which facts lead to which colour, how long the colour
//! holds and what clears it, and whom each door admits. A pack is parsed from TOML and checked whole; it
//! never changes after that. The caller passes the time.
//!
//! **Source**: `gateway/core/policies/` holds the packs. Its README describes the format.

mod admission;
mod area;
mod area_list;
mod calendar;
mod explanation;
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
pub use area_list::{AreaLine, AreaLineError};
pub use calendar::Calendar;
pub use explanation::{
    Clearing, ClearingDeed, DoorAdvice, Explanation, REVIEW, review_advice, review_clearing, review_words,
};
pub use holding::{FiredRule, Progress};
pub use judgement::Judgement;
pub use overlap::{Overlap, OverlapCause, OverlapReason};
pub use pack::PolicyError;
pub use rule::Rule;
pub use terms::{
    ApplicationCheck, Arrivals, ColourSet, Denied, Edits, Family, HealthQuestion, RegistrationStep, Right,
    Terms,
};
pub use trust::{CERTIFICATE_SOURCE, TrustedIssuer, fact_of};

use crate::colour::{Colour, Reasons, Standing};
use crate::evidence::Evidence;
use crate::fact::KindName;
use crate::scan::{DoorWork, Temperature};
use crate::time::Timestamp;
use admission::AdmissionRule;
use area::Areas;

/// The word for a fever at the door, which no rule may have as its id.
const FEVER: &str = "fever";

/// The condition for leaving a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Transition {
    /// The consecutive local days with a report that lead to the next milder colour.
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
    advice: Vec<explanation::Advice>,
    terms: Terms,
    trusted: Vec<TrustedIssuer>,
    admissions: Vec<AdmissionRule>,
}

impl Policy {
    /// Parses a pack. **Errors**: every error with its line and column and, for an unknown key or word, the
    /// nearest valid one.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        pack::parse(text)
    }

    /// The text of a pack that is built into the gateway.
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

    /// The names of the packs that are built into the gateway.
    pub const BUILTIN: [&str; 5] = ["default", "xuzhou", "xinji", "nanchong", "jingzhou"];

    /// Name and version, such as `default/1`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Its name, which is also the issuer of its certificates.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The issuers whose certificates the city accepts.
    #[must_use]
    pub fn trusted(&self) -> &[TrustedIssuer] {
        &self.trusted
    }

    /// The pack's title, for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The telephone number that refusals mention.
    #[must_use]
    pub fn hotline(&self) -> &str {
        &self.hotline
    }

    /// The rules, by number.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The reasons as words for answers: the ids of rules, and the door's own reasons.
    pub fn reason_words(&self, reasons: Reasons) -> impl Iterator<Item = &str> {
        let fever = reasons.has(Reasons::FEVER).then_some(FEVER);
        let review = reasons.has(Reasons::REVIEW).then_some(REVIEW);
        let rules = reasons.rules().filter_map(|number| self.rules.get(number)).map(|rule| rule.id.as_str());
        rules.chain(review).chain(fever)
    }

    /// Whether facts of a kind can make a colour worse.
    #[must_use]
    pub fn worsens(&self, kind: KindName) -> bool {
        self.rules.iter().any(|rule| rule.is_fired_by(kind) && rule.colour > Colour::Green)
    }

    /// Whether people turn who send no daily reports. Then the registration of every person counts.
    #[must_use]
    pub fn expects_reports(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.trigger, rule::Trigger::MissedReports(_)))
    }

    /// A person's standing at a time, from the person's whole record. The function is pure, and the order of
    /// facts and reports does not matter. **Cost**: rules times facts; with transitions, also reports times
    /// spans.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence, now: Timestamp) -> Judgement {
        judgement::judge(self, evidence, now)
    }

    /// The lines of areas and their risk that count at a time: the pack's own, then those of the published
    /// list.
    pub fn areas(&self, at: Timestamp) -> impl Iterator<Item = &AreaRisk> {
        self.areas.holding(at, |_| true)
    }

    /// The same pack with the lines of a published list in place of those of an earlier list.
    #[must_use]
    pub fn with_areas(self, published: Vec<AreaRisk>) -> Self {
        Self { areas: Areas { published, ..self.areas }, ..self }
    }

    /// The residents' rights, duties and deadlines.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The city's calendar.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The lowest temperature that is a fever.
    #[must_use]
    pub fn fever(&self) -> Temperature {
        self.fever
    }

    /// The pairs of rules that may hold at once: one fact can fire both, or one rule outranks the other.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Overlap> {
        overlap::overlaps(self)
    }

    /// The decision of a door. **Cost**: a few comparisons; no allocation.
    #[must_use]
    pub fn admit(&self, standing: Standing, context: DoorContext, door: DoorWork) -> Admission {
        admission::admit(&self.admissions, self.fever, standing, context, door)
    }
}

#[cfg(test)]
mod tests;
