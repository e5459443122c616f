//! A request stream that the back office answers. Its body goes in through a bounded channel and its
//! answer comes out through another, each under the other side's flow control. The loop polls the stream;
//! it is not a task.

use super::write_queue::{WriteProgress, WriteQueue};
use crate::fairness::{HeldShare, Source};
use crate::office::http::channel::{
    BODY_PIECES_MAX, BodyPiece, CallBody, OfficeAnswer, OfficeCall, OfficeSender,
};
use crate::wire::http3::{Fault, Part, RequestReader, answer};
use crate::wire::route::OfficeKind;
use bytes::{Bytes, BytesMut};
use http::header::{DATE, HeaderValue};
use quinn_proto::{Connection, ReadError, StreamId};
use scangate_core::refusal::Refusal;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
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

/// The one that a stream waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfficeStreamWait {
    /// The peer, for more of the body.
    Peer,
    /// The peer, which reads the answer.
    Reader,
    /// The back office.
    Office,
}

/// The body with which a stream begins.
#[expect(clippy::large_enum_variant, reason = "it lives for one call")]
pub(super) enum OfficeBody {
    /// The worker has all of it.
    Whole(Bytes, HeldShare),
    /// It arrives behind the head that this reader gave, within this time.
    Streams(RequestReader, Duration),
}

/// The caller of the back office.
pub(super) struct OfficeCaller {
    /// The kind of work.
    pub(super) kind: OfficeKind,
    /// The client's source.
    pub(super) source: Source,
    /// Rings for the stream.
    pub(super) waker: Waker,
}

#[expect(clippy::large_enum_variant, reason = "it lies in the box of its stream")]
enum BodyState {
    /// Pieces go to the back office at its pace; `read` holds those that it has not accepted yet.
    Streams { reader: RequestReader, to: PollSender<BodyPiece>, read: VecDeque<BodyPiece> },
    /// The back office stopped reading, and the peer still sends until it gets STOP_SENDING.
    Unwanted,
    /// The whole body was passed on.
    Done,
}

enum AnswerState {
    Head(oneshot::Receiver<OfficeAnswer>),
    Body(mpsc::Receiver<BodyPiece>),
    Done,
}

/// A request stream in the back office.
pub(super) struct OfficeStream {
    incoming: BodyState,
    outcoming: AnswerState,
    out: WriteQueue,
    waker: Waker,
    waits_for: OfficeStreamWait,
    has_turned: bool,
    body_max: Duration,
    moved: u64,
    written: usize,
}

impl OfficeStream {
    /// Sends the head to the back office. **Errors**: `overloaded` if the queue at its door is full.
    pub(super) fn begin(
        head: http::request::Parts,
        body: OfficeBody,
        door: &OfficeSender,
        OfficeCaller { kind, source, waker }: OfficeCaller,
    ) -> Result<Self, Refusal> {
        let (incoming, body, body_max) = match body {
            OfficeBody::Whole(body, share) => (BodyState::Done, CallBody::Whole(body, share), Duration::ZERO),
            OfficeBody::Streams(reader, body_max) => {
                let (to, from) = mpsc::channel(BODY_PIECES_MAX);
                let incoming = BodyState::Streams { reader, to: PollSender::new(to), read: VecDeque::new() };
                (incoming, CallBody::Streams(from), body_max)
            }
        };
        let (answer, answered) = oneshot::channel();
        let call = OfficeCall { request: http::Request::from_parts(head, body), kind, source, answer };
        door.try_send(call).map_err(|_| Refusal::Overloaded)?;
        Ok(Self {
            incoming,
            outcoming: AnswerState::Head(answered),
            out: WriteQueue::default(),
            waker,
            waits_for: OfficeStreamWait::Office,
            has_turned: false,
            body_max,
            moved: 0,
            written: 0,
        })
    }

    /// The one that the stream waits for since its last advance.
    #[must_use]
    pub(super) fn waits_for(&self) -> OfficeStreamWait {
        self.waits_for
    }

