//! A connection that stays open for many requests, and is opened again after a failure.

use crate::client::{BreakCause, ClientConnection, ClientError, LoadTarget, Version};
use crate::limits::CONNECT_MAX;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// A place for a connection.
pub(crate) struct StandingConnection {
    target: Arc<LoadTarget>,
    version: Version,
    open: Mutex<Option<OpenConnection>>,
}

/// The connection that is open at present. Clones share it.
#[derive(Clone)]
pub(crate) struct OpenConnection {
    connection: ClientConnection,
    is_broken: Arc<AtomicBool>,
}

/// A request in flight. A connection on which one fails or is given up is not used again.
struct RequestInFlight<'a>(Option<&'a AtomicBool>);

impl Drop for RequestInFlight<'_> {
    fn drop(&mut self) {
        if let Some(is_broken) = self.0 {
            is_broken.store(true, Ordering::Relaxed);
        }
    }
}

/// Waits for a connection, and names the cause for which there is none.
pub(crate) async fn in_time<T>(
    connecting: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, BreakCause> {
    match timeout(CONNECT_MAX, connecting).await {
        Ok(connected) => connected.map_err(|error| error.cause()),
        Err(_) => Err(BreakCause::Timeout),
    }
}

impl StandingConnection {
    /// A connection that is opened with its first request.
    pub(crate) fn new(target: &Arc<LoadTarget>, version: Version) -> Self {
        Self { target: Arc::clone(target), version, open: Mutex::new(None) }
    }

    /// Opens the connection. **Errors**: it is not open in time.
    pub(crate) async fn open(target: &Arc<LoadTarget>, version: Version) -> anyhow::Result<Self> {
        let standing = Self::new(target, version);
        let connection = timeout(CONNECT_MAX, target.connect(version)).await??;
        *standing.open.lock().await = Some(OpenConnection { connection, is_broken: Arc::default() });
        Ok(standing)
    }

    /// The open connection, or a new one in its place.
    pub(crate) async fn get(&self) -> Result<OpenConnection, BreakCause> {
        let mut open = self.open.lock().await;
        if let Some(connection) = open.as_ref().filter(|connection| connection.is_usable()) {
            return Ok(connection.clone());
        }
        *open = None;
        let connection = in_time(self.target.connect(self.version)).await?;
        Ok(open.insert(OpenConnection { connection, is_broken: Arc::default() }).clone())
    }
}

impl OpenConnection {
    /// Whether no request failed on the connection, and the gateway has not closed it because it was idle.
    fn is_usable(&self) -> bool {
        let is_open = self.connection.quic().is_none_or(|quic| quic.close_reason().is_none());
        is_open && !self.is_broken.load(Ordering::Relaxed)
    }

    /// Sends a request and reads the whole answer. **Cancel safety**: a request that is given up closes the
    /// connection.
    pub(crate) async fn exchange(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, BreakCause> {
        let mut in_flight = RequestInFlight(Some(&self.is_broken));
        let answer = self.connection.exchange(request).await.map_err(|error| error.cause())?;
        in_flight.0 = None;
        Ok(answer)
    }
}
