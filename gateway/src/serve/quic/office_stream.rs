//! A request stream that the back office answers: its body goes in by a bounded channel and its answer
//! comes out by one, each held back by the other side's window. Polled by the loop, never a task.

use super::write_queue::{Outgoing, Progress};
use crate::office::http::call::{Abandoned, Answer, Call, Door, PIECES_MAX, Piece};
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

/// What becomes of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It waits for the peer or the office.
    Waits,
    /// It is over.
    Over,
    /// The office gave up half-way: the stream is to be reset.
    Broken,
    /// The peer broke a rule.
    Fault(Fault),
}

#[expect(clippy::large_enum_variant, reason = "it lies in the box of its stream")]
enum Incoming {
    /// Pieces go to the office as it takes them; some were read already.
    Streams { reader: RequestReader, to: PollSender<Piece>, read: VecDeque<Bytes> },
    /// The office wants no more; the peer goes on sending until it is told.
    Unwanted,
    /// All went.
    Done,
}

enum Outcoming {
    Head(oneshot::Receiver<Answer>),
    Body(mpsc::Receiver<Piece>),
    Done,
}

/// The stream.
pub(super) struct OfficeStream {
    incoming: Incoming,
    outcoming: Outcoming,
    out: Outgoing,
    waker: Waker,
}

impl OfficeStream {
    /// Sends the head to the back office. **Errors**: `overloaded` where its door is full.
    pub(super) fn begin(
        head: http::request::Parts,
        reader: RequestReader,
        door: &Door,
        waker: Waker,
    ) -> Result<Self, Refusal> {
        let (to, from) = mpsc::channel(PIECES_MAX);
        let (answer, answered) = oneshot::channel();
        let call = Call { request: http::Request::from_parts(head, from), answer };
        door.try_send(call).map_err(|_| Refusal::Overloaded)?;
        let incoming = Incoming::Streams { reader, to: PollSender::new(to), read: VecDeque::new() };
        Ok(Self { incoming, outcoming: Outcoming::Head(answered), out: Outgoing::default(), waker })
    }

    /// Moves what can be moved, both ways.
    pub(super) fn advance(&mut self, quic: &mut Connection, id: StreamId, date: &[u8; 29]) -> Next {
        if let Err(fault) = self.take_in(quic, id) {
            return Next::Fault(fault);
        }
        self.give_out(quic, id, date)
    }

    fn take_in(&mut self, quic: &mut Connection, id: StreamId) -> Result<(), Fault> {
        let waker = self.waker.clone();
        let mut context = Context::from_waker(&waker);
        loop {
            let Incoming::Streams { reader, to, read } = &mut self.incoming else { return Ok(()) };
            match pass_on(reader, to, read, &mut context) {
                Passed::Waits => return Ok(()),
                Passed::Done => self.incoming = Incoming::Done,
                Passed::Unwanted => self.incoming = Incoming::Unwanted,
                Passed::WantsMore => match read_some(quic, id) {
                    Read::Bytes(bytes) => reader.handle(bytes)?,
                    Read::End => reader.handle_end()?,
                    Read::Waits => return Ok(()),
                    Read::Reset => {
                        // Where there is no room for the word the dropped channel says it.
                        if to.poll_reserve(&mut context).is_ready() {
                            let _ = to.send_item(Err(Abandoned));
                        }
                        self.incoming = Incoming::Done;
                    }
                },
            }
        }
    }

    fn give_out(&mut self, quic: &mut Connection, id: StreamId, date: &[u8; 29]) -> Next {
        let waker = self.waker.clone();
        let mut context = Context::from_waker(&waker);
        loop {
            match self.out.write(quic.send_stream(id)) {
                Progress::Written => {}
                Progress::Ended => return Next::Over,
                Progress::Blocked => return Next::Waits,
                Progress::Gone => return Next::Broken,
            }
            match &mut self.outcoming {
                Outcoming::Head(answered) => match Pin::new(answered).poll(&mut context) {
                    Poll::Pending => return Next::Waits,
                    Poll::Ready(Err(_)) => return Next::Broken,
                    Poll::Ready(Ok(Answer { mut head, body })) => {
                        if let Ok(date) = HeaderValue::from_bytes(date) {
                            head.headers.insert(DATE, date);
                        }
                        let mut frames = BytesMut::new();
                        answer::head(&mut frames, &head);
                        self.out.push(frames.freeze());
                        self.outcoming = Outcoming::Body(body);
                    }
                },
                Outcoming::Body(body) => match body.poll_recv(&mut context) {
                    Poll::Pending => return Next::Waits,
                    Poll::Ready(Some(Ok(piece))) => {
                        let mut frame = BytesMut::new();
                        answer::data_header(&mut frame, piece.len());
                        self.out.push(frame.freeze());
                        self.out.push(piece);
                    }
                    Poll::Ready(Some(Err(Abandoned))) => return Next::Broken,
                    Poll::Ready(None) => {
                        self.out.end();
                        self.outcoming = Outcoming::Done;
                    }
                },
                Outcoming::Done => return Next::Waits,
            }
        }
    }

    /// Whether the request's body has not come to its end.
    #[must_use]
    pub(super) fn is_reading(&self) -> bool {
        matches!(self.incoming, Incoming::Streams { .. } | Incoming::Unwanted)
    }
}

enum Passed {
    WantsMore,
    Waits,
    Unwanted,
    Done,
}

/// Passes read pieces on while the office takes them.
fn pass_on(
    reader: &mut RequestReader,
    to: &mut PollSender<Piece>,
    read: &mut VecDeque<Bytes>,
    context: &mut Context<'_>,
) -> Passed {
    loop {
        if read.is_empty() {
            match reader.poll() {
                Some(Part::Body(piece)) => read.push_back(piece),
                Some(Part::End) => return Passed::Done,
                Some(Part::Head(_)) => {}
                None => return Passed::WantsMore,
            }
            continue;
        }
        match to.poll_reserve(context) {
            Poll::Pending => return Passed::Waits,
            Poll::Ready(Err(_)) => return Passed::Unwanted,
            Poll::Ready(Ok(())) => {
                if let Some(piece) = read.pop_front() {
                    // The place was just reserved.
                    let _ = to.send_item(Ok(piece));
                }
            }
        }
    }
}

enum Read {
    Bytes(Bytes),
    End,
    Waits,
    Reset,
}

/// One chunk of the stream. Bytes that nobody has read stay under the peer's flow control.
fn read_some(quic: &mut Connection, id: StreamId) -> Read {
    let mut stream = quic.recv_stream(id);
    let Ok(mut chunks) = stream.read(true) else { return Read::Waits };
    let read = match chunks.next(usize::MAX) {
        Ok(Some(chunk)) => Read::Bytes(chunk.bytes),
        Ok(None) => Read::End,
        Err(ReadError::Blocked) => Read::Waits,
        Err(ReadError::Reset(_)) => Read::Reset,
    };
    // Whether credit goes out is decided when the connection is next asked for packets.
    let _ = chunks.finalize();
    read
}
