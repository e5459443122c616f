//! Faults: protocol violations of the peer, cheap to make and to pass on.

use super::ErrorCode;
use scangate_core::refusal::Refusal;

/// The scope of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaultScope {
    /// One request: reset this stream, or answer it and stop reading. The other streams go on.
    Stream,
    /// One request that breaks a rule of HTTP, not of its framing: answer it with this refusal. The stream
    /// and the connection go on.
    Answer(Refusal),
    /// The whole connection: close it with the code.
    Connection,
}

/// A protocol violation of the peer, with its scope.
///
/// `why` is a fixed text for logs and for the reason phrase of CONNECTION_CLOSE. It never holds bytes of
/// the peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why} ({code:?}, {scope:?})")]
pub struct Fault {
    /// The code to close or reset with.
    pub code: ErrorCode,
    /// Whether to close the connection or reset the stream.
    pub scope: FaultScope,
    /// The violated rule.
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

    /// Makes a fault that is answered with this refusal.
    pub(super) const fn answered(refusal: Refusal) -> Self {
        let is_large = matches!(refusal, Refusal::HeadTooLarge);
        let code = if is_large { ErrorCode::ExcessiveLoad } else { ErrorCode::MessageError };
        Self { code, scope: FaultScope::Answer(refusal), why: refusal.detail() }
    }

    /// A malformed message (RFC 9114 section 4.1.2): a stream error.
    pub(super) const fn malformed(why: &'static str) -> Self {
        Self::stream(ErrorCode::MessageError, why)
    }
}
