//! The floor of M2: the CPU time of the server's half of a TLS 1.3 handshake in memory, without packets.

use anyhow::Context as _;
use nix::time::{ClockId, clock_gettime};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::quic::{ClientConnection, KeyChange, ServerConnection, Version};
use scangate_gateway::serve::tls;
use std::sync::Arc;
use std::time::Duration;

/// The number of handshakes in one figure.
const HANDSHAKES: u32 = 500;

/// The CPU time of the server's half of a handshake. **Units**: microseconds.
pub(crate) fn handshake_us() -> anyhow::Result<f64> {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = key.cert.der().clone();
    let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(tls::provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], private)?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate)?;
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.resumption = rustls::client::Resumption::disabled();
    let (server, client) = (Arc::new(server), Arc::new(client));
    let mut spent = Duration::ZERO;
    for _ in 0..HANDSHAKES {
        spent += handshake(&server, &client)?;
    }
    Ok(spent.as_secs_f64() * 1e6 / f64::from(HANDSHAKES))
}

/// Makes one handshake. Returns the CPU time of the server's half.
fn handshake(
    server: &Arc<rustls::ServerConfig>,
    client: &Arc<rustls::ClientConfig>,
) -> anyhow::Result<Duration> {
    let name = ServerName::try_from("localhost")?;
    let mut client = ClientConnection::new(Arc::clone(client), Version::V1, name, Vec::new())?;
    let mut hello = Vec::new();
    let _ = client.write_hs(&mut hello);
    let begun = cpu()?;
    let mut server = ServerConnection::new(Arc::clone(server), Version::V1, Vec::new())?;
    server.read_hs(&hello)?;
    let flight = flights(|out| server.write_hs(out));
    let mut spent = cpu()? - begun;
    let mut finished = Vec::new();
    for part in flight {
        client.read_hs(&part)?;
    }
    for part in flights(|out| client.write_hs(out)) {
        finished.extend(part);
    }
    let begun = cpu()?;
    server.read_hs(&finished)?;
    spent += cpu()? - begun;
    anyhow::ensure!(!server.is_handshaking(), "the handshake is incomplete");
    Ok(spent)
}

/// The messages that one side sends, one for each encryption level.
fn flights(mut write: impl FnMut(&mut Vec<u8>) -> Option<KeyChange>) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    loop {
        let mut part = Vec::new();
        let changed = write(&mut part).is_some();
        let is_over = part.is_empty() && !changed;
        if !part.is_empty() {
            parts.push(part);
        }
        if is_over {
            return parts;
        }
    }
}

fn cpu() -> anyhow::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("the thread's clock")?.into())
}
