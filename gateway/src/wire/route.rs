//! Routes a request by its method and path. The workers answer scans and pages from memory; the back office
//! answers the rest of the API. The rule is the same for every HTTP version.

/// The beginning of every path of the API.
const API: &[u8] = b"/v1/";

/// The route of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// `POST /v1/check-ins`.
    CheckIn,
    /// `GET /v1/colours/{person code}`, with the code.
    Colour(&'a [u8]),
    /// A file of the web pages, or no path at all.
    Page,
    /// Any other path of the API.
    Office(OfficeRoute),
}

/// The back office's part of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeRoute {
    /// The kind of work.
    pub kind: OfficeKind,
    /// How the request's body is read.
    pub body: BodyUse,
}

/// The kinds of work of the back office. Each has places of its own, so that none starves another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeKind {
    /// What residents read and write about themselves and their dependants.
    Residents,
    /// The registration of residents, which anybody may ask for.
    Registration,
    /// Cases, trails and contacts.
    Tracers,
    /// Venues, facts, packs, keys, tokens and audit.
    Authority,
    /// Uploads of lists.
    Imports,
}

impl OfficeKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Residents, Self::Registration, Self::Tracers, Self::Authority, Self::Imports];

    /// The kind's label in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Residents => "residents",
            Self::Registration => "registration",
            Self::Tracers => "tracers",
            Self::Authority => "authority",
            Self::Imports => "imports",
        }
    }
}

/// How the body of a request to the back office is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyUse {
    /// The worker reads it whole before the back office sees the request.
    Small,
    /// It may be larger than a worker gathers: a picture, a rule pack, or a list that is stored as one. The
    /// worker passes it on unless its `content-length` is small.
    Large,
    /// Lines, answered while they arrive.
    Lines,
}

impl<'a> Route<'a> {
    /// The route of a method and a path. The path's query does not matter.
    #[must_use]
    pub fn of(method: &[u8], path: &'a [u8]) -> Self {
        let end = path.iter().position(|&byte| byte == b'?').unwrap_or(path.len());
        let path = &path[..end];
        match (method, path) {
            (b"POST", b"/v1/check-ins") => return Self::CheckIn,
            (b"GET", _) => match path.strip_prefix(b"/v1/colours/") {
                Some(code) if !code.is_empty() && !code.contains(&b'/') => return Self::Colour(code),
                Some(_) | None => {}
            },
            _ => {}
        }
        path.strip_prefix(API).map_or(Self::Page, |rest| Self::Office(OfficeRoute::of(method, rest)))
    }
}

/// Whether the route of a path is [`Route::Page`], whatever the method.
#[must_use]
pub fn is_page(path: &[u8]) -> bool {
    !path.starts_with(API)
}

impl OfficeRoute {
    /// The route of a path behind `/v1/`.
    fn of(method: &[u8], path: &[u8]) -> Self {
        let (kind, body) = match (method, path) {
            (
                b"POST",
                b"check-ins/batch" | b"check-ins/import" | b"people/import" | b"venues" | b"test-sites",
            ) => (OfficeKind::Imports, BodyUse::Lines),
            (b"POST", b"facts" | b"feeds") => (OfficeKind::Imports, BodyUse::Large),
            (b"POST", b"policies" | b"policies/dry-run" | b"areas") => {
                (OfficeKind::Authority, BodyUse::Large)
            }
            (b"POST", b"people") => (OfficeKind::Registration, BodyUse::Large),
            // Every check-in page reads the notices: they must not take the places of the authority.
            (b"GET" | b"HEAD", b"notices") => (OfficeKind::Registration, BodyUse::Small),
            (_, b"people" | b"people/sms-codes" | b"registration") => {
                (OfficeKind::Registration, BodyUse::Small)
            }
            (b"PATCH", _) if is_below(path, b"people/me") => (OfficeKind::Residents, BodyUse::Large),
            _ if is_below(path, b"people/me") => (OfficeKind::Residents, BodyUse::Small),
            _ if is_below(path, b"cases") => (OfficeKind::Tracers, BodyUse::Small),
            _ => (OfficeKind::Authority, BodyUse::Small),
        };
        Self { kind, body }
    }
}

