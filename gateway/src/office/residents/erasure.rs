//! Erasure at a resident's own request. It waits while the colour is not green, an open case covers the
//! person, or a duty is open: a person could otherwise shed a colour by registering again. A watcher carries
//! out what waits, and removes what other gateways' journals still bring into the trails.

use crate::clock;
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use scangate_core::colour::Colour;
use scangate_core::evidence::Evidence;
use scangate_core::id::PersonId;
use scangate_core::limits::PASS_DAYS_MAX;
use scangate_core::refusal::Refusal;
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_storage::registry::{Case, Erasure};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The interval between two looks at the erasures that wait.
const TICK: Duration = Duration::from_secs(5);
/// The age that a tombstone must have at every gateway before the trails are swept: far more than the two
/// seconds in which gateways follow each other's changes.
const SETTLING_MS: u64 = 10_000;
/// The interval between two removals of old tombstones.
const TOMBSTONES_TICK: Duration = Duration::from_secs(24 * 3_600);
/// The changes of a colour by time alone that are looked at to find when it becomes green.
const CHANGES_MAX: usize = 16;

/// What stands against an erasure.
struct Obstacles {
    because: Vec<&'static str>,
    /// When time alone ends them; none where something else must happen.
    ends: Option<Timestamp>,
}

impl Obstacles {
    fn answer(&self) -> Value {
        let mut answer = json!({ "because": self.because });
        if let Some(ends) = self.ends {
            answer["erases_after"] = json!(ends);
        }
        answer
    }
}

fn obstacles(office: &Office, person: PersonId) -> Result<Obstacles, OfficeError> {
    let now = clock::now();
    let turns_green = turns_green(office, person, now)?;
    // A case that is not closed covers the person until none of its window is kept.
    let retention_ms = u64::from(office.settings.retention_days) * DAY_MS;
    let covers = |case: &Case| case.closed.is_none() && case.window().to.plus_ms(retention_ms) > now;
    let is_covered = office.registry.cases_about(person)?.iter().any(covers);
    let has_duty = office.registry.papers_of(person)?.iter().any(|filed| filed.paper.open_until().is_some());
    let found = [("colour", turns_green != Some(now)), ("case", is_covered), ("duty", has_duty)];
    let because: Vec<&str> = found.into_iter().filter_map(|(word, stands)| stands.then_some(word)).collect();
    let ends = turns_green.filter(|_| because == ["colour"]);
    Ok(Obstacles { because, ends })
}

/// The time from which the person is green if nothing but time passes: now, later, or never. An open
/// review does not count here: it stops no erasure.
fn turns_green(office: &Office, person: PersonId, now: Timestamp) -> Result<Option<Timestamp>, OfficeError> {
    let evidence = Evidence { review: None, ..office.registry.evidence_of(person)? };
    let published = office.tables.policies.in_force();
    let mut at = now;
    for _ in 0..CHANGES_MAX {
        let judgement = published.policy.judge(&evidence, at);
        if judgement.standing.colour == Colour::Green {
            return Ok(Some(at));
        }
        match judgement.changes_at {
            Some(change) => at = change,
            None => break,
        }
    }
    Ok(None)
}

