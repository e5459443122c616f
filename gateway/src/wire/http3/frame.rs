//! Frame types and frame headers (RFC 9114 section 7). A header may be cut anywhere, so there is a
//! reader for pieces and a function for what is whole.

use bytes::Buf;

use super::varint;

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FrameKind {
    Data,
    Headers,
    CancelPush,
    Settings,
    PushPromise,
    GoAway,
    MaxPushId,
    /// RFC 9218 section 7.2: new priority for a request.
    PriorityUpdateRequest,
    /// RFC 9218 section 7.2: new priority for a push.
    PriorityUpdatePush,
    /// RFC 9114 section 7.2.8: PRIORITY, PING, WINDOW_UPDATE and CONTINUATION of HTTP/2, which must not
    /// be sent.
    Reserved,
    /// An extension or grease, to be skipped (RFC 9114 section 9).
    Unknown,
}

impl FrameKind {
    fn new(number: u64) -> Self {
        match number {
            0x00 => Self::Data,
            0x01 => Self::Headers,
            0x02 | 0x06 | 0x08 | 0x09 => Self::Reserved,
            0x03 => Self::CancelPush,
            0x04 => Self::Settings,
            0x05 => Self::PushPromise,
            0x07 => Self::GoAway,
            0x0d => Self::MaxPushId,
            0xf_0700 => Self::PriorityUpdateRequest,
            0xf_0701 => Self::PriorityUpdatePush,
            _ => Self::Unknown,
        }
    }
}

/// A frame's type and the length of its payload in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FrameHeader {
    pub(super) kind: FrameKind,
    pub(super) length: u64,
}

/// Reads a header from the front; gives it with the bytes it took, or nothing if it is cut short.
#[inline]
pub(super) fn parse(bytes: &[u8]) -> Option<(FrameHeader, usize)> {
    let (number, kind_size) = varint::parse(bytes)?;
    let (length, length_size) = varint::parse(bytes.get(kind_size..)?)?;
    Some((FrameHeader { kind: FrameKind::new(number), length }, kind_size + length_size))
}

/// Reads frame headers that may arrive a byte at a time.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct FrameHeaderReader {
    kind: Option<FrameKind>,
    integer: varint::VarintReader,
}

impl FrameHeaderReader {
    /// Takes bytes from `input`, never more than the header has, and gives it once it is whole.
    pub(super) fn read(&mut self, input: &mut impl Buf) -> Option<FrameHeader> {
        let kind = match self.kind {
            Some(kind) => kind,
            None => *self.kind.insert(FrameKind::new(self.integer.read(input)?)),
        };
        let length = self.integer.read(input)?;
        self.kind = None;
        Some(FrameHeader { kind, length })
    }

    /// Says whether part of a header is held.
    pub(super) fn is_partial(&self) -> bool {
        self.kind.is_some() || self.integer.is_partial()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_the_same_cut_anywhere() {
        let bytes = [0x80, 0x0f, 0x07, 0x00, 0x44, 0x00, 0xff];
        let expected = FrameHeader { kind: FrameKind::PriorityUpdateRequest, length: 0x400 };
        assert_eq!(parse(&bytes), Some((expected, 6)));
        for cut in 0..6 {
            assert_eq!(parse(&bytes[..cut]), None);
            let mut reader = FrameHeaderReader::default();
            assert_eq!(reader.read(&mut &bytes[..cut]), None);
            assert_eq!(reader.is_partial(), cut > 0);
            let mut rest = &bytes[cut..];
            assert_eq!(reader.read(&mut rest), Some(expected));
            assert_eq!(rest, [0xff]);
            assert!(!reader.is_partial());
        }
    }

    #[test]
    fn types_of_http_2_are_reserved_and_grease_is_unknown() {
        for number in [0x02, 0x06, 0x08, 0x09] {
            assert_eq!(FrameKind::new(number), FrameKind::Reserved);
        }
        for grease in [0x21, 0x40, 0x1f * 7 + 0x21, 0x0a, 0x0c] {
            assert_eq!(FrameKind::new(grease), FrameKind::Unknown);
        }
    }
}
