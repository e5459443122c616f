//! The connections that carry scans: gates, which stay connected, and phones, which connect for each scan.

mod standing;

pub(crate) use self::standing::{StandingConnection, in_time};

use crate::client::{
    BreakCause, ClientError, Doorway, DoorwayEndpoint, Handshake, LoadTarget, NewConnection, Version,
};
use crate::drive::Carrier;
use crate::limits::{LINGER, PHONES_MAX};
use crate::outcome::ScanOutcome;
use crate::plan::SplitMix64;
use crate::sample::Samples;
use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
        seed: u64,
    ) -> anyhow::Result<Self> {
        match carrier {
            Carrier::Gates { connections, in_flight, version } => {
                let mut gates = Vec::with_capacity(connections);
                for _ in 0..connections {
                    gates.push(GateConnection::open(target, in_flight, version).await?);
                }
                Ok(Self::Gates(gates))
            }
            Carrier::Phones { handshake, doorway } => {
                let permits = Arc::new(Semaphore::new(PHONES_MAX));
                let (target, samples) = (Arc::clone(target), Arc::clone(samples));
                let lossy = (!doorway.is_calm()).then(|| target.doorway(doorway, seed)).transpose()?;
                Ok(Self::Phones(Phones { target, handshake, doorway, lossy, seed, permits, samples }))
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
            Self::Phones(phones) => phones.send_scan(number, request, progress).await,
        };
        sent.unwrap_or_else(ScanOutcome::Broken)
    }
}

#[derive(Deserialize)]
struct ProblemReply {
    code: String,
}

/// Reads the outcome of a scan from the gateway's answer.
fn outcome(answer: &Response<Bytes>) -> Result<ScanOutcome, BreakCause> {
    let outcome = if answer.status().is_success() {
        serde_json::from_slice(answer.body()).map(ScanOutcome::Acknowledged)
    } else {
        serde_json::from_slice(answer.body()).map(|ProblemReply { code }| ScanOutcome::Refused(code))
    };
    outcome.map_err(|_| BreakCause::Malformed)
}

/// A gate: a connection that stays open, with a bound on its scans in flight.
pub(crate) struct GateConnection {
    standing: StandingConnection,
    permits: Semaphore,
}

impl GateConnection {
    async fn open(target: &Arc<LoadTarget>, in_flight: usize, version: Version) -> anyhow::Result<Self> {
        let standing = StandingConnection::open(target, version).await?;
        let permits = Semaphore::new(version.in_flight_max().min(in_flight));
        Ok(Self { standing, permits })
    }

    async fn send_scan(
        &self,
        request: impl Fn() -> Request<Bytes>,
        progress: &mut ScanProgress,
    ) -> Result<ScanOutcome, BreakCause> {
        let _permit = self.permits.acquire().await.expect("nobody closes the semaphore");
        *progress = ScanProgress::Connecting(Instant::now());
        let mut connection = self.standing.get().await?;
        *progress = ScanProgress::Sent(Instant::now());
        outcome(&connection.exchange(request()).await?)
    }
}

/// The phones, which open a connection for each scan.
pub(crate) struct Phones {
    target: Arc<LoadTarget>,
    handshake: Handshake,
    doorway: Doorway,
    /// The endpoint of the phones that stay in the doorway; none if nothing happens there.
    lossy: Option<DoorwayEndpoint>,
    seed: u64,
    permits: Arc<Semaphore>,
    samples: Arc<Samples>,
}

impl Phones {
    /// Opens the connection of the phone with this number. A phone that moves does so after its handshake.
    async fn arrive(&self, number: usize) -> Result<NewConnection, ClientError> {
        let Some(lossy) = &self.lossy else { return self.target.arrive(self.handshake).await };
        let seed = self.seed ^ SplitMix64(number as u64).draw();
        if !self.doorway.moves(seed) {
            return self.target.arrive_through(lossy, self.handshake).await;
        }
        let own = self.target.doorway(self.doorway, seed).map_err(ClientError::Socket)?;
        let arrival = self.target.arrive_through(&own, self.handshake).await?;
        own.change_address(!seed).map_err(ClientError::Socket)?;
        Ok(arrival)
    }

    async fn send_scan(
        &self,
        number: usize,
        request: impl Fn() -> Request<Bytes>,
        progress: &mut ScanProgress,
    ) -> Result<ScanOutcome, BreakCause> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("nobody closes the semaphore");
        let began = Instant::now();
        *progress = ScanProgress::Connecting(began);
        let mut arrival = in_time(self.arrive(number)).await?;
        *progress = ScanProgress::Sent(began);
        let answer = arrival.connection.exchange(request()).await.map_err(|error| error.cause())?;
        let outcome = outcome(&answer)?;
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
