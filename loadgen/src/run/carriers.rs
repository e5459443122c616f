//! The connections that carry scans: gates, which stay connected, and phones, which connect for each scan.

use crate::client::{
    BreakCause, ClientConnection, ClientError, Handshake, LoadTarget, NewConnection, Version,
};
use crate::drive::Carrier;
use crate::limits::{CONNECT_MAX, LINGER, PHONES_MAX};
use crate::outcome::ScanOutcome;
use crate::sample::Samples;
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How far a scan has come. It outlives the sending, so that a scan whose deadline passes has its class.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScanProgress {
    /// The scan waits for a place on a gate, or for a phone.
    Waiting,
    /// The scan waits for its connection.
    Connecting(Instant),
    /// The request has been handed to the connection.
    Sent(Instant),
}

impl ScanProgress {
    /// The outcome of a scan whose deadline has passed.
    pub(crate) fn given_up(self) -> ScanOutcome {
        match self {
            Self::Waiting => ScanOutcome::NotSent,
            Self::Connecting(_) => ScanOutcome::Broken(BreakCause::Timeout),
            Self::Sent(_) => ScanOutcome::Unanswered,
        }
    }

    /// The time at which the gateway's part began.
    pub(crate) fn served_from(self) -> Option<Instant> {
        match self {
            Self::Waiting => None,
            Self::Connecting(at) | Self::Sent(at) => Some(at),
        }
    }
}

/// Open connections of one kind.
pub(crate) enum OpenCarrier {
    Gates(Vec<GateConnection>),
    Phones(Phones),
}

impl OpenCarrier {
    /// Opens the connections that stay open. **Errors**: one of them is not open in time.
    pub(crate) async fn open(
        carrier: Carrier,
        target: &Arc<LoadTarget>,
        samples: &Arc<Samples>,
    ) -> anyhow::Result<Self> {
        match carrier {
            Carrier::Gates { connections, in_flight, version } => {
                let mut gates = Vec::with_capacity(connections);
                for _ in 0..connections {
                    gates.push(GateConnection::open(target, in_flight, version).await?);
                }
                Ok(Self::Gates(gates))
            }
            Carrier::Phones(handshake) => {
                let permits = Arc::new(Semaphore::new(PHONES_MAX));
                let (target, samples) = (Arc::clone(target), Arc::clone(samples));
                Ok(Self::Phones(Phones { target, handshake, permits, samples }))
            }
        }
    }

    /// Sends the scan with this number. **Cancel safety**: a scan that is given up closes its connection.
    pub(crate) async fn send_scan(
        &self,
        number: usize,
        request: impl Fn() -> Request<Bytes> + Send,
        progress: &mut ScanProgress,
    ) -> ScanOutcome {
        let sent = match self {
            Self::Gates(gates) => gates[number % gates.len()].send_scan(request, progress).await,
            Self::Phones(phones) => phones.send_scan(request, progress).await,
        };
        sent.unwrap_or_else(ScanOutcome::Broken)
    }
}

async fn in_time<T>(connecting: impl Future<Output = Result<T, ClientError>>) -> Result<T, BreakCause> {
    match timeout(CONNECT_MAX, connecting).await {
        Ok(connected) => connected.map_err(|error| error.cause()),
        Err(_) => Err(BreakCause::Timeout),
    }
}

#[derive(Deserialize)]
struct ProblemReply {
    code: String,
}

async fn exchange(
    connection: &mut ClientConnection,
    request: Request<Bytes>,
) -> Result<ScanOutcome, BreakCause> {
    let answer = connection.exchange(request).await.map_err(|error| error.cause())?;
    let outcome = if answer.status().is_success() {
        serde_json::from_slice(answer.body()).map(ScanOutcome::Acknowledged)
    } else {
        serde_json::from_slice(answer.body()).map(|ProblemReply { code }| ScanOutcome::Refused(code))
    };
    outcome.map_err(|_| BreakCause::Malformed)
}

