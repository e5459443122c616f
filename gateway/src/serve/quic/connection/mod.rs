//! One QUIC connection: its HTTP/3 state and its streams. `requests` takes scans to the front desk and
//! the rest to the back office. A connection knows no socket and no other connection.

mod answers;
mod overdue;
mod path_budget;
mod request_state;
mod requests;
mod turn_share;

use super::context::WorkerContext;
use super::stream_chunks::{StreamEnd, read};
use super::write_queue::WriteQueue;
use crate::fairness::{HeldShare, Source};
use crate::tables::channels::Channel;
use crate::wire::http3::{Control, ErrorCode, Fault, FaultScope, Head, UniStreamAction};
use crate::wire::route::is_page;
use answers::AnswerWish;
use bytes::Bytes;
use path_budget::PathBudget;
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{ConnectionEvent, Dir, Event, StreamEvent, StreamId, Transmit, VarInt};
use request_state::OpenRequest;
use scangate_core::refusal::Refusal;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use turn_share::TurnShare;

/// Request streams of a new connection. quinn-proto keeps a place for each of them and for the three others
/// that a client opens. Seven places fill its smallest tables, which an idle connection holds as well.
pub(in crate::serve) const STREAMS_FIRST: u32 = 4;
/// A connection with this many requests at the same time gets [`STREAMS_SEVERAL`].
const SEVERAL_AT_ONCE: usize = 2;
/// Request streams of a connection with several requests under way. A freed stream comes back only with a
/// delayed acknowledgement, for which such a connection must not wait.
const STREAMS_SEVERAL: u32 = 16;
/// A connection with this many requests at the same time, and so many finished, gets [`STREAMS_BUSY`].
const BUSY_AT_ONCE: usize = 4;
/// Request streams of a busy connection, such as a gate's.
const STREAMS_BUSY: u32 = 256;

/// The connection of a phone, a terminal or a browser.
pub struct Connection {
    /// QUIC's part.
    pub quic: quinn_proto::Connection,
    /// Its generation in its slot.
    pub generation: u32,
    /// Whether it is on the loop's list for this turn's transmit.
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
    /// The client's channel, if channels are configured.
    channel: Option<Arc<Channel>>,
    control: Control,
    control_stream: Option<StreamId>,
    control_out: WriteQueue,
    requests: HashMap<StreamId, OpenRequest, foldhash::fast::RandomState>,
    /// The request streams that it may have.
    streams_max: u32,
    /// The most requests that it had at a time.
    most_at_once: usize,
    /// Its finished answers.
    finished: usize,
    /// Its share of this turn.
    share: TurnShare,
    source: Source,
    /// Its share of the worker's connections.
    _place: HeldShare,
    path: PathBudget,
    /// What its unfinished requests hold.
    unfinished: HeldShare,
    /// What its unread answers hold.
    unread: HeldShare,
    /// Bytes of answers written since all were acknowledged, without those of pages.
    written: usize,
    began: Instant,
    /// When a request last was under way, or the handshake ended.
    idle_since: Instant,
    /// When an answer was last acknowledged whole, or none was left.
    read_at: Instant,
    /// Whether the loop looks after it at the next sweep.
    pub is_watched: bool,
}

/// The parts with which a connection begins.
pub struct ConnectionSeat {
    /// Its slot in the loop.
    pub slot: u32,
    /// Its generation in the slot.
    pub generation: u32,
    /// The share of the worker's connections that it takes.
    pub place: HeldShare,
    /// The time of its first packet.
    pub began: Instant,
    /// The bytes of its first datagram.
    pub received: usize,
    /// Whether its address was proved by a Retry.
    pub is_address_proved: bool,
}

