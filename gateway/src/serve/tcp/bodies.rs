//! Bodies over HTTP/2 and HTTP/1.1: gathering one, passing one on, and passing over one that is not wanted,
//! each under its deadlines.

use super::HttpContext;
use super::watch::{ConnectionWatch, RequestGuard};
use crate::fairness::{HeldShare, Source};
use crate::office::http::channel::{AbandonedBody, BodyPiece};
use crate::serve::budget::UNFINISHED_BYTES_MAX;
use crate::serve::deadlines::{BODY_MAX, STALL_MAX};
use bytes::{Bytes, BytesMut};
use http::Request;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use scangate_core::refusal::Refusal;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes of a rejected body that are still read, and for how long.
const PASSED_OVER_BYTES_MAX: usize = 4 * 1024 * 1024;
const PASSING_OVER_MAX: Duration = Duration::from_secs(2);

/// The problem of a body that broke off or was too slow.
const fn refusal(body: AbandonedBody) -> Refusal {
    match body {
        AbandonedBody::Broken => Refusal::Malformed("the request did not arrive whole"),
        AbandonedBody::Late => Refusal::TooSlow,
    }
}

/// The deadlines of one body.
struct BodyDeadlines {
    end: Instant,
    progressed: Instant,
}

impl BodyDeadlines {
    fn new(max: Duration) -> Self {
        let now = Instant::now();
        Self { end: now + max, progressed: now }
    }

    /// The next frame of data; none at the end. **Errors**: the body broke off or is late.
    async fn next(&mut self, body: &mut Incoming) -> Result<Option<Bytes>, AbandonedBody> {
        loop {
            let until = self.end.min(self.progressed + STALL_MAX);
            match timeout_at(until, body.frame()).await {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(frame))) => {
                    self.progressed = Instant::now();
                    // The gateway uses no trailers.
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Ok(Some(Err(_))) => return Err(AbandonedBody::Broken),
                Err(_) => return Err(AbandonedBody::Late),
            }
        }
    }
}

/// The bytes of a body that is being gathered, as its connection and its source are charged for them.
struct GatheredCharge {
    watch: Rc<ConnectionWatch>,
    share: Option<HeldShare>,
}

impl GatheredCharge {
    fn resize(&mut self, to: usize) -> bool {
        let Some(share) = &mut self.share else { return false };
        let (unfinished, before) = (&self.watch.unfinished, share.held());
        let all = unfinished.get() - before + to;
        if all > UNFINISHED_BYTES_MAX || !share.resize(to) {
            return false;
        }
        unfinished.set(all);
        true
    }
}

impl Drop for GatheredCharge {
    fn drop(&mut self) {
        if let Some(share) = &self.share {
            self.watch.unfinished.set(self.watch.unfinished.get() - share.held());
        }
    }
}

