//! Writes field sections (RFC 9204 section 4.5) without Huffman: a reference to the static table where
//! there is one, and the plain text where there is not.

use bytes::{BufMut, BytesMut};

use super::integer;
use super::static_table::{self, StaticMatch};

/// Whether a line may enter the table of somebody downstream (the N bit, RFC 9204 section 4.5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::wire::http3) enum Secrecy {
    /// It may.
    Open,
    /// It must stay a literal: guessing it by the size of what is compressed would pay.
    NeverIndexed,
}

/// Appends the prefix of a section that needs no dynamic table.
pub(in crate::wire::http3) fn prefix(out: &mut BytesMut) {
    out.put_slice(&[0, 0]);
}

/// Appends the line at an index of the static table.
pub(in crate::wire::http3) fn indexed(out: &mut BytesMut, index: u8) {
    integer::write(out, 0xc0, 6, u64::from(index));
}

/// Appends a line whose name is that at an index of the static table.
pub(in crate::wire::http3) fn named(out: &mut BytesMut, index: u8, value: &[u8], secrecy: Secrecy) {
    let never = match secrecy {
        Secrecy::Open => 0,
        Secrecy::NeverIndexed => 0x20,
    };
    integer::write(out, 0x50 | never, 4, u64::from(index));
    string(out, value);
}

/// Appends a line, by reference as far as the static table has it.
pub(in crate::wire::http3) fn line(out: &mut BytesMut, name: &[u8], value: &[u8], secrecy: Secrecy) {
    match (static_table::find(name, value), secrecy) {
        (StaticMatch::Line(index), Secrecy::Open) => indexed(out, index),
        (StaticMatch::Line(index) | StaticMatch::Name(index), _) => named(out, index, value, secrecy),
        (StaticMatch::Nothing, Secrecy::Open) => spelled(out, 0x20, name, value),
        (StaticMatch::Nothing, Secrecy::NeverIndexed) => spelled(out, 0x30, name, value),
    }
}

fn spelled(out: &mut BytesMut, flags: u8, name: &[u8], value: &[u8]) {
    integer::write(out, flags, 3, name.len() as u64);
    out.put_slice(name);
    string(out, value);
}

fn string(out: &mut BytesMut, value: &[u8]) {
    integer::write(out, 0, 7, value.len() as u64);
    out.put_slice(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::http3::qpack::FieldLines;

    fn written(name: &[u8], value: &[u8], secrecy: Secrecy) -> BytesMut {
        let mut out = BytesMut::new();
        prefix(&mut out);
        line(&mut out, name, value, secrecy);
        out
    }

    #[test]
    fn the_shortest_form_without_huffman_is_written() {
        assert_eq!(written(b":path", b"/index.html", Secrecy::Open), &b"\x00\x00\x51\x0b/index.html"[..]);
        assert_eq!(written(b":status", b"200", Secrecy::Open), &b"\x00\x00\xd9"[..]);
        assert_eq!(written(b"abc", b"de", Secrecy::Open), &b"\x00\x00\x23abc\x02de"[..]);
    }

    #[test]
    fn a_secret_is_a_literal_that_stays_one() {
        assert_eq!(written(b"set-cookie", b"a", Secrecy::NeverIndexed), &b"\x00\x00\x7e\x01a"[..]);
        assert_eq!(written(b"early-data", b"1", Secrecy::NeverIndexed), &b"\x00\x00\x7f\x47\x011"[..]);
        assert_eq!(written(b"abc", b"de", Secrecy::NeverIndexed), &b"\x00\x00\x33abc\x02de"[..]);
    }

    proptest! {
        #[test]
        fn any_line_makes_the_round_trip(name: Vec<u8>, value: Vec<u8>, is_open: bool) {
            let secrecy = if is_open { Secrecy::Open } else { Secrecy::NeverIndexed };
            let block = written(&name, &value, secrecy);
            let mut lines = FieldLines::new(&block).unwrap();
            let line = lines.next().unwrap().unwrap();
            prop_assert_eq!(lines.bytes(&line.name), &name[..]);
            prop_assert_eq!(lines.bytes(&line.value), &value[..]);
            prop_assert_eq!(lines.next(), Ok(None));
        }
    }
}
