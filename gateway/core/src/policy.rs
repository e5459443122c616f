//! Rule packs: what a city decides, as data. A pack says which facts lead to which colour, until when and
//! what clears it, and who is admitted at which door. It is read from TOML, checked whole, and then only
//! asked; the time comes from whoever asks.
//!
//! **Source**: `gateway/core/policies/` holds the packs, each commented for who writes one.

mod admission;
mod calendar;
mod judgement;
mod pack;
mod rule;

pub use admission::Admission;
pub use calendar::Calendar;
pub use judgement::{Because, Judgement};
pub use pack::PolicyError;
pub use rule::Rule;

use crate::colour::{Colour, Reasons, Standing};
use crate::fact::{Fact, KindName};
use crate::scan::{DoorWork, Temperature};
use crate::time::Timestamp;
use crate::venue::VenueKind;
use admission::AdmissionRule;

/// A rule pack.
#[derive(Debug, Clone)]
pub struct Policy {
    label: String,
    title: String,
    hotline: String,
    calendar: Calendar,
    fever: Temperature,
    rules: Vec<Rule>,
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
            "default" => Some(include_str!("../policies/default.toml")),
            _ => None,
        }
    }

    /// Name and version, such as `default/1`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
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
        self.rules.iter().any(|rule| rule.facts.contains(&kind) && rule.colour > Colour::Green)
    }

    /// A person's standing by all facts on record, at a time: a pure function, whatever order the facts are
    /// in. **Cost**: rules times facts.
    #[must_use]
    pub fn judge(&self, facts: &[Fact], now: Timestamp) -> Judgement {
        judgement::judge(self, facts, now)
    }

    /// What a door does. **Cost**: a few comparisons; no allocation.
    #[must_use]
    pub fn admit(&self, standing: Standing, kind: VenueKind, door: DoorWork) -> Admission {
        admission::admit(&self.admissions, self.fever, standing, kind, door)
    }
}

#[cfg(test)]
mod tests;
