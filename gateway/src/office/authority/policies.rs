//! Rule packs: the one in force, a dry run of another, and publishing one with two approvers.

use crate::clock;
use crate::deployment::reference::follow_policies;
use crate::office::colours::cpu_throttle::CpuThrottle;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::idempotency::RequestIds;
use crate::office::http::json;
use crate::office::{Office, blocking};
use crate::tables::policies::sign;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use scangate_core::check_in::PolicyNumber;
use scangate_core::evidence::Evidence;
use scangate_core::policy::{Judgement, Policy};
use scangate_core::refusal::Refusal;
use scangate_core::text::OneLine;
use scangate_storage::registry::{HeldListKind, NewHeldList, check_label};
use serde_json::{Value, json as value};
use similar::TextDiff;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest rule pack.
const PACK_BYTES_MAX: usize = 1024 * 1024;
/// The time after which the search for a short difference of two texts ends with a longer one.
const DIFFERENCE_MAX: Duration = Duration::from_secs(1);

async fn pack(office: &Office, request: Request) -> Result<(String, Policy), OfficeError> {
    let body = json::body(request, PACK_BYTES_MAX).await?;
    let text = String::from_utf8(body.into()).map_err(|_| OfficeError::PolicyInvalid("not UTF-8".into()))?;
    let policy = parse(office, &text)?;
    Ok((text, policy))
}

/// `GET /v1/policies`.
pub(in crate::office) async fn list(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    let in_force = {
        let published = office.tables.policies.in_force();
        value!({
            "number": published.number, "policy": published.policy.label(),
            "title": published.policy.title(), "hotline": published.policy.hotline(),
        })
    };
    let all = blocking(move || office.registry.policies()).await??;
    let all: Vec<Value> =
        all.iter().map(|stored| value!({"number": stored.number, "policy": stored.label})).collect();
    Ok(axum::Json(value!({"in_force": in_force, "policies": all})))
}

/// `GET /v1/policies/{number}`: a pack's text with the deployment's signature, as evidence of what was in
/// force.
pub(in crate::office) async fn read(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
    PathId(number): PathId<u32>,
) -> Result<axum::Json<Value>, OfficeError> {
    let number = PolicyNumber(number);
    let published = office.tables.policies.of(number).ok_or(Refusal::NotFound)?;
    Ok(axum::Json(value!({
        "number": number, "policy": published.policy.label(), "text": published.text,
        "signature": published.signature, "key": office.issuer.public_key(),
    })))
}

/// The effect of a pack.
#[derive(Default)]
pub(in crate::office) struct Flips {
    changes: u64,
    /// The changes to a more severe colour.
    pub(in crate::office) worse: u64,
    /// The changes by the rule that would give the new colour.
    by_rule: BTreeMap<String, u64>,
}

/// Judges every person with evidence by both packs. A person without evidence has the same colour under any
/// pack, unless one of the two expects reports: then every person is judged.
pub(in crate::office) fn flips(office: &Office, policy: &Policy) -> Result<Flips, OfficeError> {
    let (now, current, mut flips) = (clock::now(), office.tables.policies.in_force(), Flips::default());
    let mut throttle = CpuThrottle::on();
    let mut records = office.records_for(policy)?;
    if records.registered.is_empty() {
        records = office.records_for(&current.policy)?;
    }
    let mut compare = |evidence: &Evidence| {
        let then = policy.judge(evidence, now);
        let before = current.policy.judge(evidence, now).standing.colour;
        if then.standing.colour != before {
            flips.changes += 1;
            flips.worse += u64::from(then.standing.colour > before);
            *flips.by_rule.entry(deciding_rule(policy, &then)).or_default() += 1;
        }
        throttle.pause();
    };
    let mut without = records.registered.clone();
    office.registry.evidence(|person, evidence| {
        without.remove(&person);
        compare(&records.with(evidence, person));
    })?;
    for person in without.into_keys() {
        compare(&records.with(&Evidence::default(), person));
    }
    Ok(flips)
}

/// `POST /v1/policies/dry-run`: takes a pack's TOML, and returns how many people would change colour, by the
/// rule that would give it.
pub(in crate::office) async fn dry_run(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
    request: Request,
) -> Result<axum::Json<Value>, OfficeError> {
    let (_, policy) = pack(&office, request).await?;
    blocking(move || foresee(&office, &policy).map(axum::Json)).await?
}

