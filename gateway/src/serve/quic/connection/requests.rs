//! The requests of a connection: how each is read, routed and answered.

use super::request_state::{RequestBody, RequestState};
use super::{Connection, error_code};
use crate::serve::front_desk::{Caller, Reply, ScanStatus};
use crate::serve::quic::context::{SlowRequest, WorkerContext};
use crate::serve::quic::office_stream::{OfficeStream, OfficeStreamStatus};
use crate::serve::quic::stream_chunks::{StreamChunks, StreamEnd, read};
use crate::serve::quic::write_queue::{WriteProgress, WriteQueue};
use crate::serve::stream_key::StreamKey;
use crate::wire::http3::{ErrorCode, Head, Part, RequestReader, answer, whole};
use crate::wire::problem::field_of;
use crate::wire::route::Route;
use bytes::{Bytes, BytesMut};
use quinn_proto::StreamId;
use scangate_core::limits::SCAN_BYTES_MAX;
use scangate_core::refusal::Refusal;
use std::time::{Duration, Instant};

/// How long a request's head, or a check-in's body, may take to arrive.
const REQUEST_MAX: Duration = Duration::from_secs(10);

impl Connection {
    /// Begins a request stream. Nearly always it holds one small request, whole, which needs no state.
    pub(super) fn begin(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        if let Err(fault) = self.control.handle_request_stream(u64::from(id)) {
            return self.fault(id, fault, now);
        }
        let mut arrived = read(&mut self.quic, id);
        if arrived.end == StreamEnd::Finished
            && arrived.chunks.is_empty()
            && let Some(chunk) = &arrived.first
            && let Some(request) = whole(chunk, &work.limits)
        {
            return match request {
                Ok((head, body)) => self.route(id, head, RequestBody::Whole(body), work, now),
                Err(fault) => self.fault(id, fault, now),
            };
        }
        let request = RequestState::Reading(RequestReader::new(work.limits));
        self.take_chunks(id, request, &mut arrived, work, now);
        if self.is_arriving(id) {
            let key = StreamKey { slot: self.slot, generation: self.generation, stream: id };
            work.slow.push_back(SlowRequest { key, until: now + REQUEST_MAX });
        }
    }

    fn is_arriving(&self, id: StreamId) -> bool {
        matches!(
            self.requests.get(&id),
            Some(RequestState::Reading(_) | RequestState::Encoded(..) | RequestState::Scanning(..))
        )
    }

    /// Refuses a request that is not whole yet.
    pub fn give_up(&mut self, id: StreamId, work: &mut WorkerContext) {
        if self.is_arriving(id) {
            self.requests.remove(&id);
            self.refuse_reading(id, Refusal::Malformed("the request did not arrive whole"), work);
        }
    }

    fn check_in(&mut self, id: StreamId, head: &Head, body: &[u8], work: &mut WorkerContext) {
        let key = StreamKey { slot: self.slot, generation: self.generation, stream: id };
        let taken = work.front.borrow_mut().check_in(body, head.authorization(), Caller::Stream(key));
        match taken {
            ScanStatus::Waiting => self.waiting += 1,
            ScanStatus::Refused(refusal) => self.refuse(id, refusal, work),
        }
    }

    pub(super) fn read_request(
        &mut self,
        id: StreamId,
        request: RequestState,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        match request {
            RequestState::Office(stream) => self.advance_office(id, stream, work, now),
            RequestState::Answering(out) => {
                // The answer is on its way, so the rest of the request is not read.
                self.requests.insert(id, RequestState::Answering(out));
            }
            RequestState::Reading(_) | RequestState::Encoded(..) | RequestState::Scanning(..) => {
                let mut arrived = read(&mut self.quic, id);
                self.take_chunks(id, request, &mut arrived, work, now);
            }
        }
    }