/// `DELETE /v1/people/me`: erases name, document, facts, colour and trail, now or when nothing stands against
/// it any more.
pub(in crate::office) async fn ask(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<Response, OfficeError> {
    // A check-in that is only in the journal could not be erased.
    office.caught_up().await;
    blocking(move || {
        office.need_registered(id)?;
        let obstacles = obstacles(&office, id)?;
        if office.registry.erasure(id)?.is_none() {
            office.audit_own(id, "erasure-asked", id.to_string(), json!({"because": obstacles.because}))?;
        }
        office.registry.ask_for_erasure(id, clock::now())?;
        if obstacles.because.is_empty() {
            carry_out(&office, id)?;
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        Ok((StatusCode::ACCEPTED, axum::Json(obstacles.answer())).into_response())
    })
    .await?
}

/// `DELETE /v1/people/me/erasure`: takes back a request that still waits.
pub(in crate::office) async fn take_back(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || {
        if office.registry.erasure(id)?.is_none_or(|erasure| erasure.begun.is_some()) {
            return Err(Refusal::NotFound.into());
        }
        office.audit_own(id, "erasure-taken-back", id.to_string(), json!({}))?;
        if office.registry.take_back_erasure(id)? {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(Refusal::NotFound.into())
        }
    })
    .await?
}

/// A person's waiting request as their own record and overview show it; null where there is none.
pub(super) fn waiting(office: &Office, person: PersonId) -> Result<Value, OfficeError> {
    let Some(Erasure { asked, .. }) = office.registry.erasure(person)? else { return Ok(Value::Null) };
    let mut answer = obstacles(office, person)?.answer();
    answer["asked"] = json!(asked);
    Ok(answer)
}

/// Erases a person. Other gateways refuse the person's codes within two seconds.
fn carry_out(office: &Office, person: PersonId) -> Result<(), OfficeError> {
    if !office.registry.begin_erasure(person, clock::now())? {
        return Ok(());
    }
    office.audit_own(person, "person-erased", person.to_string(), json!({}))?;
    let kid = office.tables.keyring.current().0;
    if office.registry.erase_person(person, kid, clock::now())?.is_some() {
        office.tables.colours.bury(person);
    }
    Ok(office.trails.forget(person)?)
}

/// Carries out the erasures that waited, and completes those that began, for as long as the gateway runs.
pub async fn erase_when_due(office: Arc<Office>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tombstones_seen = None::<tokio::time::Instant>;
    loop {
        let tick = ticks.tick().await;
        if !office.tables.colours.is_loaded() {
            continue;
        }
        let sees_tombstones = tombstones_seen.is_none_or(|seen| tick - seen >= TOMBSTONES_TICK);
        let shared = Arc::clone(&office);
        let looked = blocking(move || {
            look_at_erasures(&shared)?;
            if sees_tombstones { drop_old_tombstones(&shared) } else { Ok(()) }
        });
        match looked.await {
            Ok(Ok(())) if sees_tombstones => tombstones_seen = Some(tick),
            // Each error was logged where it was converted; the next tick tries again.
            Ok(_) | Err(_) => {}
        }
    }
}

fn look_at_erasures(office: &Office) -> Result<(), OfficeError> {
    for (person, erasure) in office.registry.erasures()? {
        match erasure.begun {
            None if obstacles(office, person)?.because.is_empty() => carry_out(office, person)?,
            None => {}
            Some(begun) => complete(office, person, begun)?,
        }
    }
    Ok(())
}

/// Completes an erasure: removes rows that an interrupted one left, and check-ins that a gateway drained
/// before it knew of the tombstone.
fn complete(office: &Office, person: PersonId, begun: Timestamp) -> Result<(), OfficeError> {
    if office.registry.is_registered(person)? {
        return carry_out(office, person);
    }
    office.registry.remove_person(person)?;
    if office.complete_so_far() > begun.plus_ms(SETTLING_MS) {
        office.trails.forget(person)?;
        office.registry.finish_erasure(person)?;
    }
    Ok(())
}

/// Removes the tombstones of people whose last codes, passes and late scans are no longer valid.
fn drop_old_tombstones(office: &Office) -> Result<(), OfficeError> {
    let passes_end = clock::now().minus_ms(u64::from(PASS_DAYS_MAX + 1) * DAY_MS);
    let oldest_kid = office.tables.keyring.kids().accepted.into_iter().min().unwrap_or_default();
    let mut old = Vec::new();
    office.registry.tombstones(|person, tombstone| {
        if tombstone.erased < passes_end && tombstone.kid < oldest_kid {
            old.push(person);
        }
    })?;
    for person in old {
        office.registry.drop_tombstone(person)?;
        office.tables.colours.remove_tombstone(person);
    }
    Ok(())
}
