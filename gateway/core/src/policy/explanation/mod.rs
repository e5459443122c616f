//! Explanations: a person's colour in words, and what clears it.

mod advice;
mod colour_since;
mod review;

pub(super) use advice::Advice;
pub use advice::DoorAdvice;
pub use review::{REVIEW, review_advice, review_clearing, review_words};

use super::{FEVER, FiredRule, Judgement, Policy};
use crate::colour::{Colour, Reasons};
use crate::time::Timestamp;
use crate::words::Words;

/// Why a rule counts for a person, and what clears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The reason.
    pub words: Words,
    /// What clears it.
    pub clearing: Clearing,
}

/// What clears a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clearing {
    /// Time alone: it is clear from this time on.
    Time(Timestamp),
    /// Something that has to happen.
    Deed(ClearingDeed),
}

/// Something that has to happen to clear a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingDeed {
    /// What it is.
    pub words: Words,
    /// The daily reports that count so far, and how many are needed; none where no reports are.
    pub reports: Option<(u16, u16)>,
}

impl Policy {
    /// Explains one of the reasons of a judgement; none for a rule that the pack does not have.
    #[must_use]
    pub fn explain(&self, judgement: &Judgement, fired: &FiredRule) -> Option<Explanation> {
        let rule = self.rules.get(fired.rule)?;
        let reports = judgement.progress.map(|progress| (progress.reported, progress.needed));
        let deed = |words: Words| Clearing::Deed(ClearingDeed { words, reports });
        let explanation = match (fired.is_kept, fired.clears) {
            (true, _) => {
                let colour = judgement.standing.colour;
                Explanation { words: kept(&rule.text, colour), clearing: deed(by_reports(colour, reports)) }
            }
            (false, Some(at)) => Explanation { words: rule.text.clone(), clearing: Clearing::Time(at) },
            (false, None) => Explanation { words: rule.text.clone(), clearing: deed(rule.clears.clone()) },
        };
        Some(explanation)
    }

    /// Every reason that a door may give, with its word in answers and its words for people.
    pub fn reasons(&self) -> impl Iterator<Item = (Reasons, &str, Words)> {
        let rules = self.rules.iter().enumerate();
        let rules = rules.map(|(number, rule)| (Reasons::rule(number), rule.id.as_str(), rule.text.clone()));
        rules.chain([(Reasons::FEVER, FEVER, self.fever_words()), (Reasons::REVIEW, REVIEW, review_words())])
    }

    fn fever_words(&self) -> Words {
        let celsius = f64::from(self.fever.centi()) / 100.0;
        Words::new(
            format!("体温达到或超过{celsius:.1}℃"),
            format!("A temperature of {celsius:.1} °C or more"),
        )
    }
}

/// A reason that has ended while its colour is kept.
fn kept(text: &Words, colour: Colour) -> Words {
    let (zh, en) = colour_words(colour);
    Words::new(
        format!("{}（该情形已结束，{zh}保留至健康填报天数达到要求）", text.zh),
        format!("{} (this has ended; {en} is kept until there are enough daily reports)", text.en),
    )
}

/// The step that enough daily reports make.
fn by_reports(colour: Colour, reports: Option<(u16, u16)>) -> Words {
    let (zh, en) = colour_words(if colour == Colour::Red { Colour::Yellow } else { Colour::Green });
    let needed = reports.map_or(0, |(_, needed)| needed);
    Words::new(
        format!("连续{needed}天填写健康信息后转为{zh}"),
        format!("Turns {en} after a daily report on {needed} days in a row"),
    )
}

const fn colour_words(colour: Colour) -> (&'static str, &'static str) {
    match colour {
        Colour::Unknown => ("未知", "unknown"),
        Colour::Green => ("绿码", "green"),
        Colour::Yellow => ("黄码", "yellow"),
        Colour::Red => ("红码", "red"),
    }
}
