//! What residents do for themselves and for those they act for, beyond registering: reports, declarations, arrivals,
//! letters, certificates, tests, their family, and the view of it all. What each may do is the terms of the rule pack in
//! force.

pub(super) mod appeals_and_questions;
pub(super) mod arrivals;
pub(super) mod bookings;
pub(super) mod certificates;
pub(super) mod declarations;
pub(super) mod family;
pub(super) mod overview;
pub(super) mod people;
pub(super) mod reports;

use super::Office;
use super::http::error::OfficeError;
use crate::clock;
use scangate_core::fact::{Fact, FactKind, Force};
use scangate_core::id::{PaperId, PersonId};
use scangate_core::limits::{PAPER_BYTES_MAX, PAPERS_A_DAY_MAX};
use scangate_core::paper::{Filed, Paper};
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_storage::registry::Act;
use serde_json::Value;

/// Who says so, in facts that residents report.
const SOURCE: &str = "self-report";
/// What a certificate's salt is drawn from.
const SALT_DOMAIN: &str = "scangate certificate salt";

impl Office {
    /// Counts something that somebody may do so often a local day. **Errors**: `too-many` beyond it.
    fn count_today(&self, what: &str, person: PersonId, max: u64) -> Result<(), OfficeError> {
        let now = clock::now();
        let is_within = self.registry.spend(&format!("{what}/{person}"), self.day(now).into(), 1, max)?;
        if is_within { Ok(()) } else { Err(OfficeError::DaySpent(self.tomorrow(now))) }
    }

    /// Whoever has erased themselves has a token that is good for a while yet.
    fn need_registered(&self, person: PersonId) -> Result<(), OfficeError> {
        if self.registry.is_registered(person)? { Ok(()) } else { Err(Refusal::NotFound.into()) }
    }

    /// Writes what a resident does to the audit.
    pub(super) fn audit_own(
        &self,
        person: PersonId,
        act: &str,
        object: String,
        detail: Value,
    ) -> Result<(), OfficeError> {
        let (subject, role) = (person.to_string(), "resident".to_owned());
        let act = Act { at: clock::now(), subject, role, act: act.to_owned(), object, detail };
        Ok(self.registry.audit(&act).map(drop)?)
    }

    /// Somebody's papers of a kind, in the order of a time that they have.
    fn papers<T: Clone>(
        &self,
        person: PersonId,
        of_kind: fn(&mut Paper) -> Option<&mut T>,
        at: fn(&T) -> Timestamp,
    ) -> Result<Vec<(PaperId, T)>, OfficeError> {
        let mut filed = self.registry.papers_of(person)?;
        let of_kind = |filed: &mut Filed| Some((filed.id, of_kind(&mut filed.paper)?.clone()));
        let mut papers: Vec<(PaperId, T)> = filed.iter_mut().filter_map(of_kind).collect();
        papers.sort_unstable_by_key(|(_, paper)| at(paper));
        Ok(papers)
    }

    /// Amends a paper of a kind, and returns it as it is then. **Errors**: there is none of the kind, or what `amend`
    /// has against it.
    fn amend<T: Clone>(
        &self,
        person: PersonId,
        id: PaperId,
        of_kind: fn(&mut Paper) -> Option<&mut T>,
        amend: impl Fn(&mut T) -> Result<(), Refusal>,
    ) -> Result<T, OfficeError> {
        let amend = |paper: &mut Paper| amend(of_kind(paper).ok_or(Refusal::NotFound)?);
        let mut paper = self.registry.change_paper(person, id, amend)?.ok_or(Refusal::NotFound)??;
        Ok(of_kind(&mut paper).ok_or(Refusal::NotFound)?.clone())
    }

    /// A fact that somebody tells of themselves now, as of a time that is not ahead.
    fn self_reported(
        &self,
        person: PersonId,
        kind: FactKind,
        at: Timestamp,
        recorded: Timestamp,
    ) -> Result<Fact, OfficeError> {
        let (id, source) = (self.registry.draw_fact_id()?, SOURCE.to_owned());
        let (at, until, reference, force) = (at.min(recorded), None, None, Force::InForce);
        Ok(Fact { id, person, kind, at, until, recorded, source, reference, force })
    }

    /// Files a paper of somebody registered, within what may be handed in a day. One that repeats an earlier one is
    /// that one.
    fn file(&self, person: PersonId, paper: Paper) -> Result<Filed, OfficeError> {
        self.need_registered(person)?;
        let paper = match paper.beside(self.registry.papers_of(person)?) {
            Ok(paper) => paper,
            Err(earlier) => return Ok(earlier),
        };
        self.count_today("papers", person, PAPERS_A_DAY_MAX)?;
        let filed = Filed { id: self.registry.draw_paper_id()?, person, paper };
        self.registry.file(&filed)?;
        Ok(filed)
    }
}

/// A text that somebody hands in, with something in it and not too long.
fn checked_text(text: &str) -> Result<String, OfficeError> {
    let text = text.trim();
    if (1..=PAPER_BYTES_MAX).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(OfficeError::Malformed(format!("text must have 1 to {PAPER_BYTES_MAX} bytes").into()))
    }
}
