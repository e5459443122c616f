//! The error codes of HTTP/3 and QPACK, as they travel in RESET_STREAM, STOP_SENDING and
//! CONNECTION_CLOSE.

/// Why a stream or a connection is given up.
///
/// This layer, being a server without push, tunnels or a dynamic table, never makes `NoError`,
/// `GeneralProtocolError`, `InternalError`, `RequestCancelled`, `ConnectError` or `VersionFallback`
/// itself; they are here for the loop, which closes, resets and drains. All others are reached by bytes
/// that a peer may send, and `tests.rs` has a row for each.
///
/// Source: RFC 9114 section 8.1, RFC 9204 section 6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum ErrorCode {
    /// Closing without an error to signal.
    NoError = 0x100,
    /// A violation that no other code describes.
    GeneralProtocolError,
    /// We failed, not the peer.
    InternalError,
    /// The peer created a stream that will not be accepted.
    StreamCreationError,
    /// A stream that the connection needs was closed or reset.
    ClosedCriticalStream,
    /// A frame that is not permitted in this state or on this stream.
    FrameUnexpected,
    /// A frame with a wrong layout or size.
    FrameError,
    /// The peer costs more than it should.
    ExcessiveLoad,
    /// A stream or push id used wrongly.
    IdError,
    /// An error in the payload of SETTINGS.
    SettingsError,
    /// The control stream did not begin with SETTINGS.
    MissingSettings,
    /// Refused before anything was done: the client may send it again elsewhere.
    RequestRejected,
    /// The request or its answer is no longer wanted.
    RequestCancelled,
    /// The stream ended before the request was whole.
    RequestIncomplete,
    /// A malformed message.
    MessageError,
    /// The connection behind a CONNECT was lost.
    ConnectError,
    /// Ask again over HTTP/1.1.
    VersionFallback,
    /// A field section could not be decoded.
    QpackDecompressionFailed = 0x200,
    /// An error on the encoder stream.
    QpackEncoderStreamError,
    /// An error on the decoder stream.
    QpackDecoderStreamError,
}

impl ErrorCode {
    /// Gives the number that travels.
    #[must_use]
    pub const fn value(self) -> u64 {
        self as u64
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn the_numbers_are_those_of_the_registries() {
        assert_eq!(ErrorCode::NoError.value(), 0x100);
        assert_eq!(ErrorCode::ClosedCriticalStream.value(), 0x104);
        assert_eq!(ErrorCode::SettingsError.value(), 0x109);
        assert_eq!(ErrorCode::MessageError.value(), 0x10e);
        assert_eq!(ErrorCode::VersionFallback.value(), 0x110);
        assert_eq!(ErrorCode::QpackDecompressionFailed.value(), 0x200);
        assert_eq!(ErrorCode::QpackDecoderStreamError.value(), 0x202);
    }
}
