//! The errors of the back office: one closed list. `problem_rows` has status, code and words of each. Errors
//! are sent as RFC 9457 problems, both as whole answers and as lines of NDJSON.

mod problem_rows;

use crate::clock;
use crate::office::budgets::SpentBudget;
use crate::office::http::channel::AbandonedBody;
use crate::tables::policies::Policies;
use crate::wire::http3::answer::ContentType;
use crate::wire::problem::field_of;
use crate::wire::waiting_page::waiting_page;
use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use problem_rows::{self as rows, ProblemRow, RetryTime};
use scangate_core::booking::BookingError;
use scangate_core::certificate::CertificateError;
use scangate_core::fact::FactError;
use scangate_core::limits::NAME_BYTES_MAX;
use scangate_core::person::PersonError;
use scangate_core::policy::Denied;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_storage::registry::{LabelUsed, RegistryError};
use scangate_storage::trail::TrailError;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::error::Error;
use std::iter;

/// The detail of a fact whose time is ahead.
const FACT_AHEAD: &str = "`at` lies in the future; server_time is the gateway's clock";

/// Why the back office rejected a request, or a line of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::office) enum OfficeError {
    /// A refusal that the scan path also has.
    Refused(Refusal),
    /// The request does not have the shape of this endpoint; the text names the fault without personal
    /// values.
    Malformed(Cow<'static, str>),
    /// A name, phone or document number that is not valid.
    Person(PersonError),
    /// The terms of the rule pack in force do not allow this.
    Denied(Denied),
    /// The changes allowed per day are used up, until this time.
    EditQuota(Timestamp),
    /// An arrival that needs a responsible unit and names none.
    UnitNeeded,
    /// No unit has this id.
    UnitUnknown,
    /// An arrival that was reported, or closed at a checkpoint.
    ArrivalClosed,
    /// A certificate that is not accepted.
    Certificate(CertificateError),
    /// The rule pack requires the code that was sent to the phone.
    SmsCodeNeeded,
    /// The code is not the one that was sent to the phone, or has expired.
    SmsCodeInvalid,
    /// The rule pack requires a picture of the face.
    FaceNeeded,
    /// The picture does not show the document's holder.
    FaceMismatch,
    /// A phone has used up its codes or tries, until this time.
    PhoneSpent(Timestamp),
    /// A person has sent as much as a day allows, until this time.
    DaySpent(Timestamp),
    /// A provider did not answer; no person was registered.
    RegistrationUnavailable,
    /// The document is already registered.
    AlreadyRegistered,
    /// The token is for another district than the one that the request names.
    DistrictWrong,
    /// A kid under which so many people still have their key.
    KidInUse(u64),
    /// A person's keys or passes were invalidated as often as can be counted.
    KeyGenerationsUsed,
    /// The person has proved to hold a phone, and has not named this guardian.
    ProxyNotNamed,
    /// No person has this id.
    PersonUnknown,
    /// No venue has this id.
    VenueUnknown,
    /// The slot of a test site cannot be booked.
    Booking(BookingError),
    /// The budget of the day does not cover the request.
    BudgetSpent(SpentBudget),
    /// The case does not cover the hops, the venue or the window without an approved extension.
    ExtensionNeeded,
    /// The purpose is not one of the configured ones.
    PurposeUnsupported,
    /// No trail is kept for any part of the window.
    WindowEmpty,
    /// The case is closed.
    CaseClosed,
    /// The pack in force does not trust the feed's source, or the signature does not fit.
    FeedUntrusted,
    /// Another feed comes next, with this sequence number.
    FeedOutOfOrder(u64),
    /// A rule pack that would give so many people a more severe colour.
    MassFlip(u64),
    /// The idempotency key stands for a request with another body.
    KeyReused,
    /// The sender of a list may not approve it.
    SameApprover,
    /// As many notices are in force as may be.
    NoticesFull,
    /// The answer would have too many persons.
    AnswerTooLarge,
    /// A rule pack that does not parse; the text has line and column.
    PolicyInvalid(String),
    /// A rule pack whose label was published before; this number comes next under its name.
    PolicyLabelUsed(u32),
    /// The store did not answer; nothing that the answer would report was changed.
    StoreUnavailable,
    /// The trail store did not answer; with the time up to which an answer would be complete.
    TrailsUnavailable(Timestamp),
}

