//! The answers of a connection: how each is written, and what the back office streams.

use super::request_state::{RequestBody, RequestState, RequestWatch};
use super::requests::Arrival;
use super::{Connection, error_code};
use crate::serve::front_desk::Reply;
use crate::serve::quic::context::WorkerContext;
use crate::serve::quic::office_stream::{OfficeStream, OfficeStreamStatus};
use crate::serve::quic::write_queue::{WriteProgress, WriteQueue};
use crate::wire::http3::{ErrorCode, Head, answer};
use bytes::Bytes;
use http::header::{DATE, HeaderValue};
use http::{Method, Response};
use quinn_proto::StreamId;
use scangate_core::refusal::Refusal;
use std::time::Instant;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnswerWish {
    /// Whether the answer has no body. RFC 9110 section 9.3.2 forbids one to HEAD.
    is_head: bool,
    /// Whether the request asks for a page.
    wants_page: bool,
}

impl AnswerWish {
    /// The wish of a program, and of a request whose head is not known.
    pub(super) const PROGRAM: Self = Self { is_head: false, wants_page: false };

    /// The wish of a request.
    pub(super) fn of(head: &Head) -> Self {
        Self { is_head: *head.method() == Method::HEAD, wants_page: head.wants_page() }
    }
}

impl Connection {
    /// Writes the answer of a check-in that is on disk.
    pub fn answer(&mut self, id: StreamId, body: &[u8], work: &mut WorkerContext) {
        self.waiting -= 1;
        answer::small(&mut work.scratch, 200, answer::ContentType::Json, &work.date, None, None, body);
        self.send(id, work);
    }

    /// Refuses a check-in that waited for the disk.
    pub fn refuse_waiting(&mut self, id: StreamId, reply: &Reply, work: &mut WorkerContext) {
        self.waiting -= 1;
        self.reply(id, reply, AnswerWish::PROGRAM, work);
    }

    pub(super) fn reply(&mut self, id: StreamId, reply: &Reply, wish: AnswerWish, work: &mut WorkerContext) {
        let Reply { status, content_type, retry_after_s, field, body } = reply;
        answer::small(&mut work.scratch, *status, *content_type, &work.date, *retry_after_s, *field, body);
        if wish.is_head {
            answer::keep_head(&mut work.scratch);
        }
        self.send(id, work);
    }

    /// Writes a page.
    pub(super) fn respond(&mut self, id: StreamId, page: Response<Bytes>, work: &mut WorkerContext) {
        let (mut head, body) = page.into_parts();
        if let Ok(date) = HeaderValue::from_bytes(&work.date) {
            head.headers.insert(DATE, date);
        }
        answer::head(&mut work.scratch, &head);
        if !body.is_empty() {
            answer::data_header(&mut work.scratch, body.len());
        }
        let mut out = WriteQueue::default();
        out.push(work.scratch.split().freeze());
        out.push(body);
        out.end();
        self.write(Arrival { id, watch: RequestWatch::new(work.now) }, out, work);
    }

    fn send(&mut self, id: StreamId, work: &mut WorkerContext) {
        let mut out = WriteQueue::default();
        out.push(work.scratch.split().freeze());
        out.end();
        self.written += out.len();
        self.write(Arrival { id, watch: RequestWatch::new(work.now) }, out, work);
    }

    /// Writes what the stream accepts, and keeps the rest.
    pub(super) fn write(&mut self, mut arrival: Arrival, mut out: WriteQueue, work: &mut WorkerContext) {
        let before = out.len();
        match out.write(self.quic.send_stream(arrival.id)) {
            WriteProgress::Blocked => {
                if out.len() < before {
                    arrival.watch.progress(work.now);
                }
                self.keep_open(arrival, RequestState::Answering(out), work);
            }
            WriteProgress::Ended => self.note_finished(),
            WriteProgress::Written | WriteProgress::Gone => {}
        }
    }