    /// How long the body may take.
    #[must_use]
    pub(super) fn body_max(&self) -> Duration {
        self.body_max
    }

    /// The chunks that have moved in either direction. It rises while the peer sends or reads.
    #[must_use]
    pub(super) fn moved(&self) -> u64 {
        self.moved
    }

    /// The bytes of the answer that QUIC has taken.
    #[must_use]
    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// The bytes of the answer that QUIC has not taken yet.
    #[must_use]
    pub(super) fn unwritten(&self) -> usize {
        self.out.len()
    }

    /// Whether the last advance ended in another wait than the one before.
    #[must_use]
    pub(super) fn has_turned(&self) -> bool {
        self.has_turned
    }

    /// Ends a body that did not arrive in time. The back office answers that it is not whole.
    pub(super) fn abandon_body(&mut self) {
        if let BodyState::Streams { to, .. } = &mut self.incoming {
            // The peer is late only where the back office has read all pieces, so there is room for this one.
            to.abort_send();
            let _ = to.get_ref().map(|to| to.try_send(BodyPiece::Late));
            self.incoming = BodyState::Unwanted;
            self.waits_for = OfficeStreamWait::Office;
        }
    }

    /// Moves body and answer as far as both sides allow.
    pub(super) fn advance(
        &mut self,
        quic: &mut Connection,
        id: StreamId,
        date: &[u8; 29],
    ) -> OfficeStreamStatus {
        let waited_for = std::mem::replace(&mut self.waits_for, OfficeStreamWait::Office);
        if let Err(fault) = self.take_in(quic, id) {
            return OfficeStreamStatus::Fault(fault);
        }
        let status = self.give_out(quic, id, date);
        self.has_turned = self.waits_for != waited_for;
        status
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
                    StreamRead::Bytes(bytes) => {
                        self.moved += 1;
                        reader.handle(bytes)?;
                    }
                    StreamRead::End => reader.handle_end()?,
                    StreamRead::Waits => {
                        self.waits_for = OfficeStreamWait::Peer;
                        return Ok(());
                    }
                    StreamRead::Reset => self.incoming = BodyState::Done,
                },
            }
        }
    }

    fn give_out(&mut self, quic: &mut Connection, id: StreamId, date: &[u8; 29]) -> OfficeStreamStatus {
        let waker = self.waker.clone();
        let mut context = Context::from_waker(&waker);
        loop {
            let before = self.out.len();
            let progress = self.out.write(quic.send_stream(id));
            let written = before - self.out.len();
            self.moved += u64::from(written > 0);
            self.written += written;
            match progress {
                WriteProgress::Written => {}
                WriteProgress::Ended => return OfficeStreamStatus::Over,
                WriteProgress::Blocked => {
                    self.waits_for = OfficeStreamWait::Reader;
                    return OfficeStreamStatus::Waits;
                }
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
                    Poll::Ready(Some(BodyPiece::Bytes(piece))) => {
                        let mut frame = BytesMut::new();
                        answer::data_header(&mut frame, piece.len());
                        self.out.push(frame.freeze());
                        self.out.push(piece);
                    }
                    Poll::Ready(Some(BodyPiece::Late) | None) => return OfficeStreamStatus::Broken,
                    Poll::Ready(Some(BodyPiece::End)) => {
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
    to: &mut PollSender<BodyPiece>,
    read: &mut VecDeque<BodyPiece>,
    context: &mut Context<'_>,
) -> PassStatus {
    loop {
        if read.is_empty() {
            match reader.poll() {
                Some(Part::Body(piece)) => read.push_back(BodyPiece::Bytes(piece)),
                Some(Part::End) => read.push_back(BodyPiece::End),
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
                    let is_end = matches!(piece, BodyPiece::End);
                    // The slot was just reserved.
                    let _ = to.send_item(piece);
                    if is_end {
                        return PassStatus::Done;
                    }
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
