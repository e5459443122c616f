//! Follows the frames of HTTP/2 as they arrive, to see whether one is unfinished. hyper, which reads them,
//! has no deadline for a peer that stops within a frame, and takes any frame as the first one.

/// The client's preface (RFC 9113 section 3.4).
const PREFACE_BYTES: u32 = 24;
const HEADER_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// The error of a connection whose first frame is not SETTINGS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the first frame of HTTP/2 is not SETTINGS")]
pub(super) struct SettingsMissing;

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
    /// Whether the first frame has begun.
    is_begun: bool,
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
            is_begun: false,
        }
    }

    /// Moves over the next bytes. Returns whether a frame other than DATA, or a field block, is unfinished.
    /// **Errors**: the first frame is not SETTINGS.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<bool, SettingsMissing> {
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
                self.begin()?;
            }
        }
        Ok(self.header_read > 0 || self.is_in_block || (self.left > 0 && !self.is_data))
    }

    /// Begins the frame whose header is whole (RFC 9113 section 4.1).
    fn begin(&mut self) -> Result<(), SettingsMissing> {
        let [length @ .., kind, flags, _, _, _, _] = self.header;
        // RFC 9113 section 3.4: the preface "MUST be followed by a SETTINGS frame", and a GOAWAY "MAY be
        // omitted" where it is not.
        if !self.is_begun && (kind != SETTINGS || flags & ACK != 0) {
            return Err(SettingsMissing);
        }
        self.is_begun = true;
        self.header_read = 0;
        self.left = u32::from_be_bytes([0, length[0], length[1], length[2]]);
        self.is_data = kind == DATA;
        if matches!(kind, HEADERS | CONTINUATION) {
            self.is_in_block = flags & END_HEADERS == 0;
        }
        Ok(())
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
            assert_eq!(cursor.read(&bytes[..cut]), Ok(!is_whole), "{cut}");
            assert_eq!(cursor.read(&bytes[cut..]), Ok(false), "{cut}");
        }
    }

    #[test]
    fn data_is_no_head_once_its_length_is_known() {
        let mut cursor = FrameCursor::new();
        assert_eq!(cursor.read(&[&[b'x'; 24][..], &frame(SETTINGS, 0, 0)].concat()), Ok(false));
        let data = frame(DATA, 0, 9);
        for (bytes, is_unfinished) in
            [(&data[..8], true), (&data[8..12], false), (&data[12..], false), (&[0], true)]
        {
            assert_eq!(cursor.read(bytes), Ok(is_unfinished));
        }
    }

    #[test]
    fn the_first_frame_is_settings() {
        for (first, expected) in [
            (frame(SETTINGS, 0, 6), Ok(false)),
            (frame(SETTINGS, ACK, 0), Err(SettingsMissing)),
            (frame(HEADERS, END_HEADERS, 3), Err(SettingsMissing)),
        ] {
            assert_eq!(FrameCursor::new().read(&[vec![b'x'; 24], first].concat()), expected);
        }
    }
}
