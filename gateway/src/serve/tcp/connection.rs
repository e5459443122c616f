//! One connection over TCP: TLS, the version that ALPN agreed on, and hyper, under watch.

use super::HttpContext;
use super::frames::FrameCursor;
use super::requests::answer;
use super::watch::{ConnectionEnd, ConnectionWatch, HeadCursor, TLS_BUFFER_BYTES, TimedStream};
use crate::fairness::{HeldShare, Source};
use crate::serve::deadlines::{HANDSHAKE_MAX, STALL_MAX};
use crate::serve::life::phase::Phase;
use crate::wire::limits::{HEAD_BYTES_MAX, HEAD_LINES_MAX};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch::Receiver;
use tokio_rustls::server::TlsStream;

/// Bytes that hyper reads of an HTTP/1.1 head. A head between the gateway's own bound and this one is
/// answered and the connection goes on; beyond it hyper answers 431 and closes.
const HEAD_BUFFER_BYTES: usize = 4 * HEAD_BYTES_MAX;
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
type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

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
    let Ok(Ok(mut stream)) = tokio::time::timeout(HANDSHAKE_MAX, handshake).await else {
        return http.handshakes.failed.increment(1);
    };
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
    stream: TlsStream<TcpStream>,
    watch: &Rc<ConnectionWatch>,
    source: Source,
    http: &Rc<HttpContext>,
    phase: Receiver<Phase>,
) -> LocalFuture<()> {
    let (_, tls) = stream.get_ref();
    let is_http2 = tls.alpn_protocol() == Some(HTTP2);
    let channel = http.front.borrow().channel(|| tls.server_name().map(str::to_owned));
    let (http, of_requests) = (Rc::clone(http), Rc::clone(watch));
    let service = hyper::service::service_fn(move |request| -> LocalFuture<_> {
        let (http, channel, guard) = (Rc::clone(&http), channel.clone(), of_requests.request());
        Box::pin(async move {
            Ok::<_, Infallible>(answer(request, guard, source, channel.as_deref(), &http).await)
        })
    });
    let cursor = if is_http2 { HeadCursor::Http2(FrameCursor::new()) } else { HeadCursor::Http1 };
    let stream = TokioIo::new(TimedStream::new(stream, Rc::clone(watch), cursor));
    let watch = Rc::clone(watch);
    if is_http2 {
        let connection = Box::pin(http2_builder().serve_connection(stream, service));
        Box::pin(drive(connection, http2::Connection::graceful_shutdown, watch, phase))
    } else {
        let connection = Box::pin(http1_builder().serve_connection(stream, service));
        Box::pin(drive(connection, http1::Connection::graceful_shutdown, watch, phase))
    }
}

/// Drives a connection until it ends, is late, or has drained.
async fn drive<C: Future>(
    mut connection: Pin<Box<C>>,
    end_orderly: impl Fn(Pin<&mut C>),
    watch: Rc<ConnectionWatch>,
    mut phase: Receiver<Phase>,
) {
    let mut is_ending = *phase.borrow() != Phase::Serving;
    if is_ending {
        end_orderly(connection.as_mut());
    }
    loop {
        tokio::select! {
            // An error ends this connection alone.
            _ = connection.as_mut() => return,
            _ = phase.changed(), if !is_ending => {
                is_ending = true;
                end_orderly(connection.as_mut());
            }
            () = watch.ring.notified() => match watch.end() {
                ConnectionEnd::None => {}
                ConnectionEnd::Orderly(_) => end_orderly(connection.as_mut()),
                ConnectionEnd::Now => return,
            }
        }
    }
}

fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // The watch has this deadline, and those that hyper does not have.
        .header_read_timeout(None)
        .max_headers(HEAD_LINES_MAX)
        .max_buf_size(HEAD_BUFFER_BYTES)
        .keep_alive(true);
    builder
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
