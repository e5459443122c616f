//! Persons as the authority sees them, one at a time and audited: their colour now or at an earlier time,
//! with its rules and facts. Names and documents are not shown.

use crate::clock;
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, PathId, StrictQuery};
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::check_in::PolicyNumber;
use scangate_core::fact::{Fact, Force, Withdrawal};
use scangate_core::id::PersonId;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_core::token::Claims;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The persons that one subject may read per day: it prevents reading in bulk.
const PERSONS_A_DAY_MAX: u64 = 2_000;

/// The time and the rule pack of a replay; now and the pack in force where the query leaves them out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct RecordQuery {
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    policy: Option<PolicyNumber>,
}

impl Parameters for RecordQuery {
    const EXPECTED: &'static str = "the query takes `at` and `policy`";
}

/// `GET /v1/people/{person}`: the colour with rules and facts, now or replayed as of a time and under an
/// earlier pack.
pub(in crate::office) async fn read(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    StrictQuery(RecordQuery { at, policy }): StrictQuery<RecordQuery>,
    PathId(person): PathId<PersonId>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        account_for(&office, &claims, "person-read", person)?;
        let class = office.registry.person(person)?.ok_or(Refusal::NotFound)?.personal.class;
        let in_force = office.tables.policies.in_force().number;
        let published = office.tables.policies.of(policy.unwrap_or(in_force)).ok_or(Refusal::NotFound)?;
        let at = at.unwrap_or_else(clock::now);
        let evidence = office.registry.evidence_of(person)?.as_of(at);
        let judgement = published.policy.judge(&evidence, at);
        let facts: Vec<Value> = evidence.facts.iter().map(fact).collect();
        let more = json!({
            "person": person, "class": class, "at": at, "facts": facts, "reports": evidence.reports,
        });
        Ok(axum::Json(merge(describe(&published, &judgement), more)))
    })
    .await?
}

fn account_for(office: &Office, claims: &Claims, act: &str, person: PersonId) -> Result<(), OfficeError> {
    office.spend_today(&format!("persons-read/{}", claims.subject), 1, PERSONS_A_DAY_MAX)?;
    office.audit(claims, act, person.to_string(), json!({}))
}

/// A fact as it stood on record.
fn fact(fact: &Fact) -> Value {
    let mut shown = serde_json::to_value(fact).unwrap_or_default();
    if let Value::Object(members) = &mut shown {
        members.remove("person");
        members.remove("force");
        let id = members.remove("id").unwrap_or_default();
        members.insert("fact".into(), id);
        let withdrawn = match &fact.force {
            Force::InForce => Value::Null,
            Force::Withdrawn(Withdrawal { reason, at }) => json!({ "reason": reason, "at": at }),
        };
        members.insert("withdrawn".into(), withdrawn);
    }
    shown
}
