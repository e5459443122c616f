//! The rooms of a check that staff make after the scan, when its code has ended. The code is verified as of
//! the scan. The check amends the check-in's first record as a repeated scan does. Where nothing knows the
//! first record, the colour and the rule pack of now decide.

use super::admit::{AdmittedPerson, AdmittedScan, admit};
use super::authenticate::{Terminal, authenticate_late};
use super::colour::colour;
use super::late::{JudgedScan, LatePerson};
use super::people::People;
use crate::tables::Tables;
use crate::tables::venues::KnownVenue;
use scangate_core::check_in::{CheckIn, Outcome};
use scangate_core::id::CheckInId;
use scangate_core::limits::LATER_CHECK_MS_MAX;
use scangate_core::refusal::Refusal;
use scangate_core::scan::Scan;
use scangate_core::time::{Step, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// The first record of a check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstRecord {
    /// Its time.
    pub at: Timestamp,
    /// Its outcome.
    pub outcome: Option<Outcome>,
}

/// A scan with the checks that staff have made since, whose codes were all genuine and valid at its time.
pub struct CheckedScan {
    venue: Arc<KnownVenue>,
    people: People<(Step, CheckIn)>,
}

impl CheckedScan {
    /// Reads and authenticates checks. **Errors**: as [`authenticate_late`]; `malformed` without a check, or
    /// for a check-in that is too old.
    pub fn read(body: &[u8], terminal: &Terminal, tables: &Tables, now: Timestamp) -> Result<Self, Refusal> {
        let scan = Scan::parse(body)?;
        if scan.outcome.is_some() {
            return Err(Refusal::Malformed("outcome is accepted only by /v1/check-ins/batch"));
        }
        if scan.door.is_none() {
            return Err(Refusal::Malformed("temperature, document_shown or full_check is missing"));
        }
        if scan.at.is_some_and(|at| now.since_ms(at) > LATER_CHECK_MS_MAX) {
            return Err(Refusal::ClockOff("the check-in is more than 15 minutes old: scan again"));
        }
        let authentic = authenticate_late(scan, terminal, tables, now)?;
        let AdmittedScan { venue, people } = admit(colour(authentic), &tables.policies);
        let people = people.map(|AdmittedPerson { step, check_in, .. }| (step, check_in));
        Ok(Self { venue, people })
    }

    /// The id of the holder's check-in.
    #[must_use]
    pub fn id(&self) -> CheckInId {
        self.people.holder.1.id
    }

    /// The people of the scan, the holder first.
    pub fn people(&self) -> impl Iterator<Item = LatePerson> {
        self.people.iter().map(|&(step, CheckIn { id, person, at, .. })| LatePerson { id, person, step, at })
    }

    /// Amends the first records by these checks. A record that nothing changes is not stored again.
    #[must_use]
    pub fn amend(self, firsts: &HashMap<CheckInId, FirstRecord>) -> JudgedScan {
        let mut new = Vec::new();
        let people = self.people.map(|(step, later)| {
            let Some(&FirstRecord { at, outcome }) = firsts.get(&later.id) else {
                new.push((step, later));
                return later;
            };
            let first = CheckIn { at, outcome, ..later };
            let Some(amended) = outcome.zip(later.outcome).and_then(|(first, later)| first.amended_by(later))
            else {
                return first;
            };
            let amended = CheckIn { outcome: Some(amended), ..first };
            new.push((step, amended));
            amended
        });
        JudgedScan { venue: self.venue, people, new }
    }
}
