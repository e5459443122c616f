//! Evidence: all that a person's colour is judged by besides the pack and the time. Nothing else counts, so that
//! a colour can be worked out again by whoever has these.

use crate::fact::Fact;
use crate::time::Timestamp;

/// What is on record about one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Every fact, withdrawn ones too, in any order.
    pub facts: Vec<Fact>,
    /// When the person reported their health, in any order.
    pub reports: Vec<Timestamp>,
}

impl From<Vec<Fact>> for Evidence {
    /// Facts of somebody who never reported.
    fn from(facts: Vec<Fact>) -> Self {
        Self { facts, reports: Vec::new() }
    }
}