/// Gathers a body, and returns it with its share of the worker's budget. **Errors**: it is too long, too
/// late, or more than connection and source may hold.
pub(super) async fn gather(
    request: &mut Request<Incoming>,
    bytes_max: usize,
    source: Source,
    guard: &RequestGuard,
    http: &HttpContext,
) -> Result<(Bytes, HeldShare), Refusal> {
    if declared(request).is_some_and(|length| length > bytes_max as u64) {
        pass_over_unless_expected(request).await;
        return Err(Refusal::TooLarge);
    }
    let share = Some(http.unfinished.share(source));
    let mut charge = GatheredCharge { watch: Rc::clone(guard.watch()), share };
    let mut deadlines = BodyDeadlines::new(BODY_MAX);
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    loop {
        let Some(bytes) = deadlines.next(request.body_mut()).await.map_err(refusal)? else { break };
        let length = first.len() + rest.len() + bytes.len();
        if length > bytes_max {
            pass_over(request.body_mut()).await;
            return Err(Refusal::TooLarge);
        }
        if !charge.resize(length) {
            pass_over(request.body_mut()).await;
            return Err(Refusal::Overloaded);
        }
        if first.is_empty() {
            first = bytes;
        } else {
            rest.extend_from_slice(&bytes);
        }
    }
    guard.set_body_read();
    let held = charge.share.as_ref().map_or(0, HeldShare::held);
    charge.watch.unfinished.set(charge.watch.unfinished.get() - held);
    let share = mem::take(&mut charge.share).ok_or(Refusal::Overloaded)?;
    if rest.is_empty() {
        return Ok((first, share));
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok((whole.freeze(), share))
}

/// The `content-length` of a request, if it has a valid one.
pub(super) fn declared(request: &Request<Incoming>) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether a request has a body. Its first byte or its end is awaited, unless the client awaits an answer
/// before it sends one. The byte is dropped.
pub(super) async fn has_body(request: &mut Request<Incoming>) -> bool {
    if request.headers().contains_key(EXPECT) {
        return true;
    }
    let mut deadlines = BodyDeadlines::new(BODY_MAX);
    loop {
        match deadlines.next(request.body_mut()).await {
            Ok(Some(bytes)) if bytes.is_empty() => {}
            Ok(Some(_)) | Err(AbandonedBody::Broken | AbandonedBody::Late) => return true,
            Ok(None) => return false,
        }
    }
}

/// Passes a request's body to the back office, piece by piece, at its pace.
pub(super) async fn pump(mut body: Incoming, to: Sender<BodyPiece>, max: Duration) {
    let mut deadlines = BodyDeadlines::new(max);
    loop {
        // The client's time does not run while the back office does not read.
        let Ok(slot) = to.reserve().await else { return pass_over(&mut body).await };
        deadlines.progressed = Instant::now();
        match deadlines.next(&mut body).await {
            Ok(Some(bytes)) => slot.send(BodyPiece::Bytes(bytes)),
            Ok(None) => return slot.send(BodyPiece::End),
            Err(AbandonedBody::Late) => return slot.send(BodyPiece::Late),
            // The channel closes without an end.
            Err(AbandonedBody::Broken) => return,
        }
    }
}

/// Reads and drops a rejected body. A client that sent `expect` waits for the answer and sends no body.
pub(super) async fn pass_over_unless_expected(request: &mut Request<Incoming>) {
    if !request.headers().contains_key(EXPECT) {
        pass_over(request.body_mut()).await;
    }
}

/// Reads and drops the rest of a rejected body, up to a bound. Many clients read no answer while they
/// send, and lose it if the connection or stream is closed.
async fn pass_over(body: &mut Incoming) {
    let mut left = PASSED_OVER_BYTES_MAX;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(now_left) = left.checked_sub(bytes) else { return };
            left = now_left;
        }
    };
    // A slower client loses the answer.
    let _ = timeout(PASSING_OVER_MAX, rest).await;
}

/// An answer's body, under the watch of its connection.
pub(super) struct AnswerBody {
    whole: Bytes,
    /// The memory of the whole bytes.
    held: usize,
    pieces: Option<Receiver<BodyPiece>>,
    guard: RequestGuard,
}

impl AnswerBody {
    /// A body that is whole.
    pub(super) fn whole(bytes: Bytes, guard: RequestGuard) -> Self {
        let held = bytes.len();
        Self::of(bytes, held, guard)
    }

    /// A page, whose bytes belong to the program.
    pub(super) fn page(bytes: Bytes, guard: RequestGuard) -> Self {
        Self::of(bytes, 0, guard)
    }

    fn of(bytes: Bytes, held: usize, mut guard: RequestGuard) -> Self {
        if !bytes.is_empty() {
            guard.set_unread(held);
        }
        Self { whole: bytes, held, pieces: None, guard }
    }

    /// A body that the back office streams.
    pub(super) fn streams(pieces: Receiver<BodyPiece>, mut guard: RequestGuard) -> Self {
        guard.set_unread(0);
        Self { whole: Bytes::new(), held: 0, pieces: Some(pieces), guard }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = AbandonedBody;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AbandonedBody>>> {
        let whole = mem::take(&mut self.whole);
        if !whole.is_empty() {
            // hyper holds the bytes, and this body with them, until the reader has room for them.
            let held = self.held;
            self.guard.set_unread(held);
            return Poll::Ready(Some(Ok(Frame::data(whole))));
        }
        let Some(pieces) = &mut self.pieces else { return Poll::Ready(None) };
        let polled = pieces.poll_recv(context);
        match &polled {
            Poll::Ready(Some(BodyPiece::Bytes(bytes))) => self.guard.set_unread(bytes.len()),
            Poll::Ready(Some(BodyPiece::End | BodyPiece::Late) | None) | Poll::Pending => {
                self.guard.set_read();
            }
        }
        polled.map(|piece| match piece {
            Some(BodyPiece::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(BodyPiece::End) => {
                self.pieces = None;
                None
            }
            Some(BodyPiece::Late) | None => Some(Err(AbandonedBody::Broken)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.whole.is_empty() && self.pieces.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.pieces {
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(self.whole.len() as u64),
        }
    }
}