/// The effect of a pack, as the dry run shows it.
pub(in crate::office) fn foresee(office: &Office, policy: &Policy) -> Result<Value, OfficeError> {
    let Flips { changes, worse, by_rule } = flips(office, policy)?;
    let overlaps: Vec<String> = policy.overlaps().iter().map(ToString::to_string).collect();
    let (label, residents) = (policy.label(), office.tables.colours.len());
    Ok(value!({
        "policy": label, "residents": residents, "changes": changes, "worse": worse, "by_rule": by_rule,
        "overlaps": overlaps,
    }))
}

/// A held pack for its approver: its text, the difference from the pack in force, and the dry run.
pub(super) fn describe_held(office: &Office, text: &str) -> Result<Value, OfficeError> {
    let policy = parse(office, text)?;
    let dry_run = foresee(office, &policy)?;
    let in_force = office.tables.policies.in_force();
    let difference =
        TextDiff::configure().deadline(Instant::now() + DIFFERENCE_MAX).diff_lines(&*in_force.text, text);
    let difference = difference.unified_diff().header(in_force.policy.label(), policy.label()).to_string();
    Ok(value!({"policy": policy.label(), "text": text, "difference": difference, "dry_run": dry_run}))
}

/// The id of the first rule that gives the colour; `none` if no rule fires.
fn deciding_rule(policy: &Policy, judgement: &Judgement) -> String {
    let first = judgement.because.first().and_then(|because| policy.rules().get(because.rule));
    first.map_or_else(|| "none".to_owned(), |rule| rule.id.clone())
}

/// `POST /v1/policies`: holds a pack for a second approver.
pub(in crate::office) async fn publish(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    request: Request,
) -> Result<Response, OfficeError> {
    let (body, policy) = pack(&office, request).await?;
    blocking(move || {
        let label = policy.label().to_owned();
        check_label(&office.registry.policies()?, &label, &body)?;
        office.audit(&claims, "policy-held", label.clone(), value!({}))?;
        let new = NewHeldList {
            kind: HeldListKind::Policy,
            sent_by: claims.subject,
            at: clock::now(),
            count: 1,
            body,
            signature: None,
        };
        let held = office.registry.making(&ids).hold(new)?;
        metrics::counter!("scangate_held_total", "kind" => "policy").increment(1);
        tracing::warn!(event = "pack-held", %held, policy = label, "a rule pack waits for a second approver");
        let answer = axum::Json(value!({"held": held, "policy": label}));
        Ok((StatusCode::ACCEPTED, answer).into_response())
    })
    .await?
}

/// Checks a held pack as if it came now: it parses, and its label is still free. The pack has the published
/// list of areas.
pub(super) fn check_held(office: &Office, text: &str) -> Result<Policy, OfficeError> {
    let policy = parse(office, text)?;
    check_label(&office.registry.policies()?, policy.label(), text)?;
    Ok(policy)
}

/// Parses a pack and adds the published list of areas, which stays in force under every pack.
fn parse(office: &Office, text: &str) -> Result<Policy, OfficeError> {
    let invalid = |error: &dyn std::fmt::Display| OfficeError::PolicyInvalid(error.to_string());
    let policy = Policy::parse(text).map_err(|error| invalid(&error))?;
    let lines = office.tables.policies.published_lines(policy.calendar()).map_err(|error| invalid(&error))?;
    Ok(policy.with_areas(lines))
}

/// Brings the last pack and list of the registry into force here, and recolours every person.
pub(in crate::office) fn follow(office: &Office) -> Result<(), OfficeError> {
    follow_policies(&office.registry.policies()?, &office.tables.policies).map_err(|error| {
        tracing::error!(
            event = "packs-unreadable",
            error = %OneLine(error.as_ref()),
            "the published rule packs cannot be read"
        );
        OfficeError::StoreUnavailable
    })?;
    Ok(office.recolour_all()?)
}

/// Brings an approved pack into force, and recolours every person.
pub(super) fn bring_into_force(
    office: &Office,
    policy: &Policy,
    text: &str,
) -> Result<Response, OfficeError> {
    let label = policy.label().to_owned();
    let signature = sign(&office.issuer, &label, text);
    let number = office.registry.publish_policy(&label, text, &signature, clock::now())??;
    follow(office)?;
    tracing::info!(event = "pack-in-force", policy = label, "a rule pack came into force");
    Ok(axum::Json(value!({"policy": label, "number": number})).into_response())
}
