//! A request stream that the back office answers. Its body goes in through a bounded channel and its
//! answer comes out through another, each under the other side's flow control. The loop polls the stream;
//! it is not a task.

use super::write_queue::{WriteProgress, WriteQueue};
use crate::office::http::channel::{
    AbandonedBody, BODY_CHUNKS_MAX, BodyChunk, OfficeAnswer, OfficeCall, OfficeSender,
};
use crate::wire::http3::{Fault, Part, RequestReader, answer};
use bytes::{Bytes, BytesMut};
use http::header::{DATE, HeaderValue};
use quinn_proto::{Connection, ReadError, StreamId};
use scangate_core::refusal::Refusal;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::PollSender;

/// The status of the stream after an advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfficeStreamStatus {
    /// It waits for the peer or the back office.
    Waits,
    /// It is over.
    Over,
    /// The back office gave up half-way: the stream is to be reset.
    Broken,
    /// The peer broke a rule.
    Fault(Fault),
}

#[expect(clippy::large_enum_variant, reason = "it lies in the box of its stream")]
enum BodyState {
    /// Pieces go to the back office at its pace; `read` holds those that it has not accepted yet.
    Streams { reader: RequestReader, to: PollSender<BodyChunk>, read: VecDeque<Bytes> },
    /// The back office stopped reading, and the peer still sends until it gets STOP_SENDING.
    Unwanted,
    /// The whole body was passed on.
    Done,
}

enum AnswerState {
    Head(oneshot::Receiver<OfficeAnswer>),
    Body(mpsc::Receiver<BodyChunk>),
    Done,
}

/// A request stream in the back office.
pub(super) struct OfficeStream {
    incoming: BodyState,
    outcoming: AnswerState,
    out: WriteQueue,
    waker: Waker,
}

impl OfficeStream {
    /// Sends the head to the back office. **Errors**: `overloaded` if the queue at its door is full.
    pub(super) fn begin(
        head: http::request::Parts,
        reader: RequestReader,
        door: &OfficeSender,
        waker: Waker,
    ) -> Result<Self, Refusal> {
        let (to, from) = mpsc::channel(BODY_CHUNKS_MAX);
        let (answer, answered) = oneshot::channel();
        let call = OfficeCall { request: http::Request::from_parts(head, from), answer };
        door.try_send(call).map_err(|_| Refusal::Overloaded)?;
        let incoming = BodyState::Streams { reader, to: PollSender::new(to), read: VecDeque::new() };
        Ok(Self { incoming, outcoming: AnswerState::Head(answered), out: WriteQueue::default(), waker })
    }

    /// Moves body and answer as far as both sides allow.
    pub(super) fn advance(
        &mut self,
        quic: &mut Connection,
        id: StreamId,
        date: &[u8; 29],
    ) -> OfficeStreamStatus {
        if let Err(fault) = self.take_in(quic, id) {
            return OfficeStreamStatus::Fault(fault);
        }
        self.give_out(quic, id, date)
    }

    fn take_in(&mut self, quic: &mut Connection, id: StreamId) -> Result<(), Fault> {
        let waker = self.waker.clone();
        let mut context = Context::from_waker(&waker);
        loop {
            let BodyState::Streams { reader, to, read } = &mut self.incoming else { return Ok(()) };
            match pass_on(reader, to, read, &mut context) {
                PassStatus::Waits => return Ok(()),
                PassStatus::Done => self.incoming = BodyState::Done,
                PassStatus::Unwanted => self.incoming = BodyState::Unwanted,
                PassStatus::WantsMore => match read_some(quic, id) {
                    StreamRead::Bytes(bytes) => reader.handle(bytes)?,
                    StreamRead::End => reader.handle_end()?,
                    StreamRead::Waits => return Ok(()),
                    StreamRead::Reset => {
                        // If the channel is full, closing it tells the back office the same.
                        if to.poll_reserve(&mut context).is_ready() {
                            let _ = to.send_item(Err(AbandonedBody));
                        }
                        self.incoming = BodyState::Done;
                    }
                },
            }
        }
    }

