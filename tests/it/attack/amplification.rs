//! An address that has not proved to be the peer's gets at most three times the bytes that came from it
//! (RFC 9000 section 8). The gateway would otherwise flood forged addresses.

use quinn::crypto::rustls::QuicClientConfig;
use rustls::crypto::CryptoProvider;
use scangate_tests::{TestTown, eventually};
use std::sync::Arc;
use tokio::net::UdpSocket;

/// Bytes behind the first packet of a datagram, which belong to no packet and count as received. Three whole
/// datagrams of 1,200 bytes then leave three bytes of the budget, for which quinn-proto would begin another.
const PADDING: usize = 1;

/// Takes the first datagram of a client that gets no answer. The client has this cryptography and offers
/// these protocols (ALPN).
pub(super) async fn first_datagram(
    provider: CryptoProvider,
    protocols: Vec<Vec<u8>>,
) -> anyhow::Result<Vec<u8>> {
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    tls.alpn_protocols = protocols;
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse()?)?;
    let catcher = UdpSocket::bind("127.0.0.1:0").await?;
    let _connecting = endpoint.connect_with(config, catcher.local_addr()?, "localhost")?;
    let mut datagram = vec![0; 2_000];
    let length = catcher.recv(&mut datagram).await?;
    datagram.truncate(length);
    Ok(datagram)
}

/// Counts what comes to a socket until `is_over` says that nothing more will.
async fn received_until(
    socket: &UdpSocket,
    is_over: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<usize> {
    let (mut bytes, mut datagram) = (0, vec![0; 2_000]);
    tokio::pin!(is_over);
    loop {
        tokio::select! {
            received = socket.recv(&mut datagram) => bytes += received?,
            over = &mut is_over => return over.map(|()| bytes),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_first_packet_gets_at_most_three_times_its_bytes() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    // Without a hybrid key exchange the ClientHello fits one datagram.
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups = vec![rustls::crypto::aws_lc_rs::kx_group::X25519];
    let mut first = first_datagram(provider, vec![b"h3".to_vec()]).await?;
    first.resize(first.len() + PADDING, 0);
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(town.gateway.listen).await?;
    let sent = socket.send(&first).await?;
    // The gateway gives the handshake up, and sends nothing afterwards.
    let given_up = async {
        let failed = async || town.gateway.metric("scangate_quic_handshakes_total", r#"result="failed""#);
        eventually(failed, |failed| *failed >= 1.0).await.map(drop)
    };
    let answered = received_until(&socket, given_up).await?;
    // It is tried again and again, until nothing more may be sent.
    assert!(answered >= sent && answered <= 3 * sent, "{answered} for {sent}");
    Ok(())
}
