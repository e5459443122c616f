//! HTTP/3 as bytes: encodes the one request and reads only an answer's status. The client thus costs little
//! CPU.

use bytes::{BufMut as _, Bytes, BytesMut};

/// The control stream's type and an empty SETTINGS frame (RFC 9114 sections 6.2.1 and 7.2.4).
pub(crate) const CONTROL: &[u8] = &[0x00, 0x04, 0x00];
/// `:status: 200` in QPACK's static table, as an indexed field line (RFC 9204 appendix A).
const STATUS_200: u8 = 0xc0 | 25;
/// `:status: 503` in the same table.
const STATUS_503: u8 = 0xc0 | 28;

/// Encodes a check-in as a HEADERS and a DATA frame.
pub(crate) fn check_in(poster: &str, person: &str) -> Bytes {
    let mut section = BytesMut::with_capacity(64);
    // An empty dynamic table, then `:method: POST` and `:scheme: https`.
    section.put_slice(&[0, 0, 0xc0 | 20, 0xc0 | 23]);
    // `:authority` and `:path` by name, each value a plain string.
    named(&mut section, 0, b"localhost");
    named(&mut section, 1, b"/v1/check-ins");
    // `content-type: application/json`.
    section.put_u8(0xc0 | 46);
    let body = format!(r#"{{"venue":"{poster}","person":"{person}"}}"#);
    let mut request = BytesMut::with_capacity(section.len() + body.len() + 8);
    frame(&mut request, 0x01, &section);
    frame(&mut request, 0x00, body.as_bytes());
    request.freeze()
}

fn named(section: &mut BytesMut, index: u8, value: &[u8]) {
    section.put_u8(0x50 | index);
    section.put_u8(u8::try_from(value.len()).expect("a short value"));
    section.put_slice(value);
}

fn frame(out: &mut BytesMut, kind: u8, payload: &[u8]) {
    out.put_u8(kind);
    out.put_u16(0x4000 | u16::try_from(payload.len()).expect("a short payload"));
    out.put_slice(payload);
}

/// Whether an answer's status is 200, by the first line of its field section.
pub(crate) fn is_ok(answer: &[u8]) -> bool {
    first_line(answer) == Some(STATUS_200)
}

/// Whether an answer's status is 503, by the first line of its field section.
pub(crate) fn is_shed(answer: &[u8]) -> bool {
    first_line(answer) == Some(STATUS_503)
}

/// The first byte of the first line of an answer's field section.
fn first_line(answer: &[u8]) -> Option<u8> {
    // A HEADERS frame, its length in one byte or two, and the section's prefix of two.
    let (&[kind, length], rest) = answer.split_first_chunk()?;
    let line = if length & 0x40 == 0 { rest.get(2) } else { rest.get(3) };
    line.copied().filter(|_| kind == 0x01)
}
