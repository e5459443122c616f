//! The watch of a connection: since when it waits for its peer, and in which state. One sweep a second looks
//! at all watches of a worker, so a connection costs no timer.

use super::frames::{FrameCursor, SettingsMissing};
use crate::fairness::HeldShare;
use crate::serve::deadlines::{DRAIN_MAX, HEAD_MAX, IDLE_MAX, STALL_MAX};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// What an unread answer costs beside the bytes of its body: its head, and its states in hyper.
const ANSWER_BYTES: usize = 3 * 1_024;
/// Encrypted bytes that TLS holds for a socket that takes no more.
pub(super) const TLS_BUFFER_BYTES: usize = 16 * 1024;

/// The watches of a worker's connections.
#[derive(Default)]
pub(in crate::serve) struct Watches {
    open: RefCell<HashMap<u64, Rc<ConnectionWatch>>>,
    next: Cell<u64>,
}

/// The watch of a connection.
pub(super) struct ConnectionWatch {
    /// Rings when the connection has to end, or to begin its end.
    pub(super) ring: Notify,
    end: Cell<ConnectionEnd>,
    /// Requests that are being answered.
    requests: Cell<u32>,
    /// When the last request ended, or the connection began.
    idle_since: Cell<Instant>,
    /// When a head began that is not whole.
    head_since: Cell<Option<Instant>>,
    /// Since when the socket takes no more bytes.
    blocked_since: Cell<Option<Instant>>,
    /// Whether the last request was read to its end.
    is_body_read: Cell<bool>,
    /// Whether nothing was answered or written since the last flush.
    is_flushed: Cell<bool>,
    /// Bytes of answers that wait for the reader.
    unread: Cell<usize>,
    /// The connection's charge for these bytes.
    charged: RefCell<HeldShare>,
    /// When the reader last took something.
    read_at: Cell<Instant>,
    /// Whether a request has come.
    is_used: Cell<bool>,
    /// Whether a request ends the head that was arriving. HTTP/2 has several heads at a time.
    is_serial: bool,
    /// The bytes of the connection's unfinished requests.
    pub(super) unfinished: Cell<usize>,
}

/// How far the end of a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionEnd {
    /// It goes on.
    None,
    /// It was idle for long. It is asked to end in order until this time.
    Orderly(Instant),
    /// It ends now.
    Now,
}

impl Watches {
    /// Adds a connection. The returned number removes it.
    pub(super) fn add(&self, watch: &Rc<ConnectionWatch>) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        self.open.borrow_mut().insert(number, Rc::clone(watch));
        number
    }

    /// Removes a connection.
    pub(super) fn remove(&self, number: u64) {
        self.open.borrow_mut().remove(&number);
    }

    /// Ends every connection that is late.
    pub(super) fn end_late(&self, now: Instant) {
        self.open.borrow().values().for_each(|watch| watch.end_if_late(now));
    }
}

impl ConnectionWatch {
    /// The watch of a connection that begins.
    pub(super) fn new(now: Instant, is_http2: bool, charged: HeldShare) -> Rc<Self> {
        Rc::new(Self {
            ring: Notify::new(),
            end: Cell::new(ConnectionEnd::None),
            requests: Cell::new(0),
            idle_since: Cell::new(now),
            head_since: Cell::new(None),
            blocked_since: Cell::new(None),
            is_body_read: Cell::new(true),
            is_flushed: Cell::new(true),
            unread: Cell::new(0),
            charged: RefCell::new(charged),
            read_at: Cell::new(now),
            is_used: Cell::new(false),
            is_serial: !is_http2,
            unfinished: Cell::new(0),
        })
    }

    /// How far the end is.
    pub(super) fn end(&self) -> ConnectionEnd {
        self.end.get()
    }

