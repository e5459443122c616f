//! The rules for names and values of field lines, and for the size of a section. They are the same for
//! heads and trailers.

use super::qpack::{FieldLine, FieldLines, FieldText};
use super::{Fault, Limits};
use crate::wire::request_rules::LINE_OVERHEAD_BYTES;
use scangate_core::refusal::Refusal;

/// Characters of a token (RFC 9110 section 5.6.2) without upper case.
const NAME: [bool; 256] = set(b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

const fn set(members: &[u8]) -> [bool; 256] {
    let mut set = [false; 256];
    let mut at = 0;
    while at < members.len() {
        set[members[at] as usize] = true;
        at += 1;
    }
    set
}

/// The bytes that a field section may still have.
#[derive(Clone, Copy, Debug)]
pub(super) struct SectionBudget {
    left: usize,
}

impl SectionBudget {
    /// The full budget of the limits.
    pub(super) fn new(limits: &Limits) -> Self {
        Self { left: limits.field_section_bytes_max }
    }

    /// Counts a line: "the uncompressed size of fields, including the length of the name and value in
    /// bytes plus an overhead of 32 bytes for each field" (RFC 9114 section 4.2.2).
    ///
    /// **Errors**: [`TOO_LARGE`].
    #[inline]
    pub(super) fn count(&mut self, name: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.left = self.left.checked_sub(name.len() + value.len() + LINE_OVERHEAD_BYTES).ok_or(TOO_LARGE)?;
        Ok(())
    }
}

/// A field section over the limit, by its frame header or by its decoded size.
pub(super) const TOO_LARGE: Fault = Fault::answered(Refusal::HeadTooLarge);

/// Checks a line that is not a pseudo-header.
///
/// **Errors**: `MessageError` of the stream.
#[inline]
pub(super) fn check(line: &FieldLine, name: &[u8], value: &[u8]) -> Result<(), Fault> {
    check_name(line, name)?;
    check_value(&line.value, value)?;
    match name {
        // RFC 9114 section 4.2: "An endpoint MUST NOT generate an HTTP/3 field section containing
        // connection-specific fields; any message containing connection-specific fields MUST be treated as
        // malformed."
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
            Err(Fault::malformed("a connection-specific field"))
        }
        // RFC 9114 section 4.2: TE "MUST NOT contain any value other than trailers".
        b"te" if !value.eq_ignore_ascii_case(b"trailers") => {
            Err(Fault::malformed("a te other than trailers"))
        }
        _ => Ok(()),
    }
}

/// RFC 9114 section 4.2: "Characters in field names MUST be converted to lowercase prior to their
/// encoding", and section 4.1.2: invalid characters make a message malformed.
fn check_name(line: &FieldLine, name: &[u8]) -> Result<(), Fault> {
    let is_known = matches!(line.name, FieldText::Static(_));
    if is_known || (!name.is_empty() && name.iter().all(|byte| NAME[usize::from(*byte)])) {
        return Ok(());
    }
    Err(Fault::malformed("a field name that is not lower-case token"))
}

/// RFC 9114 section 10.3: "Any request or response that contains a character not permitted in a field
/// value MUST be treated as malformed. Valid characters are defined by the field-content ABNF rule", which
/// neither begins nor ends with white space.
fn check_value(piece: &FieldText, value: &[u8]) -> Result<(), Fault> {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let is_known = matches!(piece, FieldText::Static(_));
    let is_content = |byte: &u8| matches!(byte, b'\t' | b' '..=0x7e | 0x80..);
    if is_known || (value.iter().all(is_content) && !is_blank(value.first()) && !is_blank(value.last())) {
        return Ok(());
    }
    Err(Fault::malformed("a field value with characters it may not have"))
}

/// Whether these bytes can be a path with or without a query. Whitespace, controls, fragments and
/// what a URI has to escape cannot.
pub(super) fn is_path(value: &[u8]) -> bool {
    value.first() == Some(&b'/') && value.iter().all(|byte| matches!(byte, b'!'..=b'~') && *byte != b'#')
}

/// Whether these bytes can be a URI scheme (RFC 3986 section 3.1).
pub(super) fn is_scheme(value: &[u8]) -> bool {
    let is_rest = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    value.first().is_some_and(u8::is_ascii_alphabetic) && value.iter().all(is_rest)
}

/// Checks a trailer section, whose fields are dropped.
///
/// **Errors**: `MessageError` or `ExcessiveLoad` of the stream, `QpackDecompressionFailed`.
pub(super) fn check_trailers(block: &[u8], limits: &Limits) -> Result<(), Fault> {
    let mut lines = FieldLines::new(block)?;
    let mut measure = SectionBudget::new(limits);
    while let Some(line) = lines.next()? {
        let (name, value) = (lines.bytes(&line.name), lines.bytes(&line.value));
        measure.count(name, value)?;
        if name.first() == Some(&b':') {
            // RFC 9114 section 4.3: "Pseudo-header fields MUST NOT appear in trailer sections."
            return Err(Fault::malformed("a pseudo-header in trailers"));
        }
        check(&line, name, value)?;
    }
    Ok(())
}
