//! HTTP/1.1 on a connection. hyper is there only while it has work: between two requests the connection is
//! parked, and holds nothing but its TLS stream.

use super::bodies::AnswerBody;
use super::connection::{LocalFuture, TcpTlsStream, drive};
use super::watch::{ConnectionEnd, ConnectionWatch};
use crate::serve::life::phase::Phase;
use crate::wire::limits::{HEAD_BYTES_MAX, HEAD_LINES_MAX};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1::{Builder, Connection, Parts};
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::sync::watch::Receiver;

/// Bytes that hyper reads of an HTTP/1.1 head. A head between the gateway's own bound and this one is
/// answered and the connection goes on; beyond it hyper answers 431 and closes.
const HEAD_BUFFER_BYTES: usize = 4 * HEAD_BYTES_MAX;

/// The answer to a request, when it is ready.
type FutureAnswer = LocalFuture<Result<Response<AnswerBody>, Infallible>>;
type HyperIo = TokioIo<Box<TcpTlsStream>>;

/// Answers requests until the connection ends, is late, or has drained.
pub(super) async fn run<S>(
    mut stream: Box<TcpTlsStream>,
    mut service: S,
    watch: Rc<ConnectionWatch>,
    mut phase: Receiver<Phase>,
) where
    S: Service<Request<Incoming>, Response = Response<AnswerBody>, Error = Infallible, Future = FutureAnswer>,
{
    loop {
        park(&mut stream, &watch, &mut phase).await;
        if watch.end() == ConnectionEnd::Now {
            return;
        }
        let work = Box::pin(Http1Work::new(stream, service, Rc::clone(&watch)));
        let end_orderly = |work: Pin<&mut Http1Work<S>>| work.get_mut().end_orderly();
        let Some(Some(parts)) = drive(work, end_orderly, &watch, &mut phase).await else { return };
        (stream, service) = (parts.io.into_inner(), parts.service);
        stream.put_back(&parts.read_buf);
    }
}

/// Waits until there is a byte to read, or the connection has to end. hyper then meets what there is: also
/// the end of the stream, and its errors.
async fn park(stream: &mut TcpTlsStream, watch: &ConnectionWatch, phase: &mut Receiver<Phase>) {
    tokio::select! {
        () = stream.readable() => {}
        _ = phase.wait_for(|phase| *phase != Phase::Serving) => {}
        () = watch.ring.notified() => {}
    }
}

/// hyper's connection while it has work. It ends with the connection's parts when the connection is at rest,
/// and with none when the connection is over.
///
/// hyper is at rest when it waits and the watch knows of no work (`ConnectionWatch::is_at_rest`). It has
/// then read the last request to its end, and has flushed the last answer, so no byte of either is left in
/// it. What it has read of the next request is in its read buffer, which the parts include.
struct Http1Work<S: Service<Request<Incoming>, Response = Response<AnswerBody>, Error = Infallible>> {
    connection: Option<Connection<HyperIo, S>>,
    watch: Rc<ConnectionWatch>,
}

impl<S> Http1Work<S>
where
    S: Service<Request<Incoming>, Response = Response<AnswerBody>, Error = Infallible, Future = FutureAnswer>,
{
    fn new(stream: Box<TcpTlsStream>, service: S, watch: Rc<ConnectionWatch>) -> Self {
        Self { connection: Some(builder().serve_connection(TokioIo::new(stream), service)), watch }
    }

    /// Ends the connection after the request under way, or now if there is none.
    fn end_orderly(&mut self) {
        if let Some(connection) = &mut self.connection {
            Pin::new(connection).graceful_shutdown();
        }
    }
}

impl<S> Future for Http1Work<S>
where
    S: Service<Request<Incoming>, Response = Response<AnswerBody>, Error = Infallible, Future = FutureAnswer>,
{
    type Output = Option<Parts<HyperIo, S>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let work = self.get_mut();
        let Some(connection) = &mut work.connection else { return Poll::Ready(None) };
        // An error ends this connection alone.
        if Pin::new(connection).poll(context).is_ready() {
            return Poll::Ready(None);
        }
        if !work.watch.is_at_rest() {
            return Poll::Pending;
        }
        Poll::Ready(work.connection.take().map(Connection::into_parts))
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        // The watch has this deadline, and those that hyper does not have.
        .header_read_timeout(None)
        .max_headers(HEAD_LINES_MAX)
        .max_buf_size(HEAD_BUFFER_BYTES)
        .keep_alive(true);
    builder
}
