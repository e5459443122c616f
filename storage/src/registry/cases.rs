//! Cases: the purpose and window under which one person is traced.

use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, Result, pack, unpack};
use scangate_core::id::{CaseId, PersonId};
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use serde::{Deserialize, Serialize};

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
    /// The tracer who opened the case.
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
}

impl Case {
    /// The case's window of check-in times.
    #[must_use]
    pub fn window(&self) -> Window {
        Window { from: self.from, to: self.to }
    }
}

impl Registry {
    /// Opens a case.
    pub fn open_case(&self, new: NewCase) -> Result<Case> {
        let NewCase { tracer, person, purpose, reference, window: Window { from, to }, opened } = new;
        let id = CaseId(self.make_id()?);
        let case = Case { id, tracer, person, purpose, reference, from, to, opened };
        let about = (u128::from(person.0) << 64 | u128::from(id.0)).to_be_bytes();
        let id = id.0.to_be_bytes();
        // An index entry without its case is skipped. A case without its entry would be concealed from the
        // person.
        let rows = vec![
            Row::new(RegistryTable::CasesAbout, about, id),
            Row::new(RegistryTable::Cases, id, pack(&case)),
        ];
        self.rows().write(&[rows.into()])?;
        Ok(case)
    }

    /// A case by id.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        self.get(RegistryTable::Cases, &id.0.to_be_bytes())?
            .map(|value| unpack(RegistryTable::Cases, &value))
            .transpose()
    }

    /// The cases about a person, oldest first.
    pub fn cases_about(&self, person: PersonId) -> Result<Vec<Case>> {
        let mut ids: Vec<RowKey> = Vec::new();
        self.rows().groups(
            RegistryTable::CasesAbout,
            &[person.0.to_be_bytes().to_vec()],
            &mut |_, _, id| {
                ids.push(id.to_vec());
                Ok(())
            },
        )?;
        let found = self.rows().get(RegistryTable::Cases, &ids)?;
        let cases = found.iter().flatten().map(|value| unpack(RegistryTable::Cases, value));
        let mut cases = cases.collect::<Result<Vec<Case>>>()?;
        cases.sort_unstable_by_key(|case| (case.opened, case.id));
        Ok(cases)
    }
}
