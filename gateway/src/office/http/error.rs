//! Why the back office did not do what it was asked: one closed list with status, code and words, as RFC
//! 9457 problems, whole answers and lines of NDJSON alike. Nothing of a request is repeated in one.

use crate::clock;
use crate::wire::problem::{CHALLENGE, Problem};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use scangate_core::booking::BookingError;
use scangate_core::certificate::CertificateError;
use scangate_core::person::PersonError;
use scangate_core::policy::Denied;
use scangate_core::refusal::{Refusal, Retry};
use scangate_core::time::Timestamp;
use scangate_storage::registry::RegistryError;
use scangate_storage::trail::TrailError;
use serde_json::{Value, json};
use std::borrow::Cow;

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::office) enum Wrong {
    /// What the scan path refuses, too.
    Refused(Refusal),
    /// Not the shape of this endpoint; the text says what, and repeats nothing personal.
    Malformed(Cow<'static, str>),
    /// A name, phone or document number that is none.
    Person(PersonError),
    /// The terms of the rule pack in force do not let this person do this.
    Denied(Denied),
    /// The changes of the day are used up, until this time.
    EditQuota(Timestamp),
    /// An arrival that needs a responsible unit, without one.
    UnitNeeded,
    /// A certificate that is not taken.
    Certificate(CertificateError),
    /// The rule pack asks for the code that was sent to the phone.
    SmsCodeNeeded,
    /// Not the code that was sent to the phone, or no longer.
    SmsCodeInvalid,
    /// The rule pack asks for a picture of the face.
    FaceNeeded,
    /// The picture is not of the document's holder.
    FaceMismatch,
    /// A phone has had its codes or tries, up to this time.
    PhoneSpent(Timestamp),
    /// A person has handed in as much as a day may have, up to this time.
    DaySpent(Timestamp),
    /// An outside party did not answer; nobody was registered.
    RegistrationUnavailable,
    /// The document is registered already.
    AlreadyRegistered,
    /// Who proved to hold a phone is taken as a dependant by whom they have not named.
    ProxyNotNamed,
    /// There is no such person.
    PersonUnknown,
    /// There is no such venue.
    VenueUnknown,
    /// No place of a test site's slot.
    Booking(BookingError),
    /// A tracer's budget of the day is spent.
    BudgetSpent,
    /// More hops than a tracer may ask for alone.
    HopsNeedApproval,
    /// A feed of nobody whom the pack in force trusts with one, or whose signature does not fit.
    FeedUntrusted,
    /// A feed that is not the one that comes next, which is this.
    FeedOutOfOrder(u64),
    /// A rule pack that would give so many a more severe colour.
    MassFlip(u64),
    /// Who sent a list may not approve it.
    SameApprover,
    /// The answer would have too many persons.
    AnswerTooLarge,
    /// A rule pack that is none; the text has line and column.
    PolicyInvalid(String),
    /// The store did not answer; nothing was changed that the answer speaks of.
    StoreUnavailable,
    /// The same of trails, with up to when an answer would be complete.
    TrailsUnavailable(Timestamp),
}

impl Wrong {
    /// The HTTP status.
    #[must_use]
    pub(in crate::office) fn status(&self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::Malformed(_) => 400,
            Self::HopsNeedApproval
            | Self::SameApprover
            | Self::ProxyNotNamed
            | Self::Denied(Denied::EditNotGreen | Denied::ProxyNotGreen | Denied::ProxyRight) => 403,
            Self::AlreadyRegistered
            | Self::MassFlip(_)
            | Self::FeedOutOfOrder(_)
            | Self::Booking(_)
            | Self::Denied(Denied::ProxyOutLimit | Denied::ProxyInLimit) => 409,
            Self::Person(_)
            | Self::SmsCodeNeeded
            | Self::SmsCodeInvalid
            | Self::FaceNeeded
            | Self::FaceMismatch
            | Self::PersonUnknown
            | Self::VenueUnknown
            | Self::AnswerTooLarge
            | Self::PolicyInvalid(_)
            | Self::UnitNeeded
            | Self::Certificate(_)
            | Self::FeedUntrusted
            | Self::Denied(Denied::DocumentUnsupported) => 422,
            Self::BudgetSpent | Self::PhoneSpent(_) | Self::DaySpent(_) | Self::EditQuota(_) => 429,
            Self::RegistrationUnavailable | Self::StoreUnavailable | Self::TrailsUnavailable(_) => 503,
        }
    }

    /// The stable code.
    #[must_use]
    pub(in crate::office) fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Malformed(_) => Refusal::Malformed("").code(),
            Self::Person(PersonError::Name) => "name-invalid",
            Self::Person(PersonError::PhoneUnsupported) => "phone-unsupported",
            Self::Person(PersonError::DocumentInvalid(_)) => "document-invalid",
            Self::Denied(denied) => denied_words(*denied).0,
            Self::EditQuota(_) => "edit-quota",
            Self::UnitNeeded => "unit-needed",
            Self::FeedUntrusted => "feed-untrusted",
            Self::FeedOutOfOrder(_) => "feed-out-of-order",
            Self::MassFlip(_) => "mass-flip",
            Self::Certificate(CertificateError::Forged | CertificateError::Another) => "certificate-invalid",
            Self::Certificate(CertificateError::OutOfTime) => "certificate-expired",
            Self::Certificate(CertificateError::OutOfScope) => "foreign-scope",
            Self::Certificate(CertificateError::Untrusted) => "certificate-untrusted",
            Self::SmsCodeNeeded => "sms-code-needed",
            Self::SmsCodeInvalid => "sms-code-invalid",
            Self::FaceNeeded => "face-needed",
            Self::FaceMismatch => "face-mismatch",
            Self::PhoneSpent(_) | Self::DaySpent(_) => Refusal::TooMany.code(),
            Self::RegistrationUnavailable => "registration-unavailable",
            Self::AlreadyRegistered => "already-registered",
            Self::ProxyNotNamed => "proxy-not-named",
            Self::PersonUnknown => "person-unknown",
            Self::VenueUnknown => "venue-unknown",
            Self::Booking(BookingError::Full) => "fully-booked",
            Self::Booking(BookingError::Already) => "booked-already",
            Self::BudgetSpent => "budget-spent",
            Self::HopsNeedApproval => "hops-need-approval",
            Self::SameApprover => "same-approver",
            Self::AnswerTooLarge => "answer-too-large",
            Self::PolicyInvalid(_) => "policy-invalid",
            Self::StoreUnavailable | Self::TrailsUnavailable(_) => "store-unavailable",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.title(),
            Self::Malformed(_) => Refusal::Malformed("").title(),
            Self::Person(PersonError::Name) => "The name is not one",
            Self::Person(PersonError::PhoneUnsupported) => "This kind of phone number is not taken",
            Self::Person(PersonError::DocumentInvalid(_)) => "The document number is not one of its type",
            Self::Denied(denied) => denied_words(*denied).1,
            Self::FeedUntrusted => "Nobody is trusted with this feed",
            Self::FeedOutOfOrder(_) => "Another feed comes next",
            Self::MassFlip(_) => "The rule pack would turn very many at once",
            Self::EditQuota(_) => "The changes of the day are used up",
            Self::UnitNeeded => "Somebody must answer for this arrival",
            Self::Certificate(_) => "The certificate is not taken",
            Self::SmsCodeNeeded => "The code sent to the phone is needed",
            Self::SmsCodeInvalid => "The code is not the one sent to the phone",
            Self::FaceNeeded => "A picture of the face is needed",
            Self::FaceMismatch => "The picture is not of the document's holder",
            Self::PhoneSpent(_) => "Too many codes or tries for one phone",
            Self::DaySpent(_) => "Too many of these in one day",
            Self::RegistrationUnavailable => "Registration does not work now",
            Self::AlreadyRegistered => "This document is registered already",
            Self::ProxyNotNamed => "This person has not named who takes them",
            Self::PersonUnknown => "There is no such person",
            Self::VenueUnknown => "There is no such venue",
            Self::Booking(BookingError::Full) => "Every place of this slot is taken",
            Self::Booking(BookingError::Already) => "There is a booking of this day",
            Self::BudgetSpent => "The budget of the day is spent",
            Self::HopsNeedApproval => "More than two hops need a second approver",
            Self::SameApprover => "Another person must approve this",
            Self::AnswerTooLarge => "The answer would hold too many persons",
            Self::PolicyInvalid(_) => "The rule pack is not valid",
            Self::StoreUnavailable | Self::TrailsUnavailable(_) => "The store does not answer",
        }
    }

    fn detail(&self) -> Cow<'_, str> {
        match self {
            Self::Refused(refusal) => refusal.detail().into(),
            Self::Malformed(detail) => detail.as_ref().into(),
            Self::Person(error) => error.to_string().into(),
            Self::Denied(denied) => denied_words(*denied).2.into(),
            Self::FeedUntrusted => {
                "its source must stand in the pack's trust list with `feeds = true`, and its signature be over the \
                 whole body"
                    .into()
            }
            Self::FeedOutOfOrder(expected) => format!("sequence {expected} comes next; nothing was taken").into(),
            Self::MassFlip(worse) => format!(
                "{worse} would get a more severe colour: look at the dry run, and approve with {{\"worse\": {worse}}} if \
                 that is meant"
            )
            .into(),
            Self::EditQuota(_) => "it can be changed again on the city's next day".into(),
            Self::UnitNeeded => "name as `unit` the employer or community where work or home is fixed".into(),
            Self::Certificate(error) => error.to_string().into(),
            Self::SmsCodeNeeded => "POST /v1/people/sms-codes sends one; give it as sms_code".into(),
            Self::SmsCodeInvalid => {
                "type the latest one, or have another sent; it is good for minutes".into()
            }
            Self::FaceNeeded => "give it as face: a JPEG or PNG in base64".into(),
            Self::FaceMismatch => "take another picture, a JPEG or PNG of the holder in good light".into(),
            Self::PhoneSpent(_) => {
                "this phone may have more after retry_after_ms; others are not held up".into()
            }
            Self::DaySpent(_) => "more are taken on the city's next day".into(),
            Self::RegistrationUnavailable => {
                "nobody was registered; send the same request again after retry_after_ms".into()
            }
            Self::AlreadyRegistered => {
                "use the phone it was registered with, or have the authority issue the key anew".into()
            }
            Self::ProxyNotNamed => {
                "this person registered with a phone of their own and must name you first, on their phone: POST \
                 /v1/people/me/guardians with your person id"
                    .into()
            }
            Self::PersonUnknown | Self::VenueUnknown => "nothing was kept of this".into(),
            Self::Booking(BookingError::Full) => "book another slot; GET its site's slots for what is left".into(),
            Self::Booking(BookingError::Already) => "cancel it first, or come then".into(),
            Self::BudgetSpent => "it begins anew with the next day (UTC)".into(),
            Self::HopsNeedApproval => "ask for one hop or two".into(),
            Self::SameApprover => "a second subject with the same role approves or rejects".into(),
            Self::AnswerTooLarge => "ask for a shorter window or a longer overlap".into(),
            Self::PolicyInvalid(detail) => detail.as_str().into(),
            Self::StoreUnavailable | Self::TrailsUnavailable(_) => {
                "send the same request again after retry_after_ms".into()
            }
        }
    }

    fn retry_after_ms(&self) -> Option<u32> {
        let refusal = match self {
            Self::Refused(refusal) => *refusal,
            Self::RegistrationUnavailable | Self::StoreUnavailable | Self::TrailsUnavailable(_) => {
                Refusal::Overloaded
            }
            Self::PhoneSpent(until) | Self::DaySpent(until) | Self::EditQuota(until) => {
                return Some(left_ms(*until));
            }
            Self::BudgetSpent => return Some(left_ms(clock::now().next_utc_day())),
            Self::Malformed(_)
            | Self::Person(_)
            | Self::Denied(_)
            | Self::FeedUntrusted
            | Self::FeedOutOfOrder(_)
            | Self::MassFlip(_)
            | Self::UnitNeeded
            | Self::Certificate(_)
            | Self::SmsCodeNeeded
            | Self::SmsCodeInvalid
            | Self::FaceNeeded
            | Self::FaceMismatch
            | Self::AlreadyRegistered
            | Self::ProxyNotNamed
            | Self::PersonUnknown
            | Self::VenueUnknown
            | Self::Booking(_)
            | Self::HopsNeedApproval
            | Self::SameApprover
            | Self::AnswerTooLarge
            | Self::PolicyInvalid(_) => return None,
        };
        match refusal.retry() {
            Retry::Never => None,
            Retry::After(_) => Problem::of(refusal, clock::now().0).retry_after_ms,
        }
    }

    /// Says with a store's silence up to when its answer would be complete.
    pub(in crate::office) fn complete_through(self, complete_through: Timestamp) -> Self {
        if matches!(self, Self::StoreUnavailable) { Self::TrailsUnavailable(complete_through) } else { self }
    }

    /// The problem as one line of NDJSON, which says what line of the request it is of, from 1.
    #[must_use]
    pub(in crate::office) fn line(&self, number: u64) -> Value {
        let mut problem = self.problem();
        problem["line"] = number.into();
        problem
    }

    /// The problem as an object.
    #[must_use]
    pub(in crate::office) fn problem(&self) -> Value {
        let mut problem = json!({
            "status": self.status(), "title": self.title(), "detail": self.detail(), "code": self.code(),
        });
        if let Some(ms) = self.retry_after_ms() {
            problem["retry_after_ms"] = ms.into();
        }
        if let Self::TrailsUnavailable(complete_through) = self {
            problem["complete_through"] = json!(complete_through);
        }
        if *self == Self::Refused(Refusal::PersonCodeExpired) {
            problem["server_time"] = json!(clock::now());
        }
        problem
    }
}

