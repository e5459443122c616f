//! One connection over TCP: TLS, the version that ALPN agreed on, and hyper, under watch.

use super::HttpContext;
use super::frames::FrameCursor;
use super::http1;
use super::requests::answer;
use super::watch::{ConnectionEnd, ConnectionWatch, HeadCursor, TLS_BUFFER_BYTES, TimedStream};
use crate::fairness::{HeldShare, Source};
use crate::serve::deadlines::{HANDSHAKE_MAX, STALL_MAX};
use crate::serve::life::phase::Phase;
use crate::wire::limits::HEAD_BYTES_MAX;
use http::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch::Receiver;
use tokio_rustls::server::TlsStream;

/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 256;
/// Bytes that a client may send ahead on a stream and on a connection, as over HTTP/3.
const STREAM_WINDOW_BYTES: u32 = 16 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 64 * 1024;
/// Bytes of answers that hyper holds for a stream.
const SEND_BUFFER_BYTES: usize = 16 * 1024;
/// The interval at which HTTP/2 asks a peer with open requests whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// The name of HTTP/2 in ALPN. Everything else is HTTP/1.1.
const HTTP2: &[u8] = b"h2";

/// A future of this thread.
pub(super) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;
/// The stream of a connection.
pub(super) type TcpTlsStream = TimedStream<TlsStream<TcpStream>>;

/// Serves a connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    place: HeldShare,
    http: Rc<HttpContext>,
    phase: Receiver<Phase>,
) {
    // Answers are written whole, so waiting for more would only delay them. A failure here costs
    // nothing else.
    let _ = stream.set_nodelay(true);
    // On the heap, so that an open connection does not keep room for its handshake.
    let handshake = Box::pin(http.tls.accept(stream));
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_MAX, handshake).await else {
        return http.handshakes.failed.increment(1);
    };
    // On the heap at once: a local that is borrowed keeps its room while the connection is open.
    let mut stream = Box::new(stream);
    http.handshakes.completed.increment(1);
    stream.get_mut().1.set_buffer_limit(Some(TLS_BUFFER_BYTES));
    http.open.increment(1.0);
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
    let watch = ConnectionWatch::new(Instant::now(), is_http2, http.unfinished.share(place.source()));
    let number = http.watches.add(&watch);
    run(stream, &watch, place.source(), &http, phase).await;
    http.watches.remove(number);
    http.open.decrement(1.0);
}

/// Runs HTTP on a connection. **Cost**: the connection is built where it stays, since a future that is passed
/// on by value leaves its room behind.
fn run(
    stream: Box<TlsStream<TcpStream>>,
    watch: &Rc<ConnectionWatch>,
    source: Source,
    http: &Rc<HttpContext>,
    mut phase: Receiver<Phase>,
) -> LocalFuture<()> {
    let (_, tls) = stream.get_ref();
    let is_http2 = tls.alpn_protocol() == Some(HTTP2);
    let channel = http.front.borrow().channel(|| tls.server_name().map(str::to_owned));
    let (http, of_requests) = (Rc::clone(http), Rc::clone(watch));
    let service = hyper::service::service_fn(move |request: Request<Incoming>| -> LocalFuture<_> {
        let guard = of_requests.request(request.body().is_end_stream());
        let (http, channel) = (Rc::clone(&http), channel.clone());
        Box::pin(async move {
            Ok::<_, Infallible>(answer(request, guard, source, channel.as_deref(), &http).await)
        })
    });
    let cursor = if is_http2 { HeadCursor::Http2(FrameCursor::new()) } else { HeadCursor::Http1 };
    let stream = Box::new(TimedStream::new(*stream, Rc::clone(watch), cursor));
    let watch = Rc::clone(watch);
    if !is_http2 {
        return Box::pin(http1::run(stream, service, watch, phase));
    }
    let connection = Box::pin(http2_builder().serve_connection(TokioIo::new(stream), service));
    Box::pin(async move {
        // An error ends this connection alone.
        let _ = drive(connection, http2::Connection::graceful_shutdown, &watch, &mut phase).await;
    })
}

/// Drives a connection, and returns its output. Returns none if it is late.
pub(super) async fn drive<C: Future>(
    mut connection: Pin<Box<C>>,
    end_orderly: impl Fn(Pin<&mut C>),
    watch: &ConnectionWatch,
    phase: &mut Receiver<Phase>,
) -> Option<C::Output> {
    let mut is_ending = *phase.borrow() != Phase::Serving;
    if is_ending || watch.end() != ConnectionEnd::None {
        end_orderly(connection.as_mut());
    }
    loop {
        tokio::select! {
            output = connection.as_mut() => return Some(output),
            _ = phase.changed(), if !is_ending => {
                is_ending = true;
                end_orderly(connection.as_mut());
            }
            () = watch.ring.notified() => match watch.end() {
                ConnectionEnd::None => {}
                ConnectionEnd::Orderly(_) => end_orderly(connection.as_mut()),
                ConnectionEnd::Now => return None,
            }
        }
    }
}

fn http2_builder() -> http2::Builder<LocalExecutor> {
    let mut builder = http2::Builder::new(LocalExecutor);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).expect("the bound is small"))
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(STALL_MAX);
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
