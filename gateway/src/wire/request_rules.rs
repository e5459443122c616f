//! The rules for a request's head that hold for every HTTP version, before routing. HTTP/3 applies the same
//! rules while it decodes a head; hyper leaves them to its user.

use super::limits::HEAD_BYTES_MAX;
use http::header::{AUTHORIZATION, EXPECT, HOST, HeaderMap, TRANSFER_ENCODING};
use http::{Method, Request, Uri};
use scangate_core::refusal::Refusal;

/// Bytes that a field line counts beside its name and value (RFC 9113 section 6.5.2).
pub const LINE_OVERHEAD_BYTES: usize = 32;

/// Checks the head of a request. **Errors**: 400, 417, 431 or 501.
pub fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    let (uri, headers) = (request.uri(), request.headers());
    if size(uri, headers) > HEAD_BYTES_MAX {
        return Err(Refusal::HeadTooLarge);
    }
    target(request.method(), uri)?;
    if headers.values().any(|value| is_blank(value.as_bytes().first()) || is_blank(value.as_bytes().last())) {
        return Err(VALUE_BLANK);
    }
    authority(uri, headers)?;
    if headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return Err(TWO_CREDENTIALS);
    }
    if !headers.get_all(EXPECT).iter().all(|value| is_continue(value.as_bytes())) {
        return Err(Refusal::ExpectationUnsupported);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let only = codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if only && codings.next().is_none() { Ok(()) } else { Err(Refusal::TransferCodingUnsupported) }
}

/// With two credentials, two parts of the gateway might authenticate different ones.
pub const TWO_CREDENTIALS: Refusal = Refusal::Malformed("authorization is there twice");
/// RFC 9112 section 3.2 and RFC 9114 section 4.3.1 demand one.
pub const NO_AUTHORITY: Refusal = Refusal::Malformed("the request names no host");
/// See [`NO_AUTHORITY`].
pub const TWO_AUTHORITIES: Refusal = Refusal::Malformed("the request names two hosts");
/// See [`NO_AUTHORITY`].
pub const AUTHORITY_INVALID: Refusal = Refusal::Malformed("the request names a host that cannot be one");

/// RFC 9112 sections 3.2.3 and 3.2.4: the authority form is "only used for CONNECT requests", and the
/// asterisk form "only used for a server-wide OPTIONS request".
pub const TARGET_INVALID: Refusal = Refusal::Malformed("the method takes no target of this form");

fn target(method: &Method, uri: &Uri) -> Result<(), Refusal> {
    let is_fitting = match uri.path() {
        "*" => *method == Method::OPTIONS,
        "" => *method == Method::CONNECT,
        _ => *method != Method::CONNECT,
    };
    if is_fitting { Ok(()) } else { Err(TARGET_INVALID) }
}

/// RFC 9113 section 8.2.1: "A field value MUST NOT start or end with an ASCII whitespace character". Over
/// HTTP/1.1 such whitespace is no part of the value.
pub const VALUE_BLANK: Refusal = Refusal::Malformed("a field value begins or ends with white space");

fn is_blank(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b' ' | b'\t'))
}

/// Whether a value of `expect` is the only one that HTTP defines (RFC 9110 section 10.1.1).
#[must_use]
pub fn is_continue(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"100-continue")
}

fn size(uri: &Uri, headers: &HeaderMap) -> usize {
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let lines = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + LINE_OVERHEAD_BYTES);
    target + lines.sum::<usize>()
}

/// RFC 9112 section 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
/// message that lacks a Host header field and to any request message that contains more than one Host header
/// field line or a Host header field with an invalid field value." A target in absolute form, or the
/// `:authority` of HTTP/2, names the host too, and then both must agree.
fn authority(uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, target) = (hosts.next(), uri.authority().map(|authority| authority.as_str().as_bytes()));
    if hosts.next().is_some() {
        return Err(TWO_AUTHORITIES);
    }
    let host = host.map(|host| host.as_bytes());
    if ![host, target].into_iter().flatten().all(is_authority) {
        return Err(AUTHORITY_INVALID);
    }
    match (host, target) {
        (None, None) => Err(NO_AUTHORITY),
        (Some(host), Some(target)) if !host.eq_ignore_ascii_case(target) => Err(TWO_AUTHORITIES),
        (Some(_), _) | (None, Some(_)) => Ok(()),
    }
}

