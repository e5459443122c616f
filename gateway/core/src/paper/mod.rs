//! Papers: the declarations, arrivals, appeals and questions of residents. Each has its own times; whether a
//! duty is overdue follows from these times and from `now`.

mod arrival;
mod duty;
#[cfg(test)]
mod duty_tests;
mod review;
mod statement;
mod unit;

pub use arrival::{Arrival, opened_paper};
pub use duty::{DutyCause, DutyEnd, DutyExit, DutyRule, DutyStart, is_gate, last_entry};
pub use review::{Review, ReviewDecision, ReviewStatus};
pub use statement::{HealthStatement, StatedContact, StatedStay, StatementError, is_stated_in};
pub use unit::{ArrivalBasis, NewUnit, Unit, UnitKind};

use crate::id::{PaperId, PersonId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A declaration: a draft until it is confirmed, and sealed from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// The declared text.
    pub text: String,
    /// When it was written.
    pub drafted: Timestamp,
    /// The confirmation; none for a draft.
    pub confirmed: Option<Confirmation>,
}

/// The confirmation of a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// When the person confirmed it.
    pub at: Timestamp,
    /// The deployment's signature over the person, the text and the time, as base64url.
    pub signature: String,
}

/// An appeal or a question, with the duty to answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The letter's text.
    pub text: String,
    /// When the person sent it.
    pub at: Timestamp,
    /// The deadline of the answer.
    pub due: Timestamp,
    /// The answer.
    pub answer: Option<Answer>,
}

impl Letter {
    /// The deadline of the answer, while it is open.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        Some(self.due).filter(|_| self.answer.is_none())
    }
}

/// Whether a duty is overdue: it is from the first instant after its deadline.
#[must_use]
pub fn is_overdue(open_until: Option<Timestamp>, now: Timestamp) -> bool {
    open_until.is_some_and(|due| now > due)
}

/// An answer to a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When it was written.
    pub at: Timestamp,
    /// Its author, by the token's subject.
    pub by: String,
    /// Its text.
    pub text: String,
}

/// A paper of any kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "paper", rename_all = "kebab-case")]
pub enum Paper {
    /// A declaration.
    Declaration(Declaration),
    /// An arrival.
    Arrival(Arrival),
    /// An appeal against a colour.
    Appeal(Letter),
    /// A question about anything else.
    Question(Letter),
}

impl Paper {
    /// The deadline of the paper's duty, while it is open.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        match self {
            Self::Declaration(_) => None,
            Self::Arrival(arrival) => arrival.open_until(),
            Self::Appeal(letter) | Self::Question(letter) => letter.open_until(),
        }
    }

    /// When the gateway looks at the paper next; none for a paper without an open or awaited duty.
    #[must_use]
    pub fn queued_at(&self) -> Option<Timestamp> {
        match self {
            Self::Arrival(arrival) => arrival.queued_at(),
            Self::Declaration(_) | Self::Appeal(_) | Self::Question(_) => self.open_until(),
        }
    }

    /// Whether it repeats an earlier paper of the same person, so that a phone that retries on a bad signal
    /// files one paper. An answered letter, a confirmed declaration or a withdrawn arrival is not repeated.
    fn repeats(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Declaration(new), Self::Declaration(old)) => {
                old.confirmed.is_none() && old.text == new.text
            }
            (Self::Arrival(new), Self::Arrival(old)) => old.withdrawn.is_none() && old.says_the_same(new),
            (Self::Appeal(new), Self::Appeal(old)) | (Self::Question(new), Self::Question(old)) => {
                old.answer.is_none() && old.text == new.text
            }
            (Self::Declaration(_) | Self::Arrival(_) | Self::Appeal(_) | Self::Question(_), _) => false,
        }
    }

    /// This paper, with a time that no earlier paper of the person has. A clock may give two papers the same
    /// millisecond; the later one then moves on. **Errors**: the earlier paper that this one repeats.
    pub fn deduplicated(mut self, earlier: Vec<FiledPaper>) -> Result<Self, Box<FiledPaper>> {
        let mut taken = BTreeSet::new();
        for filed in earlier {
            if self.repeats(&filed.paper) {
                return Err(Box::new(filed));
            }
            taken.extend(filed.paper.handed_in());
        }
        while self.handed_in().is_some_and(|at| taken.contains(&at)) {
            self.postpone();
        }
        Ok(self)
    }

    /// When it was handed in; none for an arrival, which has only the time at which the person arrived.
    fn handed_in(&self) -> Option<Timestamp> {
        match self {
            Self::Declaration(declaration) => Some(declaration.drafted),
            Self::Arrival(_) => None,
            Self::Appeal(letter) | Self::Question(letter) => Some(letter.at),
        }
    }

    /// Moves it one millisecond later, with every deadline that follows from its time.
    fn postpone(&mut self) {
        match self {
            Self::Declaration(declaration) => declaration.drafted = declaration.drafted.plus_ms(1),
            Self::Arrival(_) => {}
            Self::Appeal(letter) | Self::Question(letter) => {
                letter.at = letter.at.plus_ms(1);
                letter.due = letter.due.plus_ms(1);
            }
        }
    }

    /// The declaration, if the paper is one.
    pub fn declaration(&mut self) -> Option<&mut Declaration> {
        match self {
            Self::Declaration(declaration) => Some(declaration),
            Self::Arrival(_) | Self::Appeal(_) | Self::Question(_) => None,
        }
    }

    /// The arrival, if the paper is one.
    pub fn arrival(&mut self) -> Option<&mut Arrival> {
        match self {
            Self::Arrival(arrival) => Some(arrival),
            Self::Declaration(_) | Self::Appeal(_) | Self::Question(_) => None,
        }
    }

    /// The appeal, if the paper is one.
    pub fn appeal(&mut self) -> Option<&mut Letter> {
        match self {
            Self::Appeal(letter) => Some(letter),
            Self::Declaration(_) | Self::Arrival(_) | Self::Question(_) => None,
        }
    }

    /// The question, if the paper is one.
    pub fn question(&mut self) -> Option<&mut Letter> {
        match self {
            Self::Question(letter) => Some(letter),
            Self::Declaration(_) | Self::Arrival(_) | Self::Appeal(_) => None,
        }
    }
}

