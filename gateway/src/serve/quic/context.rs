//! What every connection of a worker works with. The loop owns it and lends it to one connection at a time.

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

/// What every connection of a worker works with.
pub struct WorkerContext {
    /// The front desk.
    pub front: Rc<RefCell<FrontDesk>>,
    /// The back office's door.
    pub door: OfficeSender,
    /// The worker's bell.
    pub bell: Arc<Bell>,
    /// Bounds of HTTP/3.
    pub limits: Limits,
    /// Where answers are put together.
    pub scratch: BytesMut,
    /// The `date` of this second.
    pub date: [u8; 29],
    /// Requests that did not come at once, the oldest first.
    pub slow: VecDeque<SlowRequest>,
}

/// A request that is given up unless it is whole by then.
pub struct SlowRequest {
    /// The stream it comes on.
    pub key: StreamKey,
    /// Until when.
    pub until: Instant,
}
