//! Follows the frames of HTTP/2 as they arrive, to see whether one is unfinished. hyper, which reads them,
//! has no deadline for a peer that stops within a frame.

/// The client's preface (RFC 9113 section 3.4).
const PREFACE_BYTES: u32 = 24;
const HEADER_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// The position within a client's frames.
pub(super) struct FrameCursor {
    header: [u8; HEADER_BYTES],
    header_read: usize,
    /// The bytes that the present frame still has.
    left: u32,
    /// Whether the present frame is DATA, which has the deadlines of a body.
    is_data: bool,
    /// Whether a field block is open.
    is_in_block: bool,
}

impl FrameCursor {
    /// The position before the preface.
    pub(super) fn new() -> Self {
        Self {
            header: [0; HEADER_BYTES],
            header_read: 0,
            left: PREFACE_BYTES,
            is_data: false,
            is_in_block: false,
        }
    }

    /// Moves over the next bytes. Returns whether a frame other than DATA, or a field block, is unfinished.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = bytes.len().min(self.left as usize);
                bytes = &bytes[skipped..];
                self.left -= u32::try_from(skipped).expect("not more than was left");
                continue;
            }
            let taken = bytes.len().min(HEADER_BYTES - self.header_read);
            self.header[self.header_read..][..taken].copy_from_slice(&bytes[..taken]);
            self.header_read += taken;
            bytes = &bytes[taken..];
            if self.header_read == HEADER_BYTES {
                self.begin();
            }
        }
        self.header_read > 0 || self.is_in_block || (self.left > 0 && !self.is_data)
    }

    /// Begins the frame whose header is whole (RFC 9113 section 4.1).
    fn begin(&mut self) {
        let [length @ .., kind, flags, _, _, _, _] = self.header;
        self.header_read = 0;
        self.left = u32::from_be_bytes([0, length[0], length[1], length[2]]);
        self.is_data = kind == DATA;
        if matches!(kind, HEADERS | CONTINUATION) {
            self.is_in_block = flags & END_HEADERS == 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.resize(HEADER_BYTES + usize::from(length), 7);
        frame
    }

    #[test]
    fn a_head_is_unfinished_until_its_last_byte_however_it_is_cut() {
        let head =
            [vec![b'x'; 24], frame(4, 0, 0), frame(HEADERS, 0, 3), frame(CONTINUATION, END_HEADERS, 2)];
        let bytes = head.concat();
        for cut in 1..bytes.len() {
            let mut cursor = FrameCursor::new();
            let is_whole = cut == 24 || cut == 33;
            assert_eq!(cursor.read(&bytes[..cut]), !is_whole, "{cut}");
            assert!(!cursor.read(&bytes[cut..]), "{cut}");
        }
    }

    #[test]
    fn data_is_no_head_once_its_length_is_known() {
        let mut cursor = FrameCursor::new();
        cursor.read(&[b'x'; 24]);
        let data = frame(DATA, 0, 9);
        assert!(cursor.read(&data[..8]));
        assert!(!cursor.read(&data[8..12]));
        assert!(!cursor.read(&data[12..]));
        assert!(cursor.read(&[0]));
    }
}