/// A paper with its id and its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledPaper {
    /// Its id.
    pub id: PaperId,
    /// The person who handed it in.
    pub person: PersonId,
    /// The paper itself.
    pub paper: Paper,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_twice_is_one_until_something_comes_of_it() {
        let letter =
            |text: &str, at| Letter { text: text.into(), at: Timestamp(at), due: Timestamp(9), answer: None };
        let (first, again) = (Paper::Question(letter("why", 1)), Paper::Question(letter("why", 2)));
        assert!(again.repeats(&first));
        assert!(!Paper::Question(letter("how", 2)).repeats(&first));
        assert!(!Paper::Appeal(letter("why", 2)).repeats(&first));
        let answer = Some(Answer { at: Timestamp(3), by: "office".into(), text: "so".into() });
        assert!(!again.repeats(&Paper::Question(Letter { answer, ..letter("why", 1) })));
        let declared = |confirmed| Declaration { text: "x".into(), drafted: Timestamp(1), confirmed };
        let sealed = Some(Confirmation { at: Timestamp(2), signature: String::new() });
        let draft = Paper::Declaration(declared(None));
        assert!(draft.repeats(&draft) && !draft.repeats(&Paper::Declaration(declared(sealed))));
    }

    #[test]
    fn what_is_handed_in_within_a_millisecond_stands_in_the_order_in_which_it_was() {
        let question = |text: &str| {
            Paper::Question(Letter { text: text.into(), at: Timestamp(5), due: Timestamp(9), answer: None })
        };
        let mut before: Vec<FiledPaper> = Vec::new();
        for (number, text) in ["a", "b", "c"].into_iter().enumerate() {
            let paper = question(text).deduplicated(before.clone()).unwrap();
            before.push(FiledPaper { id: PaperId(9 - number as u64), person: PersonId(1), paper });
        }
        let times = |filed: &mut FiledPaper| filed.paper.question().map(|letter| (letter.at.0, letter.due.0));
        let times: Vec<_> = before.iter_mut().map(times).collect();
        assert_eq!(times, [Some((5, 9)), Some((6, 10)), Some((7, 11))]);
        assert_eq!(*question("b").deduplicated(before.clone()).unwrap_err(), before[1]);
    }

    #[test]
    fn xj_12_a_report_is_overdue_from_the_first_instant_after_the_hour() {
        let due = Timestamp(3_600_000);
        let area = "420100".to_owned().try_into().unwrap();
        let mut arrival = Arrival::announced(area, Timestamp(0), None, None, Timestamp(0));
        arrival.due = Some(due);
        let is_late = |arrival: &Arrival, now| is_overdue(arrival.open_until(), now);
        assert!(!is_late(&arrival, due) && is_late(&arrival, due.plus_ms(1)));
        arrival.reported = Some(due.minus_ms(1_000));
        assert!(!is_late(&arrival, due.plus_ms(1_000)));
        let withdrawn = Arrival { reported: None, withdrawn: Some(due), ..arrival };
        assert!(!is_late(&withdrawn, due.plus_ms(1)));
        let again = Arrival { withdrawn: None, ..withdrawn.clone() };
        assert!(!Paper::Arrival(again.clone()).repeats(&Paper::Arrival(withdrawn)));
        assert!(Paper::Arrival(again.clone()).repeats(&Paper::Arrival(again)));
    }
}
