//! One QUIC connection: its HTTP/3 state, its request streams, and how each goes on. It walks scans by the
//! front desk and hands the rest to the back office; it knows no socket and no other connection.

use super::office_stream::{Next, OfficeStream};
use super::outgoing::{Outgoing, Progress};
use super::stream_key::StreamKey;
use crate::office::http::call::Door;
use crate::serve::bell::Bell;
use crate::serve::front::{Caller, Front, Reply, Taken};
use crate::tables::channels::Channel;
use crate::wire::http3::{
    Code, Control, Fault, Head, Limits, Part, RequestReader, Scope, Uni, answer, whole,
};
use crate::wire::problem::CHALLENGE;
use crate::wire::route::Route;
use bytes::{Bytes, BytesMut};
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{Dir, Event, ReadError, StreamEvent, StreamId, VarInt};
use scangate_core::limits::SCAN_BYTES_MAX;
use scangate_core::refusal::Refusal;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A connection that shows this many requests at once gets [`STREAMS_BUSY`]: a freed stream comes back
/// only with a delayed acknowledgement, and a busy terminal must not wait for it.
const STREAMS_SHOWN: usize = 4;
/// Request streams of a busy connection.
const STREAMS_BUSY: u32 = 256;

/// How long a request's head, or a check-in's body, may take to arrive.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// What every connection of a worker works with.
pub struct Workplace {
    /// The front desk.
    pub front: Rc<RefCell<Front>>,
    /// The back office's door.
    pub door: Door,
    /// The worker's bell.
    pub bell: Arc<Bell>,
    /// Bounds of HTTP/3.
    pub limits: Limits,
    /// Where answers are put together.
    pub scratch: BytesMut,
    /// The `date` of this second.
    pub date: [u8; 29],
    /// Requests that did not come at once, the oldest first.
    pub slow: VecDeque<Slow>,
}

/// A request that is given up unless it is whole by then.
pub struct Slow {
    /// The stream it comes on.
    pub key: StreamKey,
    /// Until when.
    pub until: Instant,
}

#[expect(
    clippy::large_enum_variant,
    reason = "a request that is not whole at once is rare, and a box would cost it more"
)]
enum Request {
    /// The head is not whole.
    Reading(RequestReader),
    /// A check-in whose body is not whole.
    Scanning(RequestReader, Head, BytesMut),
    /// An answer that the peer's window did not take at once.
    Answering(Outgoing),
    /// The back office has it.
    Office(Box<OfficeStream>),
}

/// A request's body when its head is routed.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one call, and the whole body, nearly always, must not cost a box"
)]
enum RequestBody {
    /// It arrived whole, with the stream's end.
    Whole(Bytes),
    /// It is still arriving, behind the head that this reader gave.
    Arriving(RequestReader),
}

impl RequestBody {
    fn into_reader(self, limits: Limits) -> RequestReader {
        match self {
            Self::Whole(body) => RequestReader::at_end(body, limits),
            Self::Arriving(reader) => reader,
        }
    }
}

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
    control_out: Outgoing,
    requests: HashMap<StreamId, Request, foldhash::fast::RandomState>,
    is_busy: bool,
}