    /// Moves body and answer of a stream of the back office.
    pub(super) fn advance_office(
        &mut self,
        mut arrival: Arrival,
        mut stream: Box<OfficeStream>,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let (id, before, written) = (arrival.id, stream.moved(), stream.written());
        let status = stream.advance(&mut self.quic, id, &work.date);
        self.written += stream.written() - written;
        match status {
            OfficeStreamStatus::Waits => {
                // A peer's time begins when the gateway begins to wait for it.
                if stream.moved() != before || stream.has_turned() {
                    arrival.watch.progress(now);
                }
                self.keep_open(arrival, RequestState::Office(stream), work);
            }
            OfficeStreamStatus::Over => {
                self.note_finished();
                if stream.is_reading() {
                    self.stop_reading(id);
                }
            }
            OfficeStreamStatus::Broken => {
                let _ = self.quic.send_stream(id).reset(error_code(ErrorCode::InternalError));
                self.stop_reading(id);
            }
            OfficeStreamStatus::Fault(fault) => self.fault(id, fault, work, now),
        }
    }

    /// Advances a stream for which the back office has rung.
    pub fn rung(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        self.advance_answer(id, work, now);
    }

    pub(super) fn writable(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        if self.control_stream == Some(id) {
            return self.write_control();
        }
        self.advance_answer(id, work, now);
    }

    fn advance_answer(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        let Some(request) = self.take_open(id) else { return };
        let arrival = Arrival { id, watch: request.watch };
        match request.state {
            RequestState::Answering(out) => self.write(arrival, out, work),
            RequestState::Office(stream) => self.advance_office(arrival, stream, work, now),
            state @ (RequestState::Reading(_) | RequestState::Encoded(..) | RequestState::Gathering(..)) => {
                self.keep_open(arrival, state, work);
            }
        }
    }

    pub(super) fn refuse(
        &mut self,
        id: StreamId,
        refusal: Refusal,
        wish: AnswerWish,
        work: &mut WorkerContext,
    ) {
        let reply = work.front.borrow_mut().refuse(refusal);
        let reply = if wish.wants_page { reply.into_page() } else { reply };
        self.reply(id, &reply, wish, work);
    }

    pub(super) fn refuse_request(
        &mut self,
        id: StreamId,
        refusal: Refusal,
        wish: AnswerWish,
        body: &RequestBody,
        work: &mut WorkerContext,
    ) {
        match body {
            RequestBody::Whole(_) => self.refuse(id, refusal, wish, work),
            RequestBody::Arriving(_) => self.refuse_reading(id, refusal, wish, work),
        }
    }

    /// Refuses a request before its end, and stops reading it (RFC 9114 section 4.1).
    pub(super) fn refuse_reading(
        &mut self,
        id: StreamId,
        refusal: Refusal,
        wish: AnswerWish,
        work: &mut WorkerContext,
    ) {
        self.refuse(id, refusal, wish, work);
        self.stop_reading(id);
    }

    pub(super) fn stop_reading(&mut self, id: StreamId) {
        // A stream that was read to its end is already closed.
        let _ = self.quic.recv_stream(id).stop(error_code(ErrorCode::NoError));
    }

    /// Tells a client that waits for it to send its body. Returns false if the stream had no room even for
    /// this, and was reset.
    pub(super) fn go_on(&mut self, id: StreamId, work: &mut WorkerContext) -> bool {
        answer::go_on(&mut work.scratch);
        let interim = work.scratch.split();
        let mut stream = self.quic.send_stream(id);
        if stream.write(&interim) == Ok(interim.len()) {
            return true;
        }
        let _ = stream.reset(error_code(ErrorCode::ExcessiveLoad));
        self.stop_reading(id);
        false
    }

    /// Ends a stream whose request the peer abandoned.
    pub(super) fn abandoned(&mut self, id: StreamId) {
        let _ = self.quic.send_stream(id).reset(error_code(ErrorCode::RequestCancelled));
    }
}
