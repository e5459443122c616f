//! Reads an encoded field section line by line (RFC 9204 section 4.5). A line has the positions of its
//! name and value: in the static table, in the section, or in the text decoded from Huffman. Only Huffman
//! strings are copied.

use super::{broken, huffman, integer, static_table};
use crate::wire::http3::Fault;

/// The position of a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::wire::http3) enum FieldText {
    /// In the static table.
    Static(&'static str),
    /// In the section, as received.
    Block { from: usize, to: usize },
    /// In the text decoded from Huffman, or from another form.
    Text { from: usize, to: usize },
}

impl FieldText {
    /// The empty string.
    pub(in crate::wire::http3) const EMPTY: Self = Self::Static("");

    /// Appends bytes to the text.
    pub(in crate::wire::http3) fn push(text: &mut Vec<u8>, bytes: &[u8]) -> Self {
        let from = text.len();
        text.extend_from_slice(bytes);
        Self::Text { from, to: text.len() }
    }

    /// The bytes, from the section and the text that this position refers to.
    #[inline]
    pub(in crate::wire::http3) fn bytes<'a>(&self, block: &'a [u8], text: &'a [u8]) -> &'a [u8] {
        match *self {
            Self::Static(known) => known.as_bytes(),
            Self::Block { from, to } => &block[from..to],
            Self::Text { from, to } => &text[from..to],
        }
    }
}

/// A field line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::wire::http3) struct FieldLine {
    pub(in crate::wire::http3) name: FieldText,
    pub(in crate::wire::http3) value: FieldText,
}

/// The lines of one field section.
///
/// A line's Huffman text lasts until the next line is read, unless [`FieldLines::keep`] is called.
pub(in crate::wire::http3) struct FieldLines<'a> {
    block: &'a [u8],
    at: usize,
    text: Vec<u8>,
    kept: usize,
}

impl<'a> FieldLines<'a> {
    /// Reads the section's prefix.
    ///
    /// **Errors**: `QpackDecompressionFailed` if it refers to a dynamic table.
    pub(in crate::wire::http3) fn new(block: &'a [u8]) -> Result<Self, Fault> {
        let mut at = 0;
        if integer::read(block, &mut at, 8)? != 0 {
            // RFC 9204 section 4.5.1.1: with no entries, a Required Insert Count other than 0 could not
            // have been made by a conformant encoder.
            return Err(broken("a field section that requires inserts"));
        }
        let is_negative = block.get(at).is_some_and(|byte| byte & 0x80 != 0);
        integer::read(block, &mut at, 7)?;
        if is_negative {
            // RFC 9204 section 4.5.1.2: "The value of Base MUST NOT be negative."
            return Err(broken("a field section with a negative base"));
        }
        Ok(Self { block, at, text: Vec::new(), kept: 0 })
    }

    /// Reads the next line, if there is one.
    ///
    /// **Errors**: `QpackDecompressionFailed`; the rest of the section is then unreadable.
    #[inline]
    pub(in crate::wire::http3) fn next(&mut self) -> Result<Option<FieldLine>, Fault> {
        self.text.truncate(self.kept);
        let Some(first) = self.block.get(self.at).copied() else { return Ok(None) };
        let line = if first & 0x80 != 0 {
            self.indexed(first)?
        } else if first & 0x40 != 0 {
            let name = self.known(first & 0x10 != 0, 4)?.0;
            FieldLine { name: FieldText::Static(name), value: self.string(7)? }
        } else if first & 0x20 != 0 {
            FieldLine { name: self.string(3)?, value: self.string(7)? }
        } else {
            return Err(broken("a post-base reference to a dynamic table without entries"));
        };
        Ok(Some(line))
    }

    fn indexed(&mut self, first: u8) -> Result<FieldLine, Fault> {
        let (name, value) = self.known(first & 0x40 != 0, 6)?;
        Ok(FieldLine { name: FieldText::Static(name), value: FieldText::Static(value) })
    }

    /// Reads an index of `bits` and returns its line. RFC 9204 section 3.1: a static index that is not in the
    /// table, and section 2.2.3: a reference to an entry that is not there, end the connection.
    fn known(&mut self, is_static: bool, bits: u32) -> Result<(&'static str, &'static str), Fault> {
        let index = integer::read(self.block, &mut self.at, bits)?;
        if !is_static {
            return Err(broken("a reference to a dynamic table without entries"));
        }
        static_table::at(index).ok_or(broken("an index beyond the static table"))
    }