    /// Feeds a reader with the chunks, and advances the request as far as they allow.
    fn take_chunks(
        &mut self,
        id: StreamId,
        mut request: RequestState,
        arrived: &mut StreamChunks,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let (RequestState::Reading(reader)
        | RequestState::Encoded(reader, _)
        | RequestState::Scanning(reader, ..)) = &mut request
        else {
            return;
        };
        let mut chunks = arrived.first.take().into_iter().chain(arrived.chunks.drain(..));
        let fed = chunks.try_for_each(|chunk| reader.handle(chunk));
        let fed = fed.and_then(|()| match arrived.end {
            StreamEnd::Finished => reader.handle_end(),
            StreamEnd::Open | StreamEnd::Reset => Ok(()),
        });
        if let Err(fault) = fed {
            return self.fault(id, fault, now);
        }
        if arrived.end == StreamEnd::Reset {
            // The peer abandoned the request.
            let _ = self.quic.send_stream(id).reset(error_code(ErrorCode::RequestCancelled));
            return;
        }
        self.advance(id, request, work, now);
    }

    fn advance(&mut self, id: StreamId, request: RequestState, work: &mut WorkerContext, now: Instant) {
        match request {
            RequestState::Reading(mut reader) => match reader.poll() {
                Some(Part::Head(head)) => {
                    self.route(id, head, RequestBody::Arriving(reader), work, now);
                }
                Some(Part::Body(_) | Part::End) | None => {
                    self.requests.insert(id, RequestState::Reading(reader));
                }
            },
            RequestState::Encoded(mut reader, head) => match reader.poll() {
                Some(Part::Body(_)) => self.refuse_reading(id, Refusal::EncodingUnsupported, work),
                Some(Part::End) => {
                    self.dispatch(id, head, RequestBody::Whole(Bytes::new()), work, now);
                }
                Some(Part::Head(_)) | None => {
                    self.requests.insert(id, RequestState::Encoded(reader, head));
                }
            },
            RequestState::Scanning(mut reader, head, mut body) => loop {
                match reader.poll() {
                    Some(Part::Body(piece)) if body.len() + piece.len() > SCAN_BYTES_MAX => {
                        return self.refuse_reading(id, Refusal::TooLarge, work);
                    }
                    Some(Part::Body(piece)) => body.extend_from_slice(&piece),
                    Some(Part::End) => return self.check_in(id, &head, &body, work),
                    Some(Part::Head(_)) => {}
                    None => {
                        self.requests.insert(id, RequestState::Scanning(reader, head, body));
                        return;
                    }
                }
            },
            RequestState::Answering(_) | RequestState::Office(_) => {
                self.requests.insert(id, request);
            }
        }
    }

    /// Counts and routes a request by its head, whole or not. Each request comes here once.
    fn route(&mut self, id: StreamId, head: Head, body: RequestBody, work: &mut WorkerContext, now: Instant) {
        if let Err(refusal) = self.admit(work) {
            return self.refuse_request(id, refusal, &body, work);
        }
        if !head.is_encoded() {
            return self.dispatch(id, head, body, work, now);
        }
        // Without a body there is nothing to decode. Its end may come in a packet of its own.
        self.advance(id, RequestState::Encoded(body.into_reader(work.limits), head), work, now);
    }

    /// Passes an admitted request to whom its path names.
    fn dispatch(
        &mut self,
        id: StreamId,
        head: Head,
        body: RequestBody,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        match Route::of(head.method().as_str().as_bytes(), head.path()) {
            Route::CheckIn => self.begin_check_in(id, head, body, work, now),
            Route::Colour(code) => {
                let reply = work.front.borrow_mut().look_up(code, head.authorization());
                self.reply(id, &reply, work);
                if matches!(body, RequestBody::Arriving(_)) {
                    self.stop_reading(id);
                }
            }
            // RFC 8470 section 5.2: a replay of early data might repeat a change.
            Route::Office if self.quic.is_handshaking() => {
                self.refuse_request(id, Refusal::TooEarly, &body, work);
            }
            Route::Office => self.begin_office(id, &head, body.into_reader(work.limits), work, now),
        }
    }

    fn begin_check_in(
        &mut self,
        id: StreamId,
        head: Head,
        body: RequestBody,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        match body {
            RequestBody::Whole(body) => self.check_in(id, &head, &body, work),
            RequestBody::Arriving(_) if declares_too_much(&head) => {
                self.refuse_reading(id, Refusal::TooLarge, work);
            }
            RequestBody::Arriving(reader) => {
                self.advance(id, RequestState::Scanning(reader, head, BytesMut::new()), work, now);
            }
        }
    }

