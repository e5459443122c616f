//! HTTP/2 and HTTP/1.1 over TLS, by hyper. Its connections are tasks of the same worker, with the same
//! front desk and the same back office.

use super::bell::Bell;
use super::front_desk::{Caller, FrontDesk, Reply, ScanStatus};
use crate::office::http::channel::{
    AbandonedBody, BODY_CHUNKS_MAX, BodyChunk, OfficeAnswer, OfficeCall, OfficeSender,
};
use crate::tables::channels::Channel;
use crate::wire::caching::forbid_storing;
use crate::wire::problem::{field_of, is_encoding};
use crate::wire::route::{Route, plain_path};
use bytes::Bytes;
use http::header::{
    ALT_SVC, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderValue, RETRY_AFTER,
};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use scangate_core::limits::SCAN_BYTES_MAX;
use scangate_core::refusal::Refusal;
use std::cell::{RefCell, RefMut};
use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_rustls::TlsAcceptor;

use super::phase::Phase;

/// TCP connections of a worker, of some 40 KiB each.
const CONNECTIONS_MAX: usize = 65_536;
/// How long a handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How long a head may take. A phone needs far less.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// How long a check-in's body may take.
const BODY_MAX: Duration = Duration::from_secs(10);
/// Bytes of a rejected body that are still read, and for how long.
const PASSED_OVER_BYTES_MAX: usize = 4 * 1024 * 1024;
const PASSING_OVER_MAX: Duration = Duration::from_secs(2);
/// Bytes of an HTTP/1.1 head or of HTTP/2's header list.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 256;

/// The context that a worker's hyper tasks share.
pub struct HttpContext {
    /// The front desk.
    pub front: Rc<RefCell<FrontDesk>>,
    /// The bell of the loop, which also answers tasks.
    pub bell: Arc<Bell>,
    /// The back office's door.
    pub door: OfficeSender,
    /// TLS.
    pub tls: TlsAcceptor,
    /// `alt-svc`: that HTTP/3 is on this port.
    pub alt_svc: HeaderValue,
}

impl HttpContext {
    /// The front desk, with the clocks just read.
    fn front_now(&self) -> RefMut<'_, FrontDesk> {
        let mut front = self.front.borrow_mut();
        front.tick();
        front
    }
}

/// Accepts connections until the phase says to drain, and returns when the last one is gone.
pub async fn accept(listener: TcpListener, http: Rc<HttpContext>, mut phase: watch::Receiver<Phase>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while *phase.borrow() == Phase::Serving {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = phase.changed() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Most likely no file descriptors are left: wait for some connections to end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (http, phase) = (Rc::clone(&http), phase.clone());
        tokio::task::spawn_local(async move {
            serve(stream, http, phase).await;
            drop(place);
        });
    }
    drop(listener);
    // With all permits free again, every connection has ended.
    let all = u32::try_from(CONNECTIONS_MAX).expect("the bound is small");
    let _ = places.acquire_many(all).await;
}

