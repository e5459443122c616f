//! A client of the gateway in any of its three HTTP versions, on unmodified quinn, h3 and hyper. It trusts
//! only the deployment's certificate.

mod doorway;
mod error;
pub mod lines;
pub mod sessions;
pub mod trails;

pub use self::doorway::Doorway;
pub use self::error::{BreakCause, ClientError};

use self::sessions::SessionTickets;
use anyhow::{Context as _, bail};
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::future;
use h3::client::{RequestStream, SendRequest};
use h3::error::{Code, StreamError};
use h3_quinn::{BidiStream, OpenStreams};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, RootCertStore};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

/// The default server name, which is the name in a development certificate.
const NAME: &str = "localhost";
/// The idle timeout of QUIC connections.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// An HTTP version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1 over TLS.
    Http1,
    /// HTTP/2 over TLS.
    Http2,
    /// HTTP/3.
    Http3,
}

impl Version {
    /// All HTTP versions.
    pub const ALL: [Self; 3] = [Self::Http1, Self::Http2, Self::Http3];

    /// The requests that a connection may have in flight. HTTP/1.1 sends the next one after the answer.
    #[must_use]
    pub const fn in_flight_max(self) -> usize {
        match self {
            Self::Http1 => 1,
            Self::Http2 | Self::Http3 => 256,
        }
    }
}

/// The TLS handshake with which a phone connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// A full handshake, as on a first visit.
    Full,
    /// A handshake resumed from an earlier session.
    Resumed,
    /// A resumed handshake with the request as early data (0-RTT).
    #[value(name = "0rtt")]
    #[serde(rename = "0rtt")]
    Early,
}

impl Handshake {
    /// All handshakes.
    pub const ALL: [Self; 3] = [Self::Full, Self::Resumed, Self::Early];
}

/// A check of an answer against its request. Its error is that of the request.
pub type AnswerCheck = fn(&Request<Bytes>, &Response<Bytes>) -> anyhow::Result<()>;

/// A gateway's address, with the sockets and TLS settings to connect to it. Clones share them.
#[derive(Clone)]
pub struct LoadTarget {
    /// The address on which the gateway listens.
    pub address: SocketAddr,
    check: Option<AnswerCheck>,
    name: Arc<str>,
    source: Option<IpAddr>,
    endpoint: quinn::Endpoint,
    fresh: quinn::ClientConfig,
    returning: quinn::ClientConfig,
    tls: Arc<rustls::ClientConfig>,
    sessions: Arc<SessionTickets>,
}

/// The crypto provider, which offers AES-128 with SHA-256 first as browsers do. rustls offers AES-256 first.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

/// An HTTP/3 connection that has just been opened.
pub struct NewConnection {
    /// The open connection.
    pub connection: ClientConnection,
    early: Option<quinn::ZeroRttAccepted>,
}

/// A QUIC endpoint whose datagrams pass through a doorway.
#[derive(Debug, Clone)]
pub struct DoorwayEndpoint {
    endpoint: quinn::Endpoint,
    doorway: Doorway,
}

impl DoorwayEndpoint {
    /// Gives the endpoint another port, as when a phone changes its network. **Errors**: no socket.
    pub fn change_address(&self, seed: u64) -> io::Result<()> {
        self.doorway.change_address(&self.endpoint, seed)
    }
}

impl NewConnection {
    /// Whether the gateway accepted the early data. Returns once the handshake is complete.
    pub async fn was_early(&mut self) -> bool {
        match self.early.take() {
            Some(accepted) => accepted.await,
            None => false,
        }
    }
}

impl LoadTarget {
    /// Returns a target that presents a certificate from this PEM file.
    pub fn new(address: SocketAddr, certificate: &Path) -> anyhow::Result<Self> {
        let pem = std::fs::read(certificate).with_context(|| certificate.display().to_string())?;
        Self::with_certificate(address, &pem)
    }