/// A place for the connection of a gate, which is opened again after a failure.
pub(crate) struct GateConnection {
    target: Arc<LoadTarget>,
    version: Version,
    open: Mutex<Option<OpenGate>>,
    permits: Semaphore,
}

#[derive(Clone)]
struct OpenGate {
    connection: ClientConnection,
    is_broken: Arc<AtomicBool>,
}

impl OpenGate {
    /// Whether no request failed on the connection, and the gateway has not closed it because it was idle.
    fn is_usable(&self) -> bool {
        let is_open = self.connection.quic().is_none_or(|quic| quic.close_reason().is_none());
        is_open && !self.is_broken.load(Ordering::Relaxed)
    }
}

/// A request in flight. A connection on which one fails or is given up is not used again.
struct GateRequest<'a>(Option<&'a AtomicBool>);

impl Drop for GateRequest<'_> {
    fn drop(&mut self) {
        if let Some(is_broken) = self.0 {
            is_broken.store(true, Ordering::Relaxed);
        }
    }
}

impl GateConnection {
    async fn open(target: &Arc<LoadTarget>, in_flight: usize, version: Version) -> anyhow::Result<Self> {
        let target = Arc::clone(target);
        let connection = timeout(CONNECT_MAX, target.connect(version)).await??;
        let open = Mutex::new(Some(OpenGate { connection, is_broken: Arc::default() }));
        let permits = Semaphore::new(version.in_flight_max().min(in_flight));
        Ok(Self { target, version, open, permits })
    }

    async fn connection(&self) -> Result<OpenGate, BreakCause> {
        let mut open = self.open.lock().await;
        if let Some(gate) = open.as_ref().filter(|gate| gate.is_usable()) {
            return Ok(gate.clone());
        }
        *open = None;
        let connection = in_time(self.target.connect(self.version)).await?;
        Ok(open.insert(OpenGate { connection, is_broken: Arc::default() }).clone())
    }

    async fn send_scan(
        &self,
        request: impl Fn() -> Request<Bytes>,
        progress: &mut ScanProgress,
    ) -> Result<ScanOutcome, BreakCause> {
        let _permit = self.permits.acquire().await.expect("nobody closes the semaphore");
        *progress = ScanProgress::Connecting(Instant::now());
        let OpenGate { mut connection, is_broken } = self.connection().await?;
        *progress = ScanProgress::Sent(Instant::now());
        let mut in_flight = GateRequest(Some(&is_broken));
        let outcome = exchange(&mut connection, request()).await?;
        in_flight.0 = None;
        Ok(outcome)
    }
}

/// The phones, which open a connection for each scan.
pub(crate) struct Phones {
    target: Arc<LoadTarget>,
    handshake: Handshake,
    permits: Arc<Semaphore>,
    samples: Arc<Samples>,
}

impl Phones {
    async fn send_scan(
        &self,
        request: impl Fn() -> Request<Bytes>,
        progress: &mut ScanProgress,
    ) -> Result<ScanOutcome, BreakCause> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("nobody closes the semaphore");
        let began = Instant::now();
        *progress = ScanProgress::Connecting(began);
        let mut arrival = in_time(self.target.arrive(self.handshake)).await?;
        *progress = ScanProgress::Sent(began);
        let outcome = exchange(&mut arrival.connection, request()).await?;
        if self.handshake == Handshake::Early && arrival.was_early().await {
            self.samples.add_early();
        }
        let leaving = leave(arrival, self.handshake, permit);
        if self.handshake == Handshake::Full {
            leaving.await;
        } else {
            tokio::spawn(leaving);
        }
        Ok(outcome)
    }
}

/// Closes a phone's connection. A phone that will return first waits for its session ticket.
async fn leave(arrival: NewConnection, handshake: Handshake, permit: OwnedSemaphorePermit) {
    if handshake != Handshake::Full {
        tokio::time::sleep(LINGER).await;
    }
    if let Some(quic) = arrival.connection.quic() {
        // H3_NO_ERROR (RFC 9114 section 8.1).
        quic.close(quinn::VarInt::from_u32(0x100), b"");
    }
    drop(permit);
}
