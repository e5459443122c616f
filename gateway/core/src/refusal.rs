//! Refusals: the reasons why the gateway rejects a request and stores nothing, but for
//! [`Refusal::Unconfirmed`]. The set is small and closed, and one match gives the status, code, title, detail
//! and retry advice of each. A check-in whose verdict is `refuse` is not a refusal: the gateway stores it.

use crate::certificate::CertificateError;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The request has the wrong shape. The text says what is wrong and repeats nothing of the request.
    Malformed(&'static str),
    /// The time in the request is further from the server's than this endpoint accepts. It is a kind of
    /// malformed request whose answer shows the server's time.
    ClockOff(&'static str),
    /// The person code is of an earlier or later step.
    PersonCodeExpired,
    /// The person code is not genuine, or its kid is unknown.
    PersonCodeInvalid,
    /// The person was erased: no code of theirs is valid any more.
    PersonErased,
    /// The endpoint needs a bearer token, and the request has none or a forged or expired one.
    TokenInvalid,
    /// The token's role may not do this.
    RoleWrong,
    /// The request did not arrive whole in time.
    TooSlow,
    /// The body is longer than this endpoint accepts.
    TooLarge,
    /// The body is compressed, which no endpoint accepts.
    EncodingUnsupported,
    /// The venue's code is not genuine, or its venue is unknown.
    VenueCodeInvalid,
    /// The door code is of an earlier step.
    VenueCodeExpired,
    /// The venue is withdrawn.
    VenueClosed,
    /// Another city's certificate is not accepted at this city's doors.
    CertificateUntrusted(CertificateError),
    /// One person or source is over its own rate limit.
    TooMany,
    /// The gateway sheds load.
    Overloaded,
    /// The gateway began the request and cannot tell whether it is stored, as after a failed fsync. It has
    /// the code of [`Self::Overloaded`], because the client has to do the same.
    Unconfirmed,
    /// The journal's disk is full.
    JournalFull,
    /// The request came in early data, in which the gateway accepts only requests that are safe to replay.
    TooEarly,
    /// The thing does not exist, or the caller may not see it.
    NotFound,
    /// This path has no such method.
    MethodNotAllowed,
    /// The head, with its target, has more bytes than any request needs. A target alone that is too long is
    /// one too, because HTTP/2 and HTTP/3 send it as a field.
    HeadTooLarge,
    /// `expect` has another value than `100-continue`.
    ExpectationUnsupported,
    /// `transfer-encoding` is something other than `chunked`.
    TransferCodingUnsupported,
}

/// The detail of a refusal that the same request may escape later.
const SEND_AGAIN: &str = "nothing was stored; send the same request again after retry_after_ms";

const UNCONFIRMED: RefusalRow = RefusalRow::new(503, "overloaded")
    .titled("The gateway could not confirm the request")
    .detailed(
        "the gateway cannot tell whether this was stored; send the same request again after retry_after_ms",
    )
    .retry_after_ms(1_000);

const TOO_EARLY: RefusalRow = RefusalRow::new(425, "too-early")
    .titled("Too early: send this after the handshake")
    .detailed("repeat the request on the established connection")
    .retry_after_ms(0);

const UNTRUSTED: RefusalRow =
    RefusalRow::new(422, "certificate-untrusted").titled("The certificate is not accepted here");

const TOO_SLOW: RefusalRow = RefusalRow::new(408, "too-slow")
    .titled("The request took too long")
    .detailed("the request did not arrive whole; send it without a long pause");

/// Whether a refused request may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It cannot succeed as it is.
    Never,
    /// It may succeed after about this long. **Units**: milliseconds, before the gateway's jitter.
    After(u32),
}

