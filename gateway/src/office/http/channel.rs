//! The channel from the workers to the back office. A call is a request with a streamed body, and its answer
//! streams back. Both bodies pass through bounded channels, so a slow reader slows the sender and no buffer
//! grows.

use bytes::Bytes;
use http::{Request, response};
use tokio::sync::{mpsc, oneshot};

/// The chunks of a body in flight. A chunk is at most one stream window.
pub const BODY_CHUNKS_MAX: usize = 4;
/// Calls that may wait for the back office. Beyond this a request is shed.
pub const CALLS_MAX: usize = 1_024;

/// The sender abandoned the body: the client reset its stream or disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body was abandoned half-way")]
pub struct AbandonedBody;

/// One chunk of a body.
pub type BodyChunk = Result<Bytes, AbandonedBody>;

/// An answer: its head, and its body as a stream of chunks.
pub struct OfficeAnswer {
    /// Status and headers.
    pub head: response::Parts,
    /// The body; it ends when the channel closes.
    pub body: mpsc::Receiver<BodyChunk>,
}

/// A request for the back office.
pub struct OfficeCall {
    /// The head, and the body as a stream of chunks.
    pub request: Request<mpsc::Receiver<BodyChunk>>,
    /// The receiver of the answer.
    pub answer: oneshot::Sender<OfficeAnswer>,
}

/// The sending half of the bounded channel, one clone per worker.
pub type OfficeSender = mpsc::Sender<OfficeCall>;