/// Whether these bytes can be a host with or without a port (RFC 3986 section 3.2), without userinfo, which
/// RFC 9110 section 4.2.4 forbids.
#[must_use]
pub fn is_authority(value: &[u8]) -> bool {
    let (host, port) = match value.iter().rposition(|&byte| byte == b':') {
        Some(at) if !value[at..].contains(&b']') => (&value[..at], &value[at + 1..]),
        Some(_) | None => (value, &[][..]),
    };
    let is_host = match host.strip_prefix(b"[").map(|rest| rest.strip_suffix(b"]")) {
        Some(literal) => literal.is_some_and(|literal| {
            !literal.is_empty() && literal.iter().all(|byte| is_name(*byte) || *byte == b':')
        }),
        None => !host.is_empty() && host.iter().all(|byte| is_name(*byte)),
    };
    is_host && port.iter().all(u8::is_ascii_digit)
}

/// The characters of a registered name: unreserved ones, sub-delims and escapes.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{HeaderName, HeaderValue};

    fn checked(uri: &'static str, lines: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static(uri);
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        check(&request)
    }

    #[test]
    fn a_request_names_one_host() {
        for (host, is_good) in [
            ("a", true),
            ("A.example:8443", true),
            ("a:", true),
            ("[::1]", true),
            ("[::1]:8443", true),
            ("192.0.2.1:1", true),
            ("", false),
            (":1", false),
            ("a b", false),
            ("a/b", false),
            ("user@a", false),
            ("a:b", false),
            ("a:1:2", false),
            ("::1", false),
            ("[::1", false),
            ("[]", false),
            ("[a]b", false),
            ("a?", false),
        ] {
            assert_eq!(is_authority(host.as_bytes()), is_good, "{host}");
            let expected = if is_good { Ok(()) } else { Err(AUTHORITY_INVALID) };
            assert_eq!(checked("/", &[("host", host)]), expected, "{host}");
        }
        assert_eq!(checked("/", &[]), Err(NO_AUTHORITY));
        assert_eq!(checked("/", &[("host", "a"), ("host", "a")]), Err(TWO_AUTHORITIES));
        assert_eq!(checked("https://a/x", &[("host", "b")]), Err(TWO_AUTHORITIES));
        assert_eq!(checked("https://a/x", &[("host", "A")]), Ok(()));
        assert_eq!(checked("https://a/x", &[]), Ok(()));
    }

    #[test]
    fn what_two_parts_could_read_differently_is_refused() {
        let host = ("host", "a");
        let two = [host, ("authorization", "Bearer a"), ("authorization", "Bearer a")];
        assert_eq!(checked("/", &two), Err(TWO_CREDENTIALS));
        assert_eq!(checked("/", &two[..2]), Ok(()));
        for (coding, expected) in [
            ("chunked", Ok(())),
            ("Chunked", Ok(())),
            ("gzip, chunked", Err(Refusal::TransferCodingUnsupported)),
            ("identity", Err(Refusal::TransferCodingUnsupported)),
        ] {
            assert_eq!(checked("/", &[host, ("transfer-encoding", coding)]), expected, "{coding}");
        }
        let twice = [host, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
        assert_eq!(checked("/", &twice), Err(Refusal::TransferCodingUnsupported));
        assert_eq!(checked("/", &[host, ("expect", "100-Continue")]), Ok(()));
        assert_eq!(checked("/", &[host, ("expect", "x")]), Err(Refusal::ExpectationUnsupported));
    }

    #[test]
    fn a_target_has_the_form_of_its_method() {
        for (method, form, expected) in [
            (Method::GET, "/", Ok(())),
            (Method::GET, "https://a/", Ok(())),
            (Method::GET, "https://a", Ok(())),
            (Method::OPTIONS, "*", Ok(())),
            (Method::GET, "*", Err(TARGET_INVALID)),
            (Method::CONNECT, "a:443", Ok(())),
            (Method::CONNECT, "/", Err(TARGET_INVALID)),
            (Method::GET, "a:443", Err(TARGET_INVALID)),
        ] {
            assert_eq!(target(&method, &Uri::from_static(form)), expected, "{method} {form}");
        }
    }

    #[test]
    fn no_value_begins_or_ends_with_white_space() {
        let host = ("host", "a");
        for (value, expected) in [
            ("", Ok(())),
            ("a b", Ok(())),
            (" a", Err(VALUE_BLANK)),
            ("a\t", Err(VALUE_BLANK)),
            (" ", Err(VALUE_BLANK)),
        ] {
            assert_eq!(checked("/", &[host, ("x", value)]), expected, "{value:?}");
        }
    }

    #[test]
    fn a_head_has_the_bound_of_every_version() {
        let value = "x".repeat(HEAD_BYTES_MAX - 1 - 4 - 1 - 2 * LINE_OVERHEAD_BYTES - 1);
        assert_eq!(checked("/", &[("host", "a"), ("x", &value)]), Ok(()));
        assert_eq!(checked("/", &[("host", "a"), ("x", &format!("{value}x"))]), Err(Refusal::HeadTooLarge));
    }
}
