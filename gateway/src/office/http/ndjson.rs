//! NDJSON in and out: the lines of a body as they arrive, and answers written as they are ready. A line's
//! problem does not stop the rest.

use super::error::OfficeError;
use super::json;
use super::work_place;
use crate::wire::line_cutter::{CutLine, LineCutter, LineTooLong};
use axum::body::{Body, BodyDataStream};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http::header::CONTENT_TYPE;
use scangate_core::refusal::Refusal;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// The size at which answers are sent as one chunk.
const PIECE_BYTES: usize = 16 * 1024;
/// The chunks that may wait for the client: 16 MiB in all. A client that reads nothing before it has sent
/// everything can still import a hundred thousand lines.
const PIECES_MAX: usize = 1_024;

/// A line of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::office) struct NdjsonLine {
    /// The line's number, from 1. Blank lines count.
    pub number: u64,
    /// The bytes without the line feed, or the problem of a line that is too long.
    pub bytes: Result<Bytes, OfficeError>,
}

impl NdjsonLine {
    /// Parses the line as a JSON object.
    pub(in crate::office) fn parse<T: DeserializeOwned>(&self) -> Result<T, OfficeError> {
        json::parse(self.bytes.as_ref().map_err(Clone::clone)?)
    }
}

/// The lines of a request's body.
pub(in crate::office) struct NdjsonLines {
    body: BodyDataStream,
    cutter: LineCutter,
}

impl NdjsonLines {
    /// The lines of this body.
    #[must_use]
    pub(in crate::office) fn new(body: Body) -> Self {
        Self { body: body.into_data_stream(), cutter: LineCutter::default() }
    }

    /// The next line that is not blank; `None` at the end. **Errors**: the body broke off; the lines before
    /// were returned. **Cancel safety**: no line is lost.
    pub(in crate::office) async fn next(&mut self) -> Result<Option<NdjsonLine>, OfficeError> {
        loop {
            if let Some(CutLine { number, bytes }) = self.cutter.take_line() {
                let bytes = bytes.map_err(|LineTooLong| Refusal::TooLarge.into());
                return Ok(Some(NdjsonLine { number, bytes }));
            }
            if self.cutter.is_ended() {
                return Ok(None);
            }
            match self.body.next().await {
                Some(Ok(bytes)) => self.cutter.push(&bytes),
                Some(Err(error)) => return Err(OfficeError::of_body(&error)),
                None => self.cutter.end(),
            }
        }
    }

    /// Whether [`Self::next`] would wait for the sender.
    #[must_use]
    pub(in crate::office) fn is_waiting(&self) -> bool {
        self.cutter.is_waiting()
    }
}

/// The writer of an answer's lines.
pub(in crate::office) struct Sink {
    to: mpsc::Sender<Bytes>,
    piece: BytesMut,
}

/// The client has disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client is gone")]
pub(in crate::office) struct ClientGone;

impl Sink {
    /// Adds a line. **Errors**: the client has disconnected.
    pub(in crate::office) async fn raw(&mut self, line: &[u8]) -> Result<(), ClientGone> {
        self.piece.extend_from_slice(line);
        self.piece.extend_from_slice(b"\n");
        if self.piece.len() >= PIECE_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Sends the buffered lines.
    pub(in crate::office) async fn flush(&mut self) -> Result<(), ClientGone> {
        if self.piece.is_empty() {
            return Ok(());
        }
        match self.to.try_send(self.piece.split().freeze()) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(ClientGone),
            Err(TrySendError::Full(piece)) => {
                work_place::leave();
                self.to.send(piece).await.map_err(|_| ClientGone)
            }
        }
    }
}

/// An answer whose lines `write` produces while it is sent. The rest of the buffer is flushed at the end.
pub(in crate::office) fn answer<F>(write: impl FnOnce(Sink) -> F) -> Response
where
    F: Future<Output = Result<Sink, ClientGone>> + Send + 'static,
{
    let (to, pieces) = mpsc::channel(PIECES_MAX);
    let writing = write(Sink { to, piece: BytesMut::new() });
    let writing = async move {
        if let Ok(mut sink) = writing.await {
            // A client that has disconnected misses nothing.
            let _ = sink.flush().await;
        }
    };
    // The lines are worked on after the dispatcher has seen the head, and so under a place of their own.
    match work_place::current() {
        Some(place) => tokio::spawn(place.another().scope(writing)),
        None => tokio::spawn(writing),
    };
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(NdjsonBody(pieces))).into_response()
}

struct NdjsonBody(mpsc::Receiver<Bytes>);

impl Stream for NdjsonBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|piece| piece.map(Ok))
    }
}