    fn give_out(&mut self, quic: &mut Connection, id: StreamId, date: &[u8; 29]) -> OfficeStreamStatus {
        let waker = self.waker.clone();
        let mut context = Context::from_waker(&waker);
        loop {
            match self.out.write(quic.send_stream(id)) {
                WriteProgress::Written => {}
                WriteProgress::Ended => return OfficeStreamStatus::Over,
                WriteProgress::Blocked => return OfficeStreamStatus::Waits,
                WriteProgress::Gone => return OfficeStreamStatus::Broken,
            }
            match &mut self.outcoming {
                AnswerState::Head(answered) => match Pin::new(answered).poll(&mut context) {
                    Poll::Pending => return OfficeStreamStatus::Waits,
                    Poll::Ready(Err(_)) => return OfficeStreamStatus::Broken,
                    Poll::Ready(Ok(OfficeAnswer { mut head, body })) => {
                        if let Ok(date) = HeaderValue::from_bytes(date) {
                            head.headers.insert(DATE, date);
                        }
                        let mut frames = BytesMut::new();
                        answer::head(&mut frames, &head);
                        self.out.push(frames.freeze());
                        self.outcoming = AnswerState::Body(body);
                    }
                },
                AnswerState::Body(body) => match body.poll_recv(&mut context) {
                    Poll::Pending => return OfficeStreamStatus::Waits,
                    Poll::Ready(Some(Ok(piece))) => {
                        let mut frame = BytesMut::new();
                        answer::data_header(&mut frame, piece.len());
                        self.out.push(frame.freeze());
                        self.out.push(piece);
                    }
                    Poll::Ready(Some(Err(AbandonedBody))) => return OfficeStreamStatus::Broken,
                    Poll::Ready(None) => {
                        self.out.end();
                        self.outcoming = AnswerState::Done;
                    }
                },
                AnswerState::Done => return OfficeStreamStatus::Waits,
            }
        }
    }

    /// Whether the request's body has not ended yet.
    #[must_use]
    pub(super) fn is_reading(&self) -> bool {
        matches!(self.incoming, BodyState::Streams { .. } | BodyState::Unwanted)
    }
}

enum PassStatus {
    WantsMore,
    Waits,
    Unwanted,
    Done,
}

/// Passes read pieces on while the back office accepts them.
fn pass_on(
    reader: &mut RequestReader,
    to: &mut PollSender<BodyChunk>,
    read: &mut VecDeque<Bytes>,
    context: &mut Context<'_>,
) -> PassStatus {
    loop {
        if read.is_empty() {
            match reader.poll() {
                Some(Part::Body(piece)) => read.push_back(piece),
                Some(Part::End) => return PassStatus::Done,
                Some(Part::Head(_)) => {}
                None => return PassStatus::WantsMore,
            }
            continue;
        }
        match to.poll_reserve(context) {
            Poll::Pending => return PassStatus::Waits,
            Poll::Ready(Err(_)) => return PassStatus::Unwanted,
            Poll::Ready(Ok(())) => {
                if let Some(piece) = read.pop_front() {
                    // The slot was just reserved.
                    let _ = to.send_item(Ok(piece));
                }
            }
        }
    }
}

enum StreamRead {
    Bytes(Bytes),
    End,
    Waits,
    Reset,
}

/// Reads one chunk of the stream. Unread bytes stay under the peer's flow control.
fn read_some(quic: &mut Connection, id: StreamId) -> StreamRead {
    let mut stream = quic.recv_stream(id);
    let Ok(mut chunks) = stream.read(true) else { return StreamRead::Waits };
    let read = match chunks.next(usize::MAX) {
        Ok(Some(chunk)) => StreamRead::Bytes(chunk.bytes),
        Ok(None) => StreamRead::End,
        Err(ReadError::Blocked) => StreamRead::Waits,
        Err(ReadError::Reset(_)) => StreamRead::Reset,
    };
    // Whether credit goes out is decided when the connection is next asked for packets.
    let _ = chunks.finalize();
    read
}
