//! Cases: the purpose and window under which one person is traced, with its notes, extensions and use. A case
//! is changed by compare-and-swap, on any gateway.
//!
//! **Shape**: the rows of `tracer-cases` have the key subject ‖ 0 ‖ case (8) and no value. A row of a tracer
//! who handed the case over may remain after a crash: readers compare the case's own tracer. Under the empty
//! subject, which no token has, are the cases for which an extension was asked. A closed case may remain
//! there.

mod budgets;
mod traced;

pub use traced::{TracedCase, TracedPlace};

use super::rows::{RegistryTable, Row, RowKey, WriteUnit};
use super::{Registry, Result, number, pack, unpack};
use scangate_core::id::{CaseId, PersonId, VenueId};
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use serde::{Deserialize, Serialize};

/// The setting that says that every case is in `tracer-cases`.
const INDEXED: &str = "cases-by-tracer-and-extension";
/// Index rows that are written together.
const ROWS_AT_ONCE: usize = 512;

/// A case that is about to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCase {
    /// The tracer who opens the case: the token's subject.
    pub tracer: String,
    /// The person who is traced.
    pub person: PersonId,
    /// The purpose of the case.
    pub purpose: String,
    /// The tracer's own reference.
    pub reference: String,
    /// The tracer's district, or the city's name.
    pub office: String,
    /// The window of check-in times, start inclusive, end exclusive.
    pub window: Window,
    /// The time at which the case was opened.
    pub opened: Timestamp,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The case's id.
    pub id: CaseId,
    /// The tracer who has the case.
    pub tracer: String,
    /// The person who is traced.
    pub person: PersonId,
    /// The purpose of the case.
    pub purpose: String,
    /// The tracer's own reference.
    pub reference: String,
    /// The start of the window, inclusive.
    pub from: Timestamp,
    /// The end of the window, exclusive.
    pub to: Timestamp,
    /// The time at which the case was opened.
    pub opened: Timestamp,
    /// The office of the tracer who opened the case; empty for a case of an earlier version.
    #[serde(default)]
    pub office: String,
    /// The time at which the case was closed; none while it is open.
    #[serde(default)]
    pub closed: Option<Timestamp>,
    /// The notes, oldest first.
    #[serde(default)]
    pub notes: Vec<CaseNote>,
    /// The extensions, numbered from 1 in this order.
    #[serde(default)]
    pub extensions: Vec<CaseExtension>,
    /// The use of the case so far.
    #[serde(default)]
    pub used: CaseUse,
}

/// A note on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseNote {
    /// The time of the note.
    pub at: Timestamp,
    /// The tracer who wrote the note.
    pub by: String,
    /// The text.
    pub text: String,
}

/// An extension of a case, which counts once another tracer has approved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseExtension {
    /// A venue whose visits may be read.
    #[serde(default)]
    pub venue: Option<VenueId>,
    /// The number of hops that may be asked.
    #[serde(default)]
    pub hops: Option<u8>,
    /// An earlier start of the window.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// A later end of the window.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// The reason of the tracer who asked.
    pub reason: String,
    /// The tracer who asked.
    pub asked_by: String,
    /// The time of the request.
    pub asked: Timestamp,
    /// The approval, if there is one.
    #[serde(default)]
    pub approval: Option<CaseApproval>,
}

/// The approval of an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseApproval {
    /// The tracer who approved.
    pub by: String,
    /// The time of the approval.
    pub at: Timestamp,
}

/// The use of a case, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseUse {
    /// The number of answers.
    pub answers: u64,
    /// The number of persons in all answers.
    pub persons: u64,
    /// The number of persons whose names were revealed.
    pub reveals: u64,
    /// The most hops that were asked; 0 before the first co-presence answer.
    pub hops: u8,
}

impl Case {
    /// The window of check-in times that the case covers, with its approved extensions.
    #[must_use]
    pub fn window(&self) -> Window {
        let approved = || self.extensions.iter().filter(|extension| extension.approval.is_some());
        let from = approved().filter_map(|extension| extension.from).fold(self.from, Timestamp::min);
        let to = approved().filter_map(|extension| extension.to).fold(self.to, Timestamp::max);
        Window { from, to }
    }

    /// Whether an approved extension names a venue.
    #[must_use]
    pub fn has_venue(&self, venue: VenueId) -> bool {
        let approved = self.extensions.iter().filter(|extension| extension.approval.is_some());
        approved.filter_map(|extension| extension.venue).any(|approved| approved == venue)
    }

    /// The most hops of an approved extension; 0 without one.
    #[must_use]
    pub fn hops_approved(&self) -> u8 {
        let approved = self.extensions.iter().filter(|extension| extension.approval.is_some());
        approved.filter_map(|extension| extension.hops).max().unwrap_or(0)
    }
}

/// The group of a tracer's cases.
fn group(tracer: &str) -> RowKey {
    [tracer.as_bytes(), &[0]].concat()
}

fn index_key(case: &Case) -> RowKey {
    [group(&case.tracer), case.id.0.to_be_bytes().to_vec()].concat()
}

fn index_row(case: &Case) -> Row {
    Row::new(RegistryTable::TracerCases, index_key(case), [])
}

/// The key of a case among those for which an extension was asked.
fn extended_key(case: &Case) -> RowKey {
    [group(""), case.id.0.to_be_bytes().to_vec()].concat()
}

fn extended_row(case: &Case) -> Row {
    Row::new(RegistryTable::TracerCases, extended_key(case), [])
}

