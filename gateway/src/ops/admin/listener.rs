//! Accepts the admin listener's connections and ends those that wait too long. A laptop that holds sockets
//! open cannot shut the operator out: beyond the bound the connection that has been idle longest gives way.

use super::clock::ConnectionClock;
use super::watched_stream::WatchedStream;
use crate::wire::limits::HEAD_BYTES_MAX;
use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// Open connections. Prometheus, a balancer's health check and some operators need a handful.
const CONNECTIONS_MAX: usize = 64;
/// The pause after an accept that failed, most likely because no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The open connections.
#[derive(Default)]
struct OpenConnections(Mutex<Vec<Arc<ConnectionClock>>>);

impl OpenConnections {
    fn clocks(&self) -> MutexGuard<'_, Vec<Arc<ConnectionClock>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection; at the bound, in place of the one that has been idle longest. `None` if none is
    /// idle.
    fn add(&self, now: Instant) -> Option<Arc<ConnectionClock>> {
        let mut clocks = self.clocks();
        if clocks.len() >= CONNECTIONS_MAX {
            let idle = clocks.iter().enumerate().filter_map(|(at, clock)| Some((clock.idle_since()?, at)));
            let (_, oldest) = idle.min()?;
            clocks.swap_remove(oldest).evict();
        }
        let clock = Arc::new(ConnectionClock::new(now));
        clocks.push(Arc::clone(&clock));
        Some(clock)
    }

    fn remove(&self, ended: &Arc<ConnectionClock>) {
        self.clocks().retain(|clock| !Arc::ptr_eq(clock, ended));
    }
}

/// Serves until the runtime ends.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    let connections = Arc::new(OpenConnections::default());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(clock) = connections.add(Instant::now()) else { continue };
        let (router, connections) = (router.clone(), Arc::clone(&connections));
        tokio::spawn(async move {
            serve_connection(stream, router, &clock).await;
            connections.remove(&clock);
        });
    }
}

async fn serve_connection(stream: TcpStream, router: Router, clock: &Arc<ConnectionClock>) {
    // Answers are written whole.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let (router, clock) = (router.clone(), Arc::clone(clock));
        async move {
            clock.begin_answer(Instant::now());
            let answer = router.oneshot(request.map(Body::new)).await;
            clock.end_answer(Instant::now());
            answer
        }
    });
    let stream = TokioIo::new(WatchedStream { stream, clock: Arc::clone(clock) });
    let mut builder = http1::Builder::new();
    // The clock has the deadlines of every step.
    builder.header_read_timeout(None).max_buf_size(HEAD_BYTES_MAX);
    tokio::select! {
        // An error ends this connection alone.
        _ = builder.serve_connection(stream, service) => {}
        () = clock.expired() => {}
    }
}
