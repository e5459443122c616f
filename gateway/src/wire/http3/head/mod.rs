//! A request's head, checked. It keeps the encoded section and the positions of the few fields that every
//! request needs. Only a request to the back office gets a map of all header fields.

mod gather;

use bytes::Bytes;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};

use super::fields::{SectionBudget, TOO_LARGE};
use super::qpack::{FieldLine, FieldLines, FieldText};
use super::{Fault, Limits};
use crate::wire::route::plain_path;
use crate::wire::waiting_page::is_read;
use gather::HeadFields;

/// A request's head that satisfies RFC 9114 section 4.3.
///
/// CONNECT is accepted in its plain form (`:authority` alone), with an empty path and scheme. The
/// application refuses it like any method that it does not know. Extended CONNECT (RFC 9220) is not
/// announced in SETTINGS, so its `:protocol` is an unknown pseudo-header.
///
/// **Cost**: no allocation unless the client has compressed a string with Huffman, then one for all, or has
/// percent-encoded an unreserved character of the path.
#[derive(Clone)]
pub struct Head {
    block: Bytes,
    text: Vec<u8>,
    method: Method,
    scheme: FieldText,
    path: FieldText,
    authority: FieldText,
    authorization: Option<FieldText>,
    content_length: Option<u64>,
    is_encoded: bool,
    expects_continue: bool,
    accepts_html: bool,
}

impl std::fmt::Debug for Head {
    /// Omits path and fields, which carry person codes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head")
            .field("method", &self.method)
            .field("content_length", &self.content_length)
            .finish_non_exhaustive()
    }
}

impl Head {
    /// Decodes and checks the section of a HEADERS frame that begins a request.
    ///
    /// **Errors**: `MessageError` or `ExcessiveLoad` of the stream, `QpackDecompressionFailed`.
    pub(super) fn parse(block: Bytes, limits: &Limits) -> Result<Self, Fault> {
        let mut lines = FieldLines::new(&block)?;
        let mut gathered = HeadFields::default();
        let mut measure = SectionBudget::new(limits);
        while let Some(line) = lines.next()? {
            measure.count(lines.bytes(&line.name), lines.bytes(&line.value))?;
            gathered.take(&mut lines, &line)?;
        }
        let target = gathered.target(&lines)?;
        let plain = plain_path(lines.bytes(&target.path));
        let mut text = lines.into_text();
        let path = plain.map_or(target.path, |plain| FieldText::push(&mut text, &plain));
        Ok(Self {
            block,
            text,
            method: target.method,
            scheme: target.scheme,
            path,
            authority: target.authority,
            authorization: gathered.authorization,
            content_length: gathered.content_length,
            is_encoded: gathered.is_encoded,
            expects_continue: gathered.expects_continue,
            accepts_html: gathered.accepts_html,
        })
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path with its query, beginning with `/`, in which every escaped unreserved character stands for
    /// itself; `*` for an OPTIONS of the whole server, empty for CONNECT.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.bytes(&self.path)
    }

    /// The scheme; empty for CONNECT.
    #[must_use]
    pub fn scheme(&self) -> &[u8] {
        self.bytes(&self.scheme)
    }

    /// The host, with the port if there is one, from `:authority` or else from `host`.
    #[must_use]
    pub fn authority(&self) -> &[u8] {
        self.bytes(&self.authority)
    }

    /// The value of `content-length`, in bytes.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// The bytes that the head holds.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.block.len() + self.text.len()
    }

    /// Whether `content-encoding` has another coding than `identity`.
    #[must_use]
    pub fn is_encoded(&self) -> bool {
        self.is_encoded
    }

    /// Whether the client waits for 100 Continue before it sends the body.
    #[must_use]
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// Whether the request asks for a page.
    #[must_use]
    pub fn wants_page(&self) -> bool {
        self.accepts_html && is_read(&self.method)
    }

    /// The value of `authorization`.
    #[must_use]
    pub fn authorization(&self) -> Option<&[u8]> {
        self.authorization.as_ref().map(|piece| self.bytes(piece))
    }

    /// Makes the back office's request, with all header fields, cookies joined, and without
    /// pseudo-headers. Credentials are marked sensitive.
    ///
    /// **Cost**: decodes the section a second time.
    ///
    /// **Errors**: `MessageError` of the stream if [`http`] rejects the authority.
    pub fn to_request(&self) -> Result<Parts, Fault> {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = self.method.clone();
        parts.uri = self.uri()?;
        parts.version = Version::HTTP_3;
        parts.headers = self.headers()?;
        Ok(parts)
    }

    fn bytes(&self, piece: &FieldText) -> &[u8] {
        piece.bytes(&self.block, &self.text)
    }

    fn uri(&self) -> Result<Uri, Fault> {
        const NO_URI: Fault = Fault::malformed("an invalid target URI");
        if self.path() == b"*" {
            return Ok(Uri::from_static("*"));
        }
        let mut parts = http::uri::Parts::default();
        parts.authority = Some(Authority::try_from(self.authority()).map_err(|_| NO_URI)?);
        if self.method != Method::CONNECT {
            parts.scheme = Some(Scheme::try_from(self.scheme()).map_err(|_| NO_URI)?);
            parts.path_and_query = Some(PathAndQuery::try_from(self.path()).map_err(|_| NO_URI)?);
        }
        Uri::from_parts(parts).map_err(|_| NO_URI)
    }

    fn headers(&self) -> Result<HeaderMap, Fault> {
        let mut lines = FieldLines::new(&self.block)?;
        let mut headers = HeaderMap::new();
        let mut cookie = Vec::new();
        while let Some(line) = lines.next()? {
            match lines.bytes(&line.name) {
                [b':', ..] => {}
                // RFC 9114 section 4.2.1: crumbs "MUST be concatenated into a single byte string using the
                // two-byte delimiter of '; '".
                b"cookie" => {
                    if !cookie.is_empty() {
                        cookie.extend_from_slice(b"; ");
                    }
                    cookie.extend_from_slice(lines.bytes(&line.value));
                }
                name => {
                    let name = HeaderName::from_bytes(name)
                        .map_err(|_| Fault::malformed("an invalid field name"))?;
                    let value = self.value(&lines, &line, &name)?;
                    headers.try_append(name, value).map_err(|_| TOO_LARGE)?;
                }
            }
        }
        if !cookie.is_empty() {
            let value = HeaderValue::from_maybe_shared(Bytes::from(cookie));
            headers
                .insert(header::COOKIE, sensitive(value.map_err(|_| Fault::malformed("an invalid cookie"))?));
        }
        Ok(headers)
    }

    fn value(
        &self,
        lines: &FieldLines<'_>,
        line: &FieldLine,
        name: &HeaderName,
    ) -> Result<HeaderValue, Fault> {
        let value = match line.value {
            FieldText::Block { from, to } => HeaderValue::from_maybe_shared(self.block.slice(from..to)),
            FieldText::Static(_) | FieldText::Text { .. } => {
                HeaderValue::from_maybe_shared(Bytes::copy_from_slice(lines.bytes(&line.value)))
            }
        };
        let value = value.map_err(|_| Fault::malformed("an invalid field value"))?;
        let is_credential = *name == header::AUTHORIZATION || *name == header::PROXY_AUTHORIZATION;
        Ok(if is_credential { sensitive(value) } else { value })
    }
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests;
