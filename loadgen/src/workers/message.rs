//! The messages between a coordinator and a worker: JSON in frames with a length before each.

use super::SILENCE_MAX;
use crate::beside::RunTokens;
use crate::city::LoadVenue;
use crate::part::RunPart;
use crate::report::RunVerification;
use crate::sample::RunTotals;
use crate::watch::meter::ScanFigures;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use scangate_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

/// The version of the messages.
pub(super) const MESSAGES_VERSION: u32 = 1;
/// The bytes of a message at most. The results of a day have fewer.
const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// The work of one generator.
#[derive(Serialize, Deserialize)]
pub(super) struct WorkOrder {
    /// The version of the messages.
    pub(super) version: u32,
    /// The part of the run.
    pub(super) part: RunPart,
    /// The address of the gateway.
    pub(super) target: SocketAddr,
    /// The server name of the gateway.
    pub(super) name: String,
    /// The certificate of the gateway, PEM.
    pub(super) certificate: String,
    /// The tokens with which the generator calls the gateway.
    pub(super) tokens: RunTokens,
    /// The venues that the coordinator has registered.
    pub(super) venues: Vec<LoadVenue>,
}

/// A message of the coordinator.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CoordinatorMessage {
    /// Prepare this part.
    Order(Box<WorkOrder>),
    /// Read your clock.
    Clock,
    /// Open the connections for the plan of this seed.
    Open { seed: u64 },
    /// Send that plan from this time on, by your clock.
    Start { at: Timestamp },
    /// End the run early, with its results.
    Stop,
}

/// The results of one generator's part.
#[derive(Serialize, Deserialize)]
pub(super) struct PartResults {
    pub(super) totals: RunTotals,
    pub(super) verification: RunVerification,
    /// The generator's CPU time while the scans were sent and answered.
    pub(super) cpu: Option<Duration>,
    /// The same as a share of its cores.
    pub(super) cpu_share: Option<f64>,
}

/// A message of a worker.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WorkerMessage {
    /// It is alive and works; during a run with the figures since the beat before.
    Beat { figures: Option<Box<ScanFigures>> },
    /// Its city is registered, with so many residents.
    Ready { residents: usize },
    /// Its connections are open.
    Opened,
    /// Its clock.
    Clock { now: Timestamp },
    /// The run has ended.
    Done(Box<PartResults>),
    /// The work cannot be done, for this reason.
    Failed { reason: String },
}

/// Whether an error says that the peer has gone away.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

/// A connection with messages.
pub(super) struct Messages<S>(Framed<S, LengthDelimitedCodec>);

impl<S: AsyncRead + AsyncWrite + Unpin> Messages<S> {
    pub(super) fn over(stream: S) -> Self {
        let codec = LengthDelimitedCodec::builder().max_frame_length(MESSAGE_BYTES_MAX).new_codec();
        Self(Framed::new(stream, codec))
    }

    pub(super) async fn send(&mut self, message: &impl Serialize) -> anyhow::Result<()> {
        let bytes = Bytes::from(serde_json::to_vec(message)?);
        timeout(SILENCE_MAX, self.0.send(bytes)).await.context("it takes no message")??;
        Ok(())
    }

    /// The next message, however long it takes. **Cancel safety**: safe. **Errors**: the peer has gone away,
    /// or sent no message.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        match self.0.next().await {
            Some(Ok(frame)) => Ok(serde_json::from_slice(&frame)?),
            Some(Err(error)) if !is_end(&error) => Err(error.into()),
            None | Some(Err(_)) => bail!("it closed the connection"),
        }
    }

    /// The next message, which comes before the longest silence. **Errors**: as for `next`, and a silence.
    pub(super) async fn next_in_time<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        timeout(SILENCE_MAX, self.next()).await.context("it has fallen silent")?
    }
}