/// Whether a path is this one or below it.
fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The path in which every percent-encoded unreserved character stands for itself (RFC 3986 section 6.2.2.2);
/// none if the path is in that form already. Other escapes, and the query, stay as they are: `%2F` is data of
/// its segment. So does an escape without two hexadecimal digits, which names nothing.
///
/// **Cost**: one search for `%`, and one allocation if there is any.
#[must_use]
pub fn plain_path(path: &[u8]) -> Option<Vec<u8>> {
    let first = path.iter().position(|byte| matches!(byte, b'%' | b'?')).filter(|&at| path[at] == b'%')?;
    let (mut plain, mut at) = (path[..first].to_vec(), first);
    while let Some(&byte) = path.get(at).filter(|&&byte| byte != b'?') {
        let digits = path[at + 1..].first_chunk().filter(|_| byte == b'%');
        let letter = digits.and_then(unreserved);
        plain.push(letter.unwrap_or(byte));
        at += if letter.is_some() { 3 } else { 1 };
    }
    plain.extend_from_slice(&path[at..]);
    (plain != path).then_some(plain)
}

/// The unreserved character (RFC 3986 section 2.3) of these hexadecimal digits.
fn unreserved(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    let letter = u8::try_from(high? * 16 + low?).ok()?;
    (letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_' | b'~')).then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_of_an_unreserved_character_means_the_character() {
        for (path, plain) in [
            ("/v1/check%2Dins", Some("/v1/check-ins")),
            ("/v1/check%2dins/batch", Some("/v1/check-ins/batch")),
            ("/%76%31/colours/%41%51H", Some("/v1/colours/AQH")),
            ("/a%2Eb%5Fc%7Ed", Some("/a.b_c~d")),
            ("/a%2Fb%41", Some("/a%2FbA")),
            ("/%41?x=%41", Some("/A?x=%41")),
            // One pass: what comes out is not read again.
            ("/%2541", None),
            ("/v1/check-ins?x=%41", None),
            ("/a%2Fb%20c%00", None),
            ("/a%", None),
            ("/a%4", None),
            ("/a%4g%zz%+1", None),
            ("/v1/check-ins", None),
            ("*", None),
            ("", None),
        ] {
            let found = plain_path(path.as_bytes());
            assert_eq!(found.as_deref(), plain.map(str::as_bytes), "{path}");
        }
    }

    #[test]
    fn the_workers_answer_scans_and_pages_and_the_back_office_the_rest_of_the_api() {
        let office = |kind, body| Route::Office(OfficeRoute { kind, body });
        use BodyUse::{Large, Lines, Small};
        use OfficeKind::{Authority, Imports, Registration, Residents, Tracers};
        for (method, path, route) in [
            ("POST", "/v1/check-ins", Route::CheckIn),
            ("POST", "/v1/check-ins?x=1", Route::CheckIn),
            ("GET", "/v1/check-ins", office(Authority, Small)),
            ("POST", "/v1/check-ins/batch", office(Imports, Lines)),
            ("GET", "/v1/colours/AQH", Route::Colour(b"AQH")),
            ("GET", "/v1/colours/", office(Authority, Small)),
            ("GET", "/v1/colours/a/b", office(Authority, Small)),
            ("POST", "/v1/colours/AQH", office(Authority, Small)),
            ("POST", "/v1/people", office(Registration, Large)),
            ("PATCH", "/v1/people/me?x", office(Residents, Large)),
            ("GET", "/v1/people/me/overview", office(Residents, Small)),
            ("GET", "/v1/people/mean", office(Authority, Small)),
            ("GET", "/v1/cases", office(Tracers, Small)),
            ("GET", "/v1/notices", office(Registration, Small)),
            ("POST", "/v1/notices", office(Authority, Small)),
            ("POST", "/v1/facts", office(Imports, Large)),
            ("GET", "/", Route::Page),
            ("POST", "/me", Route::Page),
            ("GET", "/v1", Route::Page),
            ("OPTIONS", "*", Route::Page),
        ] {
            assert_eq!(Route::of(method.as_bytes(), path.as_bytes()), route, "{method} {path}");
            assert_eq!(is_page(path.as_bytes()), route == Route::Page, "{method} {path}");
        }
    }
}
