//! The padding of QUIC packets, taken out before quinn-proto sees it. quinn-proto looks at each byte of
//! padding as a frame. A handshake has some two thousand of them, because a client pads its first datagrams
//! to 1,200 bytes (RFC 9000 section 14.1).

/// The frame type PADDING (RFC 9000 section 19.1).
const PADDING: u8 = 0x00;
/// Zeros that are looked at together.
const RUN: usize = size_of::<u128>();

/// Moves the frames of a decrypted packet together, over its padding. Returns how many bytes they have. A
/// packet of padding alone keeps a byte of it, since an empty one breaks the protocol. What follows an
/// unknown or broken frame stays as it is.
pub fn close_gaps(payload: &mut [u8]) -> usize {
    let (mut read, mut write) = (0, 0);
    while read < payload.len() {
        let rest = &payload[read..];
        if rest[0] == PADDING {
            read += zeros(rest);
            continue;
        }
        let length = frame_length(rest).unwrap_or(rest.len());
        if read != write {
            payload.copy_within(read..read + length, write);
        }
        read += length;
        write += length;
    }
    write.max(payload.len().min(1))
}

/// The zeros with which these bytes begin.
fn zeros(bytes: &[u8]) -> usize {
    let runs = bytes.chunks_exact(RUN).take_while(|run| **run == [0; RUN]).count() * RUN;
    runs + bytes[runs..].iter().take_while(|byte| **byte == 0).count()
}

/// The length of the frame with which these bytes begin (RFC 9000 section 19), or none if it is unknown or
/// not whole.
fn frame_length(frame: &[u8]) -> Option<usize> {
    let mut fields = FrameFields { frame, at: 1 };
    match *frame.first()? {
        // PING, HANDSHAKE_DONE.
        0x01 | 0x1e => {}
        0x02 => fields.pass_ack()?,
        0x03 => {
            fields.pass_ack()?;
            // The three counts of ECN.
            fields.pass_integers(3)?;
        }
        // MAX_DATA, MAX_STREAMS, DATA_BLOCKED, STREAMS_BLOCKED, RETIRE_CONNECTION_ID.
        0x10 | 0x12..=0x14 | 0x16 | 0x17 | 0x19 => fields.pass_integers(1)?,
        // STOP_SENDING, MAX_STREAM_DATA, STREAM_DATA_BLOCKED.
        0x05 | 0x11 | 0x15 => fields.pass_integers(2)?,
        // RESET_STREAM.
        0x04 => fields.pass_integers(3)?,
        // CRYPTO, CONNECTION_CLOSE of an application.
        0x06 | 0x1d => {
            fields.pass_integers(1)?;
            fields.pass_counted()?;
        }
        // NEW_TOKEN.
        0x07 => fields.pass_counted()?,
        kind @ 0x08..=0x0f => fields.pass_stream(kind)?,
        // NEW_CONNECTION_ID, with a token of 16 bytes.
        0x18 => {
            fields.pass_integers(2)?;
            let id = usize::from(*frame.get(fields.at)?);
            fields.pass(1 + id + 16)?;
        }
        // PATH_CHALLENGE, PATH_RESPONSE.
        0x1a | 0x1b => fields.pass(8)?,
        // CONNECTION_CLOSE.
        0x1c => {
            fields.pass_integers(2)?;
            fields.pass_counted()?;
        }
        _ => return None,
    }
    Some(fields.at)
}

/// The fields of a frame, which are passed one after another.
struct FrameFields<'a> {
    frame: &'a [u8],
    at: usize,
}

