//! Reviews of applications: the checks that the rule pack in force asks for, the queue of those that failed
//! one, and the authority's decisions. Until an approval the person has a key and no colour.

use crate::clock;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, PathId, StrictQuery};
use crate::office::http::json::Json;
use crate::office::residents::people::PhoneProof;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::id::PersonId;
use scangate_core::paper::{Review, ReviewDecision, ReviewStatus};
use scangate_core::person::{DocumentType, Personal};
use scangate_core::policy::{ApplicationCheck, RegistrationStep};
use scangate_core::refusal::Refusal;
use scangate_core::text::label;
use scangate_core::time::{HOUR_MS, Timestamp};
use scangate_storage::registry::{IdSource, Person, PhoneHolder, RegisteredPerson, Registry, RegistryError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The applications on a page of the queue.
const REVIEWS_A_PAGE: usize = 200;

/// An application whose proofs were checked.
#[derive(Clone, Copy)]
pub(in crate::office) struct Applicant<'a> {
    /// The data that the person applied with.
    pub(in crate::office) personal: &'a Personal,
    /// Whether the person proved to hold the phone.
    pub(in crate::office) proof: PhoneProof,
}

/// Registers an applicant, under review where the pack in force asks for checks. The caller recolours.
pub(in crate::office) fn apply(
    office: &Office,
    applicant: Applicant<'_>,
    ids: &IdSource,
) -> Result<RegisteredPerson, OfficeError> {
    let (kid, now, registry) = (office.tables.keyring.current().0, clock::now(), office.registry.making(ids));
    let is_proven = applicant.proof == PhoneProof::Verified;
    let review = |person| review(office, applicant, person, now);
    Ok(registry.apply(applicant.personal, is_proven, kid, now, &review)?)
}

/// The review of an application; none where the pack in force asks for no checks.
pub(in crate::office) fn review(
    office: &Office,
    applicant: Applicant<'_>,
    person: PersonId,
    now: Timestamp,
) -> Result<Option<Review>, RegistryError> {
    let published = office.tables.policies.in_force();
    let terms = published.policy.terms();
    if terms.checks.is_empty() {
        return Ok(None);
    }
    let is_proven = applicant.proof == PhoneProof::Verified && terms.steps.contains(&RegistrationStep::Sms);
    let found = KnownPeople::read(&office.registry, applicant, person)?;
    let is_failed = |check: &&ApplicationCheck| match check {
        ApplicationCheck::Document => applicant.personal.document.r#type != DocumentType::ResidentId,
        ApplicationCheck::Phone => !is_proven && !found.by_phone.is_empty(),
        ApplicationCheck::Register => found.contradict(applicant.personal),
    };
    let failed = terms.checks.iter().filter(is_failed).copied().collect();
    let due = now.plus_ms(u64::from(terms.review_hours) * HOUR_MS);
    Ok(Some(Review { applied: now, due, failed, decision: None }))
}

/// The people on record with whom an application is compared.
struct KnownPeople {
    /// Other people with the same phone, whose registration may be going on.
    by_phone: Vec<PhoneHolder>,
    /// The person with the same document.
    by_document: Option<Person>,
}

impl KnownPeople {
    fn read(registry: &Registry, applicant: Applicant<'_>, person: PersonId) -> Result<Self, RegistryError> {
        let mut by_phone = registry.phone_holders(&applicant.personal.phone)?;
        by_phone.retain(|holder| holder.id != person);
        Ok(Self { by_phone, by_document: registry.person(person)? })
    }

    /// Whether the imported register has another name for the phone or the document.
    fn contradict(&self, personal: &Personal) -> bool {
        let by_phone = self.by_phone.iter().filter_map(|holder| holder.person.as_ref());
        let mut known = by_phone.chain(&self.by_document);
        known.any(|known| known.imported && known.personal.name != personal.name)
    }
}

/// A review as the person sees it.
pub(in crate::office) fn shown(review: &Review) -> Value {
    let status = review.status();
    match (status, &review.decision) {
        (ReviewStatus::Approved, _) | (ReviewStatus::Rejected, None) => json!({ "status": status }),
        (ReviewStatus::Waiting, _) => {
            json!({"status": status, "failed": review.failed, "due": review.due})
        }
        (ReviewStatus::Rejected, Some(decision)) => {
            json!({"status": status, "reason": decision.reason, "at": decision.at})
        }
    }
}

