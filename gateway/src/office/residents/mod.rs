//! Endpoints of residents, for themselves and their dependants: reports, declarations, arrivals, appeals and
//! questions, certificates, test bookings, family, and the overview. The terms of the rule pack in force
//! decide what each resident may do.

pub(super) mod appeals_and_questions;
pub(super) mod arrivals;
pub(super) mod bookings;
pub(super) mod certificates;
pub(super) mod declarations;
pub(super) mod dependants;
pub(super) mod erasure;
pub(super) mod family;
pub(super) mod import;
pub(super) mod overview;
pub(super) mod own_facts;
pub(super) mod people;
pub(super) mod reports;
pub(super) mod sheets;
pub(super) mod statements;

use super::Office;
use super::http::error::OfficeError;
use crate::clock;
use scangate_core::fact::{Fact, FactKind, Force};
use scangate_core::id::{FactId, PaperId, PersonId};
use scangate_core::limits::{PAPER_BYTES_MAX, PAPERS_A_DAY_MAX};
use scangate_core::paper::{FiledPaper, Paper};
use scangate_core::refusal::Refusal;
use scangate_core::text::is_printable;
use scangate_core::time::Timestamp;
use scangate_storage::registry::Act;
use serde_json::Value;

/// The source of facts that residents report.
const SOURCE: &str = "self-report";
/// The signing domain from which a certificate's salt is derived.
const SALT_DOMAIN: &str = "scangate certificate salt";

impl Office {
    /// Counts one action of a person against a quota per local day. **Errors**: `too-many` beyond it.
    fn count_today(&self, what: &str, person: PersonId, max: u64) -> Result<(), OfficeError> {
        let now = clock::now();
        let is_within = self.registry.spend(&format!("{what}/{person}"), self.day(now).into(), 1, max)?;
        if is_within { Ok(()) } else { Err(OfficeError::DaySpent(self.tomorrow(now))) }
    }

    /// Fails for a person who is not registered. After an erasure the person's token stays valid for a while.
    pub(in crate::office) fn need_registered(&self, person: PersonId) -> Result<(), OfficeError> {
        if self.registry.is_registered(person)? { Ok(()) } else { Err(Refusal::NotFound.into()) }
    }

    /// Appends an audit entry of a resident's own action.
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

    /// A person's papers of one kind, in the order of a time that each has.
    fn papers<T: Clone>(
        &self,
        person: PersonId,
        of_kind: fn(&mut Paper) -> Option<&mut T>,
        at: fn(&T) -> Timestamp,
    ) -> Result<Vec<(PaperId, T)>, OfficeError> {
        let mut filed = self.registry.papers_of(person)?;
        let of_kind = |filed: &mut FiledPaper| Some((filed.id, of_kind(&mut filed.paper)?.clone()));
        let mut papers: Vec<(PaperId, T)> = filed.iter_mut().filter_map(of_kind).collect();
        papers.sort_unstable_by_key(|(_, paper)| at(paper));
        Ok(papers)
    }

    /// Amends a paper and returns the new state. **Errors**: the person has no such paper of this kind, or
    /// `amend` refuses.
    fn amend<T: Clone>(
        &self,
        person: PersonId,
        id: PaperId,
        of_kind: fn(&mut Paper) -> Option<&mut T>,
        amend: impl Fn(&mut T) -> Result<(), OfficeError>,
    ) -> Result<T, OfficeError> {
        let amend = |paper: &mut Paper| amend(of_kind(paper).ok_or(Refusal::NotFound)?);
        let mut paper = self.registry.change_paper(person, id, amend)?.ok_or(Refusal::NotFound)??;
        Ok(of_kind(&mut paper).ok_or(Refusal::NotFound)?.clone())
    }

    /// A fact that a resident reports about themselves now, as of a time that is not in the future.
    fn self_reported(&self, person: PersonId, kind: FactKind, at: Timestamp, recorded: Timestamp) -> Fact {
        let (id, source) = (FactId(0), SOURCE.to_owned());
        let (at, until, reference, force) = (at.min(recorded), None, None, Force::InForce);
        Fact { id, person, kind, at, until, recorded, source, reference, force }.identified()
    }

    /// Files a paper of a registered person, within the quota per day. If the paper repeats an earlier one,
    /// the earlier one is returned.
    fn file(&self, person: PersonId, paper: Paper) -> Result<FiledPaper, OfficeError> {
        self.need_registered(person)?;
        let paper = match paper.deduplicated(self.registry.papers_of(person)?) {
            Ok(paper) => paper,
            Err(earlier) => return Ok(*earlier),
        };
        self.count_today("papers", person, PAPERS_A_DAY_MAX)?;
        let filed = FiledPaper { id: self.registry.make_paper_id()?, person, paper };
        self.registry.file(&filed)?;
        Ok(filed)
    }
}

/// Checks a text: not empty, not too long and printable.
fn checked_text(text: &str) -> Result<String, OfficeError> {
    let text = text.trim();
    if (1..=PAPER_BYTES_MAX).contains(&text.len()) && is_printable(text) {
        Ok(text.to_owned())
    } else {
        let bounds = format!("text must have 1 to {PAPER_BYTES_MAX} bytes and only printable characters");
        Err(OfficeError::Malformed(bounds.into()))
    }
}