    fn begin_office(
        &mut self,
        id: StreamId,
        head: &Head,
        reader: RequestReader,
        work: &mut WorkerContext,
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
        work: &mut WorkerContext,
        now: Instant,
    ) {
        match stream.advance(&mut self.quic, id, &work.date) {
            OfficeStreamStatus::Waits => {
                self.requests.insert(id, RequestState::Office(stream));
            }
            OfficeStreamStatus::Over if stream.is_reading() => self.stop_reading(id),
            OfficeStreamStatus::Over => {}
            OfficeStreamStatus::Broken => {
                let _ = self.quic.send_stream(id).reset(error_code(ErrorCode::InternalError));
                self.stop_reading(id);
            }
            OfficeStreamStatus::Fault(fault) => self.fault(id, fault, now),
        }
    }

    /// Advances a stream for which the back office has rung.
    pub fn rung(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        match self.requests.remove(&id) {
            Some(RequestState::Office(stream)) => self.advance_office(id, stream, work, now),
            Some(other) => {
                self.requests.insert(id, other);
            }
            None => {}
        }
    }

    pub(super) fn writable(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        if self.control_stream == Some(id) {
            return self.write_control();
        }
        match self.requests.remove(&id) {
            Some(RequestState::Answering(out)) => self.write(id, out),
            Some(RequestState::Office(stream)) => self.advance_office(id, stream, work, now),
            Some(other) => {
                self.requests.insert(id, other);
            }
            None => {}
        }
    }

    /// Writes the answer of a check-in that is on disk.
    pub fn answer(&mut self, id: StreamId, body: &[u8], work: &mut WorkerContext) {
        self.waiting -= 1;
        answer::json(&mut work.scratch, 200, answer::ContentType::Json, &work.date, None, None, body);
        self.send(id, work);
    }

    fn reply(&mut self, id: StreamId, reply: &Reply, work: &mut WorkerContext) {
        let kind = if reply.is_problem { answer::ContentType::Problem } else { answer::ContentType::Json };
        let Reply { status, retry_after_s, body, .. } = reply;
        let field = field_of(*status);
        answer::json(&mut work.scratch, *status, kind, &work.date, *retry_after_s, field, body);
        self.send(id, work);
    }

    fn send(&mut self, id: StreamId, work: &mut WorkerContext) {
        let mut out = WriteQueue::default();
        out.push(work.scratch.split().freeze());
        out.end();
        self.write(id, out);
    }

    fn write(&mut self, id: StreamId, mut out: WriteQueue) {
        match out.write(self.quic.send_stream(id)) {
            WriteProgress::Blocked => {
                self.requests.insert(id, RequestState::Answering(out));
            }
            WriteProgress::Written | WriteProgress::Ended | WriteProgress::Gone => {}
        }
    }

    fn refuse(&mut self, id: StreamId, refusal: Refusal, work: &mut WorkerContext) {
        let reply = work.front.borrow_mut().refuse(refusal);
        self.reply(id, &reply, work);
    }

    fn refuse_request(
        &mut self,
        id: StreamId,
        refusal: Refusal,
        body: &RequestBody,
        work: &mut WorkerContext,
    ) {
        match body {
            RequestBody::Whole(_) => self.refuse(id, refusal, work),
            RequestBody::Arriving(_) => self.refuse_reading(id, refusal, work),
        }
    }

    /// Refuses a request before its end, and stops reading it (RFC 9114 section 4.1).
    fn refuse_reading(&mut self, id: StreamId, refusal: Refusal, work: &mut WorkerContext) {
        self.refuse(id, refusal, work);
        self.stop_reading(id);
    }

    fn stop_reading(&mut self, id: StreamId) {
        // A stream that was read to its end is already closed.
        let _ = self.quic.recv_stream(id).stop(error_code(ErrorCode::NoError));
    }
}

fn declares_too_much(head: &Head) -> bool {
    head.content_length().is_some_and(|length| length > SCAN_BYTES_MAX as u64)
}
