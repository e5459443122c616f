//! Types of unidirectional streams (RFC 9114 section 6.2), and the peer's two QPACK streams. With a
//! dynamic table of no capacity, nearly every instruction on them is an error. The legal ones need no
//! state but the position within an integer.

use super::{ErrorCode, Fault};

/// The action for a peer's unidirectional stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UniStreamAction {
    /// Continue to read the stream.
    Keep,
    /// Its type is unknown: send STOP_SENDING with `StreamCreationError` and forget it (RFC 9114
    /// section 6.2).
    Discard,
}

/// The type of a unidirectional stream.
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
/// The only legal one sets the capacity to 0, in one byte (RFC 9204 section 4.3.1). A greater capacity
/// exceeds this server's, and without capacity nothing can be inserted or duplicated (section 3.2.2).
///
/// **Errors**: `QpackEncoderStreamError` of the connection.
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
    /// The bytes read of a cancelled stream's id, while it is not whole.
    within: Option<u8>,
}

impl DecoderStream {
    /// Checks instructions. Returns how many of them ended in this chunk.
    ///
    /// A Stream Cancellation is legal whether or not the stream used the table (RFC 9204 section
    /// 2.2.2.2). A Section Acknowledgment or an Insert Count Increment refers to inserts, and this
    /// server makes none (sections 4.4.1 and 4.4.3).
    ///
    /// **Errors**: `QpackDecoderStreamError` of the connection.
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
        0x00..=0x3f | 0x80.. => {
            Err(Fault::connection(ErrorCode::QpackDecoderStreamError, "an acknowledgment without an insert"))
        }
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
