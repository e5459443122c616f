//! The context that all connections of a worker use. The loop owns it and lends it to one connection at a
//! time.

use crate::fairness::SourceShares;
use crate::office::http::channel::OfficeSender;
use crate::serve::bell::Bell;
use crate::serve::front_desk::FrontDesk;
use crate::wire::http3::Limits;
use bytes::BytesMut;
use metrics::Counter;
use std::cell::RefCell;
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
    /// The bytes of unfinished requests, shared with the worker's other connections.
    pub unfinished: Arc<SourceShares>,
    /// The instant of the front desk's last tick.
    pub now: Instant,
    /// The counters of handshakes.
    pub handshakes: HandshakeCounters,
}

/// The counters of QUIC handshakes, by result.
pub struct HandshakeCounters {
    /// The handshake was completed.
    pub completed: Counter,
    /// It broke off, was malformed, or took too long.
    pub failed: Counter,
    /// The worker, or the source, had too many connections.
    pub refused: Counter,
    /// The client had to prove its address first.
    pub retried: Counter,
}

impl HandshakeCounters {
    /// The counters of a worker.
    #[must_use]
    pub fn new(worker: u16) -> Self {
        let worker = worker.to_string();
        let counter = |result: &'static str| metrics::counter!("scangate_quic_handshakes_total", "result" => result, "worker" => worker.clone());
        Self {
            completed: counter("completed"),
            failed: counter("failed"),
            refused: counter("refused"),
            retried: counter("retried"),
        }
    }
}