    /// Reads a string. Its length has `bits` in the first byte, and its Huffman flag is the bit above.
    fn string(&mut self, bits: u32) -> Result<FieldText, Fault> {
        const CUT_SHORT: Fault = broken("a field section ends within a string");
        let is_huffman = self.block.get(self.at).is_some_and(|byte| (byte >> bits) & 1 == 1);
        let length = integer::read(self.block, &mut self.at, bits)?;
        let left = self.block.len() - self.at;
        let length = usize::try_from(length).ok().filter(|length| *length <= left).ok_or(CUT_SHORT)?;
        let (from, to) = (self.at, self.at + length);
        self.at = to;
        if !is_huffman {
            return Ok(FieldText::Block { from, to });
        }
        let text_from = self.text.len();
        huffman::decode(&self.block[from..to], &mut self.text)?;
        Ok(FieldText::Text { from: text_from, to: self.text.len() })
    }

    /// The bytes of a string of the last line or of a kept one.
    #[inline]
    pub(in crate::wire::http3) fn bytes(&self, piece: &FieldText) -> &[u8] {
        piece.bytes(self.block, &self.text)
    }

    /// Keeps the strings of the last line beyond the next.
    pub(in crate::wire::http3) fn keep(&mut self) {
        self.kept = self.text.len();
    }

    /// Returns the kept text, for [`FieldText::bytes`].
    pub(in crate::wire::http3) fn into_text(mut self) -> Vec<u8> {
        self.text.truncate(self.kept);
        self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::http3::{ErrorCode, FaultScope};

    fn lines(block: &[u8]) -> Result<Vec<(String, String)>, Fault> {
        let mut lines = FieldLines::new(block)?;
        let mut out = Vec::new();
        while let Some(line) = lines.next()? {
            let text = |piece: &FieldText| String::from_utf8_lossy(lines.bytes(piece)).into_owned();
            out.push((text(&line.name), text(&line.value)));
        }
        Ok(out)
    }

    fn one(name: &str, value: &str) -> Result<Vec<(String, String)>, Fault> {
        Ok(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn each_representation_is_read() {
        // RFC 9204 appendix B.1.
        assert_eq!(lines(b"\x00\x00\x51\x0b/index.html"), one(":path", "/index.html"));
        assert_eq!(lines(b"\x00\x00\xd9"), one(":status", "200"));
        assert_eq!(lines(b"\x00\x00\xff\x23"), one("x-frame-options", "sameorigin"));
        assert_eq!(lines(b"\x00\x00\x5f\x1d\x01j"), one("content-type", "j"));
        assert_eq!(lines(b"\x00\x00\x23abc\x02de"), one("abc", "de"));
        assert_eq!(lines(b"\x00\x00\x37\x02a12345678\x00"), one("a12345678", ""));
        assert_eq!(
            lines(b"\x00\x00\x2f\x01\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x82\x64\x02"),
            one("custom-key", "302")
        );
        assert_eq!(lines(b"\x00\x05"), Ok(vec![]), "any base will do without inserts");
    }

    #[test]
    fn kept_text_outlives_the_next_line() {
        let block = b"\x00\x00\x50\x86\xa8\xeb\x10\x64\x9c\xbf\x51\x82\x64\x02\x51\x83\x9b\xd9\xab";
        let mut read = FieldLines::new(block).unwrap();
        let first = read.next().unwrap().unwrap();
        read.keep();
        read.next().unwrap();
        let third = read.next().unwrap().unwrap();
        assert_eq!(read.bytes(&third.value), b"gzip");
        read.keep();
        let text = read.into_text();
        assert_eq!(first.value.bytes(block, &text), b"no-cache");
        assert_eq!(third.value.bytes(block, &text), b"gzip");
        assert_eq!(text, b"no-cachegzip", "what was not kept is gone");
    }

    #[test]
    fn what_cannot_be_decoded_ends_the_connection() {
        for block in [
            &b""[..],
            b"\x00",
            b"\x01\x00",
            b"\x00\x80",
            b"\x00\x00\x80",
            b"\x00\x00\xff\x24",
            b"\x00\x00\xff",
            b"\x00\x00\x40\x00",
            b"\x00\x00\x51",
            b"\x00\x00\x51\x02a",
            b"\x00\x00\x51\x81\x00",
            b"\x00\x00\x23ab",
            b"\x00\x00\x23abc",
            b"\x00\x00\x10",
            b"\x00\x00\x00\x00",
        ] {
            let fault = lines(block).unwrap_err();
            assert_eq!(
                (fault.code, fault.scope),
                (ErrorCode::QpackDecompressionFailed, FaultScope::Connection),
                "{block:x?}"
            );
        }
    }

    #[test]
    fn a_number_that_is_too_large_ends_the_stream() {
        let mut block = vec![0x00, 0x00];
        block.extend([0xff; 20]);
        let fault = lines(&block).unwrap_err();
        assert_eq!((fault.code, fault.scope), (ErrorCode::QpackDecompressionFailed, FaultScope::Stream));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail: Vec<u8>) {
            let _ = lines(&tail);
            let _ = lines(&[&[0, 0], &tail[..]].concat());
        }
    }
}