impl Registry {
    /// Opens a case.
    pub fn open_case(&self, new: NewCase) -> Result<Case> {
        let NewCase { tracer, person, purpose, reference, office, window: Window { from, to }, opened } = new;
        let case = Case {
            id: CaseId(self.make_id()?),
            tracer,
            person,
            purpose,
            reference,
            from,
            to,
            opened,
            office,
            closed: None,
            notes: Vec::new(),
            extensions: Vec::new(),
            used: CaseUse::default(),
        };
        let about = (u128::from(person.0) << 64 | u128::from(case.id.0)).to_be_bytes();
        let id = case.id.0.to_be_bytes();
        // The case comes last: readers skip an index row without its case.
        let about = Row::new(RegistryTable::CasesAbout, about, id);
        self.rows().write(&[vec![about].into(), vec![index_row(&case)].into()])?;
        self.add_made(&[Row::new(RegistryTable::Cases, id, pack(&case))])?;
        Ok(case)
    }

    /// A case by id.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        self.get(RegistryTable::Cases, &id.0.to_be_bytes())?
            .map(|value| unpack(RegistryTable::Cases, &value))
            .transpose()
    }

    /// Changes a case and returns the new state; none where no case has this id. If `change` refuses, nothing
    /// changes. `change` runs again if another writer came first.
    pub fn change_case<E>(
        &self,
        id: CaseId,
        change: impl Fn(&mut Case) -> std::result::Result<(), E>,
    ) -> Result<Option<std::result::Result<Case, E>>> {
        let key = id.0.to_be_bytes();
        loop {
            let Some(value) = self.get(RegistryTable::Cases, &key)? else { return Ok(None) };
            let before: Case = unpack(RegistryTable::Cases, &value)?;
            let mut case = before.clone();
            if let Err(refused) = change(&mut case) {
                return Ok(Some(Err(refused)));
            }
            let is_handed_over = case.tracer != before.tracer;
            if is_handed_over {
                self.rows().write(&[vec![index_row(&case)].into()])?;
            }
            if case.extensions.len() > before.extensions.len() {
                self.rows().write(&[vec![extended_row(&case)].into()])?;
            }
            if case != before && !self.rows().swap(RegistryTable::Cases, &key, &value, Some(&pack(&case)))? {
                continue;
            }
            let is_closed_now = case.closed.is_some() && before.closed.is_none();
            let stale = [
                is_handed_over.then(|| index_key(&before)),
                (is_closed_now && !case.extensions.is_empty()).then(|| extended_key(&case)),
            ];
            let remove: Vec<_> =
                stale.into_iter().flatten().map(|key| (RegistryTable::TracerCases, key)).collect();
            if !remove.is_empty() {
                self.rows().write(&[WriteUnit { put: Vec::new(), remove }])?;
            }
            return Ok(Some(Ok(case)));
        }
    }

    /// The cases about a person, oldest first.
    pub fn cases_about(&self, person: PersonId) -> Result<Vec<Case>> {
        let mut ids: Vec<RowKey> = Vec::new();
        let about = [person.0.to_be_bytes().to_vec()];
        self.rows().groups(RegistryTable::CasesAbout, &about, &mut |_, _, id| {
            ids.push(id.to_vec());
            Ok(())
        })?;
        self.cases_of_keys(&ids)
    }

    /// The cases of a tracer, oldest first.
    pub fn cases_of(&self, tracer: &str) -> Result<Vec<Case>> {
        let mut cases = self.cases_in(group(tracer))?;
        cases.retain(|case| case.tracer == tracer);
        Ok(cases)
    }

    /// The open cases for which an extension was asked, oldest first.
    pub fn extended_cases(&self) -> Result<Vec<Case>> {
        let mut cases = self.cases_in(group(""))?;
        cases.retain(|case| case.closed.is_none() && !case.extensions.is_empty());
        Ok(cases)
    }

    /// The cases in a group of `tracer-cases`, oldest first.
    fn cases_in(&self, group: RowKey) -> Result<Vec<Case>> {
        let mut ids: Vec<RowKey> = Vec::new();
        let bytes = group.len();
        self.rows().groups(RegistryTable::TracerCases, &[group], &mut |_, key, _| {
            let id = number(RegistryTable::TracerCases, key.get(bytes..).unwrap_or_default())?;
            ids.push(id.to_be_bytes().to_vec());
            Ok(())
        })?;
        self.cases_of_keys(&ids)
    }

    /// The cases of these keys, oldest first.
    pub(super) fn cases_of_keys(&self, ids: &[RowKey]) -> Result<Vec<Case>> {
        let found = self.rows().get(RegistryTable::Cases, ids)?;
        let cases = found.iter().flatten().map(|value| unpack(RegistryTable::Cases, value));
        let mut cases = cases.collect::<Result<Vec<Case>>>()?;
        cases.sort_unstable_by_key(|case| (case.opened, case.id));
        Ok(cases)
    }

    /// Adds the cases of earlier formats to all groups of `tracer-cases`. **Cost**: reads every case.
    pub(super) fn index_cases(&self) -> Result<()> {
        self.pass_over_earlier(INDEXED, || {
            let mut rows = Vec::new();
            self.rows().all(RegistryTable::Cases, &mut |_, value| {
                let case = unpack(RegistryTable::Cases, value)?;
                rows.push(index_row(&case));
                let is_waiting = case.closed.is_none() && !case.extensions.is_empty();
                rows.extend(is_waiting.then(|| extended_row(&case)));
                Ok(())
            })?;
            rows.chunks(ROWS_AT_ONCE).try_for_each(|rows| self.rows().write(&[rows.to_vec().into()]))
        })
    }

    /// Removes a case from `tracer-cases`, as a gateway of an earlier format leaves it.
    #[cfg(test)]
    pub(super) fn forget_index(&self, case: &Case) -> Result<()> {
        let keys = [index_key(case), extended_key(case)];
        let remove = keys.map(|key| (RegistryTable::TracerCases, key)).to_vec();
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])
    }
}
