//! Gathers the fields of a head, line by line, and enforces the rules on pseudo-headers (RFC 9114
//! sections 4.3, 4.3.1 and 4.4).

use http::Method;

use crate::wire::http3::qpack::{FieldLine, FieldLines, FieldText};
use crate::wire::http3::{Fault, fields};
use crate::wire::media_type::names_html;
use crate::wire::problem::is_encoding;
use crate::wire::request_rules::{
    AUTHORITY_INVALID, NO_AUTHORITY, TWO_AUTHORITIES, TWO_CREDENTIALS, is_authority, is_continue,
};
use scangate_core::refusal::Refusal;

/// The fields of a head that its lines have set so far.
#[derive(Default)]
pub(super) struct HeadFields {
    method: Option<Method>,
    scheme: Option<FieldText>,
    path: Option<FieldText>,
    authority: Option<FieldText>,
    host: Option<FieldText>,
    has_ordinary: bool,
    /// The value of `authorization`.
    pub(super) authorization: Option<FieldText>,
    /// The value of `content-length`.
    pub(super) content_length: Option<u64>,
    /// Whether `content-encoding` has another coding than `identity`.
    pub(super) is_encoded: bool,
    /// Whether the client waits for 100 Continue before it sends the body.
    pub(super) expects_continue: bool,
    /// Whether `accept` names HTML.
    pub(super) accepts_html: bool,
}

/// The target of a request, with its method.
pub(super) struct RequestTarget {
    pub(super) method: Method,
    pub(super) scheme: FieldText,
    pub(super) path: FieldText,
    pub(super) authority: FieldText,
}

impl HeadFields {
    /// Adds a line.
    ///
    /// **Errors**: `MessageError` of the stream.
    #[inline]
    pub(super) fn take(&mut self, lines: &mut FieldLines<'_>, line: &FieldLine) -> Result<(), Fault> {
        if lines.bytes(&line.name).first() == Some(&b':') {
            self.take_pseudo(lines, line)
        } else {
            self.take_ordinary(lines, line)
        }
    }

    fn take_pseudo(&mut self, lines: &mut FieldLines<'_>, line: &FieldLine) -> Result<(), Fault> {
        // RFC 9114 section 4.3: "All pseudo-header fields MUST appear in the header section before regular
        // header fields."
        if self.has_ordinary {
            return Err(Fault::malformed("a pseudo-header after a field"));
        }
        let value = lines.bytes(&line.value);
        let is_first = match lines.bytes(&line.name) {
            b":method" => {
                let method = Method::from_bytes(value).map_err(|_| Fault::malformed("an invalid method"))?;
                return only_once(self.method.replace(method).is_none());
            }
            b":scheme" if fields::is_scheme(value) => self.scheme.replace(line.value).is_none(),
            b":path" if fields::is_path(value) || value == b"*" => self.path.replace(line.value).is_none(),
            b":authority" if !is_authority(value) => return Err(Fault::answered(AUTHORITY_INVALID)),
            b":authority" if self.authority.is_some() => return Err(Fault::answered(TWO_AUTHORITIES)),
            b":authority" => self.authority.replace(line.value).is_none(),
            b":scheme" | b":path" => {
                return Err(Fault::malformed("a pseudo-header with a value it cannot have"));
            }
            // RFC 9114 section 4.3: "Endpoints MUST treat a request or response that contains undefined or
            // invalid pseudo-header fields as malformed."
            _ => return Err(Fault::malformed("an unknown pseudo-header")),
        };
        lines.keep();
        only_once(is_first)
    }

