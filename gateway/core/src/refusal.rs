//! Refusals: a request that keeps nothing. Small and closed; one match each gives status, code, title and
//! whether coming back later helps. A person who is turned away at the door is no refusal: that check-in is kept.

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Not the shape the contract gives; the text says what is wrong and repeats nothing of the request.
    Malformed(&'static str),
    /// The person code is of an older or later step.
    PersonCodeExpired,
    /// The person code's seal is broken, or its kid unknown.
    PersonCodeInvalid,
    /// No bearer token or one that is forged or expired, where one is needed.
    TokenInvalid,
    /// The token's role may not do this.
    RoleWrong,
    /// The body is longer than this endpoint takes.
    TooLarge,
    /// The venue's code is broken, or its venue unknown.
    VenueCodeInvalid,
    /// The door code is of an older step.
    VenueCodeExpired,
    /// The venue is withdrawn.
    VenueClosed,
    /// One person or source over its own limit.
    TooMany,
    /// More than this gateway takes now.
    Overloaded,
    /// The journal has no room on its disk.
    JournalFull,
    /// In early data, where only what may be repeated is taken.
    TooEarly,
    /// No such thing, or not the asker's.
    NotFound,
    /// This path has no such method.
    MethodNotAllowed,
}

/// Whether a refused request may do better later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not as it is.
    Never,
    /// After about so long. **Units**: milliseconds, before the gateway's jitter.
    After(u32),
}

impl Refusal {
    /// Every refusal, for tables and tests.
    pub const ALL: [Self; 15] = [
        Self::Malformed("the request does not have the shape of this endpoint"),
        Self::PersonCodeExpired,
        Self::PersonCodeInvalid,
        Self::TokenInvalid,
        Self::RoleWrong,
        Self::TooLarge,
        Self::VenueCodeInvalid,
        Self::VenueCodeExpired,
        Self::VenueClosed,
        Self::TooMany,
        Self::Overloaded,
        Self::JournalFull,
        Self::TooEarly,
        Self::NotFound,
        Self::MethodNotAllowed,
    ];

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::PersonCodeExpired | Self::PersonCodeInvalid | Self::TokenInvalid => 401,
            Self::RoleWrong => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::VenueCodeInvalid | Self::VenueCodeExpired | Self::VenueClosed => 422,
            Self::TooEarly => 425,
            Self::TooMany => 429,
            Self::Overloaded | Self::JournalFull => 503,
        }
    }

    /// The stable code of the problem, which is also the metric's label.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::PersonCodeExpired => "person-code-expired",
            Self::PersonCodeInvalid => "person-code-invalid",
            Self::TokenInvalid => "token-invalid",
            Self::RoleWrong => "role-wrong",
            Self::TooLarge => "too-large",
            Self::VenueCodeInvalid => "venue-code-invalid",
            Self::VenueCodeExpired => "venue-code-expired",
            Self::VenueClosed => "venue-closed",
            Self::TooMany => "too-many",
            Self::Overloaded => "overloaded",
            Self::JournalFull => "journal-full",
            Self::TooEarly => "too-early",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
        }
    }

    /// The problem's title: what happened.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed(_) => "The request is malformed",
            Self::PersonCodeExpired => "The person code has expired",
            Self::PersonCodeInvalid => "The person code is not valid",
            Self::TokenInvalid => "The token is missing, forged or expired",
            Self::RoleWrong => "This role may not do this",
            Self::TooLarge => "The body is too large",
            Self::VenueCodeInvalid => "The venue's code is not valid",
            Self::VenueCodeExpired => "The door code has expired",
            Self::VenueClosed => "The venue is closed to check-ins",
            Self::TooMany => "Too many requests from one person or source",
            Self::Overloaded => "The gateway is shedding load",
            Self::JournalFull => "The gateway has no room to keep check-ins",
            Self::TooEarly => "Too early: send this after the handshake",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "This method is not for this path",
        }
    }

    /// The problem's detail: what to do.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Malformed(why) => why,
            Self::PersonCodeExpired => {
                "show a code of this moment; server_time tells how far the phone's clock is off"
            }
            Self::PersonCodeInvalid => "make the code anew from the key given at registration",
            Self::TokenInvalid => {
                "send authorization: Bearer with a token that is signed here and has not expired"
            }
            Self::RoleWrong => "use a token of the role that this endpoint is for",
            Self::TooLarge => "send less; nothing was kept",
            Self::VenueCodeInvalid => "scan the venue's poster or screen again",
            Self::VenueCodeExpired => "scan the screen again: its code changes every 30 seconds",
            Self::VenueClosed => "this venue's codes were withdrawn; ask the staff at the door",
            Self::TooMany | Self::Overloaded | Self::JournalFull => {
                "nothing was kept; send the same request again after retry_after_ms"
            }
            Self::TooEarly => "repeat the request on the established connection",
            Self::NotFound => "see /openapi.json for what there is",
            Self::MethodNotAllowed => "see the allow header",
        }
    }

    /// Whether and when to come back. The times are chosen so that a second try meets the next step's quiet
    /// rather than the same crowd; the gateway spreads them.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::TooMany => Retry::After(5_000),
            Self::Overloaded => Retry::After(1_000),
            Self::JournalFull => Retry::After(3_000),
            Self::TooEarly => Retry::After(0),
            Self::Malformed(_)
            | Self::PersonCodeExpired
            | Self::PersonCodeInvalid
            | Self::TokenInvalid
            | Self::RoleWrong
            | Self::TooLarge
            | Self::VenueCodeInvalid
            | Self::VenueCodeExpired
            | Self::VenueClosed
            | Self::NotFound
            | Self::MethodNotAllowed => Retry::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct_and_errors_are_errors() {
        let codes: HashSet<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
        assert!(Refusal::ALL.iter().all(|refusal| (400..600).contains(&refusal.status())));
    }

    #[test]
    fn what_is_shed_says_when_to_return() {
        for refusal in Refusal::ALL {
            let shed = matches!(refusal.status(), 429 | 503);
            assert_eq!(matches!(refusal.retry(), Retry::After(1..)), shed, "{refusal:?}");
        }
    }
}