/// The position behind which a page of the queue begins: the `next` of the page before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct ReviewsQuery {
    #[serde(default)]
    after: Option<String>,
}

impl Parameters for ReviewsQuery {
    const EXPECTED: &'static str = "the query takes `after`, the `next` of an answer";
}

impl ReviewsQuery {
    fn position(&self) -> Result<Option<(Timestamp, PersonId)>, OfficeError> {
        let parsed = |after: &String| {
            let (applied, person) = after.split_once('.')?;
            Some((Timestamp(applied.parse().ok()?), person.parse().ok()?))
        };
        let malformed = || OfficeError::Malformed(Self::EXPECTED.into());
        self.after.as_ref().map(|after| parsed(after).ok_or_else(malformed)).transpose()
    }
}

/// `GET /v1/reviews`: the applications that wait for a decision, oldest first.
pub(in crate::office) async fn list(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    query: Result<StrictQuery<ReviewsQuery>, OfficeError>,
) -> Result<axum::Json<Value>, OfficeError> {
    let StrictQuery(query) = query?;
    let behind = query.position()?;
    blocking(move || {
        let is_waiting = |review: &Review| review.status() == ReviewStatus::Waiting;
        let waiting = office.registry.unapproved(behind, REVIEWS_A_PAGE, is_waiting)?;
        office.audit(&claims, "reviews-read", String::new(), json!({"reviews": waiting.len()}))?;
        let last = waiting.last().filter(|_| waiting.len() == REVIEWS_A_PAGE);
        let next = last.map(|(person, review)| format!("{}.{}", review.applied.0, person.id));
        let now = clock::now();
        let reviews: Vec<Value> =
            waiting.iter().map(|(person, review)| queue_entry(person, review, now)).collect();
        Ok(axum::Json(json!({ "reviews": reviews, "next": next })))
    })
    .await?
}

fn queue_entry(person: &Person, review: &Review, now: Timestamp) -> Value {
    json!({
        "person": person.id, "name": person.personal.name, "document": person.personal.document.r#type,
        "failed": review.failed, "applied": review.applied, "due": review.due, "late": now > review.due,
    })
}

/// The authority's decision about an application.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct DecisionBody {
    approve: bool,
    #[serde(default)]
    reason: Option<String>,
}

impl DecisionBody {
    fn by(self, subject: String) -> Result<ReviewDecision, OfficeError> {
        let checked = |reason: String| label(&reason).map(str::to_owned);
        let reason =
            self.reason.map(|reason| checked(reason).ok_or_else(|| OfficeError::unprintable("reason")));
        let status = if self.approve { ReviewStatus::Approved } else { ReviewStatus::Rejected };
        Ok(ReviewDecision { status, at: clock::now(), by: subject, reason: reason.transpose()? })
    }
}

/// `POST /v1/reviews/{person}`: approves or rejects an application. A repeated decision changes nothing, and
/// a rejected application can still be approved.
pub(in crate::office) async fn decide(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    person: Result<PathId<PersonId>, OfficeError>,
    Json(body): Json<DecisionBody>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathId(person) = person?;
    let decision = body.by(claims.subject.clone())?;
    blocking(move || {
        let review = office.registry.person(person)?.and_then(|person| person.review);
        let before = review.ok_or(Refusal::NotFound)?;
        if !before.clone().decide(&decision) {
            return Err(Refusal::NotFound.into());
        }
        if before.status() != decision.status {
            let act =
                if decision.status == ReviewStatus::Approved { "review-approved" } else { "review-rejected" };
            office.audit(&claims, act, person.to_string(), json!({"reason": decision.reason}))?;
        }
        let (review, holds) = office.registry.decide_review(person, &decision)?.ok_or(Refusal::NotFound)?;
        if !holds {
            return Err(Refusal::NotFound.into());
        }
        office.recolour(&[person])?;
        let colour = office.judge(person)?.standing.colour;
        Ok(axum::Json(json!({"person": person, "review": shown(&review), "colour": colour.word()})))
    })
    .await?
}
