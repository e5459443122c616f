//! The context that all connections of a worker use. The loop owns it and lends it to one connection at a
//! time.

use crate::office::http::channel::OfficeSender;
use crate::serve::bell::Bell;
use crate::serve::front_desk::FrontDesk;
use crate::serve::stream_key::StreamKey;
use crate::wire::http3::Limits;
use bytes::BytesMut;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// The parts of a worker that its connections use.
pub struct WorkerContext {
    /// The front desk.
    pub front: Rc<RefCell<FrontDesk>>,
    /// The back office's door.
    pub door: OfficeSender,
    /// The worker's bell.
    pub bell: Arc<Bell>,
    /// Bounds of HTTP/3.
    pub limits: Limits,
    /// The buffer in which answers are built.
    pub scratch: BytesMut,
    /// The `date` of this second.
    pub date: [u8; 29],
    /// Requests that did not arrive whole, the oldest first.
    pub slow: VecDeque<SlowRequest>,
}

/// A request that is refused unless it is whole in time.
pub struct SlowRequest {
    /// The request's stream.
    pub key: StreamKey,
    /// The time by which it must be whole.
    pub until: Instant,
}
