//! Papers: what residents hand in and somebody may have to act on. Each keeps its own times; whether a duty is overdue
//! follows from them and from now.

use crate::fact::Area;
use crate::id::{PaperId, PersonId, VenueId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A declaration: a draft until it is confirmed, and sealed from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// What is declared.
    pub text: String,
    /// When it was written.
    pub drafted: Timestamp,
    /// When it was confirmed, and the deployment's signature over it.
    pub confirmed: Option<Confirmation>,
}

/// A confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// When.
    pub at: Timestamp,
    /// The deployment's signature over who declared what when, as base64url.
    pub signature: String,
}

/// An arrival, with the duty to report that may follow from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Where from.
    pub from_area: Area,
    /// When, as the person says.
    pub at: Timestamp,
    /// The checkpoint, if one was named.
    pub venue: Option<VenueId>,
    /// The employer or community that answers for the person.
    pub unit: Option<String>,
    /// By when to report; none where there is no such duty.
    pub due: Option<Timestamp>,
    /// When it was reported.
    pub reported: Option<Timestamp>,
}

impl Arrival {
    /// By when it must be reported, while it is not.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        self.due.filter(|_| self.reported.is_none())
    }
}

/// An appeal or a question, with the duty to answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What the person says.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// By when it is to be answered.
    pub due: Timestamp,
    /// The answer.
    pub answer: Option<Answer>,
}

impl Letter {
    /// By when it must be answered, while it is not.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        Some(self.due).filter(|_| self.answer.is_none())
    }
}

/// Whether somebody should have acted by now: from the first instant after it was due.
#[must_use]
pub fn is_overdue(open_until: Option<Timestamp>, now: Timestamp) -> bool {
    open_until.is_some_and(|due| now > due)
}

/// An answer to a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// Who gave it, by the token's subject.
    pub by: String,
    /// What it says.
    pub text: String,
}

/// Any of them.
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
    /// By when somebody must act, while that is open.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        match self {
            Self::Declaration(_) => None,
            Self::Arrival(arrival) => arrival.open_until(),
            Self::Appeal(letter) | Self::Question(letter) => letter.open_until(),
        }
    }

    /// Whether it says what an earlier one of the same person says, of which nothing has come yet: sent twice on a bad
    /// signal, it is one.
    fn repeats(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Declaration(new), Self::Declaration(old)) => {
                old.confirmed.is_none() && old.text == new.text
            }
            (Self::Arrival(new), Self::Arrival(old)) => {
                let says = |arrival: &Arrival| {
                    (arrival.from_area.clone(), arrival.at, arrival.venue, arrival.unit.clone())
                };
                says(old) == says(new)
            }
            (Self::Appeal(new), Self::Appeal(old)) | (Self::Question(new), Self::Question(old)) => {
                old.answer.is_none() && old.text == new.text
            }
            (Self::Declaration(_) | Self::Arrival(_) | Self::Appeal(_) | Self::Question(_), _) => false,
        }
    }

    /// It as it stands beside what the same person handed in before: the earlier one that it repeats, or else with a
    /// time that none of those has. A clock may give one millisecond to two, and the later stands later.
    pub fn deduplicated(mut self, earlier: Vec<FiledPaper>) -> Result<Self, FiledPaper> {
        let mut taken = BTreeSet::new();
        for filed in earlier {
            if self.repeats(&filed.paper) {
                return Err(filed);
            }
            taken.extend(filed.paper.handed_in());
        }
        while self.handed_in().is_some_and(|at| taken.contains(&at)) {
            self.postpone();
        }
        Ok(self)
    }

    /// When it was handed in, where it says so: an arrival says when its person arrived.
    fn handed_in(&self) -> Option<Timestamp> {
        match self {
            Self::Declaration(declaration) => Some(declaration.drafted),
            Self::Arrival(_) => None,
            Self::Appeal(letter) | Self::Question(letter) => Some(letter.at),
        }
    }

    /// Makes it a millisecond later, with all that follows from when it was handed in.
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

    /// The declaration that it is, if it is one.
    pub fn declaration(&mut self) -> Option<&mut Declaration> {
        match self {
            Self::Declaration(declaration) => Some(declaration),
            Self::Arrival(_) | Self::Appeal(_) | Self::Question(_) => None,
        }
    }

    /// The arrival that it is, if it is one.
    pub fn arrival(&mut self) -> Option<&mut Arrival> {
        match self {
            Self::Arrival(arrival) => Some(arrival),
            Self::Declaration(_) | Self::Appeal(_) | Self::Question(_) => None,
        }
    }

    /// The appeal that it is, if it is one.
    pub fn appeal(&mut self) -> Option<&mut Letter> {
        match self {
            Self::Appeal(letter) => Some(letter),
            Self::Declaration(_) | Self::Arrival(_) | Self::Question(_) => None,
        }
    }

    /// The question that it is, if it is one.
    pub fn question(&mut self) -> Option<&mut Letter> {
        match self {
            Self::Question(letter) => Some(letter),
            Self::Declaration(_) | Self::Arrival(_) | Self::Appeal(_) => None,
        }
    }
}

/// A paper with who handed it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledPaper {
    /// Its id.
    pub id: PaperId,
    /// Whose.
    pub person: PersonId,
    /// It.
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
        assert_eq!(question("b").deduplicated(before.clone()).unwrap_err(), before[1]);
    }

    #[test]
    fn xj_12_a_report_is_overdue_from_the_first_instant_after_the_hour() {
        let due = Timestamp(3_600_000);
        let mut arrival = Arrival {
            from_area: Area::try_from("420100".to_owned()).unwrap(),
            at: Timestamp(0),
            venue: None,
            unit: None,
            due: Some(due),
            reported: None,
        };
        let is_late = |arrival: &Arrival, now| is_overdue(arrival.open_until(), now);
        assert!(!is_late(&arrival, due) && is_late(&arrival, due.plus_ms(1)));
        arrival.reported = Some(due.minus_ms(1_000));
        assert!(!is_late(&arrival, due.plus_ms(1_000)));
    }
}
