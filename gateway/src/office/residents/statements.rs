//! Health statements of residents, at registration and by edits. A statement is filed as a confirmed
//! declaration, and its facts refer to that declaration. A later statement withdraws the facts of the earlier
//! ones about the same kinds; the earlier declarations stay on record.

use super::declarations::confirmed;
use super::{SOURCE, declarations};
use crate::clock;
use crate::office::Office;
use crate::office::http::error::OfficeError;
use scangate_core::fact::{Fact, Force};
use scangate_core::id::{PaperId, PersonId};
use scangate_core::paper::{Declaration, FiledPaper, HealthStatement, Paper, StatementError, is_stated_in};
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_storage::registry::IdSource;
use serde_json::Value;

impl From<StatementError> for OfficeError {
    fn from(error: StatementError) -> Self {
        Self::Malformed(error.to_string().into())
    }
}

/// Files a statement and puts its facts on record; the caller recolours the person. The same request files
/// one declaration, and a repetition completes it. Returns the declaration as its owner sees it.
pub(in crate::office) fn declare(
    office: &Office,
    person: PersonId,
    statement: &HealthStatement,
    ids: &IdSource,
) -> Result<Value, OfficeError> {
    let (id, now) = (office.registry.making(ids).make_paper_id()?, clock::now());
    let draft = Declaration { text: statement.text(), drafted: now, confirmed: None };
    let paper = Paper::Declaration(confirmed(office, person, draft, now));
    office.registry.file_once(&FiledPaper { id, person, paper })?;
    let mut filed = office.registry.paper(person, id)?.ok_or(Refusal::NotFound)?;
    let declaration = filed.declaration().ok_or(Refusal::NotFound)?;
    let facts = statement.facts(person, id, SOURCE, declaration.drafted);
    office.registry.record_facts(&facts)?;
    withdraw_earlier(office, person, statement, (id, declaration.drafted))?;
    Ok(declarations::shown(person, id, declaration))
}

/// Withdraws the facts of the statements before this declaration, as far as it says something about them.
fn withdraw_earlier(
    office: &Office,
    person: PersonId,
    statement: &HealthStatement,
    (id, drafted): (PaperId, Timestamp),
) -> Result<(), OfficeError> {
    let mut earlier = office.papers(person, Paper::declaration, |declaration| declaration.drafted)?;
    earlier.retain(|(other, declaration)| *other != id && declaration.drafted <= drafted);
    let kinds = statement.kinds();
    let is_replaced = |fact: &Fact| {
        let is_own = fact.force == Force::InForce && fact.source == SOURCE;
        is_own
            && kinds.contains(&fact.kind.name())
            && earlier.iter().any(|(earlier, _)| is_stated_in(fact, *earlier))
    };
    for fact in office.registry.facts_of(person)?.into_iter().filter(is_replaced) {
        office.registry.withdraw_fact(fact.id, format!("replaced by declaration {id}"), drafted)?;
    }
    Ok(())
}