impl FrameFields<'_> {
    fn pass(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes).filter(|at| *at <= self.frame.len())?;
        Some(())
    }

    /// Passes an integer of variable length (RFC 9000 section 16), and returns it.
    fn integer(&mut self) -> Option<u64> {
        let first = *self.frame.get(self.at)?;
        let length = 1 << (first >> 6);
        let begin = self.at;
        self.pass(length)?;
        let rest = &self.frame[begin + 1..self.at];
        Some(rest.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
    }

    fn pass_integers(&mut self, count: u64) -> Option<()> {
        for _ in 0..count {
            self.integer()?;
        }
        Some(())
    }

    /// Passes bytes whose number stands before them.
    fn pass_counted(&mut self) -> Option<()> {
        let count = self.integer()?;
        self.pass(usize::try_from(count).ok()?)
    }

    fn pass_ack(&mut self) -> Option<()> {
        self.pass_integers(2)?;
        let ranges = self.integer()?;
        self.pass_integers(1)?;
        // A gap and a length each.
        self.pass_integers(ranges.checked_mul(2)?)
    }

    fn pass_stream(&mut self, kind: u8) -> Option<()> {
        let has_offset = kind & 0x04 != 0;
        self.pass_integers(1 + u64::from(has_offset))?;
        if kind & 0x02 != 0 {
            return self.pass_counted();
        }
        // Its data goes to the packet's end.
        self.at = self.frame.len();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of every type, by RFC 9000 section 19. Zeros in them must not be taken for padding.
    fn frames() -> Vec<Vec<u8>> {
        let ack = [0, 0x40, 0, 2, 0, 0, 0, 0, 0];
        let stream = |kind: u8, fields: &[u8]| [&[kind][..], fields].concat();
        vec![
            vec![0x01],
            stream(0x02, &ack),
            stream(0x03, &[&ack[..], &[0, 0x80, 0, 0, 0, 0]].concat()),
            vec![0x04, 0, 0, 0],
            vec![0x05, 0, 0x41, 0],
            vec![0x06, 0, 3, 0, 0, 0],
            vec![0x07, 2, 0, 0],
            stream(0x0a, &[0, 2, 0, 0]),
            stream(0x0b, &[4, 0]),
            stream(0x0e, &[0, 0, 0x40, 1, 0]),
            stream(0x0f, &[0, 0xc0, 0, 0, 0, 0, 0, 0, 9, 0]),
            vec![0x10, 0],
            vec![0x11, 0, 0],
            vec![0x12, 0],
            vec![0x13, 0x40, 0],
            vec![0x14, 0],
            vec![0x15, 0, 0],
            vec![0x16, 0],
            vec![0x17, 0],
            [&[0x18, 0, 0, 4][..], &[0; 20]].concat(),
            vec![0x19, 0],
            [&[0x1a][..], &[0; 8]].concat(),
            [&[0x1b][..], &[0; 8]].concat(),
            vec![0x1c, 0, 0, 1, 0],
            vec![0x1d, 0, 1, 0],
            vec![0x1e],
        ]
    }

    fn closed(mut payload: Vec<u8>) -> Vec<u8> {
        let length = close_gaps(&mut payload);
        payload.truncate(length);
        payload
    }

    #[test]
    fn padding_between_the_frames_goes_and_the_zeros_in_them_stay() {
        let frames = frames();
        for padding in [0, 1, 15, 16, 17, 1_000] {
            let padded = frames.iter().flat_map(|frame| [vec![0; padding], frame.clone()]).flatten();
            let padded: Vec<u8> = padded.chain(vec![0; padding]).collect();
            assert_eq!(closed(padded), frames.concat(), "{padding}");
        }
    }

    #[test]
    fn data_without_a_length_goes_to_the_end() {
        for kind in [0x08, 0x09, 0x0c, 0x0d] {
            let frame = [&[kind, 0, 0][..], &[0; 40]].concat();
            assert_eq!(closed([&[0; 9][..], &frame].concat()), frame);
        }
    }

    #[test]
    fn padding_alone_leaves_one_byte_and_nothing_stays_nothing() {
        assert_eq!(closed(vec![0; 1_162]), [0]);
        assert!(closed(vec![]).is_empty());
    }

    #[test]
    fn what_is_unknown_or_cut_off_stays_with_all_that_follows() {
        for broken in [&[0x1f, 0, 0][..], &[0x06, 0, 9, 0, 0], &[0x02, 0], &[0x18, 0, 0], &[0x40, 0, 0]] {
            assert_eq!(closed([&[0, 0, 1, 0][..], broken].concat()), [&[1][..], broken].concat());
        }
        let endless = [0x02, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0];
        assert_eq!(closed(endless.to_vec()), endless);
    }
}
