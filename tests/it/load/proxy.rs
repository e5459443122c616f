//! A proxy with faults between the load generator and a gateway: TCP and QUIC on the same port. It reads
//! nothing of what passes, so TLS goes through.

use quinn::VarInt;
use quinn::crypto::rustls::QuicServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use scangate_tests::{Gateway, Relay};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// H3_INTERNAL_ERROR (RFC 9114 section 8.1).
const INTERNAL_ERROR: VarInt = VarInt::from_u32(0x102);

/// Ports that are tried before one is free for UDP and TCP.
const PORTS_MAX: usize = 16;

/// What the proxy does with TCP connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TcpFault {
    /// It passes everything on.
    None,
    /// It holds back what the gateway sends.
    Held,
    /// It resets each connection.
    Reset,
}

/// A running proxy. It ends when it is dropped.
pub(super) struct FaultProxy {
    relay: Relay,
    fault: watch::Sender<TcpFault>,
    tasks: Vec<JoinHandle<()>>,
}

impl FaultProxy {
    /// Starts a proxy to this gateway.
    pub(super) async fn start(gateway: &Gateway) -> anyhow::Result<Self> {
        let (relay, listener) = Self::listen(gateway.listen).await?;
        let (fault, is_faulty) = watch::channel(TcpFault::None);
        let task = tokio::spawn(accept(listener, gateway.listen, is_faulty));
        Ok(Self { relay, fault, tasks: vec![task] })
    }

    /// Takes one port for UDP and TCP. A client's closed connection has its port of TCP for a while.
    async fn listen(to: SocketAddr) -> anyhow::Result<(Relay, TcpListener)> {
        let mut tries = 0;
        loop {
            tries += 1;
            let relay = Relay::start(to).await?;
            match TcpListener::bind(relay.address).await {
                Err(error) if error.kind() == ErrorKind::AddrInUse && tries < PORTS_MAX => {}
                listener => return Ok((relay, listener?)),
            }
        }
    }

    /// The address to which clients connect.
    pub(super) fn address(&self) -> SocketAddr {
        self.relay.address
    }

    /// Holds back all that the gateway sends.
    pub(super) fn hold(&self) {
        self.fault.send_replace(TcpFault::Held);
        self.relay.hold();
    }

    /// Releases all that was held.
    pub(super) fn release(&self) {
        self.fault.send_replace(TcpFault::None);
        self.relay.release();
    }

    /// Resets each TCP connection, and each stream of later QUIC connections.
    pub(super) fn reset(&mut self, gateway: &Gateway) -> anyhow::Result<()> {
        let endpoint = quic_server(gateway)?;
        self.relay.turn_to(endpoint.local_addr()?);
        self.tasks.push(tokio::spawn(reset_streams(endpoint)));
        self.fault.send_replace(TcpFault::Reset);
        Ok(())
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn accept(listener: TcpListener, gateway: SocketAddr, fault: watch::Receiver<TcpFault>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass_on(client, gateway, fault.clone()));
    }
}

async fn pass_on(
    client: TcpStream,
    gateway: SocketAddr,
    mut fault: watch::Receiver<TcpFault>,
) -> anyhow::Result<()> {
    // A close is a reset then, whatever has been read before.
    client.set_zero_linger()?;
    let (from_gateway, mut to_gateway) = TcpStream::connect(gateway).await?.into_split();
    let (mut from_client, to_client) = client.into_split();
    let mut resets = fault.clone();
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_gateway) => {}
        _ = answer(from_gateway, to_client, &mut fault) => {}
        _ = resets.wait_for(|fault| *fault == TcpFault::Reset) => {}
    }
    Ok(())
}

async fn answer(
    mut from_gateway: OwnedReadHalf,
    mut to_client: OwnedWriteHalf,
    fault: &mut watch::Receiver<TcpFault>,
) -> anyhow::Result<()> {
    let mut bytes = vec![0; 16_384];
    loop {
        let length = from_gateway.read(&mut bytes).await?;
        anyhow::ensure!(length > 0, "the gateway has closed the connection");
        fault.wait_for(|fault| *fault != TcpFault::Held).await?;
        to_client.write_all(&bytes[..length]).await?;
    }
}

/// A QUIC server with the certificate of a gateway.
fn quic_server(gateway: &Gateway) -> anyhow::Result<quinn::Endpoint> {
    let folder = gateway.folder();
    let chain = CertificateDer::pem_file_iter(folder.path().join("certificate.pem"))?;
    let chain = chain.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    Ok(quinn::Endpoint::server(config, "127.0.0.1:0".parse()?)?)
}

/// Answers each request with the reset of its stream.
async fn reset_streams(endpoint: quinn::Endpoint) {
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(reset_each(incoming));
    }
}

async fn reset_each(incoming: quinn::Incoming) -> anyhow::Result<()> {
    let connection = incoming.await?;
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        receive.stop(INTERNAL_ERROR)?;
        send.reset(INTERNAL_ERROR)?;
    }
    Ok(())
}