    /// Returns a target that presents a certificate from this PEM text.
    pub fn with_certificate(address: SocketAddr, pem: &[u8]) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate?)?;
        }
        let tls = |alpn: &[u8]| tls_config(&roots, alpn);
        let mut fresh = tls(b"h3")?;
        fresh.resumption = Resumption::disabled();
        let mut returning = tls(b"h3")?;
        let sessions = Arc::new(SessionTickets::default());
        returning.resumption = Resumption::store(Arc::clone(&sessions) as _);
        returning.enable_early_data = true;
        Ok(Self {
            address,
            check: None,
            name: NAME.into(),
            source: None,
            endpoint: quinn::Endpoint::client(local_address(address))?,
            fresh: quic(fresh)?,
            returning: quic(returning)?,
            tls: Arc::new(tls(b"http/1.1")?),
            sessions,
        })
    }

    /// Returns the target with this server name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The server name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the target whose connections come from this address, such as another one of loopback.
    pub fn from_source(self, source: IpAddr) -> anyhow::Result<Self> {
        let endpoint = quinn::Endpoint::client(SocketAddr::new(source, 0))?;
        Ok(Self { source: Some(source), endpoint, ..self })
    }

    /// Returns the target whose connections check every answer.
    #[must_use]
    pub fn checked(self, check: AnswerCheck) -> Self {
        Self { check: Some(check), ..self }
    }

    /// The session tickets that returning phones share.
    #[must_use]
    pub fn sessions(&self) -> &SessionTickets {
        &self.sessions
    }

    /// The QUIC endpoint, so that a test can rebind its socket.
    #[must_use]
    pub fn endpoint(&self) -> &quinn::Endpoint {
        &self.endpoint
    }

    /// Opens a connection with this HTTP version.
    pub async fn connect(&self, version: Version) -> Result<ClientConnection, ClientError> {
        match version {
            Version::Http1 => self.connect_http1().await,
            Version::Http2 => self.connect_http2().await,
            Version::Http3 => Ok(self.arrive(Handshake::Full).await?.connection),
        }
    }

    /// Opens an HTTP/3 connection with this handshake.
    pub async fn arrive(&self, handshake: Handshake) -> Result<NewConnection, ClientError> {
        self.arrive_by(&self.endpoint, handshake).await
    }

    /// An endpoint for phones that stand in a doorway. The seed decides which datagrams are lost. **Errors**:
    /// no socket.
    pub fn doorway(&self, doorway: Doorway, seed: u64) -> io::Result<DoorwayEndpoint> {
        let local = self.source.unwrap_or_else(|| local_address(self.address).ip());
        Ok(DoorwayEndpoint { endpoint: doorway.endpoint(local, seed)?, doorway })
    }

    /// Opens an HTTP/3 connection through a doorway.
    pub async fn arrive_through(
        &self,
        doorway: &DoorwayEndpoint,
        handshake: Handshake,
    ) -> Result<NewConnection, ClientError> {
        self.arrive_by(&doorway.endpoint, handshake).await
    }

    async fn arrive_by(
        &self,
        endpoint: &quinn::Endpoint,
        handshake: Handshake,
    ) -> Result<NewConnection, ClientError> {
        let config = match handshake {
            Handshake::Full => &self.fresh,
            Handshake::Resumed | Handshake::Early => &self.returning,
        };
        let connecting = endpoint.connect_with(config.clone(), self.address, &self.name)?;
        let (quic, early) = match handshake {
            Handshake::Full | Handshake::Resumed => (connecting.await.map_err(ClientError::Quic)?, None),
            Handshake::Early => match connecting.into_0rtt() {
                Ok((quic, accepted)) => (quic, Some(accepted)),
                // There is no session yet, so the first visit uses a full handshake.
                Err(connecting) => (connecting.await.map_err(ClientError::Quic)?, None),
            },
        };
        let (mut driver, requests) = h3::client::new(h3_quinn::Connection::new(quic.clone())).await?;
        tokio::spawn(async move { future::poll_fn(|context| driver.poll_close(context)).await });
        Ok(NewConnection { connection: self.connection(RequestSender::Http3 { requests, quic }), early })
    }

    /// Opens a QUIC connection with these transport settings, for a client that speaks HTTP/3 by itself.
    pub async fn quic_connection(
        &self,
        transport: quinn::TransportConfig,
    ) -> anyhow::Result<quinn::Connection> {
        let mut config = self.fresh.clone();
        config.transport_config(Arc::new(transport));
        Ok(self.endpoint.connect_with(config, self.address, &self.name)?.await?)
    }

    /// Opens a TCP connection without TLS.
    pub async fn tcp_stream(&self) -> io::Result<TcpStream> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = self.source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        socket.connect(self.address).await
    }

    /// Opens a TLS stream over TCP with this protocol (ALPN), for a client that speaks it by itself.
    pub async fn tls_stream(
        &self,
        alpn: &[u8],
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ClientError> {
        let stream = self.tcp_stream().await.map_err(ClientError::Tcp)?;
        stream.set_nodelay(true).map_err(ClientError::Tcp)?;
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = vec![alpn.to_vec()];
        let name = ServerName::try_from(self.name.to_string())?;
        TlsConnector::from(Arc::new(tls)).connect(name, stream).await.map_err(ClientError::Tls)
    }

    async fn connect_http1(&self) -> Result<ClientConnection, ClientError> {
        let (requests, driver) = http1::handshake(TokioIo::new(self.tls_stream(b"http/1.1").await?)).await?;
        tokio::spawn(driver);
        Ok(self.connection(RequestSender::Http1(Arc::new(Mutex::new(requests)))))
    }

    async fn connect_http2(&self) -> Result<ClientConnection, ClientError> {
        let stream = TokioIo::new(self.tls_stream(b"h2").await?);
        let (requests, driver) = http2::handshake(TokioExecutor::new(), stream).await?;
        tokio::spawn(driver);
        Ok(self.connection(RequestSender::Http2(requests)))
    }

    fn connection(&self, kind: RequestSender) -> ClientConnection {
        ClientConnection { kind, name: Arc::clone(&self.name), check: self.check }
    }
}

