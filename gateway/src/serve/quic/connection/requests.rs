//! The requests of a connection: how each is read and routed.

use super::Connection;
use super::answers::AnswerWish;
use super::request_state::{BodyGoal, OpenRequest, RequestBody, RequestState, RequestWatch};
use crate::office::http::channel::BODY_BYTES_MAX;
use crate::serve::budget::UNFINISHED_BYTES_MAX;
use crate::serve::deadlines::streaming_max;
use crate::serve::front_desk::{Caller, ScanStatus};
use crate::serve::pages;
use crate::serve::quic::context::WorkerContext;
use crate::serve::quic::office_stream::{OfficeBody, OfficeCaller, OfficeStream};
use crate::serve::quic::stream_chunks::{StreamChunks, StreamEnd, read};
use crate::serve::stream_key::StreamKey;
use crate::wire::http3::{Head, Part, RequestReader, whole};
use crate::wire::route::{OfficeKind, OfficeRoute, Route};
use bytes::{Bytes, BytesMut};
use quinn_proto::StreamId;
use scangate_core::limits::SCAN_BYTES_MAX;
use scangate_core::refusal::Refusal;
use std::time::Instant;

/// A request on its way: its stream and its times.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) id: StreamId,
    pub(super) watch: RequestWatch,
}

impl Connection {
    /// Begins a request stream. Nearly always it holds one small request, whole, which needs no state.
    pub(super) fn begin(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        if let Err(fault) = self.control.handle_request_stream(u64::from(id)) {
            return self.fault(id, fault, work, now);
        }
        let arrival = Arrival { id, watch: RequestWatch::new(now) };
        let mut arrived = read(&mut self.quic, id);
        if arrived.end == StreamEnd::Finished
            && arrived.chunks.is_empty()
            && let Some(chunk) = &arrived.first
            && let Some(request) = whole(chunk, &work.limits)
        {
            return match request {
                Ok((head, body)) => self.route(arrival, head, RequestBody::Whole(body), work, now),
                Err(fault) => self.fault(id, fault, work, now),
            };
        }
        let request = RequestState::Reading(RequestReader::new(work.limits));
        self.take_chunks(arrival, request, &mut arrived, work, now);
    }

    /// Reads what has arrived on the stream of an open request.
    pub(super) fn readable(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        let Some(OpenRequest { state, mut watch, .. }) = self.take_open(id) else { return };
        match state {
            RequestState::Office(stream) => self.advance_office(Arrival { id, watch }, stream, work, now),
            // The answer is on its way, so the rest of the request is not read.
            RequestState::Answering(_) => self.keep_open(Arrival { id, watch }, state, work),
            RequestState::Reading(_) | RequestState::Encoded(..) | RequestState::Gathering(..) => {
                let mut arrived = read(&mut self.quic, id);
                if arrived.first.is_some() {
                    watch.progress(now);
                }
                self.take_chunks(Arrival { id, watch }, state, &mut arrived, work, now);
            }
        }
    }

    /// Takes an open request out, with what it holds of the connection's bytes.
    pub(super) fn take_open(&mut self, id: StreamId) -> Option<OpenRequest> {
        let request = self.requests.remove(&id)?;
        if request.charged > 0 {
            self.unfinished.resize(self.unfinished.held() - request.charged);
        }
        Some(request)
    }

    /// Keeps a request open. One that holds more than the connection or its source may is refused.
    pub(super) fn keep_open(&mut self, arrival: Arrival, state: RequestState, work: &mut WorkerContext) {
        let charged = state.held_bytes();
        let all = self.unfinished.held() + charged;
        if charged > 0 && (all > UNFINISHED_BYTES_MAX || !self.unfinished.resize(all)) {
            return self.refuse_reading(arrival.id, Refusal::Overloaded, AnswerWish::PROGRAM, work);
        }
        self.requests.insert(arrival.id, OpenRequest { state, watch: arrival.watch, charged });
    }