impl Refusal {
    /// Every refusal, for tables and tests.
    pub const ALL: [Self; 24] = [
        Self::Malformed("the request does not have the shape of this endpoint"),
        Self::PersonCodeExpired,
        Self::PersonCodeInvalid,
        Self::PersonErased,
        Self::TokenInvalid,
        Self::RoleWrong,
        Self::TooLarge,
        Self::EncodingUnsupported,
        Self::VenueCodeInvalid,
        Self::VenueCodeExpired,
        Self::VenueClosed,
        Self::CertificateUntrusted(CertificateError::Untrusted),
        Self::TooMany,
        Self::Overloaded,
        Self::JournalFull,
        Self::TooEarly,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::HeadTooLarge,
        Self::ExpectationUnsupported,
        Self::TransferCodingUnsupported,
        Self::ClockOff("the time is too far from the server's"),
        Self::TooSlow,
        Self::Unconfirmed,
    ];

    /// The row of this refusal. The waits are chosen so that a retry falls into a quieter moment rather than
    /// into the same crowd; the gateway adds jitter.
    const fn row(self) -> RefusalRow {
        match self {
            Self::Malformed(why) | Self::ClockOff(why) => {
                RefusalRow::new(400, "malformed").titled("The request is malformed").detailed(why)
            }
            Self::PersonCodeExpired => RefusalRow::new(401, "person-code-expired")
                .titled("The person code has expired")
                .detailed("show the current code; server_time shows how far the phone's clock is off"),
            Self::PersonCodeInvalid => RefusalRow::new(401, "person-code-invalid")
                .titled("The person code is not valid")
                .detailed("compute the code again from the key that registration returned"),
            Self::PersonErased => RefusalRow::new(401, "person-erased")
                .titled("This person's record was erased")
                .detailed("nothing was stored; to get a new code, register again"),
            Self::TokenInvalid => RefusalRow::new(401, "token-invalid")
                .titled("The token is missing, forged or expired")
                .detailed("send authorization: Bearer with a current token of this deployment"),
            Self::RoleWrong => RefusalRow::new(403, "role-wrong")
                .titled("This role may not do this")
                .detailed("use a token of the role that this endpoint is for"),
            Self::NotFound => RefusalRow::new(404, "not-found")
                .titled("Not found")
                .detailed("/openapi.json lists every path"),
            Self::MethodNotAllowed => RefusalRow::new(405, "method-not-allowed")
                .titled("This path does not have this method")
                .detailed("see the allow header"),
            Self::TooSlow => TOO_SLOW,
            Self::TooLarge => RefusalRow::new(413, "too-large")
                .titled("The body is too large")
                .detailed("send a shorter body, or shorter lines"),
            Self::EncodingUnsupported => RefusalRow::new(415, "encoding-unsupported")
                .titled("The body's content-encoding is not supported")
                .detailed("send the same body without content-encoding; nothing was stored"),
            Self::ExpectationUnsupported => RefusalRow::new(417, "expectation-unsupported")
                .titled("The request expects something that the gateway does not do")
                .detailed("send the request without expect, or with expect: 100-continue"),
            Self::VenueCodeInvalid => RefusalRow::new(422, "venue-code-invalid")
                .titled("The venue's code is not valid")
                .detailed("scan the venue's poster or screen again"),
            Self::VenueCodeExpired => RefusalRow::new(422, "venue-code-expired")
                .titled("The door code has expired")
                .detailed("scan the screen again: its code changes every 30 seconds"),
            Self::VenueClosed => RefusalRow::new(422, "venue-closed")
                .titled("The venue is closed to check-ins")
                .detailed("this venue's codes were withdrawn; ask the staff at the door"),
            Self::CertificateUntrusted(why) => UNTRUSTED.detailed(why.detail()),
            Self::TooEarly => TOO_EARLY,
            Self::HeadTooLarge => RefusalRow::new(431, "head-too-large")
                .titled("The head of the request is too large")
                .detailed("send at most 16 KiB of target and header fields; nothing was stored"),
            Self::TransferCodingUnsupported => RefusalRow::new(501, "transfer-coding-unsupported")
                .titled("The transfer coding is not supported")
                .detailed("send the body with transfer-encoding: chunked or a content-length"),
            Self::TooMany => RefusalRow::new(429, "too-many")
                .titled("Too many requests from one person or source")
                .detailed(SEND_AGAIN)
                .retry_after_ms(5_000),
            Self::Overloaded => RefusalRow::new(503, "overloaded")
                .titled("The gateway is shedding load")
                .detailed(SEND_AGAIN)
                .retry_after_ms(1_000),
            Self::Unconfirmed => UNCONFIRMED,
            Self::JournalFull => RefusalRow::new(503, "journal-full")
                .titled("The gateway's journal is full")
                .detailed(SEND_AGAIN)
                .retry_after_ms(3_000),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// The stable code of the problem, which is also the metric's label.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// The problem's title: what happened.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// The problem's detail: what the client should do.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        self.row().detail
    }

    /// Whether the answer shows the server's time, by which a client can put its clock right.
    #[must_use]
    pub const fn shows_server_time(self) -> bool {
        matches!(self, Self::PersonCodeExpired | Self::ClockOff(_))
    }

    /// Whether the client may retry, and when.
    #[must_use]
    pub const fn retry(self) -> Retry {
        self.row().retry
    }
}

/// The answer to one refusal.
struct RefusalRow {
    status: u16,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
    retry: Retry,
}

impl RefusalRow {
    const fn new(status: u16, code: &'static str) -> Self {
        Self { status, code, title: "", detail: "", retry: Retry::Never }
    }