impl OfficeError {
    /// The error of a body that was not read to its end.
    pub(in crate::office) fn of_body(error: &(dyn Error + 'static)) -> Self {
        let mut causes = iter::successors(Some(error), |cause| (*cause).source());
        if causes.any(|cause| cause.downcast_ref() == Some(&AbandonedBody::Late)) {
            return Self::Refused(Refusal::TooSlow);
        }
        Self::Malformed("the body did not arrive whole".into())
    }

    /// Status, code, words and retry time.
    fn row(&self) -> ProblemRow<'_> {
        match self {
            Self::Refused(refusal) => (*refusal).into(),
            Self::Malformed(detail) => rows::MALFORMED.detail(&**detail),
            Self::Person(error) => (*error).into(),
            Self::Denied(denied) => (*denied).into(),
            Self::EditQuota(until) => rows::EDIT_QUOTA.retry(RetryTime::At(*until)),
            Self::UnitNeeded => rows::UNIT_NEEDED,
            Self::UnitUnknown => rows::UNIT_UNKNOWN,
            Self::ArrivalClosed => rows::ARRIVAL_CLOSED,
            Self::Certificate(error) => (*error).into(),
            Self::SmsCodeNeeded => rows::SMS_CODE_NEEDED,
            Self::SmsCodeInvalid => rows::SMS_CODE_INVALID,
            Self::FaceNeeded => rows::FACE_NEEDED,
            Self::FaceMismatch => rows::FACE_MISMATCH,
            Self::PhoneSpent(until) => rows::PHONE_SPENT.retry(RetryTime::At(*until)),
            Self::DaySpent(until) => rows::DAY_SPENT.retry(RetryTime::At(*until)),
            Self::RegistrationUnavailable => {
                rows::REGISTRATION_UNAVAILABLE.retry(RetryTime::Backoff(Refusal::Overloaded))
            }
            Self::AlreadyRegistered => rows::ALREADY_REGISTERED,
            Self::DistrictWrong => rows::DISTRICT_WRONG,
            Self::KidInUse(people) => rows::KID_IN_USE.detail(format!(
                "the keys of {people} people are under this kid: a page moves its key to the newest kid by itself \
                 when it is opened, and POST /v1/people/{{person}}/key issues a new one"
            )),
            Self::KeyGenerationsUsed => rows::KEY_GENERATIONS_USED,
            Self::ProxyNotNamed => rows::PROXY_NOT_NAMED,
            Self::PersonUnknown => rows::PERSON_UNKNOWN,
            Self::VenueUnknown => rows::VENUE_UNKNOWN,
            Self::Booking(error) => (*error).into(),
            Self::BudgetSpent(spent) => rows::BUDGET_SPENT.retry(RetryTime::At(spent.full_at)),
            Self::ExtensionNeeded => rows::EXTENSION_NEEDED,
            Self::PurposeUnsupported => rows::PURPOSE_UNSUPPORTED,
            Self::WindowEmpty => rows::WINDOW_EMPTY,
            Self::CaseClosed => rows::CASE_CLOSED,
            Self::FeedUntrusted => rows::FEED_UNTRUSTED,
            Self::FeedOutOfOrder(expected) => rows::FEED_OUT_OF_ORDER
                .detail(format!("sequence {expected} comes next; nothing of the feed was stored")),
            Self::MassFlip(worse) => rows::MASS_FLIP.detail(format!(
                "{worse} people would get a more severe colour: check the dry run; to confirm, approve with \
                 {{\"worse\": {worse}}}"
            )),
            Self::KeyReused => rows::KEY_REUSED,
            Self::SameApprover => rows::SAME_APPROVER,
            Self::NoticesFull => rows::NOTICES_FULL,
            Self::AnswerTooLarge => rows::ANSWER_TOO_LARGE,
            Self::PolicyInvalid(detail) => rows::POLICY_INVALID.detail(detail.as_str()),
            Self::PolicyLabelUsed(next) => rows::POLICY_LABEL_USED.detail(format!(
                "a name and number stand for one text: publish this text under number {next} or a higher one, or \
                 under another name"
            )),
            Self::StoreUnavailable | Self::TrailsUnavailable(_) => {
                rows::STORE_UNAVAILABLE.retry(RetryTime::Backoff(Refusal::Overloaded))
            }
        }
    }

