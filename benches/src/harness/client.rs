//! A client with little overhead: quinn with requests that are encoded beforehand. It runs in one thread on
//! the client's core.

use crate::harness::wire;
use anyhow::Context as _;
use bytes::Bytes;
use nix::sys::socket::{setsockopt, sockopt};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ClientConfig, Connecting, Connection, ConnectionError, Endpoint, EndpointConfig, RecvStream, SendStream,
    TokioRuntime, TransportConfig, TransportErrorCode, VarInt,
};
use rustls::RootCertStore;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use scangate_loadgen::client::Handshake;
use scangate_loadgen::client::sessions::SessionTickets;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;

/// The maximum size of an answer. **Units**: bytes.
const ANSWER_BYTES_MAX: usize = 4_096;
/// The buffer of the client's socket. In the system's default one the answers to 1,000 connections have no
/// room. **Units**: bytes.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;
/// H3_NO_ERROR (RFC 9114 section 8.1).
const NO_ERROR: VarInt = VarInt::from_u32(0x100);
/// H3_REQUEST_CANCELLED (RFC 9114 section 8.1).
const REQUEST_CANCELLED: VarInt = VarInt::from_u32(0x10c);

/// The endpoint and TLS settings from which phones connect.
pub(crate) struct Client {
    endpoint: Endpoint,
    address: SocketAddr,
    tls: rustls::ClientConfig,
}

/// A phone's connection settings and session tickets.
pub(crate) struct PhoneClient {
    config: ClientConfig,
    sessions: Option<Arc<SessionTickets>>,
}

/// The name of a handshake in the printed tables.
pub(crate) const fn handshake_name(handshake: Handshake) -> &'static str {
    match handshake {
        Handshake::Full => "full handshake",
        Handshake::Resumed => "resumed",
        Handshake::Early => "0-RTT",
    }
}

fn endpoint() -> anyhow::Result<Endpoint> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    setsockopt(&socket, sockopt::RcvBuf, &SOCKET_BUFFER_BYTES)?;
    Ok(Endpoint::new(EndpointConfig::default(), None, socket, Arc::new(TokioRuntime))?)
}

impl Client {
    /// Returns a client that trusts this certificate. It offers AES-128 first, as browsers do.
    pub(crate) fn new(address: SocketAddr, certificate: &Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate)?)?;
        let mut tls =
            rustls::ClientConfig::builder_with_provider(Arc::new(scangate_gateway::serve::tls::provider()))
                .with_protocol_versions(&[&rustls::version::TLS13])?
                .with_root_certificates(roots)
                .with_no_client_auth();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        Ok(Self { endpoint: endpoint()?, address, tls })
    }

    /// Returns a phone without session tickets.
    pub(crate) fn phone(&self, handshake: Handshake) -> anyhow::Result<PhoneClient> {
        let mut tls = self.tls.clone();
        let sessions = (handshake != Handshake::Full).then(Arc::<SessionTickets>::default);
        tls.resumption = match &sessions {
            None => Resumption::disabled(),
            Some(sessions) => Resumption::store(Arc::clone(sessions) as _),
        };
        tls.enable_early_data = handshake == Handshake::Early;
        let mut transport = TransportConfig::default();
        transport.mtu_discovery_config(None);
        let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
        config.transport_config(Arc::new(transport));
        Ok(PhoneClient { config, sessions })
    }

    /// Starts to connect.
    pub(crate) fn begin(&self, phone: &PhoneClient) -> anyhow::Result<Connecting> {
        Ok(self.endpoint.connect_with(phone.config.clone(), self.address, "localhost")?)
    }

    /// Connects and opens the control stream.
    pub(crate) async fn connect(&self, phone: &PhoneClient) -> anyhow::Result<Connection> {
        let connection = match self.begin(phone)?.await {
            Err(error) if is_misread(&error) => self.begin(phone)?.await,
            connected => connected,
        };
        let connection = connection.context("the handshake")?;
        open_control(&connection).await?;
        Ok(connection)
    }
}

impl PhoneClient {
    /// Waits until the phone has a session ticket, if it resumes sessions.
    pub(crate) async fn is_ready(&self) {
        if let Some(sessions) = &self.sessions {
            sessions.ready().await;
        }
    }
}

/// Whether a server refused the transport parameters. nginx keeps 16 bits of a parameter's number, so a few
/// of quinn's reserved parameters, whose numbers are random, look like another one.
pub(crate) fn is_misread(error: &ConnectionError) -> bool {
    matches!(error, ConnectionError::ConnectionClosed(close) if close.error_code == TransportErrorCode::TRANSPORT_PARAMETER_ERROR)
}

/// Opens the control stream.
pub(crate) async fn open_control(connection: &Connection) -> anyhow::Result<()> {
    let mut control = connection.open_uni().await?;
    control.write_all(wire::CONTROL).await?;
    // The control stream must stay open while the connection does (RFC 9114 section 6.2.1).
    tokio::task::spawn_local(async move { drop(control.stopped().await) });
    Ok(())
}

/// Sends a request.
pub(crate) async fn send(connection: &Connection, request: Bytes) -> anyhow::Result<SentRequest> {
    let (mut stream, answer) = connection.open_bi().await?;
    stream.write_chunk(request).await?;
    stream.finish()?;
    Ok(SentRequest { stream, answer, is_answered: false })
}

/// A request whose answer is awaited. It is cancelled if it is dropped before.
pub(crate) struct SentRequest {
    stream: SendStream,
    answer: RecvStream,
    is_answered: bool,
}

impl SentRequest {
    /// Reads the whole answer.
    pub(crate) async fn receive(mut self) -> anyhow::Result<Vec<u8>> {
        let answer = self.answer.read_to_end(ANSWER_BYTES_MAX).await?;
        self.is_answered = true;
        Ok(answer)
    }
}

impl Drop for SentRequest {
    fn drop(&mut self) {
        if !self.is_answered {
            // The connection would otherwise still send the request. A stream that has ended needs no reset.
            let _ = self.stream.reset(REQUEST_CANCELLED);
        }
    }
}

/// Sends a request and reads its answer. **Errors**: the status is not 200.
pub(crate) async fn exchange(connection: &Connection, request: Bytes) -> anyhow::Result<()> {
    let answer = send(connection, request).await?.receive().await?;
    anyhow::ensure!(wire::is_ok(&answer), "not 200: {}", String::from_utf8_lossy(&answer));
    Ok(())
}

/// Closes a connection.
pub(crate) fn close(connection: &Connection) {
    connection.close(NO_ERROR, b"");
}