fn tls_config(roots: &RootCertStore, alpn: &[u8]) -> anyhow::Result<rustls::ClientConfig> {
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    Ok(config)
}

/// The address that the QUIC socket binds: loopback for a target on loopback, and any address otherwise.
fn local_address(target: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match (target.is_ipv4(), target.ip().is_loopback()) {
        (true, true) => Ipv4Addr::LOCALHOST.into(),
        (true, false) => Ipv4Addr::UNSPECIFIED.into(),
        (false, true) => Ipv6Addr::LOCALHOST.into(),
        (false, false) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(ip, 0)
}

fn quic(mut tls: rustls::ClientConfig) -> anyhow::Result<quinn::ClientConfig> {
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let mut transport = quinn::TransportConfig::default();
    transport.max_idle_timeout(Some(IDLE_MAX.try_into()?));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

/// Sends the rest of a request. A server that has answered may stop reading it, with H3_NO_ERROR (RFC 9114
/// section 4.1). Nothing more can be sent then, and the answer is there to read.
async fn send_rest(
    stream: &mut RequestStream<BidiStream<Bytes>, Bytes>,
    body: Bytes,
) -> Result<(), StreamError> {
    let sent = async {
        if !body.is_empty() {
            stream.send_data(body).await?;
        }
        stream.finish().await
    };
    match sent.await {
        Err(StreamError::RemoteTerminate { code: Code::H3_NO_ERROR, .. }) => Ok(()),
        sent => sent,
    }
}

enum RequestSender {
    Http1(Arc<Mutex<http1::SendRequest<Full<Bytes>>>>),
    Http2(http2::SendRequest<Full<Bytes>>),
    Http3 { requests: SendRequest<OpenStreams, Bytes>, quic: quinn::Connection },
}

/// An open connection. Clones share it.
pub struct ClientConnection {
    kind: RequestSender,
    /// The host name that requests carry.
    name: Arc<str>,
    check: Option<AnswerCheck>,
}

impl Clone for ClientConnection {
    fn clone(&self) -> Self {
        let kind = match &self.kind {
            RequestSender::Http1(requests) => RequestSender::Http1(Arc::clone(requests)),
            RequestSender::Http2(requests) => RequestSender::Http2(requests.clone()),
            RequestSender::Http3 { requests, quic } => {
                RequestSender::Http3 { requests: requests.clone(), quic: quic.clone() }
            }
        };
        Self { kind, name: Arc::clone(&self.name), check: self.check }
    }
}

impl ClientConnection {
    /// Sends a request whose target is a path, and reads the whole answer. **Errors**: `ClientError`, or that
    /// of the target's check.
    pub async fn send(&mut self, request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
        let Some(check) = self.check else { return Ok(self.exchange(request).await?) };
        let asked = request.clone();
        let answer = self.exchange(request).await?;
        check(&asked, &answer)?;
        Ok(answer)
    }

    /// Sends a request whose target is a path, and reads the whole answer, which nothing checks.
    pub async fn exchange(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, ClientError> {
        let name = &self.name;
        match &mut self.kind {
            RequestSender::Http1(requests) => {
                let mut request = request.map(Full::new);
                let host = HeaderValue::try_from(&**name).map_err(http::Error::from)?;
                request.headers_mut().insert("host", host);
                let answering = {
                    let mut requests = requests.lock().await;
                    requests.ready().await?;
                    requests.send_request(request)
                };
                whole(answering.await?).await
            }
            RequestSender::Http2(requests) => {
                let request = absolute(request, name)?.map(Full::new);
                requests.ready().await?;
                whole(requests.send_request(request).await?).await
            }
            RequestSender::Http3 { requests, quic } => send_http3(requests, absolute(request, name)?)
                .await
                .map_err(|error| ClientError::Http3 { error, ended: quic.close_reason() }),
        }
    }

    /// The QUIC connection, if this connection uses HTTP/3.
    #[must_use]
    pub fn quic(&self) -> Option<&quinn::Connection> {
        match &self.kind {
            RequestSender::Http3 { quic, .. } => Some(quic),
            RequestSender::Http1(_) | RequestSender::Http2(_) => None,
        }
    }

    /// Sends JSON or NDJSON with a token. **Errors**: `RefusalError` for a status other than 2xx.
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        authorization: &str,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<Bytes> {
        let mut request = Request::builder().method(method).uri(path);
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let answer = self.send(request.body(body.into())?).await?;
        let status = answer.status();
        if !status.is_success() {
            bail!(RefusalError {
                status: status.as_u16(),
                problem: String::from_utf8_lossy(answer.body()).into()
            });
        }
        Ok(answer.into_body())
    }
}

/// The gateway refused a request.
#[derive(Debug, thiserror::Error)]
#[error("the gateway answered {status}: {problem}")]
pub struct RefusalError {
    /// The HTTP status.
    pub status: u16,
    /// The answer's body, which is a problem document.
    pub problem: String,
}

async fn send_http3(
    requests: &mut SendRequest<OpenStreams, Bytes>,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, StreamError> {
    let (parts, body) = request.into_parts();
    let mut stream = requests.send_request(Request::from_parts(parts, ())).await?;
    send_rest(&mut stream, body).await?;
    let head = stream.recv_response().await?;
    let mut whole = BytesMut::new();
    while let Some(piece) = stream.recv_data().await? {
        whole.extend_from_slice(piece.chunk());
    }
    Ok(head.map(|()| whole.freeze()))
}

async fn whole(response: Response<hyper::body::Incoming>) -> Result<Response<Bytes>, ClientError> {
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

fn absolute(mut request: Request<Bytes>, name: &str) -> Result<Request<Bytes>, ClientError> {
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = http::Uri::builder().scheme("https").authority(name).path_and_query(path).build()?;
    Ok(request)
}