    fn end_if_late(&self, now: Instant) {
        let has_passed = |since: Instant, max| now.saturating_duration_since(since) > max;
        let has_stalled = |since: Option<Instant>, max| since.is_some_and(|since| has_passed(since, max));
        let is_idle = self.requests.get() == 0;
        let idle_since = self.idle_since.get();
        let is_late = has_stalled(self.head_since.get(), HEAD_MAX)
            || has_stalled(self.blocked_since.get(), STALL_MAX)
            || (self.unread.get() > 0 && has_passed(self.read_at.get(), STALL_MAX))
            || (is_idle && !self.is_used.get() && has_passed(idle_since, HEAD_MAX))
            || !self.is_charged();
        let end = match self.end.get() {
            _ if is_late => ConnectionEnd::Now,
            ConnectionEnd::Orderly(until) if now >= until => ConnectionEnd::Now,
            ConnectionEnd::None if is_idle && has_passed(idle_since, IDLE_MAX) => {
                ConnectionEnd::Orderly(now + DRAIN_MAX)
            }
            end @ (ConnectionEnd::None | ConnectionEnd::Orderly(_) | ConnectionEnd::Now) => end,
        };
        if self.end.replace(end) != end {
            self.ring.notify_one();
        }
    }

    /// Charges the source of the connection for its unread answers. Returns false if it may not hold so much.
    fn is_charged(&self) -> bool {
        let of_tls = if self.blocked_since.get().is_some() { TLS_BUFFER_BYTES } else { 0 };
        self.charged.borrow_mut().resize(self.unread.get() + of_tls)
    }

    /// Whether HTTP/1.1 has no work while hyper waits: no request is under way, the last one was read to its
    /// end, its answer was flushed, and no byte has come since.
    ///
    /// hyper flushes the stream only when its own buffer is empty. It drops an answer's body, and with it
    /// the guard, in the step that fills the buffer for the last time. A later flush has passed on all of it.
    pub(super) fn is_at_rest(&self) -> bool {
        self.requests.get() == 0
            && self.is_body_read.get()
            && self.is_flushed.get()
            && self.head_since.get().is_none()
    }

    /// Notes that a request begins, and whether it has no body. It is over when the guard is dropped.
    pub(super) fn request(self: &Rc<Self>, is_without_body: bool) -> RequestGuard {
        self.is_body_read.set(is_without_body);
        self.requests.set(self.requests.get() + 1);
        self.is_used.set(true);
        if self.is_serial {
            self.head_since.set(None);
        }
        RequestGuard { watch: Rc::clone(self), unread: 0 }
    }
}

/// A request that is being answered.
pub(super) struct RequestGuard {
    watch: Rc<ConnectionWatch>,
    /// Its part of the connection's unread bytes.
    unread: usize,
}

impl RequestGuard {
    /// The watch of the request's connection.
    pub(super) fn watch(&self) -> &Rc<ConnectionWatch> {
        &self.watch
    }

    /// Notes that a part of the answer waits for the client, which has just read the part before it. The
    /// waiting body holds so many bytes of memory.
    pub(super) fn set_unread(&mut self, held: usize) {
        self.note_unread(held + ANSWER_BYTES);
    }

    /// Notes that the client has read all that there was.
    pub(super) fn set_read(&mut self) {
        self.note_unread(0);
    }

    /// Notes that the request's body was read to its end.
    pub(super) fn set_body_read(&self) {
        self.watch.is_body_read.set(true);
    }

    fn note_unread(&mut self, unread: usize) {
        let watch = &self.watch;
        watch.read_at.set(Instant::now());
        watch.unread.set(watch.unread.get() - self.unread + unread);
        self.unread = unread;
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.set_read();
        self.watch.is_flushed.set(false);
        let left = self.watch.requests.get() - 1;
        self.watch.requests.set(left);
        if left == 0 {
            self.watch.idle_since.set(Instant::now());
        }
    }
}

/// The bytes by which a watch recognises an unfinished head.
pub(super) enum HeadCursor {
    /// HTTP/1.1: whatever comes while no request is being answered.
    Http1,
    /// HTTP/2: a frame that is not whole, or a field block without its end.
    Http2(FrameCursor),
}

/// A TLS stream under watch.
pub(super) struct TimedStream<S> {
    stream: S,
    watch: Rc<ConnectionWatch>,
    cursor: HeadCursor,
    /// Bytes that were read before and are read again, ahead of the stream's.
    ahead: Bytes,
}

impl<S> TimedStream<S> {
    /// Puts a stream under watch.
    pub(super) fn new(stream: S, watch: Rc<ConnectionWatch>, cursor: HeadCursor) -> Self {
        Self { stream, watch, cursor, ahead: Bytes::new() }
    }

    /// Puts back what was read of the next request over HTTP/1.1. **Shape**: a server ignores empty lines
    /// before a request (RFC 9112 section 2.2), so they are no byte of it.
    pub(super) fn put_back(&mut self, mut bytes: &[u8]) {
        while let Some(rest) = bytes.strip_prefix(b"\r\n").or_else(|| bytes.strip_prefix(b"\n")) {
            bytes = rest;
        }
        self.ahead = Bytes::copy_from_slice(bytes);
    }

