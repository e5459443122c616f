//! HTTP/2 and HTTP/1.1 over TLS, by hyper. Its connections are tasks of the same worker, with the same front
//! desk and the same back office. hyper has no deadlines for most states of a connection: `watch` has them.

mod bodies;
mod connection;
mod frames;
mod http1;
mod requests;
mod watch;

use super::bell::Bell;
use super::deadlines::SWEEP_PAUSE;
use super::front_desk::FrontDesk;
use super::life::phase::Phase;
use crate::fairness::{Source, SourceShares};
use crate::office::http::channel::OfficeSender;
use http::HeaderValue;
use metrics::{Counter, Gauge};
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
pub(in crate::serve) use watch::Watches;

/// The pause after a connection could not be accepted: most likely no file descriptors are left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    /// The worker's connections, by source.
    pub places: Arc<SourceShares>,
    /// The bytes of unfinished requests, shared with HTTP/3.
    pub unfinished: Arc<SourceShares>,
    /// The number of open connections.
    pub open: Gauge,
    /// The counters of TLS handshakes.
    pub handshakes: TlsHandshakeCounters,
    /// How much of the bytes of unfinished requests is held.
    pub unfinished_held: Gauge,
    /// The watches of all open connections.
    pub(in crate::serve) watches: Watches,
}

/// The counters of TLS handshakes over TCP, by result.
pub struct TlsHandshakeCounters {
    /// The handshake was completed.
    pub completed: Counter,
    /// It broke off, was malformed, or took too long.
    pub failed: Counter,
    /// The worker, or the source, had too many connections.
    pub refused: Counter,
}

impl TlsHandshakeCounters {
    /// The counters of a worker.
    #[must_use]
    pub fn new(worker: u16) -> Self {
        let worker = worker.to_string();
        let counter = |result: &'static str| metrics::counter!("scangate_tcp_handshakes_total", "result" => result, "worker" => worker.clone());
        Self { completed: counter("completed"), failed: counter("failed"), refused: counter("refused") }
    }
}

impl HttpContext {
    /// The front desk, with the clocks just read.
    fn front_now(&self) -> RefMut<'_, FrontDesk> {
        let mut front = self.front.borrow_mut();
        front.tick();
        front
    }
}

/// Accepts connections until the phase says to stop, and returns when the last one is gone.
pub async fn accept(listener: TcpListener, http: Rc<HttpContext>, mut phase: Receiver<Phase>) {
    let mut connections = JoinSet::new();
    let mut sweep = tokio::time::interval(SWEEP_PAUSE);
    while *phase.borrow() == Phase::Serving {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = phase.changed() => continue,
            _ = sweep.tick() => {
                http.watches.end_late(Instant::now());
                #[expect(clippy::cast_precision_loss, reason = "a gauge")]
                http.unfinished_held.set(http.unfinished.held() as f64);
                // The loop publishes at every turn, and without QUIC traffic it does not turn.
                http.front.borrow_mut().tally.publish();
                continue;
            }
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, address)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // A source without a share is refused by closing, which costs it a round trip and the others nothing.
        let Some(place) = http.places.take_one(Source::from(address)) else {
            http.handshakes.refused.increment(1);
            continue;
        };
        connections.spawn_local(connection::serve(stream, place, Rc::clone(&http), phase.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}
