//! An address that has not proved to be the peer's gets at most three times the bytes that came from it
//! (RFC 9000 section 8). The gateway would otherwise flood forged addresses. A source that only begins
//! handshakes has to prove its address.

use quinn::crypto::rustls::QuicClientConfig;
use rustls::crypto::CryptoProvider;
use scangate_loadgen::client::Version;
use scangate_tests::{Gateway, TestTown, eventually, send};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Bytes behind the first packet of a datagram, which belong to no packet and count as received. Three whole
/// datagrams of 1,200 bytes then leave three bytes of the budget, for which quinn-proto would begin another.
const PADDING: usize = 1;

/// Handshakes that a source may have under way at a worker without proving its address.
const UNPROVED: usize = 256;
/// The types of packets that answer a first one.
const INITIAL: u8 = 0;
const RETRY: u8 = 3;
/// The longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

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

/// Sends a first datagram from a new port of this address, and takes the type of the packet that answers it
/// (RFC 9000 section 17.2).
async fn answer_type(town: &TestTown, from: IpAddr, first: &[u8]) -> anyhow::Result<u8> {
    let socket = UdpSocket::bind((from, 0)).await?;
    socket.connect(town.gateway.listen).await?;
    socket.send(first).await?;
    let mut answer = [0; 2_000];
    timeout(ANSWER_MAX, socket.recv(&mut answer)).await??;
    Ok(answer[0] >> 4 & 3)
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

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_many_lone_first_packets_proves_its_address_and_others_need_not() -> anyhow::Result<()> {
    let town = TestTown::found_in(Gateway::start(&["--workers", "1"])?, 1).await?;
    let mut firsts = Vec::new();
    for _ in 0..UNPROVED + 2 {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        firsts.push(first_datagram(provider, vec![b"h3".to_vec()]).await?);
    }
    let (crowd, other) = (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from([127, 0, 0, 2]));
    for (number, first) in firsts[..UNPROVED].iter().enumerate() {
        assert_eq!(answer_type(&town, crowd, first).await?, INITIAL, "{number}");
    }
    assert_eq!(answer_type(&town, crowd, &firsts[UNPROVED]).await?, RETRY);
    assert_eq!(answer_type(&town, other, &firsts[UNPROVED + 1]).await?, INITIAL);
    // A client in the crowd proves its address by itself, with a second first packet.
    let mut phone = town.target.connect(Version::Http3).await?;
    let taken = send(&mut phone, "POST", "/v1/check-ins", "", town.scan(0, 0)).await?;
    assert_eq!(taken.status(), 200);
    assert!(town.gateway.metric("scangate_quic_handshakes_total", r#"result="retried""#)? >= 2.0);
    Ok(())
}
