//! Cases: the purpose and window under which one person is traced.

use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, Result, draw, pack, unpack};
use scangate_core::id::{CaseId, PersonId};
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use serde::{Deserialize, Serialize};

/// A case that is about to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCase {
    /// Who opens it, by the token's subject.
    pub tracer: String,
    /// Whom it is about.
    pub person: PersonId,
    /// What for.
    pub purpose: String,
    /// The tracer's own reference.
    pub reference: String,
    /// From when to when.
    pub window: Window,
    /// When it was opened.
    pub opened: Timestamp,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Who opened it.
    pub tracer: String,
    /// Whom it is about.
    pub person: PersonId,
    /// What for.
    pub purpose: String,
    /// The tracer's own reference.
    pub reference: String,
    /// From when.
    pub from: Timestamp,
    /// To when.
    pub to: Timestamp,
    /// When it was opened.
    pub opened: Timestamp,
}

impl Case {
    /// Its window.
    #[must_use]
    pub fn window(&self) -> Window {
        Window { from: self.from, to: self.to }
    }
}

impl Registry {
    /// Opens a case.
    pub fn open_case(&self, new: NewCase) -> Result<Case> {
        let NewCase { tracer, person, purpose, reference, window: Window { from, to }, opened } = new;
        let id = CaseId(draw()?);
        let case = Case { id, tracer, person, purpose, reference, from, to, opened };
        let about = (u128::from(person.0) << 64 | u128::from(id.0)).to_be_bytes();
        let id = id.0.to_be_bytes();
        let rows = vec![
            Row::new(RegistryTable::Cases, id, pack(&case)),
            Row::new(RegistryTable::CasesAbout, about, id),
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

    /// The cases about somebody, the oldest first.
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
