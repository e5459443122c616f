//! The error codes of HTTP/3 and QPACK, as they travel in RESET_STREAM, STOP_SENDING and CONNECTION_CLOSE.

/// The reason for ending a stream or a connection.
///
/// This layer never makes `NoError`, `GeneralProtocolError`, `InternalError`, `RequestCancelled`,
/// `ConnectError` or `VersionFallback`; the loop uses them to close, reset and drain. Bytes of a peer
/// reach each of the others, and `tests.rs` has a row for each.
///
/// **Source**: RFC 9114 section 8.1, RFC 9204 section 6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum ErrorCode {
    /// Closing without an error to signal.
    NoError = 0x100,
    /// A violation that no other code describes.
    GeneralProtocolError,
    /// This server failed, not the peer.
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
    /// The server refused the request before processing it: the client may retry elsewhere.
    RequestRejected,
    /// The peer cancelled the request, or the server the answer.
    RequestCancelled,
    /// The stream ended before the request was whole.
    RequestIncomplete,
    /// A malformed message.
    MessageError,
    /// The connection behind a CONNECT was lost.
    ConnectError,
    /// The client should retry over HTTP/1.1.
    VersionFallback,
    /// A field section could not be decoded.
    QpackDecompressionFailed = 0x200,
    /// An error on the encoder stream.
    QpackEncoderStreamError,
    /// An error on the decoder stream.
    QpackDecoderStreamError,
}

impl ErrorCode {
    /// The number on the wire.
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