    /// The error of a name or label that [`scangate_core::text::label`] rejects, in this field.
    pub(in crate::office) fn unprintable(field: &str) -> Self {
        let bounds = format!("{field} must have 1 to {NAME_BYTES_MAX} bytes and only printable characters");
        Self::Malformed(bounds.into())
    }

    /// The same error with the time up to which an answer from the trails would be complete.
    pub(in crate::office) fn complete_through(self, complete_through: Timestamp) -> Self {
        if matches!(self, Self::StoreUnavailable) { Self::TrailsUnavailable(complete_through) } else { self }
    }

    /// The problem as one line of NDJSON, with the number of the request's line, from 1.
    #[must_use]
    pub(in crate::office) fn line(&self, number: u64) -> Value {
        let mut problem = self.problem();
        problem["line"] = number.into();
        problem
    }

    /// The problem as an object.
    #[must_use]
    pub(in crate::office) fn problem(&self) -> Value {
        let ProblemRow { status, code, title, detail, retry } = self.row();
        let mut problem = json!({"status": status, "title": title, "detail": detail, "code": code});
        if let Some(ms) = retry.after_ms() {
            problem["retry_after_ms"] = ms.into();
        }
        if let Self::BudgetSpent(spent) = self {
            problem["left"] = spent.left.into();
            problem["needed"] = spent.needed.into();
        }
        if let Self::TrailsUnavailable(complete_through) = self {
            problem["complete_through"] = json!(complete_through);
        }
        if let Self::Refused(refusal) = self
            && refusal.shows_server_time()
        {
            problem["server_time"] = json!(clock::now());
        }
        problem
    }
}

/// The problem of an answer, until [`name_hotline`] writes it.
#[derive(Clone)]
pub(super) struct UnsentProblem(pub(super) Value);

/// Names the hotline of the pack in force in a problem. A pack without a hotline adds nothing.
pub(in crate::office) fn add_hotline(problem: &mut Value, policies: &Policies) {
    let published = policies.in_force();
    let hotline = published.policy.hotline();
    if !hotline.is_empty() {
        problem["hotline"] = hotline.into();
    }
}

/// The page that a browser gets in place of a problem, if the request was shed. Passes every other answer on.
pub(in crate::office) fn into_page(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let retry_after_s = head.headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    let Some(page) = waiting_page(head.status.as_u16(), retry_after_s) else {
        return Response::from_parts(head, body);
    };
    head.extensions.remove::<UnsentProblem>();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(ContentType::Page.text()));
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(page.len()));
    // The answer to HEAD has the length of the page and no body.
    let body = if body.is_end_stream() { body } else { Body::from(page) };
    Response::from_parts(head, body)
}

/// Names the hotline in an answer that is a problem, and passes every other answer on. Every answer of the
/// back office passes here, so no handler needs the pack for its problems.
pub(in crate::office) fn name_hotline(response: Response, policies: &Policies) -> Response {
    let (mut head, body) = response.into_parts();
    let Some(UnsentProblem(mut problem)) = head.extensions.remove() else {
        return Response::from_parts(head, body);
    };
    add_hotline(&mut problem, policies);
    let text = problem.to_string();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    // The answer to HEAD has the length of the problem and no body.
    let body = if body.is_end_stream() { body } else { Body::from(text) };
    Response::from_parts(head, body)
}