/// Code, title and detail of what the terms do not let somebody do.
const fn denied_words(denied: Denied) -> (&'static str, &'static str, &'static str) {
    match denied {
        Denied::DocumentUnsupported => (
            "document-unsupported",
            "This type of document is not taken here",
            "GET /v1/registration says which are taken and whom to call; others register at a counter",
        ),
        Denied::EditNotGreen => (
            "edit-not-green",
            "Only who is green may change this",
            "it can be changed once the colour is green again",
        ),
        Denied::ProxyNotGreen => (
            "proxy-not-green",
            "Only who is green may take dependants",
            "somebody of the family who is green may",
        ),
        Denied::ProxyOutLimit => (
            "proxy-out-limit",
            "There are as many dependants as one may have",
            "leave one first, or let somebody else of the family take this one",
        ),
        Denied::ProxyInLimit => (
            "proxy-in-limit",
            "This person has as many guardians as one may have",
            "one of them must leave first",
        ),
        Denied::ProxyRight => (
            "proxy-right",
            "Guardians may not do this for dependants here",
            "the dependant may, with a phone of their own",
        ),
    }
}

/// How long it is until a time, and a while more that differs from one answer to the next: not everybody who was
/// told is to come back at once.
fn left_ms(until: Timestamp) -> u32 {
    let now = clock::now();
    let left = until.since_ms(now);
    let spread = (left / 10).min(60_000);
    let share = now.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    u32::try_from(left + ((spread * share) >> 32)).unwrap_or(u32::MAX)
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let mut response = problem.to_string().into_response();
        *response.status_mut() =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(ms) = problem["retry_after_ms"].as_u64() {
            headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        if self.status() == 401 {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        response
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Denied> for Wrong {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<BookingError> for Wrong {
    fn from(error: BookingError) -> Self {
        Self::Booking(error)
    }
}

impl From<CertificateError> for Wrong {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<PersonError> for Wrong {
    fn from(error: PersonError) -> Self {
        Self::Person(error)
    }
}

impl From<RegistryError> for Wrong {
    fn from(error: RegistryError) -> Self {
        tracing::warn!(%error, "the registry did not answer");
        Self::StoreUnavailable
    }
}

impl From<TrailError> for Wrong {
    fn from(error: TrailError) -> Self {
        tracing::warn!(%error, "the trail store did not answer");
        Self::StoreUnavailable
    }
}