impl Connection {
    /// A connection that was just accepted into a slot.
    #[must_use]
    pub fn new(quic: quinn_proto::Connection, seat: ConnectionSeat, work: &WorkerContext) -> Self {
        let ConnectionSeat { slot, generation, place, began, received, is_address_proved } = seat;
        let path = PathBudget::new(quic.remote_address(), received, is_address_proved);
        let source = place.source();
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
            control: Control::new(work.limits),
            control_stream: None,
            control_out: WriteQueue::default(),
            requests: HashMap::default(),
            streams_max: STREAMS_FIRST,
            most_at_once: 0,
            finished: 0,
            share: TurnShare::default(),
            source,
            _place: place,
            path,
            unfinished: work.unfinished.share(source),
            unread: work.unfinished.share(source),
            written: 0,
            began,
            idle_since: began,
            read_at: began,
            is_watched: false,
        }
    }

    /// Where it came from.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Handles a datagram that the endpoint has assigned to this connection. Returns whether it was handled.
    pub fn receive(&mut self, event: ConnectionEvent, from: SocketAddr, bytes: usize) -> bool {
        if !self.path.accepts(from) {
            return false;
        }
        self.quic.handle_event(event);
        self.path.note_received(&self.quic, from, bytes);
        true
    }

    /// The connection's next packets, at most `datagrams_max` of them and as many as its address may get.
    pub fn transmit(&mut self, now: Instant, datagrams_max: usize, into: &mut Vec<u8>) -> Option<Transmit> {
        loop {
            let datagrams = self.path.datagrams(&self.quic, datagrams_max);
            if datagrams == 0 {
                return None;
            }
            let transmit = self.quic.poll_transmit(now, datagrams, into)?;
            if self.path.take(transmit.destination, transmit.size) {
                self.path.note_sent(&self.quic, transmit.destination);
                return Some(transmit);
            }
            // A short probe gets no answer, as if the network had lost it: an answer has 1,200 bytes.
            into.clear();
        }
    }

    /// Handles all events of the QUIC connection.
    pub fn events(&mut self, work: &mut WorkerContext, now: Instant) {
        while let Some(event) = self.quic.poll() {
            match event {
                Event::Connected => self.connected(work, now),
                Event::Stream(event) => self.stream_event(event, work, now),
                Event::ConnectionLost { .. } => {
                    if std::mem::take(&mut self.is_handshaking) {
                        work.handshakes.failed.increment(1);
                    }
                    self.drop_requests();
                }
                // This precedes every request, also in early data.
                Event::HandshakeDataReady => {
                    self.channel = work.front.borrow().channel(|| self.host());
                }
                Event::DatagramReceived | Event::DatagramsUnblocked => {}
            }
        }
    }

    /// The server name (SNI) in the peer's first message.
    fn host(&self) -> Option<String> {
        let data = self.quic.crypto_session().handshake_data()?.downcast::<HandshakeData>().ok()?;
        data.server_name
    }

    /// Counts a request of a channel. The pages' files cost nothing that a quota protects.
    fn admit(&self, head: &Head, work: &WorkerContext) -> Result<(), Refusal> {
        let Some(channel) = &self.channel else { return Ok(()) };
        if is_page(head.path()) { Ok(()) } else { work.front.borrow().admit(channel) }
    }

    fn connected(&mut self, work: &WorkerContext, now: Instant) {
        self.is_handshaking = false;
        self.idle_since = now;
        work.handshakes.completed.increment(1);
        self.control_stream = self.quic.streams().open(Dir::Uni);
        self.control_out.push(self.control.opening());
        self.write_control();
    }

    fn write_control(&mut self) {
        if let Some(id) = self.control_stream {
            // The rest goes out when the stream is writable again.
            self.control_out.write(self.quic.send_stream(id));
        }
    }

    /// Sends GOAWAY, once: the peer may begin no more requests.
    pub fn go_away(&mut self) {
        if !self.control.is_draining() {
            self.control_out.push(self.control.goaway());
            self.write_control();
        }
    }

    /// Whether no request of this connection is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.under_way() == 0 && !self.share.may_have_more()
    }

    /// Requests that are read, wait for the disk, or are being answered.
    fn under_way(&self) -> usize {
        self.requests.len() + self.waiting as usize
    }

    /// Closes without an error, unless it is closed already.
    pub fn close(&mut self, now: Instant) {
        self.quic.close(now, error_code(ErrorCode::NoError), Bytes::new());
    }

    fn stream_event(&mut self, event: StreamEvent, work: &mut WorkerContext, now: Instant) {
        match event {
            StreamEvent::Opened { dir: Dir::Bi } => self.accept_requests(work, now),
            StreamEvent::Opened { dir: Dir::Uni } => {
                while let Some(id) = self.quic.streams().accept(Dir::Uni) {
                    self.read_uni(id, work, now);
                }
            }
            StreamEvent::Readable { id } if id.dir() == Dir::Uni => self.read_uni(id, work, now),
            StreamEvent::Readable { id } => self.readable(id, work, now),
            StreamEvent::Writable { id } => self.writable(id, work, now),
            StreamEvent::Stopped { id, .. } if self.control_stream == Some(id) => {
                // RFC 9114 section 6.2.1: "the receiver MUST NOT request that the sender close the control
                // stream".
                let fault =
                    Fault::connection(ErrorCode::ClosedCriticalStream, "the control stream is needed");
                self.fault(id, fault, work, now);
            }
            StreamEvent::Stopped { id, error_code } => {
                // The peer no longer wants the answer. A queued check-in still goes to disk.
                drop(self.take_open(id));
                let _ = self.quic.send_stream(id).reset(error_code);
            }
            StreamEvent::Finished { .. } => self.read_at = now,
            StreamEvent::Available { .. } => {}
        }
    }

    /// Begins the next turn. Returns whether requests are left that this turn had no room for.
    pub fn next_turn(&mut self) -> bool {
        self.share.renew();
        self.share.may_have_more() && !self.quic.is_closed()
    }

    /// Begins the requests that have arrived, as far as this turn has room for them.
    pub fn accept_requests(&mut self, work: &mut WorkerContext, now: Instant) {
        let mut accepted = 0;
        while self.share.has_room()
            && let Some(id) = self.quic.streams().accept(Dir::Bi)
        {
            accepted += 1;
            let waiting = self.waiting;
            self.begin(id, work, now);
            self.share.note(self.waiting > waiting);
        }
        // An answer that needs no store is finished by now.
        self.most_at_once = self.most_at_once.max(accepted).max(self.under_way());
        if self.most_at_once >= SEVERAL_AT_ONCE {
            self.permit_streams(STREAMS_SEVERAL);
        }
        self.idle_since = now;
    }

    /// Notes a finished answer. A connection gets many streams for requests that it has finished: streams
    /// that it only opens would be memory that it holds.
    fn note_finished(&mut self) {
        self.finished += 1;
        if self.finished >= BUSY_AT_ONCE && self.most_at_once >= BUSY_AT_ONCE {
            self.permit_streams(STREAMS_BUSY);
        }
    }

    fn permit_streams(&mut self, streams: u32) {
        if self.streams_max < streams {
            self.streams_max = streams;
            self.quic.set_max_concurrent_streams(Dir::Bi, VarInt::from_u32(streams));
        }
    }

    fn read_uni(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        let arrived = read(&mut self.quic, id);
        let number = u64::from(id);
        for chunk in arrived.first.iter().chain(&arrived.chunks) {
            match self.control.handle_uni(number, chunk) {
                Ok(UniStreamAction::Keep) => {}
                Ok(UniStreamAction::Discard) => {
                    // If the stream has ended, there is nothing to stop.
                    let _ = self.quic.recv_stream(id).stop(error_code(ErrorCode::StreamCreationError));
                    return;
                }
                Err(fault) => return self.fault(id, fault, work, now),
            }
        }
        if arrived.end != StreamEnd::Open
            && let Err(fault) = self.control.handle_uni_end(number)
        {
            self.fault(id, fault, work, now);
        }
    }

    fn fault(&mut self, id: StreamId, fault: Fault, work: &mut WorkerContext, now: Instant) {
        match fault.scope {
            FaultScope::Answer(refusal) => {
                drop(self.take_open(id));
                self.refuse_reading(id, refusal, AnswerWish::PROGRAM, work);
            }
            FaultScope::Stream => {
                drop(self.take_open(id));
                let _ = self.quic.recv_stream(id).stop(error_code(fault.code));
                let _ = self.quic.send_stream(id).reset(error_code(fault.code));
            }
            FaultScope::Connection => {
                self.drop_requests();
                self.quic.close(now, error_code(fault.code), Bytes::from_static(fault.why.as_bytes()));
            }
        }
    }

    fn drop_requests(&mut self) {
        self.requests.clear();
        self.share.clear();
        self.unfinished.resize(0);
        self.unread.resize(0);
    }
}

fn error_code(code: ErrorCode) -> VarInt {
    VarInt::from_u64(code.value()).expect("HTTP/3 codes are small")
}
