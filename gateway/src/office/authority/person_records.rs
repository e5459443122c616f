//! Persons as the authority sees them, one at a time and audited: their colour now or at an earlier time,
//! with its rules and facts. Also the paper pass for a person without a phone. Names and documents are not
//! shown.

use crate::clock;
use crate::office::colours::standing::{describe, merge};
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, PathId, StrictQuery};
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::check_in::PolicyNumber;
use scangate_core::code::PaperPass;
use scangate_core::fact::{Fact, Force, Withdrawal};
use scangate_core::id::PersonId;
use scangate_core::limits::PASS_DAYS_MAX;
use scangate_core::refusal::Refusal;
use scangate_core::time::{DAY_MS, Timestamp};
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
    let day = u64::from(clock::now().utc_day());
    if !office.registry.spend(&format!("persons-read/{}", claims.subject), day, 1, PERSONS_A_DAY_MAX)? {
        return Err(OfficeError::BudgetSpent);
    }
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

/// The number of days that a new pass is valid.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct PassRequest {
    days: u16,
}

/// `POST /v1/people/{person}/passes`: a paper pass, good to the end of its last day in UTC.
pub(in crate::office) async fn print_pass(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    person: Result<PathId<PersonId>, OfficeError>,
    Json(PassRequest { days }): Json<PassRequest>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(person) = person?;
    if !(1..=PASS_DAYS_MAX).contains(&days) {
        return Err(OfficeError::Malformed(format!("days must be between 1 and {PASS_DAYS_MAX}").into()));
    }
    blocking(move || {
        if !office.registry.is_registered(person)? {
            return Err(Refusal::NotFound.into());
        }
        office.audit(&claims, "pass-printed", person.to_string(), json!({"days": days}))?;
        let last_day = clock::now().utc_day() + u32::from(days);
        let pass: PaperPass = office.tables.keyring.pass(person, last_day);
        let until = Timestamp(u64::from(last_day + 1) * DAY_MS);
        Ok(axum::Json(json!({"person": person, "pass": pass.text(), "until": until})))
    })
    .await?
}
