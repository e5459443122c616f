//! The rows of the back office's problems: status, code, title, detail and retry time of each. The variants
//! to which they belong are in `error`. A row repeats nothing of a request.

use crate::clock;
use crate::wire::problem::Problem;
use scangate_core::booking::BookingError;
use scangate_core::certificate::CertificateError;
use scangate_core::person::PersonError;
use scangate_core::policy::Denied;
use scangate_core::refusal::{Refusal, Retry};
use scangate_core::time::Timestamp;
use std::borrow::Cow;

/// When a client may send its request again.
#[derive(Clone, Copy)]
pub(super) enum RetryTime {
    /// Never: the same request would fail again.
    Never,
    /// After the refusal's own back-off.
    Backoff(Refusal),
    /// At this time, when the quota is full again.
    At(Timestamp),
}

impl RetryTime {
    /// The time from now, spread over clients. **Units**: milliseconds.
    pub(super) fn after_ms(self) -> Option<u32> {
        match self {
            Self::Never => None,
            Self::Backoff(refusal) => match refusal.retry() {
                Retry::Never => None,
                Retry::After(_) => Problem::of(refusal, clock::now().0).retry_after_ms,
            },
            Self::At(time) => Some(spread_ms(time)),
        }
    }
}

/// The time until `until` and up to a tenth of it more, one minute at most. The extra time differs between
/// answers: clients that were refused together must not all return together.
fn spread_ms(until: Timestamp) -> u32 {
    let now = clock::now();
    let left = until.since_ms(now);
    let spread = (left / 10).min(60_000);
    let share = now.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    u32::try_from(left + ((spread * share) >> 32)).unwrap_or(u32::MAX)
}

/// One problem's row.
pub(super) struct ProblemRow<'a> {
    /// The HTTP status.
    pub(super) status: u16,
    /// The stable code.
    pub(super) code: &'static str,
    /// The summary of the fault.
    pub(super) title: &'static str,
    /// The advice to the client.
    pub(super) detail: Cow<'a, str>,
    /// The time of the next attempt.
    pub(super) retry: RetryTime,
}

impl ProblemRow<'_> {
    const fn new(status: u16, code: &'static str, title: &'static str, detail: &'static str) -> Self {
        Self { status, code, title, detail: Cow::Borrowed(detail), retry: RetryTime::Never }
    }

    /// The row with this retry time.
    pub(super) fn retry(self, retry: RetryTime) -> Self {
        Self { retry, ..self }
    }
}

impl<'a> ProblemRow<'a> {
    /// The row with this detail.
    pub(super) fn detail(self, detail: impl Into<Cow<'a, str>>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

impl From<Refusal> for ProblemRow<'_> {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status(), refusal.code(), refusal.title(), refusal.detail())
            .retry(RetryTime::Backoff(refusal))
    }
}

impl From<PersonError> for ProblemRow<'_> {
    fn from(error: PersonError) -> Self {
        let (code, title) = match error {
            PersonError::Name => ("name-invalid", "The name is not valid"),
            PersonError::PhoneUnsupported => {
                ("phone-unsupported", "This kind of phone number is not supported")
            }
            PersonError::DocumentInvalid(_) => {
                ("document-invalid", "The document number is not valid for its type")
            }
            PersonError::District => return MALFORMED.detail(error.to_string()),
        };
        Self::new(422, code, title, "").detail(error.to_string())
    }
}

impl From<CertificateError> for ProblemRow<'_> {
    fn from(error: CertificateError) -> Self {
        let code = match error {
            CertificateError::Forged | CertificateError::Another => "certificate-invalid",
            CertificateError::OutOfTime => "certificate-expired",
            CertificateError::OutOfScope => "foreign-scope",
            CertificateError::Untrusted | CertificateError::Revoked => "certificate-untrusted",
        };
        Self::new(422, code, "The certificate is not accepted", "").detail(error.to_string())
    }
}

impl From<BookingError> for ProblemRow<'_> {
    fn from(error: BookingError) -> Self {
        match error {
            BookingError::Full => Self::new(
                409,
                "fully-booked",
                "This slot is fully booked",
                "book another slot; GET the site's slots to see what is free",
            ),
            BookingError::Already => Self::new(
                409,
                "booked-already",
                "This day already has a booking",
                "cancel the existing booking first, or keep it",
            ),
        }
    }
}

