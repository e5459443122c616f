//! The load generator. Every planned scan is in one class, and the exit code says how the run went. Another
//! server is recognised as such, and every row of a register is replayed or counted.

mod causes;
mod endings;
mod faults;
mod known_delay;
mod live;
mod proxy;
mod replay;
mod report;
mod scenarios;
mod target;
mod usage;
mod workers;

use rustls::pki_types::PrivateKeyDer;
use scangate_loadgen::client::LoadTarget;
use scangate_tests::{Gateway, eventually};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Waits until the gateway has acknowledged this many scans, so that a fault falls into the middle of a run.
async fn acknowledged(gateway: &Gateway, count: f64) -> anyhow::Result<()> {
    let ask = async || gateway.metric("scangate_check_ins_total", "");
    eventually(ask, |acknowledged| *acknowledged >= count).await.map(drop)
}

/// The socket and TLS of a server that stands in for a gateway over TCP, and the target of its clients.
async fn stand_in() -> anyhow::Result<(TcpListener, TlsAcceptor, LoadTarget)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let target = LoadTarget::with_certificate(listener.local_addr()?, made.cert.pem().as_bytes())?;
    Ok((listener, TlsAcceptor::from(Arc::new(tls)), target))
}