    const fn titled(self, title: &'static str) -> Self {
        Self { title, ..self }
    }

    const fn detailed(self, detail: &'static str) -> Self {
        Self { detail, ..self }
    }

    const fn retry_after_ms(self, ms: u32) -> Self {
        Self { retry: Retry::After(ms), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct_and_errors_are_errors() {
        let codes: HashSet<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        // `ClockOff` has the code of `Malformed`, and `Unconfirmed` that of `Overloaded`.
        assert_eq!(codes.len(), Refusal::ALL.len() - 2);
        assert!(Refusal::ALL.iter().all(|refusal| (400..600).contains(&refusal.status())));
    }

    #[test]
    fn every_refusal_has_the_published_status_code_and_wait() {
        let rows = Refusal::ALL.map(|refusal| (refusal.status(), refusal.code(), refusal.retry()));
        let published = [
            (400, "malformed", Retry::Never),
            (401, "person-code-expired", Retry::Never),
            (401, "person-code-invalid", Retry::Never),
            (401, "person-erased", Retry::Never),
            (401, "token-invalid", Retry::Never),
            (403, "role-wrong", Retry::Never),
            (413, "too-large", Retry::Never),
            (415, "encoding-unsupported", Retry::Never),
            (422, "venue-code-invalid", Retry::Never),
            (422, "venue-code-expired", Retry::Never),
            (422, "venue-closed", Retry::Never),
            (422, "certificate-untrusted", Retry::Never),
            (429, "too-many", Retry::After(5_000)),
            (503, "overloaded", Retry::After(1_000)),
            (503, "journal-full", Retry::After(3_000)),
            (425, "too-early", Retry::After(0)),
            (404, "not-found", Retry::Never),
            (405, "method-not-allowed", Retry::Never),
            (431, "head-too-large", Retry::Never),
            (417, "expectation-unsupported", Retry::Never),
            (501, "transfer-coding-unsupported", Retry::Never),
            (400, "malformed", Retry::Never),
            (408, "too-slow", Retry::Never),
            (503, "overloaded", Retry::After(1_000)),
        ];
        assert_eq!(rows, published);
        let has_words = |refusal: Refusal| !refusal.title().is_empty() && !refusal.detail().is_empty();
        assert!(Refusal::ALL.into_iter().all(has_words));
    }

    #[test]
    fn what_may_be_stored_is_not_called_unstored() {
        for refusal in Refusal::ALL {
            let claims = refusal.detail().contains("nothing was stored");
            assert!(!claims || refusal != Refusal::Unconfirmed, "{refusal:?}");
        }
        assert!(Refusal::Unconfirmed.detail().contains("cannot tell whether"));
    }

    #[test]
    fn what_is_shed_says_when_to_return() {
        for refusal in Refusal::ALL {
            let shed = matches!(refusal.status(), 429 | 503);
            assert_eq!(matches!(refusal.retry(), Retry::After(1..)), shed, "{refusal:?}");
        }
    }
}