struct Arrived {
    chunks: Vec<Bytes>,
    first: Option<Bytes>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Finished,
    Reset,
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
            control_out: Outgoing::default(),
            requests: HashMap::default(),
            is_busy: false,
        }
    }

    /// Takes everything that QUIC has to say.
    pub fn events(&mut self, work: &mut Workplace, now: Instant) {
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

    fn admit(&self, work: &Workplace) -> Result<(), Refusal> {
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
        self.quic.close(now, error_code(Code::NoError), Bytes::new());
    }

    fn stream_event(&mut self, event: StreamEvent, work: &mut Workplace, now: Instant) {
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

    fn accept_requests(&mut self, work: &mut Workplace, now: Instant) {
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

    fn read(&mut self, id: StreamId) -> Arrived {
        let mut arrived = Arrived { chunks: Vec::new(), first: None, end: End::Open };
        let mut stream = self.quic.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return arrived };
        loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) if arrived.first.is_none() => arrived.first = Some(chunk.bytes),
                Ok(Some(chunk)) => arrived.chunks.push(chunk.bytes),
                Ok(None) => arrived.end = End::Finished,
                Err(ReadError::Reset(_)) => arrived.end = End::Reset,
                Err(ReadError::Blocked) => break,
            }
            if arrived.end != End::Open {
                break;
            }
        }
        // Whether credit goes out is decided when the connection is next asked for packets.
        let _ = chunks.finalize();
        arrived
    }

    fn read_uni(&mut self, id: StreamId, now: Instant) {
        let arrived = self.read(id);
        let number = u64::from(id);
        for chunk in arrived.first.iter().chain(&arrived.chunks) {
            match self.control.handle_uni(number, chunk) {
                Ok(Uni::Keep) => {}
                Ok(Uni::Discard) => {
                    // A stream that ended by itself needs no stopping.
                    let _ = self.quic.recv_stream(id).stop(error_code(Code::StreamCreationError));
                    return;
                }
                Err(fault) => return self.fault(id, fault, now),
            }
        }
        if arrived.end != End::Open
            && let Err(fault) = self.control.handle_uni_end(number)
        {
            self.fault(id, fault, now);
        }
    }

    /// A new request stream. Nearly always it holds one small request, whole: that one needs no state.
    fn begin(&mut self, id: StreamId, work: &mut Workplace, now: Instant) {
        if let Err(fault) = self.control.handle_request_stream(u64::from(id)) {
            return self.fault(id, fault, now);
        }
        let mut arrived = self.read(id);
        if arrived.end == End::Finished
            && arrived.chunks.is_empty()
            && let Some(chunk) = &arrived.first
            && let Some(request) = whole(chunk, &work.limits)
        {
            return match request {
                Ok((head, body)) => self.route(id, head, RequestBody::Whole(body), work, now),
                Err(fault) => self.fault(id, fault, now),
            };
        }
        let request = Request::Reading(RequestReader::new(work.limits));
        self.take_chunks(id, request, &mut arrived, work, now);
        if self.is_arriving(id) {
            let key = StreamKey { slot: self.slot, generation: self.generation, stream: id };
            work.slow.push_back(Slow { key, until: now + REQUEST_MAX });
        }
    }

    fn is_arriving(&self, id: StreamId) -> bool {
        matches!(self.requests.get(&id), Some(Request::Reading(_) | Request::Scanning(..)))
    }

    /// Refuses a request that is not whole yet.
    pub fn give_up(&mut self, id: StreamId, work: &mut Workplace) {
        if self.is_arriving(id) {
            self.requests.remove(&id);
            self.refuse_reading(id, Refusal::Malformed("the request did not arrive whole"), work);
        }
    }

    fn check_in(&mut self, id: StreamId, head: &Head, body: &[u8], work: &mut Workplace) {
        let key = StreamKey { slot: self.slot, generation: self.generation, stream: id };
        let taken = work.front.borrow_mut().check_in(body, head.authorization(), Caller::Stream(key));
        match taken {
            Taken::Waiting => self.waiting += 1,
            Taken::Refused(refusal) => self.refuse(id, refusal, work),
        }
    }

    fn read_request(&mut self, id: StreamId, request: Request, work: &mut Workplace, now: Instant) {
        match request {
            Request::Office(stream) => self.advance_office(id, stream, work, now),
            Request::Answering(out) => {
                // The answer is on its way: what the peer still sends is not wanted.
                self.requests.insert(id, Request::Answering(out));
            }
            Request::Reading(_) | Request::Scanning(..) => {
                let mut arrived = self.read(id);
                self.take_chunks(id, request, &mut arrived, work, now);
            }
        }
    }

    /// Feeds a reader with what arrived, and goes on as far as that leads.
    fn take_chunks(
        &mut self,
        id: StreamId,
        mut request: Request,
        arrived: &mut Arrived,
        work: &mut Workplace,
        now: Instant,
    ) {
        let (Request::Reading(reader) | Request::Scanning(reader, ..)) = &mut request else { return };
        let mut chunks = arrived.first.take().into_iter().chain(arrived.chunks.drain(..));
        let fed = chunks.try_for_each(|chunk| reader.handle(chunk));
        let fed = fed.and_then(|()| match arrived.end {
            End::Finished => reader.handle_end(),
            End::Open | End::Reset => Ok(()),
        });
        if let Err(fault) = fed {
            return self.fault(id, fault, now);
        }
        if arrived.end == End::Reset {
            // Abandoned half-way: nothing is kept of it.
            let _ = self.quic.send_stream(id).reset(error_code(Code::RequestCancelled));
            return;
        }
        self.advance(id, request, work, now);
    }

    fn advance(&mut self, id: StreamId, request: Request, work: &mut Workplace, now: Instant) {
        match request {
            Request::Reading(mut reader) => match reader.poll() {
                Some(Part::Head(head)) => {
                    self.route(id, head, RequestBody::Arriving(reader), work, now);
                }
                Some(Part::Body(_) | Part::End) | None => {
                    self.requests.insert(id, Request::Reading(reader));
                }
            },
            Request::Scanning(mut reader, head, mut body) => loop {
                match reader.poll() {
                    Some(Part::Body(piece)) if body.len() + piece.len() > SCAN_BYTES_MAX => {
                        return self.refuse_reading(id, Refusal::TooLarge, work);
                    }
                    Some(Part::Body(piece)) => body.extend_from_slice(&piece),
                    Some(Part::End) => return self.check_in(id, &head, &body, work),
                    Some(Part::Head(_)) => {}
                    None => {
                        self.requests.insert(id, Request::Scanning(reader, head, body));
                        return;
                    }
                }
            },
            Request::Answering(_) | Request::Office(_) => {
                self.requests.insert(id, request);
            }
        }
    }

    /// Sends a request on its way by its head. Whole or not, each request is counted and routed here, once.
    fn route(&mut self, id: StreamId, head: Head, body: RequestBody, work: &mut Workplace, now: Instant) {
        if let Err(refusal) = self.admit(work) {
            return self.refuse_request(id, refusal, &body, work);
        }
        match (Route::of(head.method().as_str().as_bytes(), head.path()), body) {
            (Route::CheckIn, RequestBody::Whole(body)) => self.check_in(id, &head, &body, work),
            (Route::CheckIn, RequestBody::Arriving(_)) if declares_too_much(&head) => {
                self.refuse_reading(id, Refusal::TooLarge, work);
            }
            (Route::CheckIn, RequestBody::Arriving(reader)) => {
                self.advance(id, Request::Scanning(reader, head, BytesMut::new()), work, now);
            }
            (Route::Colour(code), body) => {
                let reply = work.front.borrow_mut().look_up(code, head.authorization());
                self.reply(id, &reply, work);
                if matches!(body, RequestBody::Arriving(_)) {
                    self.stop_reading(id);
                }
            }
            // RFC 8470 section 5.2: a replay of early data might repeat a change.
            (Route::Office, body) if self.quic.is_handshaking() => {
                self.refuse_request(id, Refusal::TooEarly, &body, work);
            }
            (Route::Office, body) => {
                let reader = body.into_reader(work.limits);
                self.begin_office(id, &head, reader, work, now);
            }
        }
    }

    fn begin_office(
        &mut self,
        id: StreamId,
        head: &Head,
        reader: RequestReader,
        work: &mut Workplace,
        now: Instant,
    ) {
        let parts = match head.to_request() {
            Ok(parts) => parts,
            Err(fault) => return self.fault(id, fault, now),
        };
        let key = StreamKey { slot: self.slot, generation: self.generation, stream: id };
        match OfficeStream::begin(parts, reader, &work.door, work.bell.waker(key)) {
            Ok(stream) => self.advance_office(id, Box::new(stream), work, now),
            Err(refusal) => self.refuse_reading(id, refusal, work),
        }
    }

    fn advance_office(
        &mut self,
        id: StreamId,
        mut stream: Box<OfficeStream>,
        work: &mut Workplace,
        now: Instant,
    ) {
        match stream.advance(&mut self.quic, id, &work.date) {
            Next::Waits => {
                self.requests.insert(id, Request::Office(stream));
            }
            Next::Over if stream.is_reading() => self.stop_reading(id),
            Next::Over => {}
            Next::Broken => {
                let _ = self.quic.send_stream(id).reset(error_code(Code::InternalError));
                self.stop_reading(id);
            }
            Next::Fault(fault) => self.fault(id, fault, now),
        }
    }

    /// The back office rang for a stream.
    pub fn rung(&mut self, id: StreamId, work: &mut Workplace, now: Instant) {
        match self.requests.remove(&id) {
            Some(Request::Office(stream)) => self.advance_office(id, stream, work, now),
            Some(other) => {
                self.requests.insert(id, other);
            }
            None => {}
        }
    }

    fn writable(&mut self, id: StreamId, work: &mut Workplace, now: Instant) {
        if self.control_stream == Some(id) {
            return self.write_control();
        }
        match self.requests.remove(&id) {
            Some(Request::Answering(out)) => self.write(id, out),
            Some(Request::Office(stream)) => self.advance_office(id, stream, work, now),
            Some(other) => {
                self.requests.insert(id, other);
            }
            None => {}
        }
    }

    /// Writes a check-in's answer: it is on disk.
    pub fn answer(&mut self, id: StreamId, body: &[u8], work: &mut Workplace) {
        self.waiting -= 1;
        answer::json(&mut work.scratch, 200, answer::ContentType::Json, &work.date, None, None, body);
        self.send(id, work);
    }

    fn reply(&mut self, id: StreamId, reply: &Reply, work: &mut Workplace) {
        let kind = if reply.is_problem { answer::ContentType::Problem } else { answer::ContentType::Json };
        let Reply { status, retry_after_s, body, .. } = reply;
        let challenge = (*status == 401).then_some(CHALLENGE);
        answer::json(&mut work.scratch, *status, kind, &work.date, *retry_after_s, challenge, body);
        self.send(id, work);
    }

    fn send(&mut self, id: StreamId, work: &mut Workplace) {
        let mut out = Outgoing::default();
        out.push(work.scratch.split().freeze());
        out.end();
        self.write(id, out);
    }

    fn write(&mut self, id: StreamId, mut out: Outgoing) {
        match out.write(self.quic.send_stream(id)) {
            Progress::Blocked => {
                self.requests.insert(id, Request::Answering(out));
            }
            Progress::Written | Progress::Ended | Progress::Gone => {}
        }
    }

    fn refuse(&mut self, id: StreamId, refusal: Refusal, work: &mut Workplace) {
        let reply = work.front.borrow_mut().refuse(refusal);
        self.reply(id, &reply, work);
    }

    fn refuse_request(&mut self, id: StreamId, refusal: Refusal, body: &RequestBody, work: &mut Workplace) {
        match body {
            RequestBody::Whole(_) => self.refuse(id, refusal, work),
            RequestBody::Arriving(_) => self.refuse_reading(id, refusal, work),
        }
    }

    /// Refuses before the request is read to its end; the rest is not wanted (RFC 9114 section 4.1).
    fn refuse_reading(&mut self, id: StreamId, refusal: Refusal, work: &mut Workplace) {
        self.refuse(id, refusal, work);
        self.stop_reading(id);
    }

    fn stop_reading(&mut self, id: StreamId) {
        // A stream that is read to its end is closed already.
        let _ = self.quic.recv_stream(id).stop(error_code(Code::NoError));
    }

    fn fault(&mut self, id: StreamId, fault: Fault, now: Instant) {
        match fault.scope {
            Scope::Stream => {
                self.requests.remove(&id);
                let _ = self.quic.recv_stream(id).stop(error_code(fault.code));
                let _ = self.quic.send_stream(id).reset(error_code(fault.code));
            }
            Scope::Connection => {
                self.requests.clear();
                self.quic.close(now, error_code(fault.code), Bytes::from_static(fault.why.as_bytes()));
            }
        }
    }
}

fn declares_too_much(head: &Head) -> bool {
    head.content_length().is_some_and(|length| length > SCAN_BYTES_MAX as u64)
}

fn error_code(code: Code) -> VarInt {
    VarInt::from_u64(code.value()).expect("HTTP/3 codes are small")
}