    /// Feeds a reader with the chunks, and advances the request as far as they allow.
    fn take_chunks(
        &mut self,
        arrival: Arrival,
        mut request: RequestState,
        arrived: &mut StreamChunks,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let (RequestState::Reading(reader)
        | RequestState::Encoded(reader, _)
        | RequestState::Gathering(reader, ..)) = &mut request
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
            return self.fault(arrival.id, fault, work, now);
        }
        if arrived.end == StreamEnd::Reset {
            return self.abandoned(arrival.id);
        }
        self.advance(arrival, request, work, now);
    }

    fn advance(&mut self, arrival: Arrival, request: RequestState, work: &mut WorkerContext, now: Instant) {
        match request {
            RequestState::Reading(mut reader) => match reader.poll() {
                Some(Part::Head(head)) => {
                    self.route(arrival, head, RequestBody::Arriving(reader), work, now);
                }
                Some(Part::Body(_) | Part::End) | None => {
                    self.keep_open(arrival, RequestState::Reading(reader), work);
                }
            },
            RequestState::Encoded(mut reader, head) => match reader.poll() {
                Some(Part::Body(_)) => {
                    let wish = AnswerWish::of(&head);
                    self.refuse_reading(arrival.id, Refusal::EncodingUnsupported, wish, work);
                }
                Some(Part::End) => {
                    self.dispatch(arrival, head, RequestBody::Whole(Bytes::new()), work, now);
                }
                Some(Part::Head(_)) | None => {
                    self.keep_open(arrival, RequestState::Encoded(reader, head), work);
                }
            },
            RequestState::Gathering(reader, head, body, goal) => {
                self.gather(arrival, reader, head, body, goal, work, now);
            }
            RequestState::Answering(_) | RequestState::Office(_) => self.keep_open(arrival, request, work),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parts of one state")]
    fn gather(
        &mut self,
        arrival: Arrival,
        mut reader: RequestReader,
        head: Head,
        mut body: BytesMut,
        goal: BodyGoal,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        loop {
            match reader.poll() {
                Some(Part::Body(piece)) if body.len() + piece.len() > goal.bytes_max() => {
                    return self.refuse_reading(arrival.id, Refusal::TooLarge, AnswerWish::of(&head), work);
                }
                Some(Part::Body(piece)) => body.extend_from_slice(&piece),
                Some(Part::End) => return self.finish(arrival, &head, body.freeze(), goal, work, now),
                Some(Part::Head(_)) => {}
                None => {
                    let state = RequestState::Gathering(reader, head, body, goal);
                    return self.keep_open(arrival, state, work);
                }
            }
        }
    }

    /// Counts and routes a request by its head, whole or not. Each request comes here once.
    fn route(
        &mut self,
        arrival: Arrival,
        head: Head,
        body: RequestBody,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        if let Err(refusal) = self.admit(&head, work) {
            return self.refuse_request(arrival.id, refusal, AnswerWish::of(&head), &body, work);
        }
        if !head.is_encoded() {
            return self.dispatch(arrival, head, body, work, now);
        }
        if head.expects_continue() && matches!(body, RequestBody::Arriving(_)) {
            return self.refuse_reading(
                arrival.id,
                Refusal::EncodingUnsupported,
                AnswerWish::of(&head),
                work,
            );
        }
        // Without a body there is nothing to decode. Its end may come in a packet of its own.
        self.advance(arrival, RequestState::Encoded(body.into_reader(work.limits), head), work, now);
    }

    /// Passes an admitted request to whom its path names.
    fn dispatch(
        &mut self,
        arrival: Arrival,
        head: Head,
        body: RequestBody,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let wish = AnswerWish::of(&head);
        match Route::of(head.method().as_str().as_bytes(), head.path()) {
            Route::CheckIn => self.begin_body(arrival, head, body, BodyGoal::CheckIn, work, now),
            Route::Colour(code) => {
                let reply = work.front.borrow_mut().look_up(code, head.authorization());
                self.reply(arrival.id, &reply, wish, work);
                if matches!(body, RequestBody::Arriving(_)) {
                    self.stop_reading(arrival.id);
                }
            }
            // RFC 8470 section 5.2: a replay of early data might repeat a change.
            Route::Page | Route::Office(_) if self.quic.is_handshaking() => {
                self.refuse_request(arrival.id, Refusal::TooEarly, wish, &body, work);
            }
            Route::Page => self.page(arrival, &head, &body, work, now),
            Route::Office(route) => self.begin_office(arrival, head, body, route, work, now),
        }
    }

    /// Gathers a body, if it is not whole yet.
    fn begin_body(
        &mut self,
        arrival: Arrival,
        head: Head,
        body: RequestBody,
        goal: BodyGoal,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let declared = head.content_length().unwrap_or(0);
        match body {
            RequestBody::Whole(body) if body.len() <= goal.bytes_max() => {
                self.finish(arrival, &head, body, goal, work, now);
            }
            RequestBody::Arriving(reader) if declared <= goal.bytes_max() as u64 => {
                if head.expects_continue() && !self.go_on(arrival.id, work) {
                    return;
                }
                self.gather(arrival, reader, head, BytesMut::new(), goal, work, now);
            }
            RequestBody::Whole(_) | RequestBody::Arriving(_) => {
                self.refuse_request(arrival.id, Refusal::TooLarge, AnswerWish::of(&head), &body, work);
            }
        }
    }

    /// Passes a whole request on.
    fn finish(
        &mut self,
        arrival: Arrival,
        head: &Head,
        body: Bytes,
        goal: BodyGoal,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        match goal {
            BodyGoal::CheckIn => self.check_in(arrival.id, head, &body, work),
            BodyGoal::Office(route) => {
                let mut share = work.unfinished.share(self.source);
                if share.resize(body.len()) {
                    self.call_office(arrival, head, OfficeBody::Whole(body, share), route, work, now);
                } else {
                    self.refuse(arrival.id, Refusal::Overloaded, AnswerWish::of(head), work);
                }
            }
        }
    }

    fn check_in(&mut self, id: StreamId, head: &Head, body: &[u8], work: &mut WorkerContext) {
        let key = self.key(id);
        let taken = work.front.borrow_mut().check_in(body, head.authorization(), Caller::Stream(key));
        match taken {
            ScanStatus::Waiting => self.waiting += 1,
            ScanStatus::Refused(refusal) => self.refuse(id, refusal, AnswerWish::PROGRAM, work),
        }
    }

    fn page(
        &mut self,
        arrival: Arrival,
        head: &Head,
        body: &RequestBody,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let parts = match head.to_request() {
            Ok(parts) => parts,
            Err(fault) => return self.fault(arrival.id, fault, work, now),
        };
        match pages::answer(&parts.method, parts.uri.path(), &parts.headers) {
            Ok(page) => {
                self.respond(arrival.id, page, work);
                if matches!(body, RequestBody::Arriving(_)) {
                    self.stop_reading(arrival.id);
                }
            }
            Err(refusal) => self.refuse_request(arrival.id, refusal, AnswerWish::of(head), body, work),
        }
    }

    fn begin_office(
        &mut self,
        arrival: Arrival,
        head: Head,
        body: RequestBody,
        route: OfficeRoute,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let Some(body_max) = streaming_max(route.body, head.content_length()) else {
            return self.begin_body(arrival, head, body, BodyGoal::Office(route.kind), work, now);
        };
        if head.expects_continue()
            && matches!(body, RequestBody::Arriving(_))
            && !self.go_on(arrival.id, work)
        {
            return;
        }
        let body = OfficeBody::Streams(body.into_reader(work.limits), body_max);
        self.call_office(arrival, &head, body, route.kind, work, now);
    }

    fn call_office(
        &mut self,
        arrival: Arrival,
        head: &Head,
        body: OfficeBody,
        kind: OfficeKind,
        work: &mut WorkerContext,
        now: Instant,
    ) {
        let id = arrival.id;
        let parts = match head.to_request() {
            Ok(parts) => parts,
            Err(fault) => return self.fault(id, fault, work, now),
        };
        let caller = OfficeCaller { kind, source: self.source, waker: work.bell.waker(self.key(id)) };
        match OfficeStream::begin(parts, body, &work.door, caller) {
            Ok(stream) => self.advance_office(arrival, Box::new(stream), work, now),
            Err(refusal) => self.refuse_reading(id, refusal, AnswerWish::of(head), work),
        }
    }

    pub(super) fn key(&self, stream: StreamId) -> StreamKey {
        StreamKey { slot: self.slot, generation: self.generation, stream }
    }
}

impl BodyGoal {
    /// The longest body.
    const fn bytes_max(self) -> usize {
        match self {
            Self::CheckIn => SCAN_BYTES_MAX,
            Self::Office(_) => BODY_BYTES_MAX,
        }
    }
}
