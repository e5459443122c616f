//! Connections that an attacker holds open beside the scans: silent, or with a request that never ends.

use super::{BesideWindow, SharedTotals};
use crate::carriers::in_time;
use crate::client::{ClientError, LoadTarget};
use crate::plan::SplitMix64;
use crate::scenario::beside::BesideKind;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The time between two bytes of a slow body.
const BYTE_EVERY: Duration = Duration::from_secs(5);
/// The pause before a connection that the gateway closed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// The time in which the connections of a kind are opened first.
const OPENING: Duration = Duration::from_secs(1);
/// The head of a request whose body is slow.
const SLOW_HEAD: &[u8] =
    b"POST /v1/check-ins HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
    content-length: 4000\r\n\r\n{";

/// Holds one connection through the window, and opens it again where the gateway closes it.
pub(super) async fn hold(
    kind: BesideKind,
    attacked: Arc<LoadTarget>,
    mut window: BesideWindow,
    totals: SharedTotals,
    seed: u64,
) {
    let mut at = window.begins + OPENING.mul_f64(SplitMix64(seed).share());
    while window.wait_until(at).await {
        let ended = match kind {
            BesideKind::SlowBodies => {
                let tls = in_time(attacked.tls_stream(b"http/1.1")).await;
                match tls {
                    Ok(stream) => send_slowly(stream, &mut window).await,
                    Err(cause) => cause.to_string(),
                }
            }
            BesideKind::Refreshes
            | BesideKind::CoPresence
            | BesideKind::FactLists
            | BesideKind::ForgedCodes
            | BesideKind::Handshakes
            | BesideKind::SilentConnections => {
                let connecting = async { attacked.tcp_stream().await.map_err(ClientError::Tcp) };
                match in_time(connecting).await {
                    Ok(stream) => stay_silent(stream, &mut window).await,
                    Err(cause) => cause.to_string(),
                }
            }
        };
        totals.add(ended, None);
        at = Instant::now() + REOPEN_AFTER;
    }
}

/// Waits in silence until the gateway closes the connection or the window ends.
async fn stay_silent(mut stream: impl AsyncRead + Unpin, window: &mut BesideWindow) -> String {
    tokio::select! {
        read = read_to_end(&mut stream) => closed(read),
        _ = window.wait_until(window.ends) => HELD.to_owned(),
    }
}

/// Sends a head, and then a byte now and then.
async fn send_slowly(mut stream: impl AsyncRead + AsyncWrite + Unpin, window: &mut BesideWindow) -> String {
    let mut next = SLOW_HEAD;
    loop {
        let sent = async {
            stream.write_all(next).await?;
            stream.flush().await
        };
        if let Err(error) = sent.await {
            return closed(Err(error));
        }
        next = b" ";
        tokio::select! {
            read = read_to_end(&mut stream) => return closed(read),
            goes_on = window.wait_until(Instant::now() + BYTE_EVERY) => {
                if !goes_on {
                    return HELD.to_owned();
                }
            }
        }
    }
}

/// A connection that is open at the end of its window.
const HELD: &str = "held to the end";

/// Reads until the gateway closes the connection. Returns the bytes of its answer.
async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
    let (mut buffer, mut bytes) = ([0; 1024], 0);
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(bytes),
            more => bytes += more,
        }
    }
}

fn closed(read: io::Result<usize>) -> String {
    match read {
        Ok(0) | Err(_) => "closed by the gateway".to_owned(),
        Ok(_) => "answered and closed".to_owned(),
    }
}
