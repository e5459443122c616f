//! A call to the back office: a request with its body streamed in, and an answer with its body streamed
//! out, both by bounded channels, so that a slow reader holds back the sender and nobody's memory.

use bytes::Bytes;
use http::{Request, response};
use tokio::sync::{mpsc, oneshot};

/// RequestBody of a body that may be under way: each is at most a stream's window.
pub const BODY_CHUNKS_MAX: usize = 4;
/// Calls that may wait for the back office. Beyond it a request is shed.
pub const CALLS_MAX: usize = 1_024;

/// The body's sender gave up: the client reset its stream or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body was abandoned half-way")]
pub struct AbandonedBody;

/// One piece of a body.
pub type BodyChunk = Result<Bytes, AbandonedBody>;

/// The head of an answer, and its body's pieces as they come.
pub struct OfficeAnswer {
    /// Status and headers.
    pub head: response::Parts,
    /// The body; its end is the channel's.
    pub body: mpsc::Receiver<BodyChunk>,
}

/// A request on its way in.
pub struct OfficeCall {
    /// The head, and the body's pieces as they come.
    pub request: Request<mpsc::Receiver<BodyChunk>>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<OfficeAnswer>,
}

/// The bounded door, as the workers hold it.
pub type OfficeSender = mpsc::Sender<OfficeCall>;
