//! NDJSON in and out: a stream of lines of bounded length, and answers written as they are ready. A line's
//! problem does not stop the rest.

use super::error::OfficeError;
use super::json;
use super::work_place;
use axum::body::{Body, BodyDataStream};
use axum::response::{IntoResponse, Response};
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http::header::CONTENT_TYPE;
use scangate_core::refusal::Refusal;
use scangate_core::text::{BYTE_ORDER_MARK, without_mark};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// The longest line.
pub(in crate::office) const LINE_BYTES_MAX: usize = 4_096;
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
    buffer: BytesMut,
    number: u64,
    is_begun: bool,
    is_skipping: bool,
    is_ended: bool,
}

impl NdjsonLines {
    /// The lines of this body.
    #[must_use]
    pub(in crate::office) fn new(body: Body) -> Self {
        let body = body.into_data_stream();
        let buffer = BytesMut::new();
        Self { body, buffer, number: 0, is_begun: false, is_skipping: false, is_ended: false }
    }

    /// The next line that is not blank; `None` at the end. **Errors**: the body broke off; the lines before
    /// were returned. **Cancel safety**: no line is lost.
    pub(in crate::office) async fn next(&mut self) -> Result<Option<NdjsonLine>, OfficeError> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
            if self.is_ended {
                return Ok(None);
            }
            match self.body.next().await {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(_)) => return Err(OfficeError::Malformed("the body did not arrive whole".into())),
                None => self.is_ended = true,
            }
        }
    }

    /// Whether [`Self::next`] would wait for the sender.
    #[must_use]
    pub(in crate::office) fn is_waiting(&self) -> bool {
        !self.is_ended && !self.buffer.contains(&b'\n')
    }

    /// Takes one whole line from the buffer, if it has one.
    fn take_line(&mut self) -> Option<NdjsonLine> {
        self.skip_mark()?;
        loop {
            let end = self.buffer.iter().position(|&byte| byte == b'\n');
            let Some(bytes) = self.cut(end) else { return self.skip() };
            self.number += 1;
            if std::mem::take(&mut self.is_skipping) {
                continue;
            }
            let bytes = bytes.strip_suffix(b"\r").map_or(bytes.clone(), |line| bytes.slice_ref(line));
            if !bytes.iter().all(u8::is_ascii_whitespace) {
                let bytes = if bytes.len() > LINE_BYTES_MAX { Err(too_long()) } else { Ok(bytes) };
                return Some(NdjsonLine { number: self.number, bytes });
            }
        }
    }

    /// Skips a byte order mark before the first line; `None` while it may still arrive.
    fn skip_mark(&mut self) -> Option<()> {
        if !self.is_begun {
            let may_begin_mark = self.buffer.len() < BYTE_ORDER_MARK.len();
            if may_begin_mark && BYTE_ORDER_MARK.starts_with(&self.buffer) && !self.is_ended {
                return None;
            }
            let mark = self.buffer.len() - without_mark(&self.buffer).len();
            self.buffer.advance(mark);
            self.is_begun = true;
        }
        Some(())
    }

    fn cut(&mut self, end: Option<usize>) -> Option<Bytes> {
        match end {
            Some(end) => {
                let mut line = self.buffer.split_to(end + 1);
                line.truncate(end);
                Some(line.freeze())
            }
            None if self.is_ended && !self.buffer.is_empty() => Some(self.buffer.split().freeze()),
            None => None,
        }
    }

    /// Reports a line as soon as it is too long, and skips its rest.
    fn skip(&mut self) -> Option<NdjsonLine> {
        if self.buffer.len() <= LINE_BYTES_MAX {
            return None;
        }
        self.buffer.clear();
        let is_known = std::mem::replace(&mut self.is_skipping, true);
        (!is_known).then(|| NdjsonLine { number: self.number + 1, bytes: Err(too_long()) })
    }
}

fn too_long() -> OfficeError {
    Refusal::TooLarge.into()
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
    /// Adds a line as JSON. **Errors**: the client has disconnected.
    pub(in crate::office) async fn line(&mut self, line: &impl Serialize) -> Result<(), ClientGone> {
        let text = serde_json::to_vec(line).expect("answers hold nothing that JSON cannot");
        self.raw(&text).await
    }

    /// Adds a line that is JSON already.
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(pieces: Vec<Vec<u8>>) -> Vec<(u64, Option<String>)> {
        let pieces = pieces.into_iter().map(Ok::<_, Infallible>);
        let mut lines = NdjsonLines::new(Body::from_stream(futures_util::stream::iter(pieces)));
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push((line.number, line.bytes.ok().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())));
        }
        all
    }

    #[tokio::test]
    async fn split_at_every_byte_the_lines_are_the_same() {
        let text = b"{\"a\":1}\r\n\n  \n{\"b\":2}\nlast".to_vec();
        let expected = vec![
            (1, Some("{\"a\":1}".to_owned())),
            (4, Some("{\"b\":2}".to_owned())),
            (5, Some("last".to_owned())),
        ];
        for at in 0..=text.len() {
            let (one, two) = text.split_at(at);
            assert_eq!(lines(vec![one.to_vec(), two.to_vec()]).await, expected, "split at {at}");
        }
        assert_eq!(lines(text.iter().map(|&byte| vec![byte]).collect()).await, expected);
    }

    #[tokio::test]
    async fn a_byte_order_mark_before_the_first_line_is_no_part_of_it() {
        let text = "\u{feff}{\"a\":1}\n\u{feff}{}\n".as_bytes();
        let expected = vec![(1, Some("{\"a\":1}".to_owned())), (2, Some("\u{feff}{}".to_owned()))];
        for at in 0..=text.len() {
            let (one, two) = text.split_at(at);
            assert_eq!(lines(vec![one.to_vec(), two.to_vec()]).await, expected, "split at {at}");
        }
        let longest = format!("\u{feff}{}", "x".repeat(LINE_BYTES_MAX));
        assert_eq!(lines(vec![longest.into_bytes()]).await, [(1, Some("x".repeat(LINE_BYTES_MAX)))]);
        assert_eq!(lines(vec!["\u{feff}".into()]).await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_its_own_problem() {
        let mut text = b"one\n".to_vec();
        text.extend(vec![b'x'; 3 * LINE_BYTES_MAX]);
        text.extend(b"\nthree\n");
        let expected = vec![(1, Some("one".to_owned())), (2, None), (3, Some("three".to_owned()))];
        assert_eq!(lines(vec![text.clone()]).await, expected);
        assert_eq!(lines(text.chunks(1_000).map(<[u8]>::to_vec).collect()).await, expected);
    }
}