impl IntoResponse for OfficeError {
    fn into_response(self) -> Response {
        let (problem, status) = (self.problem(), self.row().status);
        let mut response = problem.to_string().into_response();
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(ms) = problem["retry_after_ms"].as_u64() {
            headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        if let Some((name, value)) = field_of(status) {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response.extensions_mut().insert(UnsentProblem(problem));
        response
    }
}

impl From<Refusal> for OfficeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Denied> for OfficeError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<BookingError> for OfficeError {
    fn from(error: BookingError) -> Self {
        Self::Booking(error)
    }
}

impl From<CertificateError> for OfficeError {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<FactError> for OfficeError {
    fn from(error: FactError) -> Self {
        match error {
            FactError::Future => Self::Refused(Refusal::ClockOff(FACT_AHEAD)),
            FactError::Missing(_) | FactError::Foreign(_) | FactError::Backwards | FactError::Naming => {
                Self::Malformed(error.to_string().into())
            }
        }
    }
}

impl From<PersonError> for OfficeError {
    fn from(error: PersonError) -> Self {
        Self::Person(error)
    }
}

impl From<LabelUsed> for OfficeError {
    fn from(LabelUsed { next }: LabelUsed) -> Self {
        Self::PolicyLabelUsed(next)
    }
}

impl From<RegistryError> for OfficeError {
    fn from(error: RegistryError) -> Self {
        tracing::warn!(event = "registry-silent", %error, "the registry did not answer");
        Self::StoreUnavailable
    }
}

impl From<TrailError> for OfficeError {
    fn from(error: TrailError) -> Self {
        tracing::warn!(event = "trails-silent", %error, "the trail store did not answer");
        Self::StoreUnavailable
    }
}

#[cfg(test)]
pub(in crate::office) mod tests {
    use super::*;
    use scangate_core::person::DocumentType;

    const NEVER: Option<(u32, u32)> = None;
    const OVERLOADED: Option<(u32, u32)> = Some((500, 1_500));
    /// The rest of the minute when the test looks, and up to a tenth of it more.
    const MINUTE: Option<(u32, u32)> = Some((55_000, 66_000));

    /// An error with its status, its code and the range of its retry time.
    pub(in crate::office) type Expectation = (OfficeError, u16, &'static str, Option<(u32, u32)>);

    /// Every variant but the refusals.
    pub(in crate::office) fn table() -> Vec<Expectation> {
        use OfficeError as E;
        let soon = clock::now().plus_ms(60_000);
        let resident_id = DocumentType::ResidentId;
        vec![
            (E::Malformed("x".into()), 400, "malformed", NEVER),
            (E::Person(PersonError::Name), 422, "name-invalid", NEVER),
            (E::Person(PersonError::PhoneUnsupported), 422, "phone-unsupported", NEVER),
            (E::Person(PersonError::DocumentInvalid(resident_id)), 422, "document-invalid", NEVER),
            (E::Person(PersonError::District), 400, "malformed", NEVER),
            (E::Denied(Denied::DocumentUnsupported), 422, "document-unsupported", NEVER),
            (E::Denied(Denied::EditNotGreen), 403, "edit-not-green", NEVER),
            (E::Denied(Denied::ProxyNotGreen), 403, "proxy-not-green", NEVER),
            (E::Denied(Denied::ProxyOutLimit), 409, "proxy-out-limit", NEVER),
            (E::Denied(Denied::ProxyInLimit), 409, "proxy-in-limit", NEVER),
            (E::Denied(Denied::ProxyRight), 403, "proxy-right", NEVER),
            (E::EditQuota(soon), 429, "edit-quota", MINUTE),
            (E::UnitNeeded, 422, "unit-needed", NEVER),
            (E::UnitUnknown, 422, "unit-unknown", NEVER),
            (E::ArrivalClosed, 409, "arrival-closed", NEVER),
            (E::Certificate(CertificateError::Forged), 422, "certificate-invalid", NEVER),
            (E::Certificate(CertificateError::Another), 422, "certificate-invalid", NEVER),
            (E::Certificate(CertificateError::OutOfTime), 422, "certificate-expired", NEVER),
            (E::Certificate(CertificateError::OutOfScope), 422, "foreign-scope", NEVER),
            (E::Certificate(CertificateError::Untrusted), 422, "certificate-untrusted", NEVER),
            (E::Certificate(CertificateError::Revoked), 422, "certificate-untrusted", NEVER),
            (E::SmsCodeNeeded, 422, "sms-code-needed", NEVER),
            (E::SmsCodeInvalid, 422, "sms-code-invalid", NEVER),
            (E::FaceNeeded, 422, "face-needed", NEVER),
            (E::FaceMismatch, 422, "face-mismatch", NEVER),
            (E::PhoneSpent(soon), 429, "too-many", MINUTE),
            (E::DaySpent(soon), 429, "too-many", MINUTE),
            (E::RegistrationUnavailable, 503, "registration-unavailable", OVERLOADED),
            (E::AlreadyRegistered, 409, "already-registered", NEVER),
            (E::DistrictWrong, 403, "district-wrong", NEVER),
            (E::KidInUse(7), 409, "kid-in-use", NEVER),
            (E::KeyGenerationsUsed, 409, "key-generations-used", NEVER),
            (E::ProxyNotNamed, 403, "proxy-not-named", NEVER),
            (E::PersonUnknown, 422, "person-unknown", NEVER),
            (E::VenueUnknown, 422, "venue-unknown", NEVER),
            (E::Booking(BookingError::Full), 409, "fully-booked", NEVER),
            (E::Booking(BookingError::Already), 409, "booked-already", NEVER),
            (E::BudgetSpent(SpentBudget { left: 1, needed: 2, full_at: soon }), 429, "budget-spent", MINUTE),
            (E::ExtensionNeeded, 403, "extension-needed", NEVER),
            (E::PurposeUnsupported, 422, "purpose-unsupported", NEVER),
            (E::WindowEmpty, 422, "window-empty", NEVER),
            (E::CaseClosed, 409, "case-closed", NEVER),
            (E::FeedUntrusted, 422, "feed-untrusted", NEVER),
            (E::FeedOutOfOrder(7), 409, "feed-out-of-order", NEVER),
            (E::MassFlip(7), 409, "mass-flip", NEVER),
            (E::KeyReused, 422, "idempotency-key-reused", NEVER),
            (E::SameApprover, 403, "same-approver", NEVER),
            (E::NoticesFull, 409, "notices-full", NEVER),
            (E::AnswerTooLarge, 422, "answer-too-large", NEVER),
            (E::PolicyInvalid("x".into()), 422, "policy-invalid", NEVER),
            (E::PolicyLabelUsed(4), 409, "policy-label-used", NEVER),
            (E::StoreUnavailable, 503, "store-unavailable", OVERLOADED),
            (E::TrailsUnavailable(soon), 503, "store-unavailable", OVERLOADED),
        ]
    }

    #[test]
    fn every_error_keeps_its_status_code_and_retry_time() {
        for (error, status, code, retry) in table() {
            let problem = error.problem();
            assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{error:?}");
            let ms = problem.get("retry_after_ms").map(|ms| u32::try_from(ms.as_u64().unwrap()).unwrap());
            let is_as_expected = match (ms, retry) {
                (Some(ms), Some((least, most))) => (least..=most).contains(&ms),
                (ms, retry) => ms.is_none() && retry.is_none(),
            };
            assert!(is_as_expected, "{error:?}: {ms:?}");
            assert!(problem["title"] != "" && problem["detail"] != "", "{error:?}");
            assert_eq!(error.into_response().status().as_u16(), status);
        }
    }

    #[test]
    fn a_browser_gets_a_page_in_place_of_a_problem_that_a_retry_may_resolve() {
        for (error, is_page) in [
            (OfficeError::StoreUnavailable, true),
            (OfficeError::DaySpent(clock::now().plus_ms(60_000)), true),
            (Refusal::Overloaded.into(), true),
            (Refusal::NotFound.into(), false),
            (OfficeError::CaseClosed, false),
        ] {
            let response = into_page(error.clone().into_response());
            let kind = if is_page { "text/html; charset=utf-8" } else { "application/problem+json" };
            assert_eq!(response.headers()[CONTENT_TYPE], kind, "{error:?}");
            assert_eq!(response.headers().contains_key(RETRY_AFTER), is_page, "{error:?}");
            assert_eq!(response.extensions().get::<UnsentProblem>().is_some(), !is_page, "{error:?}");
            if let Some(length) = response.headers().get(CONTENT_LENGTH) {
                let length = length.to_str().unwrap().parse().ok();
                assert_eq!(response.body().size_hint().exact(), length, "{error:?}");
            }
        }
    }

    #[test]
    fn a_refusal_answers_as_on_the_scan_path() {
        for refusal in Refusal::ALL {
            let problem = OfficeError::from(refusal).problem();
            assert_eq!(problem["status"], refusal.status());
            assert_eq!(problem["code"], refusal.code());
            let retries = matches!(refusal.retry(), scangate_core::refusal::Retry::After(_));
            assert_eq!(problem.get("retry_after_ms").is_some(), retries, "{refusal:?}");
            assert_eq!(problem.get("server_time").is_some(), refusal.shows_server_time(), "{refusal:?}");
        }
    }
}
