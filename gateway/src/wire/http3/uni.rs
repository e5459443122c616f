//! Types of unidirectional streams (RFC 9114 section 6.2), and the two QPACK streams. With a dynamic table
//! of no capacity on both sides, nearly every instruction on those is an error, and what is legitimate
//! needs no state beyond where an integer ends.

use super::{ErrorCode, Fault};

/// What to do with a peer's unidirectional stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UniStreamAction {
    /// Go on reading it.
    Keep,
    /// Its type is unknown: send STOP_SENDING with `StreamCreationError` and forget it (RFC 9114
    /// section 6.2).
    Discard,
}

/// What a unidirectional stream is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum UniStreamKind {
    Control,
    Push,
    Encoder,
    Decoder,
    Unknown,
}

impl UniStreamKind {
    pub(super) fn new(number: u64) -> Self {
        match number {
            0x00 => Self::Control,
            0x01 => Self::Push,
            0x02 => Self::Encoder,
            0x03 => Self::Decoder,
            _ => Self::Unknown,
        }
    }
}

/// Checks instructions on the peer's encoder stream.
///
/// The one that is legal sets the capacity to 0, one byte (RFC 9204 section 4.3.1); a greater capacity
/// exceeds ours, and without capacity nothing can be inserted or duplicated (section 3.2.2).
///
/// Errors: `QpackEncoderStreamError` of the connection.
pub(super) fn check_encoder(chunk: &[u8]) -> Result<(), Fault> {
    const SET_CAPACITY_0: u8 = 0x20;
    if chunk.iter().all(|byte| *byte == SET_CAPACITY_0) {
        return Ok(());
    }
    Err(Fault::connection(ErrorCode::QpackEncoderStreamError, "an insert into a table without capacity"))
}

/// The peer's decoder stream.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct DecoderStream {
    /// How many bytes of a cancelled stream's id have come while more are to come.
    within: Option<u8>,
}

impl DecoderStream {
    /// Checks instructions and gives how many of them ended in this chunk.
    ///
    /// A Stream Cancellation is legal whether or not the stream used the table (RFC 9204 section 2.2.2.2).
    /// A Section Acknowledgment or an Insert Count Increment speaks of inserts, and we make none
    /// (sections 4.4.1 and 4.4.3).
    ///
    /// Errors: `QpackDecoderStreamError` of the connection.
    pub(super) fn handle(&mut self, chunk: &[u8]) -> Result<u32, Fault> {
        let mut ended = 0;
        for byte in chunk {
            self.within = match self.within {
                Some(bytes) => continued(bytes, *byte)?,
                None => begun(*byte)?,
            };
            ended += u32::from(self.within.is_none());
        }
        Ok(ended)
    }
}

fn begun(byte: u8) -> Result<Option<u8>, Fault> {
    match byte {
        0x40..=0x7e => Ok(None),
        0x7f => Ok(Some(0)),
        0x00..=0x3f | 0x80.. => Err(Fault::connection(
            ErrorCode::QpackDecoderStreamError,
            "an acknowledgment of what was never inserted",
        )),
    }
}

fn continued(bytes: u8, byte: u8) -> Result<Option<u8>, Fault> {
    /// Nine bytes of seven bits hold any integer of 62.
    const ID_BYTES_MAX: u8 = 9;
    match (byte & 0x80, bytes + 1) {
        (0, _) => Ok(None),
        (_, ID_BYTES_MAX..) => {
            Err(Fault::connection(ErrorCode::QpackDecoderStreamError, "a stream id of more than 62 bits"))
        }
        (_, bytes) => Ok(Some(bytes)),
    }
}
