//! Cuts an NDJSON body into lines of bounded length. The pieces in which the body arrives change nothing.

use bytes::{Buf as _, Bytes, BytesMut};
use scangate_core::text::{BYTE_ORDER_MARK, without_mark};

/// The longest line.
pub const LINE_BYTES_MAX: usize = 4_096;

/// A line that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutLine {
    /// The line's number, from 1. Blank lines count.
    pub number: u64,
    /// The bytes without the line's end.
    pub bytes: Result<Bytes, LineTooLong>,
}

/// The line is longer than [`LINE_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the line is longer than {LINE_BYTES_MAX} bytes")]
pub struct LineTooLong;

/// The bytes of a body that have arrived and are no line yet.
#[derive(Debug, Default)]
pub struct LineCutter {
    buffer: BytesMut,
    number: u64,
    is_begun: bool,
    is_skipping: bool,
    is_ended: bool,
}

impl LineCutter {
    /// Adds the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Notes the end of the body, which also ends its last line.
    pub fn end(&mut self) {
        self.is_ended = true;
    }

    /// Whether the body has ended.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Whether there can be no line before more bytes arrive.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.is_ended && !self.buffer.contains(&b'\n')
    }

    /// Takes the next line, if it is whole or already too long.
    pub fn take_line(&mut self) -> Option<CutLine> {
        self.skip_mark()?;
        loop {
            let end = self.buffer.iter().position(|&byte| byte == b'\n');
            let Some(bytes) = self.cut(end) else { return self.skip() };
            self.number += 1;
            if std::mem::take(&mut self.is_skipping) {
                continue;
            }
            let bytes = bytes.strip_suffix(b"\r").map_or(bytes.clone(), |line| bytes.slice_ref(line));
            if bytes.len() > LINE_BYTES_MAX {
                return Some(CutLine { number: self.number, bytes: Err(LineTooLong) });
            }
            if !bytes.iter().all(u8::is_ascii_whitespace) {
                return Some(CutLine { number: self.number, bytes: Ok(bytes) });
            }
        }
    }

    /// Skips a byte order mark before the first line; `None` while it may still arrive.
    fn skip_mark(&mut self) -> Option<()> {
        if !self.is_begun {
            let may_begin_mark = self.buffer.len() < BYTE_ORDER_MARK.len();
            if may_begin_mark && BYTE_ORDER_MARK.starts_with(&self.buffer) && !self.is_ended {
                return None;
            }
            let mark = self.buffer.len() - without_mark(&self.buffer).len();
            self.buffer.advance(mark);
            self.is_begun = true;
        }
        Some(())
    }

    fn cut(&mut self, end: Option<usize>) -> Option<Bytes> {
        match end {
            Some(end) => {
                let mut line = self.buffer.split_to(end + 1);
                line.truncate(end);
                Some(line.freeze())
            }
            None if self.is_ended && !self.buffer.is_empty() => Some(self.buffer.split().freeze()),
            None => None,
        }
    }

    /// Reports a line as soon as it is too long, and skips its rest.
    fn skip(&mut self) -> Option<CutLine> {
        if self.is_skipping {
            self.buffer.clear();
            return None;
        }
        // A carriage return may belong to the line's end.
        let line = self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer);
        if line.len() <= LINE_BYTES_MAX {
            return None;
        }
        self.buffer.clear();
        self.is_skipping = true;
        Some(CutLine { number: self.number + 1, bytes: Err(LineTooLong) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'piece>(pieces: impl IntoIterator<Item = &'piece [u8]>) -> Vec<(u64, Option<String>)> {
        let (mut cutter, mut all) = (LineCutter::default(), Vec::new());
        let mut take = |cutter: &mut LineCutter| {
            while let Some(line) = cutter.take_line() {
                let text = line.bytes.ok().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
                all.push((line.number, text));
            }
        };
        for piece in pieces {
            cutter.push(piece);
            take(&mut cutter);
        }
        cutter.end();
        take(&mut cutter);
        all
    }

    /// Cuts a text in two at every byte, and into single bytes.
    fn check(text: &[u8], expected: &[(u64, Option<&str>)]) {
        let expected: Vec<_> =
            expected.iter().map(|(number, line)| (*number, line.map(str::to_owned))).collect();
        for at in 0..=text.len() {
            let (one, two) = text.split_at(at);
            assert_eq!(lines([one, two]), expected, "split at {at}");
        }
        assert_eq!(lines(text.chunks(1)), expected);
    }

    #[test]
    fn split_at_every_byte_the_lines_are_the_same() {
        check(
            b"{\"a\":1}\r\n\n  \n{\"b\":2}\nlast",
            &[(1, Some("{\"a\":1}")), (4, Some("{\"b\":2}")), (5, Some("last"))],
        );
    }

    #[test]
    fn a_byte_order_mark_before_the_first_line_is_no_part_of_it() {
        check(
            "\u{feff}{\"a\":1}\n\u{feff}{}\n".as_bytes(),
            &[(1, Some("{\"a\":1}")), (2, Some("\u{feff}{}"))],
        );
        check("\u{feff}".as_bytes(), &[]);
        let longest = "x".repeat(LINE_BYTES_MAX);
        check(format!("\u{feff}{longest}").as_bytes(), &[(1, Some(&longest))]);
    }

    #[test]
    fn the_longest_line_may_end_with_a_carriage_return_in_a_piece_of_its_own() {
        let longest = "x".repeat(LINE_BYTES_MAX);
        check(format!("{longest}\r\n{longest}\r").as_bytes(), &[(1, Some(&longest)), (2, Some(&longest))]);
        check(format!("{longest}\r\r\nnext").as_bytes(), &[(1, None), (2, Some("next"))]);
    }

    #[test]
    fn a_line_that_is_too_long_is_its_own_problem() {
        for byte in ["x", " ", "\r"] {
            let long = byte.repeat(LINE_BYTES_MAX + 2);
            check(
                format!("one\n{long}\nthree\n").as_bytes(),
                &[(1, Some("one")), (2, None), (3, Some("three"))],
            );
        }
        // The rest of this line is skipped over several pieces.
        let text = format!("one\n{}\nthree\n", "x".repeat(3 * LINE_BYTES_MAX));
        let expected = [(1, Some("one".to_owned())), (2, None), (3, Some("three".to_owned()))];
        assert_eq!(lines([text.as_bytes()]), expected);
        assert_eq!(lines(text.as_bytes().chunks(1_000)), expected);
    }
}
