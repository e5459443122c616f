//! The traces of a person, as the person's own data shows them. A case about the person is shown immediately.
//! A case that has the person in an answer is shown once it is closed or some time has passed.

use crate::clock;
use crate::office::Office;
use crate::office::http::error::OfficeError;
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use scangate_storage::registry::{Case, TracedCase};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The traces that a person may see now, oldest first.
pub(in crate::office) fn traced(office: &Office, person: PersonId) -> Result<Vec<Value>, OfficeError> {
    let now = clock::now();
    let tell_after_ms = office.settings.tracer.load().tell_after.ms();
    let about = office.registry.cases_about(person)?;
    let in_answers = office.registry.traced(person)?;
    let revealed: HashMap<_, _> = in_answers.iter().map(|one| (one.case.id, one.revealed)).collect();
    // A name that was revealed is known to the tracer already: nothing is gained by a delay.
    let may_know = |one: &TracedCase| {
        one.case.closed.is_some() || one.revealed.is_some() || now.since_ms(one.at) >= tell_after_ms
    };
    let about = about.into_iter().map(|case| {
        let revealed = revealed.get(&case.id).copied().flatten();
        (case.opened, entry(office, &case, case.opened, revealed))
    });
    let met = in_answers.iter().filter(|one| one.case.person != person && may_know(one));
    let met = met.map(|one| (one.at, entry(office, &one.case, one.at, one.revealed)));
    let mut traced: Vec<(Timestamp, Value)> = about.chain(met).collect();
    traced.sort_by_key(|(at, _)| *at);
    Ok(traced.into_iter().map(|(_, entry)| entry).collect())
}

fn entry(office: &Office, case: &Case, at: Timestamp, revealed: Option<Timestamp>) -> Value {
    let (by, purpose, window) = (&case.tracer, &case.purpose, case.window());
    let mut entry = json!({
        "by": by, "purpose": purpose, "office": office_of(office, case), "at": at,
        "from": window.from, "to": window.to,
    });
    if let Some(revealed) = revealed {
        entry["revealed"] = json!(revealed);
    }
    entry
}

/// The office of a case. A case of an earlier version has the city's name.
pub(super) fn office_of(office: &Office, case: &Case) -> String {
    if case.office.is_empty() { office.city() } else { case.office.clone() }
}

impl Office {
    /// The city's name, as the rule pack in force has it.
    pub(super) fn city(&self) -> String {
        self.tables.policies.in_force().policy.title().to_owned()
    }
}