    fn note_read(&mut self, bytes: &[u8]) -> Result<(), SettingsMissing> {
        let since = &self.watch.head_since;
        let is_open = match &mut self.cursor {
            HeadCursor::Http1 => self.watch.requests.get() == 0 && !bytes.is_empty(),
            HeadCursor::Http2(cursor) => cursor.read(bytes)?,
        };
        if !is_open {
            since.set(None);
        } else if since.get().is_none() {
            since.set(Some(Instant::now()));
        }
        Ok(())
    }

    fn note_write(&self, is_blocked: bool) {
        self.watch.is_flushed.set(false);
        let since = &self.watch.blocked_since;
        if !is_blocked {
            since.set(None);
        } else if since.get().is_none() {
            since.set(Some(Instant::now()));
        }
    }
}

impl<S: AsyncBufRead + Unpin> TimedStream<S> {
    /// Returns when there is something to read: bytes, the end, or an error. It stays to be read.
    pub(super) async fn readable(&mut self) {
        if self.ahead.is_empty() {
            // An error is met again by the one who reads.
            let _ = self.stream.fill_buf().await;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = if self.ahead.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))
        } else {
            let taken = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(taken));
            Ok(())
        };
        let noted = self.note_read(&buffer.filled()[before..]);
        Poll::Ready(read.and(noted.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_write(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.note_write(written.is_pending());
        written
    }

    /// Whether hyper may pass on an answer in pieces, which it otherwise copies into one.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.note_write(flushed.is_pending());
        self.watch.is_flushed.set(matches!(flushed, Poll::Ready(Ok(()))));
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.note_write(shut.is_pending());
        shut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fairness::{Source, SourceShares};
    use std::net::SocketAddr;
    use std::time::Duration;

    /// Bytes of unread answers that the connections of a test may hold.
    const UNREAD_MAX: usize = 300_000;

    fn watch_of(now: Instant, is_http2: bool) -> Rc<ConnectionWatch> {
        let source = Source::from(SocketAddr::from(([192, 0, 2, 1], 1)));
        ConnectionWatch::new(now, is_http2, SourceShares::new(UNREAD_MAX).share(source))
    }

    fn ends_after(watch: &ConnectionWatch, now: Instant, pause: Duration) -> ConnectionEnd {
        watch.end_if_late(now + pause);
        watch.end()
    }

    #[test]
    fn a_used_connection_may_be_idle_for_long_and_an_unused_one_may_not() {
        let now = Instant::now();
        let unused = watch_of(now, true);
        assert_eq!(ends_after(&unused, now, HEAD_MAX), ConnectionEnd::None);
        assert_eq!(ends_after(&unused, now, HEAD_MAX + Duration::from_millis(1)), ConnectionEnd::Now);
        let used = watch_of(now, true);
        drop(used.request(true));
        let idle = used.idle_since.get();
        assert_eq!(ends_after(&used, idle, IDLE_MAX), ConnectionEnd::None);
        let late = IDLE_MAX + Duration::from_millis(1);
        assert_eq!(ends_after(&used, idle, late), ConnectionEnd::Orderly(idle + late + DRAIN_MAX));
        assert_eq!(ends_after(&used, idle, late + DRAIN_MAX), ConnectionEnd::Now);
    }

    #[test]
    fn a_request_under_way_has_no_end_while_the_gateway_works() {
        let now = Instant::now();
        let watch = watch_of(now, false);
        let mut request = watch.request(true);
        assert_eq!(ends_after(&watch, now, IDLE_MAX * 2), ConnectionEnd::None);
        request.set_unread(0);
        let read_at = watch.read_at.get();
        assert_eq!(ends_after(&watch, read_at, STALL_MAX), ConnectionEnd::None);
        request.set_unread(0);
        let read_at = watch.read_at.get();
        assert_eq!(ends_after(&watch, read_at, STALL_MAX * 2), ConnectionEnd::Now);
    }

    #[test]
    fn bytes_without_a_whole_head_have_a_deadline_from_the_first_one_on() {
        let now = Instant::now();
        let watch = watch_of(now, false);
        drop(watch.request(true));
        let mut stream = TimedStream::new((), Rc::clone(&watch), HeadCursor::Http1);
        stream.note_read(b"G").unwrap();
        let since = watch.head_since.get().unwrap();
        stream.note_read(b"E").unwrap();
        assert_eq!(watch.head_since.get(), Some(since));
        assert_eq!(ends_after(&watch, since, HEAD_MAX), ConnectionEnd::None);
        assert_eq!(ends_after(&watch, since, HEAD_MAX * 2), ConnectionEnd::Now);
        drop(watch.request(true));
        assert_eq!(watch.head_since.get(), None);
    }

    #[test]
    fn a_blocked_socket_has_a_deadline() {
        let now = Instant::now();
        let watch = watch_of(now, true);
        drop(watch.request(true));
        let stream = TimedStream::new((), Rc::clone(&watch), HeadCursor::Http2(FrameCursor::new()));
        stream.note_write(true);
        let since = watch.blocked_since.get().unwrap();
        assert_eq!(ends_after(&watch, since, STALL_MAX), ConnectionEnd::None);
        stream.note_write(false);
        assert_eq!(ends_after(&watch, since, STALL_MAX * 2), ConnectionEnd::None);
        stream.note_write(true);
        let since = watch.blocked_since.get().unwrap();
        assert_eq!(ends_after(&watch, since, STALL_MAX * 2), ConnectionEnd::Now);
    }

    #[test]
    fn a_connection_is_at_rest_after_a_whole_request_and_a_flush() {
        let watch = watch_of(Instant::now(), false);
        let mut stream = TimedStream::new(tokio::io::empty(), Rc::clone(&watch), HeadCursor::Http1);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let flush = |stream: &mut TimedStream<_>, context: &mut Context<'_>| {
            assert!(Pin::new(stream).poll_flush(context).is_ready());
        };
        assert!(watch.is_at_rest());
        let request = watch.request(false);
        flush(&mut stream, &mut context);
        assert!(!watch.is_at_rest(), "a request is under way");
        request.set_body_read();
        drop(request);
        assert!(!watch.is_at_rest(), "hyper may hold the answer");
        flush(&mut stream, &mut context);
        assert!(watch.is_at_rest());
        stream.note_write(false);
        assert!(!watch.is_at_rest(), "something was written");
        flush(&mut stream, &mut context);
        stream.note_read(b"G").unwrap();
        assert!(!watch.is_at_rest(), "a head has begun");
        drop(watch.request(false));
        flush(&mut stream, &mut context);
        assert!(!watch.is_at_rest(), "the body was not read");
        drop(watch.request(true));
        flush(&mut stream, &mut context);
        assert!(watch.is_at_rest());
    }

    #[test]
    fn bytes_that_were_put_back_come_first_and_begin_a_head() {
        let watch = watch_of(Instant::now(), false);
        let mut stream = TimedStream::new(b"ET".as_slice(), Rc::clone(&watch), HeadCursor::Http1);
        let mut context = Context::from_waker(std::task::Waker::noop());
        stream.put_back(b"\r\n\nG\r\n");
        for (room, expected) in [(1, b"G".as_slice()), (9, b"\r\n"), (9, b"ET")] {
            let mut bytes = vec![0; room];
            let mut buffer = ReadBuf::new(&mut bytes);
            assert!(Pin::new(&mut stream).poll_read(&mut context, &mut buffer).is_ready());
            assert_eq!(buffer.filled(), expected);
            assert!(watch.head_since.get().is_some());
        }
    }

    #[test]
    fn unread_answers_end_a_connection_whose_source_holds_too_much() {
        let now = Instant::now();
        let watch = watch_of(now, true);
        let ends = |watch: &ConnectionWatch| ends_after(watch, now, Duration::ZERO) == ConnectionEnd::Now;
        let (mut first, mut second) = (watch.request(true), watch.request(true));
        first.set_unread(100_000);
        second.set_unread(90_000);
        assert!(!ends(&watch));
        assert_eq!(watch.charged.borrow().held(), 190_000 + 2 * ANSWER_BYTES);
        first.set_read();
        assert!(!ends(&watch));
        assert_eq!(watch.charged.borrow().held(), 90_000 + ANSWER_BYTES);
        first.set_unread(UNREAD_MAX);
        assert!(ends(&watch));
        drop((first, second));
        assert_eq!(watch.unread.get(), 0);
    }
}