    fn take_ordinary(&mut self, lines: &mut FieldLines<'_>, line: &FieldLine) -> Result<(), Fault> {
        self.has_ordinary = true;
        let (name, value) = (lines.bytes(&line.name), lines.bytes(&line.value));
        fields::check(line, name, value)?;
        let is_first = match name {
            b"host" if !is_authority(value) => return Err(Fault::answered(AUTHORITY_INVALID)),
            b"host" if self.host.is_some() => return Err(Fault::answered(TWO_AUTHORITIES)),
            b"host" => self.host.replace(line.value).is_none(),
            b"authorization" if self.authorization.is_some() => return Err(Fault::answered(TWO_CREDENTIALS)),
            b"authorization" => self.authorization.replace(line.value).is_none(),
            b"expect" if is_continue(value) => {
                self.expects_continue = true;
                return Ok(());
            }
            b"expect" => return Err(Fault::answered(Refusal::ExpectationUnsupported)),
            b"content-length" => {
                return only_once(self.content_length.replace(length(value)?).is_none());
            }
            b"content-encoding" => {
                self.is_encoded |= is_encoding(value);
                return Ok(());
            }
            b"accept" => {
                self.accepts_html |= names_html(value);
                return Ok(());
            }
            _ => return Ok(()),
        };
        lines.keep();
        only_once(is_first)
    }

    /// Returns the request's target, once all lines are added.
    ///
    /// **Errors**: `MessageError` of the stream.
    pub(super) fn target(&mut self, lines: &FieldLines<'_>) -> Result<RequestTarget, Fault> {
        let method = self.method.take().ok_or(Fault::malformed("a request without :method"))?;
        if method == Method::CONNECT {
            return self.tunnel(method);
        }
        // RFC 9114 section 4.3.1: "All HTTP/3 requests MUST include exactly one value for the :method,
        // :scheme, and :path pseudo-header fields, unless the request is a CONNECT request".
        let (Some(scheme), Some(path)) = (self.scheme, self.path) else {
            return Err(Fault::malformed("a request without :scheme or :path"));
        };
        if lines.bytes(&path) == b"*" && method != Method::OPTIONS {
            return Err(Fault::malformed("a path of * for other than OPTIONS"));
        }
        let authority = self.whole_authority(lines)?;
        Ok(RequestTarget { method, scheme, path, authority })
    }

    /// RFC 9114 section 4.3.1: "If the :scheme pseudo-header field identifies a scheme that has a mandatory
    /// authority component (including "http" and "https"), the request MUST contain either an :authority
    /// pseudo-header field or a Host header field. If these fields are present, they MUST NOT be empty. If
    /// both fields are present, they MUST contain the same value."
    fn whole_authority(&self, lines: &FieldLines<'_>) -> Result<FieldText, Fault> {
        match (self.authority, self.host) {
            (Some(authority), Some(host))
                if !lines.bytes(&authority).eq_ignore_ascii_case(lines.bytes(&host)) =>
            {
                Err(Fault::answered(TWO_AUTHORITIES))
            }
            (Some(authority), _) => Ok(authority),
            (None, Some(host)) => Ok(host),
            (None, None) => Err(Fault::answered(NO_AUTHORITY)),
        }
    }

    /// RFC 9114 section 4.4: for CONNECT "the :scheme and :path pseudo-header fields are omitted" and
    /// `:authority` "contains the host and port to connect to".
    fn tunnel(&self, method: Method) -> Result<RequestTarget, Fault> {
        match (self.scheme, self.path, self.authority) {
            (None, None, Some(authority)) => {
                Ok(RequestTarget { method, scheme: FieldText::EMPTY, path: FieldText::EMPTY, authority })
            }
            _ => Err(Fault::malformed("a CONNECT with other than :authority")),
        }
    }
}

fn only_once(is_first: bool) -> Result<(), Fault> {
    if is_first { Ok(()) } else { Err(Fault::malformed("a duplicate of a field that may occur once")) }
}

/// RFC 9110 section 8.6: `1*DIGIT`, and a value that cannot be represented must not be cut to one that can.
fn length(value: &[u8]) -> Result<u64, Fault> {
    const NO_LENGTH: Fault = Fault::malformed("an invalid content-length");
    if value.is_empty() {
        return Err(NO_LENGTH);
    }
    value.iter().try_fold(0_u64, |length, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10).ok_or(NO_LENGTH)?;
        length.checked_mul(10).and_then(|length| length.checked_add(u64::from(digit))).ok_or(NO_LENGTH)
    })
}