impl From<Denied> for ProblemRow<'_> {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::DocumentUnsupported => Self::new(
                422,
                "document-unsupported",
                "This type of document is not accepted here",
                "GET /v1/registration lists the accepted types and the hotline; others register at a counter",
            ),
            Denied::EditNotGreen => Self::new(
                403,
                "edit-not-green",
                "A change needs the colour green",
                "send the change again once the colour is green",
            ),
            Denied::ProxyNotGreen => Self::new(
                403,
                "proxy-not-green",
                "A guardian must be green to add dependants",
                "another green member of the family can add them",
            ),
            Denied::ProxyOutLimit => Self::new(
                409,
                "proxy-out-limit",
                "You already have the maximum number of dependants",
                "remove a dependant first, or let another member of the family add this one",
            ),
            Denied::ProxyInLimit => Self::new(
                409,
                "proxy-in-limit",
                "This person already has the maximum number of guardians",
                "one of the guardians must leave first",
            ),
            Denied::ProxyRight => Self::new(
                403,
                "proxy-right",
                "Guardians may not do this for dependants here",
                "the dependant can do it on a phone of their own",
            ),
        }
    }
}

pub(super) const MALFORMED: ProblemRow<'static> = {
    let refusal = Refusal::Malformed("");
    ProblemRow::new(400, refusal.code(), refusal.title(), "")
};
pub(super) const EDIT_QUOTA: ProblemRow<'static> = ProblemRow::new(
    429,
    "edit-quota",
    "The changes allowed per day are used up",
    "send the change again on the city's next day",
);
pub(super) const UNIT_NEEDED: ProblemRow<'static> = ProblemRow::new(
    422,
    "unit-needed",
    "This arrival needs a responsible unit",
    "set `unit` to the employer or community of your work or home",
);
pub(super) const UNIT_UNKNOWN: ProblemRow<'static> =
    ProblemRow::new(422, "unit-unknown", "No unit has this id", "set `unit` to an id from GET /v1/units");
pub(super) const ARRIVAL_CLOSED: ProblemRow<'static> = ProblemRow::new(
    409,
    "arrival-closed",
    "This arrival can no longer be changed",
    "it was reported or closed at a checkpoint; announce a new arrival instead",
);
pub(super) const SMS_CODE_NEEDED: ProblemRow<'static> = ProblemRow::new(
    422,
    "sms-code-needed",
    "The code sent to the phone is missing",
    "POST /v1/people/sms-codes sends a code; send it as sms_code",
);
pub(super) const SMS_CODE_INVALID: ProblemRow<'static> = ProblemRow::new(
    422,
    "sms-code-invalid",
    "The code does not match the one sent to the phone",
    "enter the latest code, or request another; a code expires after some minutes",
);
pub(super) const FACE_NEEDED: ProblemRow<'static> = ProblemRow::new(
    422,
    "face-needed",
    "A picture of the face is missing",
    "send the picture as face: a JPEG or PNG in base64",
);
pub(super) const FACE_MISMATCH: ProblemRow<'static> = ProblemRow::new(
    422,
    "face-mismatch",
    "The picture does not match the document's holder",
    "take another picture of the holder in good light, a JPEG or PNG",
);
pub(super) const PHONE_SPENT: ProblemRow<'static> = ProblemRow::new(
    429,
    Refusal::TooMany.code(),
    "Too many codes or tries for one phone",
    "use this phone again after retry_after_ms; other phones are not affected",
);
pub(super) const DAY_SPENT: ProblemRow<'static> = ProblemRow::new(
    429,
    Refusal::TooMany.code(),
    "Too many requests of this kind today",
    "send more on the city's next day",
);
pub(super) const REGISTRATION_UNAVAILABLE: ProblemRow<'static> = ProblemRow::new(
    503,
    "registration-unavailable",
    "Registration is not available now",
    "nothing was registered; send the same request again after retry_after_ms",
);
pub(super) const ALREADY_REGISTERED: ProblemRow<'static> = ProblemRow::new(
    409,
    "already-registered",
    "This document is already registered",
    "use the phone it was registered with, or ask the authority to issue the key again",
);
pub(super) const DISTRICT_WRONG: ProblemRow<'static> = ProblemRow::new(
    403,
    "district-wrong",
    "This token is for another district",
    "an office works for the people of its own district; a token without a district is for all of them",
);
pub(super) const KID_IN_USE: ProblemRow<'static> =
    ProblemRow::new(409, "kid-in-use", "People still have their key under this kid", "");
