//! The resident's overview: the own code, the province's colour, the itinerary, the traces, the areas of
//! risk, the notices, and the rules in force. Each block is computed and fails by itself: blocks from memory
//! are there while the store is down.

use super::erasure;
use crate::clock;
use crate::office::colours::standing::explain;
use crate::office::http::auth::Resident;
use crate::office::http::error::{OfficeError, add_hotline};
use crate::office::tracers::traced::traced;
use crate::office::{Office, areas, blocking};
use axum::extract::State;
use scangate_core::fact::{Fact, FactKind, Force};
use scangate_core::id::PersonId;
use scangate_core::limits::ITINERARY_DAYS;
use scangate_core::time::{DAY_MS, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The longest time for a block; a late block is left out.
const BLOCK_MAX: Duration = Duration::from_secs(1);

/// `GET /v1/people/me/overview`.
pub(in crate::office) async fn show(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> axum::Json<Value> {
    let now = clock::now();
    let (reasons, province, itinerary, traced, erasure) = tokio::join!(
        block(&office, move |office| reasons(office, id)),
        block(&office, move |office| province(office, id)),
        block(&office, move |office| itinerary(office, id, now)),
        block(&office, move |office| {
            office.need_registered(id)?;
            Ok(traced(office, id)?.into())
        }),
        block(&office, move |office| erasure::waiting(office, id))
    );
    axum::Json(json!({
        "at": now, "code": code(&office, id), "reasons": reasons, "province": province, "itinerary": itinerary,
        "traced": traced, "areas": risk_areas(&office, now),
        "notices": {"listed": office.tables.notices.in_force(now)}, "policy": policy(&office), "erasure": erasure,
        "kid": office.tables.keyring.current().0,
    }))
}

/// A block from the store, or its problem if the store fails.
async fn block(
    office: &Arc<Office>,
    work: impl FnOnce(&Office) -> Result<Value, OfficeError> + Send + 'static,
) -> Value {
    let working = Arc::clone(office);
    let said = match tokio::time::timeout(BLOCK_MAX, blocking(move || work(&working))).await {
        Ok(said) => said.and_then(|said| said),
        Err(_) => Err(OfficeError::StoreUnavailable),
    };
    said.unwrap_or_else(|wrong| {
        let mut problem = wrong.problem();
        add_hotline(&mut problem, &office.tables.policies);
        json!({ "problem": problem })
    })
}

/// The colour and reasons that a door would show.
fn code(office: &Office, person: PersonId) -> Value {
    let (standing, published) = (office.tables.colours.standing(person), office.tables.policies.in_force());
    let reasons: Vec<&str> = published.policy.reason_words(standing.reasons).collect();
    json!({ "colour": standing.colour.word(), "reasons": reasons })
}

/// The reasons of the colour in words, and what clears each.
fn reasons(office: &Office, person: PersonId) -> Result<Value, OfficeError> {
    office.need_registered(person)?;
    let (judgement, published) = (office.judge(person)?, office.tables.policies.in_force());
    Ok(json!({ "listed": explain(&published, &judgement) }))
}

/// The last colour that each source of feeds showed.
fn province(office: &Office, person: PersonId) -> Result<Value, OfficeError> {
    office.need_registered(person)?;
    let shown = office.registry.upstream_of(person)?.into_iter();
    let shown = shown.map(
        |upstream| json!({"source": upstream.source, "colour": upstream.colour.word(), "at": upstream.at}),
    );
    Ok(json!({ "shown": shown.collect::<Vec<_>>() }))
}

/// The areas where the person stayed in the last days.
fn itinerary(office: &Office, person: PersonId, now: Timestamp) -> Result<Value, OfficeError> {
    office.need_registered(person)?;
    let since = now.minus_ms(u64::from(ITINERARY_DAYS) * DAY_MS);
    let stay = |fact: &Fact| {
        let FactKind::Stay { area } = &fact.kind else { return None };
        let was_there = fact.force == Force::InForce && fact.until.unwrap_or(now) >= since;
        was_there.then(|| json!({"area": area, "name": area.name(), "from": fact.at, "until": fact.until}))
    };
    let mut facts = office.registry.facts_of(person)?;
    facts.sort_unstable_by_key(|fact| (fact.at, fact.id));
    Ok(json!({ "days": ITINERARY_DAYS, "stays": facts.iter().filter_map(stay).collect::<Vec<_>>() }))
}

/// The areas that have a risk now.
fn risk_areas(office: &Office, now: Timestamp) -> Value {
    json!({ "listed": areas::shown(&office.tables.policies.in_force().policy, now) })
}

/// The rules in force, in the pack's own words.
fn policy(office: &Office) -> Value {
    let published = office.tables.policies.in_force();
    let policy = &published.policy;
    let rules = policy.rules().iter().map(|rule| {
        json!({
            "rule": rule.id, "colour": rule.colour.word(), "words": rule.text, "clears_by": rule.clears,
            "link": rule.link,
        })
    });
    json!({
        "policy": policy.label(), "title": policy.title(), "hotline": policy.hotline(),
        "rules": rules.collect::<Vec<_>>(),
    })
}
