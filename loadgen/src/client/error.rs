//! What may break between a client and a gateway. Each variant holds the error of the library that failed, so
//! that the cause is read from types and not from texts.

use h3::error::StreamError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt;
use std::io;

/// The cause for which a request has no answer although its client did not give up waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BreakCause {
    /// No connection could be opened: the peer refused it or cannot be reached.
    Connect,
    /// The TLS or QUIC handshake failed.
    Handshake,
    /// The peer reset the connection or the stream.
    Reset,
    /// The connection was not open in time, or its peer fell silent.
    Timeout,
    /// The peer closed the connection before it answered.
    Closed,
    /// The answer breaks the protocol or cannot be parsed.
    Malformed,
}

impl fmt::Display for BreakCause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Malformed => "malformed",
        })
    }
}

/// The error of a connection or of an exchange on it.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The host name cannot be sent.
    #[error(transparent)]
    ServerName(#[from] rustls::pki_types::InvalidDnsNameError),
    /// The request cannot be written.
    #[error(transparent)]
    Request(#[from] http::Error),
    /// The TCP connection was not opened.
    #[error(transparent)]
    Tcp(io::Error),
    /// The TLS handshake over TCP failed.
    #[error(transparent)]
    Tls(io::Error),
    /// A UDP socket was not opened.
    #[error(transparent)]
    Socket(io::Error),
    /// The QUIC connection was not begun.
    #[error(transparent)]
    Endpoint(#[from] quinn::ConnectError),
    /// The QUIC handshake failed.
    #[error(transparent)]
    Quic(quinn::ConnectionError),
    /// HTTP/1.1 or HTTP/2 failed.
    #[error(transparent)]
    Hyper(#[from] hyper::Error),
    /// HTTP/3 could not be begun on a QUIC connection.
    #[error(transparent)]
    Http3Start(#[from] h3::error::ConnectionError),
    /// An HTTP/3 exchange failed.
    #[error("{error}")]
    Http3 {
        /// The error of the stream.
        error: StreamError,
        /// The reason for which its connection has ended, if it has.
        ended: Option<quinn::ConnectionError>,
    },
}

impl ClientError {
    /// The error of the TCP connection or of TLS over it, if it is one.
    #[must_use]
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Tcp(error) | Self::Tls(error) => Some(error),
            Self::ServerName(_)
            | Self::Request(_)
            | Self::Socket(_)
            | Self::Endpoint(_)
            | Self::Quic(_)
            | Self::Hyper(_)
            | Self::Http3Start(_)
            | Self::Http3 { .. } => None,
        }
    }

    /// The cause, read from the types of the libraries.
    #[must_use]
    pub fn cause(&self) -> BreakCause {
        match self {
            Self::ServerName(_) | Self::Request(_) | Self::Socket(_) | Self::Endpoint(_) => {
                BreakCause::Connect
            }
            Self::Tcp(error) if error.kind() == io::ErrorKind::TimedOut => BreakCause::Timeout,
            Self::Tcp(_) => BreakCause::Connect,
            Self::Quic(quinn::ConnectionError::TimedOut) => BreakCause::Timeout,
            Self::Tls(_) | Self::Quic(_) => BreakCause::Handshake,
            Self::Hyper(error) => of_hyper(error),
            Self::Http3Start(error) => of_http3_connection(error),
            Self::Http3 { ended: Some(ended), .. } => of_quic(ended),
            Self::Http3 { error, ended: None } => of_stream(error),
        }
    }
}

fn of_io(error: &io::Error) -> BreakCause {
    use io::ErrorKind;
    let is = |kinds: &[ErrorKind]| kinds.contains(&error.kind());
    if is(&[ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted]) {
        BreakCause::Reset
    } else if is(&[ErrorKind::TimedOut]) {
        BreakCause::Timeout
    } else if is(&[ErrorKind::InvalidData]) {
        BreakCause::Malformed
    } else {
        BreakCause::Closed
    }
}

fn of_hyper(error: &hyper::Error) -> BreakCause {
    let mut inner = error.source();
    while let Some(source) = inner {
        if let Some(error) = source.downcast_ref::<io::Error>() {
            return of_io(error);
        }
        if let Some(error) = source.downcast_ref::<h2::Error>() {
            return match error.get_io() {
                Some(error) => of_io(error),
                None if error.is_go_away() && error.is_remote() => BreakCause::Closed,
                None if error.is_reset() && error.is_remote() => BreakCause::Reset,
                None => BreakCause::Malformed,
            };
        }
        inner = source.source();
    }
    if error.is_parse() { BreakCause::Malformed } else { BreakCause::Closed }
}

fn of_quic(ended: &quinn::ConnectionError) -> BreakCause {
    match ended {
        quinn::ConnectionError::VersionMismatch => BreakCause::Handshake,
        quinn::ConnectionError::CidsExhausted => BreakCause::Connect,
        quinn::ConnectionError::Reset => BreakCause::Reset,
        quinn::ConnectionError::TimedOut => BreakCause::Timeout,
        quinn::ConnectionError::ConnectionClosed(_) | quinn::ConnectionError::ApplicationClosed(_) => {
            BreakCause::Closed
        }
        // A client closes a connection itself only if its peer breaks the rules.
        quinn::ConnectionError::TransportError(_) | quinn::ConnectionError::LocallyClosed => {
            BreakCause::Malformed
        }
    }
}

fn of_http3_connection(error: &h3::error::ConnectionError) -> BreakCause {
    use h3::error::ConnectionError;
    if matches!(error, ConnectionError::Timeout { .. }) {
        BreakCause::Timeout
    } else if matches!(error, ConnectionError::Remote { .. }) {
        BreakCause::Closed
    } else {
        BreakCause::Malformed
    }
}

fn of_stream(error: &StreamError) -> BreakCause {
    if matches!(error, StreamError::RemoteTerminate { .. }) {
        BreakCause::Reset
    } else if matches!(error, StreamError::RemoteClosing { .. } | StreamError::ConnectionError { .. }) {
        BreakCause::Closed
    } else {
        BreakCause::Malformed
    }
}
