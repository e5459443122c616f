//! Attacks at a bounded rate: packets that begin a handshake, changes of address, and refused tokens.

use super::attacker::{AttackTally, SOURCE};
use bytes::Bytes;
use http::Request;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint};
use rustls::crypto::aws_lc_rs::kx_group;
use scangate_gateway::serve::tls;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use std::collections::HashSet;
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::time::interval;

/// Lone Initials a second, each of which costs the gateway the half of a handshake.
const INITIALS_A_SECOND: u32 = 500;
/// The time beyond the measurement for which there are Initials.
const SPARE: Duration = Duration::from_secs(3);
/// Changes of a connection's address a second.
const MOVES_A_SECOND: u32 = 50;
/// The length of a header that the gateway ignores. A new address gets three times what came from it, and a
/// probe of it has 1,200 bytes (RFC 9000 section 8.2.1).
const PADDING_BYTES: usize = 600;
/// Requests with a refused token a second.
const TOKENS_A_SECOND: u32 = 1_000;
/// The maximum number of requests in flight.
const IN_FLIGHT_MAX: usize = 256;
/// The longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The largest datagram of a client.
const DATAGRAM_BYTES_MAX: usize = 2_000;
/// The place of the length of the destination connection id in a long header (RFC 9000 section 17.2).
const DCID_LENGTH_AT: usize = 5;
/// The values of `authorization` that are refused.
const TOKENS: [&str; 6] = [
    "",
    "Bearer ",
    "Bearer AAAA",
    "Resident ",
    "Resident AgEAAAAAAAAAAQAAAAEAAAAAAAAAAAAAAAAAAAAA",
    "Basic AAAA",
];
/// The paths for which a token is needed, by role.
const TOKEN_PATHS: [&str; 2] = ["/v1/people/me/overview", "/v1/cases"];

/// Sends the first packets of handshakes that never go on.
pub(super) async fn initials(
    gateway: SocketAddr,
    length: Duration,
    tally: &AttackTally,
) -> anyhow::Result<()> {
    let count = INITIALS_A_SECOND as usize * usize::try_from((length + SPARE).as_secs())?;
    let datagrams = first_datagrams(count).await?;
    let socket = UdpSocket::bind(SocketAddr::new(SOURCE, 0)).await?;
    socket.connect(gateway).await?;
    let mut ticks = interval(Duration::from_secs(1) / INITIALS_A_SECOND);
    tally.is_ready();
    for datagram in datagrams {
        ticks.tick().await;
        match socket.send(&datagram).await {
            Ok(_) => tally.begin(),
            Err(_) => tally.fail(),
        }
    }
    // The Initials last for longer than the measurement, unless good clients are stuck.
    std::future::pending().await
}

/// Sends the same packets to a bound port that is never read. The kernel drops them once its buffer is full.
pub(super) async fn unheard_initials(length: Duration, tally: &AttackTally) -> anyhow::Result<()> {
    let unread = StdSocket::bind(SocketAddr::new(SOURCE, 0))?;
    initials(unread.local_addr()?, length, tally).await
}

/// Takes the first datagrams of clients that get no answer. Each ClientHello fits one datagram, because it
/// offers no hybrid key exchange.
async fn first_datagrams(count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
    /// Connections of an endpoint before it is replaced, because each lives on for a while.
    const ENDPOINT_MAX: usize = 250;
    let mut provider = tls::provider();
    provider.kx_groups = vec![kx_group::X25519];
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let catcher = UdpSocket::bind("127.0.0.1:0").await?;
    let (mut datagrams, mut known) = (Vec::with_capacity(count), HashSet::new());
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse()?)?;
    while datagrams.len() < count {
        if datagrams.len() % ENDPOINT_MAX == ENDPOINT_MAX - 1 {
            endpoint = Endpoint::client("127.0.0.1:0".parse()?)?;
        }
        let _connecting = endpoint.connect_with(config.clone(), catcher.local_addr()?, "localhost")?;
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            let length = catcher.recv(&mut datagram).await?;
            // A client that gives up says so under the same connection id.
            if known.insert(connection_id(&datagram[..length]).to_vec()) {
                datagram.truncate(length);
                break;
            }
        }
        datagrams.push(datagram);
    }
    Ok(datagrams)
}

/// The destination connection id of a long header.
fn connection_id(datagram: &[u8]) -> &[u8] {
    let length = datagram.get(DCID_LENGTH_AT).copied().unwrap_or_default();
    datagram.get(DCID_LENGTH_AT + 1..=DCID_LENGTH_AT + usize::from(length)).unwrap_or_default()
}

/// Changes the address of one connection again and again, with a request after each change.
pub(super) async fn migrations(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    let mut connection = target.connect(Version::Http3).await?;
    let mut ticks = interval(Duration::from_secs(1) / MOVES_A_SECOND);
    let (asking, padding) = (Asking::new(tally), "x".repeat(PADDING_BYTES));
    tally.is_ready();
    loop {
        ticks.tick().await;
        target.endpoint().rebind(StdSocket::bind(SocketAddr::new(SOURCE, 0))?)?;
        if connection.quic().is_some_and(|quic| quic.close_reason().is_some()) {
            tally.fail();
            connection = target.connect(Version::Http3).await?;
        }
        let request = Request::get("/v1/registration").header("x-padding", &padding);
        asking.ask(&connection, request.body(Bytes::new())?);
    }
}

/// Sends requests whose tokens are empty or invalid.
pub(super) async fn refused_tokens(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    let connection = target.connect(Version::Http2).await?;
    let mut ticks = interval(Duration::from_secs(1) / TOKENS_A_SECOND);
    let asking = Asking::new(tally);
    tally.is_ready();
    for turn in 0_usize.. {
        ticks.tick().await;
        let request = Request::get(TOKEN_PATHS[turn % TOKEN_PATHS.len()]);
        let request = request.header("authorization", TOKENS[turn % TOKENS.len()]);
        asking.ask(&connection, request.body(Bytes::new())?);
    }
    Ok(())
}

/// Requests whose answers the attacker does not wait for.
struct Asking {
    tally: Rc<AttackTally>,
    places: Arc<Semaphore>,
}

impl Asking {
    fn new(tally: &Rc<AttackTally>) -> Self {
        Self { tally: Rc::clone(tally), places: Arc::new(Semaphore::new(IN_FLIGHT_MAX)) }
    }

    /// Sends a request, unless too many are in flight. An answer with any status is the end of it.
    fn ask(&self, connection: &ClientConnection, request: Request<Bytes>) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return self.tally.fail() };
        let (tally, mut connection) = (Rc::clone(&self.tally), connection.clone());
        tally.begin();
        tokio::task::spawn_local(async move {
            let answered = tokio::time::timeout(ANSWER_MAX, connection.send(request)).await;
            if matches!(answered, Ok(Ok(_))) {
                tally.end();
            }
            drop(place);
        });
    }
}
