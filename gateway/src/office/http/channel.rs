//! The channel from the workers to the back office. A call is a request with its body, whole or streamed, and
//! its answer streams back. Streamed bodies pass through bounded channels, so a slow reader slows the sender
//! and no buffer grows.

use crate::fairness::{HeldShare, Source};
use crate::wire::route::OfficeKind;
use bytes::Bytes;
use http::{Request, response};
use tokio::sync::{mpsc, oneshot};

/// The longest body that a worker gathers, and that a handler accepts unless it says otherwise.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The pieces of a body in flight. A piece is at most one stream window.
pub const BODY_PIECES_MAX: usize = 4;
/// Calls that may wait for the back office. Beyond this a request is shed.
pub const CALLS_MAX: usize = 1_024;

/// The reason why a body has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbandonedBody {
    /// The client reset its stream, disconnected, or broke the body's framing.
    #[error("the body broke off")]
    Broken,
    /// The client sent nothing for too long.
    #[error("the body did not arrive in time")]
    Late,
}

/// A piece of a body in a channel. A channel that closes without [`BodyPiece::End`] or [`BodyPiece::Late`]
/// was broken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyPiece {
    /// Some bytes.
    Bytes(Bytes),
    /// The end of the body.
    End,
    /// The rest does not arrive in time.
    Late,
}

/// The body of a call.
pub enum CallBody {
    /// The whole body, with its share of the worker's budget.
    Whole(Bytes, HeldShare),
    /// The pieces as they arrive.
    Streams(mpsc::Receiver<BodyPiece>),
}

/// An answer: its head, and its body as a stream of chunks.
pub struct OfficeAnswer {
    /// Status and headers.
    pub head: response::Parts,
    /// The body.
    pub body: mpsc::Receiver<BodyPiece>,
}

/// A request for the back office.
pub struct OfficeCall {
    /// The head, and the body.
    pub request: Request<CallBody>,
    /// The kind of work.
    pub kind: OfficeKind,
    /// The client's source.
    pub source: Source,
    /// The receiver of the answer.
    pub answer: oneshot::Sender<OfficeAnswer>,
}

/// The sending half of the bounded channel, one clone per worker.
pub type OfficeSender = mpsc::Sender<OfficeCall>;
