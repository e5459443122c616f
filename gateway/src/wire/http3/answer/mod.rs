//! Writes answers: a HEADERS frame and perhaps DATA. The scan path's answers name their field lines by
//! index in the static table; the back office's field lines are looked up there.

use bytes::{BufMut, BytesMut};
use http::HeaderValue;

use super::qpack::{self, Secrecy};
use super::{frame, varint};

const DATA: u64 = 0x00;
const HEADERS: u64 = 0x01;

/// Indices of the static table for the field lines of a small answer.
const CONTENT_LENGTH: u8 = 4;
const DATE: u8 = 6;
const STATUS: u8 = 24;
const CACHE_CONTROL_NO_STORE: u8 = 40;
const CONTENT_TYPE: u8 = 44;
const CONTENT_TYPE_JSON: u8 = 46;
const X_CONTENT_TYPE_OPTIONS_NOSNIFF: u8 = 61;

/// Bytes for the HEADERS frame of a small answer: 19 for frame header, prefix, status, lengths and
/// indices, 27 for `application/problem+json`, 22 for a length, 31 for a date. `retry-after` or
/// `www-authenticate` takes 38, `accept-encoding` less.
const SMALL_HEAD_BYTES_MAX: usize = 128;

/// The content type of a small answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContentType {
    /// `application/json`
    Json,
    /// `application/problem+json` (RFC 9457)
    Problem,
    /// `text/html` in UTF-8
    Page,
}

impl ContentType {
    /// The value of `content-type`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Problem => "application/problem+json",
            Self::Page => "text/html; charset=utf-8",
        }
    }
}

/// Appends HEADERS and DATA of a small answer, to be followed by FIN. It tells of a person, so caches
/// must not store it.
///
/// **Units**: `date` is an IMF-fixdate (RFC 9110 section 5.6.7), `retry_after_s` is in seconds. `status`
/// is one of 200 to 599; `field` is one more field line, of at most 36 bytes.
///
/// **Cost**: at most one growth of `out`, about 80 bytes beside the body.
pub fn small(
    out: &mut BytesMut,
    status: u16,
    content_type: ContentType,
    date: &[u8; 29],
    retry_after_s: Option<u32>,
    field: Option<(&str, &str)>,
    body: &[u8],
) {
    out.reserve(SMALL_HEAD_BYTES_MAX + body.len());
    varint::write(out, HEADERS);
    let length_at = out.len();
    out.put_u16(0x4000);
    qpack::prefix(out);
    write_status(out, status);
    match content_type {
        ContentType::Json => qpack::indexed(out, CONTENT_TYPE_JSON),
        ContentType::Problem | ContentType::Page => {
            qpack::named(out, CONTENT_TYPE, content_type.text().as_bytes(), Secrecy::Open);
        }
    }
    qpack::named(out, CONTENT_LENGTH, Digits::new(body.len() as u64).as_bytes(), Secrecy::Open);
    qpack::named(out, DATE, date, Secrecy::Open);
    qpack::indexed(out, CACHE_CONTROL_NO_STORE);
    qpack::indexed(out, X_CONTENT_TYPE_OPTIONS_NOSNIFF);
    if let Some(seconds) = retry_after_s {
        qpack::line(out, b"retry-after", Digits::new(u64::from(seconds)).as_bytes(), Secrecy::Open);
    }
    if let Some((name, value)) = field {
        qpack::line(out, name.as_bytes(), value.as_bytes(), Secrecy::Open);
    }
    let length = (out.len() - length_at - 2) as u64;
    // A two-byte varint of what is always less than SMALL_HEAD_BYTES_MAX.
    out[length_at + 1] = (length & 0xff) as u8;
    if !body.is_empty() {
        data_header(out, body.len());
        out.put_slice(body);
    }
}

/// Appends the interim answer 100 Continue (RFC 9110 section 15.2.1).
pub fn go_on(out: &mut BytesMut) {
    varint::write(out, HEADERS);
    let mut section = BytesMut::new();
    qpack::prefix(&mut section);
    write_status(&mut section, 100);
    varint::write(out, section.len() as u64);
    out.put_slice(&section);
}

/// Cuts an answer that [`small`] wrote to its HEADERS, as the answer to HEAD.
pub fn keep_head(out: &mut BytesMut) {
    if let Some((header, size)) = frame::parse(out) {
        out.truncate(size + usize::try_from(header.length).unwrap_or(usize::MAX - size));
    }
}

/// Appends the HEADERS frame of any answer.
///
/// Connection-specific fields are left out (RFC 9114 section 4.2), and values marked sensitive are never
/// indexed. The status must not be 101, which HTTP/3 does not have (section 4.5).
pub fn head(out: &mut BytesMut, parts: &http::response::Parts) {
    let mut section = BytesMut::with_capacity(512);
    qpack::prefix(&mut section);
    write_status(&mut section, parts.status.as_u16());
    for (name, value) in &parts.headers {
        if !is_connection_specific(name.as_str()) {
            qpack::line(&mut section, name.as_str().as_bytes(), value.as_bytes(), secrecy(value));
        }
    }
    varint::write(out, HEADERS);
    varint::write(out, section.len() as u64);
    out.put_slice(&section);
}

/// Appends the header of a DATA frame whose payload of `length` bytes follows.
pub fn data_header(out: &mut BytesMut, length: usize) {
    varint::write(out, DATA);
    varint::write(out, length as u64);
}

fn write_status(out: &mut BytesMut, status: u16) {
    match known_status(status) {
        Some(index) => qpack::indexed(out, index),
        None => qpack::named(out, STATUS, Digits::new(u64::from(status)).as_bytes(), Secrecy::Open),
    }
}

/// The index of this status in the static table.
fn known_status(status: u16) -> Option<u8> {
    Some(match status {
        103 => 24,
        200 => 25,
        304 => 26,
        404 => 27,
        503 => 28,
        100 => 63,
        204 => 64,
        206 => 65,
        302 => 66,
        400 => 67,
        403 => 68,
        421 => 69,
        425 => 70,
        500 => 71,
        _ => return None,
    })
}

fn is_connection_specific(name: &str) -> bool {
    matches!(name, "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" | "te")
}

fn secrecy(value: &HeaderValue) -> Secrecy {
    if value.is_sensitive() { Secrecy::NeverIndexed } else { Secrecy::Open }
}

/// A number in decimal, without an allocation.
struct Digits {
    bytes: [u8; 20],
    from: usize,
}

impl Digits {
    fn new(mut value: u64) -> Self {
        let mut digits = Self { bytes: [b'0'; 20], from: 20 };
        loop {
            digits.from -= 1;
            digits.bytes[digits.from] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                return digits;
            }
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.from..]
    }
}

#[cfg(test)]
mod tests;