async fn serve(stream: TcpStream, http: Rc<HttpContext>, mut phase: watch::Receiver<Phase>) {
    // Answers are written whole, so waiting for more would only delay them. A failure here costs
    // nothing else.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_MAX, http.tls.accept(stream)).await else { return };
    let host = || stream.get_ref().1.server_name().map(str::to_owned);
    let channel = http.front.borrow().channel(host);
    let builder = builder();
    let service = hyper::service::service_fn(|request| {
        let (http, channel) = (Rc::clone(&http), channel.clone());
        async move { Ok::<_, Infallible>(answer(request, channel.as_deref(), &http).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut is_draining = *phase.borrow() == Phase::Draining;
    if is_draining {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            // An error ends this connection alone.
            _ = connection.as_mut() => return,
            _ = phase.changed(), if !is_draining => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> auto::Builder<LocalExecutor> {
    let mut builder = auto::Builder::new(LocalExecutor);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).expect("the bound is small"))
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// hyper's tasks on this worker's thread.
#[derive(Clone, Copy)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(task);
    }
}

type AnswerBody = Either<Full<Bytes>, OfficeBody>;

async fn answer(
    request: Request<Incoming>,
    channel: Option<&Channel>,
    http: &HttpContext,
) -> Response<AnswerBody> {
    let admitted = channel.map_or(Ok(()), |channel| http.front_now().admit(channel));
    let mut response = match admitted {
        Ok(()) => go(request, http).await,
        Err(refusal) => reply(http.front_now().refuse(refusal)),
    };
    response.headers_mut().insert(ALT_SVC, http.alt_svc.clone());
    response
}

async fn go(mut request: Request<Incoming>, http: &HttpContext) -> Response<AnswerBody> {
    if is_encoded(&request) && has_body(&mut request).await {
        pass_over_unless_expected(&mut request).await;
        return reply(http.front_now().refuse(Refusal::EncodingUnsupported));
    }
    if let Some(plain) = with_plain_path(request.uri()) {
        *request.uri_mut() = plain;
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match Route::of(method.as_str().as_bytes(), path.as_bytes()) {
        Route::CheckIn => check_in(request, http).await,
        Route::Colour(code) => {
            let authorization = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
            reply(http.front_now().look_up(code, authorization))
        }
        Route::Office => office(request, http).await,
    }
}

/// Whether `content-encoding` has another coding than `identity`.
fn is_encoded(request: &Request<Incoming>) -> bool {
    let mut encodings = request.headers().get_all(CONTENT_ENCODING).iter();
    encodings.any(|value| is_encoding(value.as_bytes()))
}

/// Whether a request has a body. Its first byte or its end is awaited, unless the client awaits an answer
/// before it sends one. The byte is dropped.
async fn has_body(request: &mut Request<Incoming>) -> bool {
    if request.headers().contains_key(EXPECT) {
        return true;
    }
    let first = async {
        while let Some(Ok(frame)) = request.body_mut().frame().await {
            if frame.data_ref().is_some_and(|bytes| !bytes.is_empty()) {
                return true;
            }
        }
        false
    };
    tokio::time::timeout(BODY_MAX, first).await.unwrap_or(true)
}

/// The URI with the plain form of its path, where that differs.
fn with_plain_path(uri: &Uri) -> Option<Uri> {
    let plain = plain_path(uri.path_and_query()?.as_str().as_bytes())?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(plain).ok()?);
    Uri::from_parts(parts).ok()
}

async fn check_in(request: Request<Incoming>, http: &HttpContext) -> Response<AnswerBody> {
    let authorization = request.headers().get(AUTHORIZATION).cloned();
    let body = match scan_body(request).await {
        Ok(body) => body,
        Err(refusal) => return reply(http.front_now().refuse(refusal)),
    };
    let (task, answered) = oneshot::channel();
    let authorization = authorization.as_ref().map(HeaderValue::as_bytes);
    let taken = http.front_now().check_in(&body, authorization, Caller::Task(task));
    if http.front.borrow().is_due() {
        http.bell.ring().notify_one();
    }
    match taken {
        ScanStatus::Refused(refusal) => reply(http.front_now().refuse(refusal)),
        ScanStatus::Waiting => match answered.await {
            Ok(kept) => reply(kept),
            // The journal is poisoned and the gateway is stopping. The check-in was not acknowledged.
            Err(_) => reply(http.front_now().refuse(Refusal::Overloaded)),
        },
    }
}

async fn scan_body(mut request: Request<Incoming>) -> Result<Bytes, Refusal> {
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > SCAN_BYTES_MAX as u64) {
        pass_over_unless_expected(&mut request).await;
        return Err(Refusal::TooLarge);
    }
    let mut body = request.into_body();
    let whole = Limited::new(&mut body, SCAN_BYTES_MAX).collect();
    match tokio::time::timeout(BODY_MAX, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            pass_over(&mut body).await;
            Err(Refusal::TooLarge)
        }
        Ok(Err(_)) | Err(_) => Err(Refusal::Malformed("the body did not arrive whole")),
    }
}

/// Reads and drops a rejected body. A client that sent `expect` waits for the answer and sends no body.
async fn pass_over_unless_expected(request: &mut Request<Incoming>) {
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
    let _ = tokio::time::timeout(PASSING_OVER_MAX, rest).await;
}

fn reply(reply: Reply) -> Response<AnswerBody> {
    let kind = if reply.is_problem { "application/problem+json" } else { "application/json" };
    let mut response = Response::new(Either::Left(Full::new(reply.body.freeze())));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    forbid_storing(response.headers_mut());
    if let Some(seconds) = reply.retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if let Some((name, value)) = field_of(reply.status) {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn office(request: Request<Incoming>, http: &HttpContext) -> Response<AnswerBody> {
    let (parts, body) = request.into_parts();
    let (to, from) = mpsc::channel(BODY_CHUNKS_MAX);
    let (answer, answered) = oneshot::channel();
    let call = OfficeCall { request: Request::from_parts(parts, from), answer };
    if http.door.try_send(call).is_err() {
        return reply(http.front_now().refuse(Refusal::Overloaded));
    }
    tokio::task::spawn_local(pump(body, to));
    match answered.await {
        Ok(OfficeAnswer { head, body }) => Response::from_parts(head, Either::Right(OfficeBody(body))),
        Err(_) => reply(http.front_now().refuse(Refusal::Overloaded)),
    }
}

/// Passes a request's body to the back office, piece by piece, at its pace.
async fn pump(mut body: Incoming, to: mpsc::Sender<BodyChunk>) {
    while let Some(frame) = body.frame().await {
        let piece = match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) => Ok(bytes),
            // The back office uses no trailers.
            Ok(Err(_)) => continue,
            Err(_) => Err(AbandonedBody),
        };
        if to.send(piece).await.is_err() {
            pass_over(&mut body).await;
            return;
        }
    }
}

/// An answer's body from the back office.
struct OfficeBody(mpsc::Receiver<BodyChunk>);

impl Body for OfficeBody {
    type Data = Bytes;
    type Error = AbandonedBody;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AbandonedBody>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