pub(super) const KEY_GENERATIONS_USED: ProblemRow<'static> = ProblemRow::new(
    409,
    "key-generations-used",
    "This person's keys or passes were invalidated as often as is possible",
    "erase the person and register them again",
);
pub(super) const PROXY_NOT_NAMED: ProblemRow<'static> = ProblemRow::new(
    403,
    "proxy-not-named",
    "This person has not named you as a guardian",
    "this person has a phone and must name you on it first: POST /v1/people/me/guardians with your person id",
);
pub(super) const PERSON_UNKNOWN: ProblemRow<'static> =
    ProblemRow::new(422, "person-unknown", "No person has this id", "nothing of this was stored");
pub(super) const VENUE_UNKNOWN: ProblemRow<'static> =
    ProblemRow::new(422, "venue-unknown", "No venue has this id", "nothing of this was stored");
pub(super) const BUDGET_SPENT: ProblemRow<'static> = ProblemRow::new(
    429,
    "budget-spent",
    "The budget of the day is spent",
    "left is what is left today and needed what the answer takes; the budget is full again at midnight",
);
pub(super) const EXTENSION_NEEDED: ProblemRow<'static> = ProblemRow::new(
    403,
    "extension-needed",
    "The case does not cover this without an extension",
    "ask for the hops, venue or window with POST /v1/cases/{case}/extensions; another tracer approves",
);
pub(super) const PURPOSE_UNSUPPORTED: ProblemRow<'static> = ProblemRow::new(
    422,
    "purpose-unsupported",
    "Cases may not have this purpose",
    "the operator configures the purposes of cases as tracer.purposes",
);
pub(super) const WINDOW_EMPTY: ProblemRow<'static> = ProblemRow::new(
    422,
    "window-empty",
    "No trail is kept for this window",
    "the window ends before the retention begins, or begins in the future",
);
pub(super) const CASE_CLOSED: ProblemRow<'static> = ProblemRow::new(
    409,
    "case-closed",
    "The case is closed",
    "a closed case answers no questions; open another case",
);
pub(super) const FEED_UNTRUSTED: ProblemRow<'static> = ProblemRow::new(
    422,
    "feed-untrusted",
    "The source of this feed is not trusted",
    "the pack's trust list must have the source with `feeds = true`, and the signature must cover the whole body",
);
pub(super) const FEED_OUT_OF_ORDER: ProblemRow<'static> =
    ProblemRow::new(409, "feed-out-of-order", "Another feed comes next", "");
pub(super) const MASS_FLIP: ProblemRow<'static> =
    ProblemRow::new(409, "mass-flip", "The rule pack would change very many colours at once", "");
pub(super) const KEY_REUSED: ProblemRow<'static> = ProblemRow::new(
    422,
    "idempotency-key-reused",
    "The idempotency key was used for another request",
    "make a new key for each request, and send it again only with the same body",
);
pub(super) const SAME_APPROVER: ProblemRow<'static> = ProblemRow::new(
    403,
    "same-approver",
    "A second person must approve this",
    "another subject with the same role approves or rejects",
);
pub(super) const NOTICES_FULL: ProblemRow<'static> = ProblemRow::new(
    409,
    "notices-full",
    "Too many notices are in force",
    "end a notice with DELETE /v1/notices/{notice}, then publish the new one",
);
pub(super) const ANSWER_TOO_LARGE: ProblemRow<'static> = ProblemRow::new(
    422,
    "answer-too-large",
    "The answer would hold too many persons",
    "ask for a shorter window or a longer overlap",
);
pub(super) const POLICY_INVALID: ProblemRow<'static> =
    ProblemRow::new(422, "policy-invalid", "The rule pack is not valid", "");
pub(super) const POLICY_LABEL_USED: ProblemRow<'static> =
    ProblemRow::new(409, "policy-label-used", "This rule pack's label was published before", "");
pub(super) const STORE_UNAVAILABLE: ProblemRow<'static> = ProblemRow::new(
    503,
    "store-unavailable",
    "The store does not answer",
    "send the same request again after retry_after_ms",
);
