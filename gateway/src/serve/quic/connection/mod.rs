//! One QUIC connection: its HTTP/3 state, its request streams, and how each goes on. It walks scans by the
//! front desk and hands the rest to the back office; it knows no socket and no other connection.

mod request_state;
mod requests;

use super::context::WorkerContext;
use super::stream_chunks::{StreamEnd, read};
use super::write_queue::WriteQueue;
use crate::tables::channels::Channel;
use crate::wire::http3::{Control, ErrorCode, Fault, FaultScope, Limits, UniStreamAction};
use bytes::Bytes;
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{Dir, Event, StreamEvent, StreamId, VarInt};
use request_state::RequestState;
use scangate_core::refusal::Refusal;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// A connection that shows this many requests at once gets [`STREAMS_BUSY`]: a freed stream comes back
/// only with a delayed acknowledgement, and a busy terminal must not wait for it.
const STREAMS_SHOWN: usize = 4;
/// Request streams of a busy connection.
const STREAMS_BUSY: u32 = 256;

/// The connection.
pub struct Connection {
    /// QUIC's part.
    pub quic: quinn_proto::Connection,
    /// Which connection of its slot it is.
    pub generation: u32,
    /// Whether the loop has it on this turn's list.
    pub is_touched: bool,
    /// Answers that wait for the disk.
    pub waiting: u32,
    /// The timer that is set in the loop.
    pub armed: Option<Instant>,
    /// Whether its handshake is under way.
    pub is_handshaking: bool,
    /// Whether the loop still counts it among the handshakes.
    pub was_handshaking: bool,
    slot: u32,
    /// By which way the person comes, where the configuration names ways.
    channel: Option<Arc<Channel>>,
    control: Control,
    control_stream: Option<StreamId>,
    control_out: WriteQueue,
    requests: HashMap<StreamId, RequestState, foldhash::fast::RandomState>,
    is_busy: bool,
}

impl Connection {
    /// A connection that was just accepted into a slot.
    #[must_use]
    pub fn new(quic: quinn_proto::Connection, slot: u32, generation: u32, limits: Limits) -> Self {
        Self {
            quic,
            generation,
            is_touched: false,
            waiting: 0,
            armed: None,
            is_handshaking: true,
            was_handshaking: true,
            slot,
            channel: None,
            control: Control::new(limits),
            control_stream: None,
            control_out: WriteQueue::default(),
            requests: HashMap::default(),
            is_busy: false,
        }
    }

    /// Takes everything that QUIC has to say.
    pub fn events(&mut self, work: &mut WorkerContext, now: Instant) {
        while let Some(event) = self.quic.poll() {
            match event {
                Event::Connected => self.connected(),
                Event::Stream(event) => self.stream_event(event, work, now),
                Event::ConnectionLost { .. } => {
                    self.is_handshaking = false;
                    self.requests.clear();
                }
                // Before any request, also in early data.
                Event::HandshakeDataReady => {
                    self.channel = work.front.borrow().channel(|| self.host());
                }
                Event::DatagramReceived | Event::DatagramsUnblocked => {}
            }
        }
    }

    /// The host that the peer names in its first message.
    fn host(&self) -> Option<String> {
        let data = self.quic.crypto_session().handshake_data()?.downcast::<HandshakeData>().ok()?;
        data.server_name
    }

    fn admit(&self, work: &WorkerContext) -> Result<(), Refusal> {
        self.channel.as_deref().map_or(Ok(()), |channel| work.front.borrow().admit(channel))
    }

    fn connected(&mut self) {
        self.is_handshaking = false;
        self.control_stream = self.quic.streams().open(Dir::Uni);
        self.control_out.push(self.control.opening());
        self.write_control();
    }

    fn write_control(&mut self) {
        if let Some(id) = self.control_stream {
            // What its window does not take goes out when the stream is writable.
            self.control_out.write(self.quic.send_stream(id));
        }
    }

    /// Tells the peer to send no more requests.
    pub fn go_away(&mut self) {
        if !self.control.is_draining() {
            self.control_out.push(self.control.goaway());
            self.write_control();
        }
    }

    /// Whether no request of this connection is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting == 0 && self.requests.is_empty()
    }

    /// Closes without an error.
    pub fn close(&mut self, now: Instant) {
        self.quic.close(now, error_code(ErrorCode::NoError), Bytes::new());
    }

    fn stream_event(&mut self, event: StreamEvent, work: &mut WorkerContext, now: Instant) {
        match event {
            StreamEvent::Opened { dir: Dir::Bi } => self.accept_requests(work, now),
            StreamEvent::Opened { dir: Dir::Uni } => {
                while let Some(id) = self.quic.streams().accept(Dir::Uni) {
                    self.read_uni(id, now);
                }
            }
            StreamEvent::Readable { id } if id.dir() == Dir::Uni => self.read_uni(id, now),
            StreamEvent::Readable { id } => {
                if let Some(request) = self.requests.remove(&id) {
                    self.read_request(id, request, work, now);
                }
            }
            StreamEvent::Writable { id } => self.writable(id, work, now),
            StreamEvent::Stopped { id, error_code } => {
                // The peer reads no answer: what is on its way to disk is kept all the same.
                self.requests.remove(&id);
                let _ = self.quic.send_stream(id).reset(error_code);
            }
            StreamEvent::Finished { .. } | StreamEvent::Available { .. } => {}
        }
    }

    fn accept_requests(&mut self, work: &mut WorkerContext, now: Instant) {
        let mut accepted = 0;
        while let Some(id) = self.quic.streams().accept(Dir::Bi) {
            accepted += 1;
            self.begin(id, work, now);
        }
        if !self.is_busy && accepted.max(self.requests.len()) >= STREAMS_SHOWN {
            self.is_busy = true;
            self.quic.set_max_concurrent_streams(Dir::Bi, VarInt::from_u32(STREAMS_BUSY));
        }
    }

    fn read_uni(&mut self, id: StreamId, now: Instant) {
        let arrived = read(&mut self.quic, id);
        let number = u64::from(id);
        for chunk in arrived.first.iter().chain(&arrived.chunks) {
            match self.control.handle_uni(number, chunk) {
                Ok(UniStreamAction::Keep) => {}
                Ok(UniStreamAction::Discard) => {
                    // A stream that ended by itself needs no stopping.
                    let _ = self.quic.recv_stream(id).stop(error_code(ErrorCode::StreamCreationError));
                    return;
                }
                Err(fault) => return self.fault(id, fault, now),
            }
        }
        if arrived.end != StreamEnd::Open
            && let Err(fault) = self.control.handle_uni_end(number)
        {
            self.fault(id, fault, now);
        }
    }

    fn fault(&mut self, id: StreamId, fault: Fault, now: Instant) {
        match fault.scope {
            FaultScope::Stream => {
                self.requests.remove(&id);
                let _ = self.quic.recv_stream(id).stop(error_code(fault.code));
                let _ = self.quic.send_stream(id).reset(error_code(fault.code));
            }
            FaultScope::Connection => {
                self.requests.clear();
                self.quic.close(now, error_code(fault.code), Bytes::from_static(fault.why.as_bytes()));
            }
        }
    }
}

fn error_code(code: ErrorCode) -> VarInt {
    VarInt::from_u64(code.value()).expect("HTTP/3 codes are small")
}
