//! What the peer did wrong, in a form that is cheap to make and to pass on.

use super::ErrorCode;

/// How far a fault reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaultScope {
    /// One request: reset this stream, or answer it and stop reading; the others go on.
    Stream,
    /// The whole connection: close it with the code.
    Connection,
}

/// What the peer did wrong and how far it reaches.
///
/// `why` is a fixed text for logs and for the reason phrase of CONNECTION_CLOSE; nothing that the peer
/// sent is ever in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why} ({code:?}, {scope:?})")]
pub struct Fault {
    /// The code to close or reset with.
    pub code: ErrorCode,
    /// What to close or reset.
    pub scope: FaultScope,
    /// The rule that was broken.
    pub why: &'static str,
}

impl Fault {
    /// Makes a fault that ends one stream.
    #[must_use]
    pub const fn stream(code: ErrorCode, why: &'static str) -> Self {
        Self { code, scope: FaultScope::Stream, why }
    }

    /// Makes a fault that ends the connection.
    #[must_use]
    pub const fn connection(code: ErrorCode, why: &'static str) -> Self {
        Self { code, scope: FaultScope::Connection, why }
    }

    /// A malformed message (RFC 9114 section 4.1.2): a stream error.
    pub(super) const fn malformed(why: &'static str) -> Self {
        Self::stream(ErrorCode::MessageError, why)
    }
}
