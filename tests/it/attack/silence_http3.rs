//! The deadlines of HTTP/3: the same as over TCP, but a late request ends its stream and the connection goes
//! on.

use super::amplification::first_datagram;
use anyhow::Context as _;
use futures_util::future::try_join_all;
use quinn::{Connection, RecvStream, SendStream, TransportConfig, VarInt};
use rustls::crypto::aws_lc_rs;
use scangate_tests::wire::{http3_frame, http3_head, is_orderly, request};
use scangate_tests::{TestTown, eventually};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// How long a test waits for the gateway's deadlines, of which the longest here is ten seconds.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// The interval of a client that keeps its connection alive.
const KEPT_ALIVE: Duration = Duration::from_secs(2);
/// The code of an answer that the gateway gives up (RFC 9114 section 8.1).
const REQUEST_CANCELLED: u32 = 0x10c;
const DATA: u8 = 0;

/// Sends these bytes on a stream that stays open.
async fn begun(connection: &Connection, bytes: &[u8]) -> anyhow::Result<(SendStream, RecvStream)> {
    let (mut send, receive) = connection.open_bi().await?;
    send.write_all(bytes).await?;
    Ok((send, receive))
}

/// Opens a connection that the client keeps alive, with this window for each answer.
async fn connected(town: &TestTown, window: u32) -> anyhow::Result<Connection> {
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(window)).keep_alive_interval(Some(KEPT_ALIVE));
    town.target.quic_connection(transport).await
}

/// Asks for more than the window of a stream, and reads nothing.
async fn unread_answer(town: &TestTown, window: u32) -> anyhow::Result<()> {
    let connection = connected(town, window).await?;
    let (mut send, mut receive) = begun(&connection, &http3_head(&request("GET", "/openapi.json"))).await?;
    send.finish()?;
    let reset = timeout(GIVEN_UP, receive.received_reset()).await.context("it is still open")??;
    assert_eq!(reset, Some(VarInt::from_u32(REQUEST_CANCELLED)), "a window of {window}");
    assert_eq!(connection.close_reason(), None, "the connection goes on");
    Ok(())
}

/// Sends these bytes of a request and no more, and expects 408.
async fn unfinished_request(connection: &Connection, bytes: &[u8]) -> anyhow::Result<()> {
    let (send, mut receive) = begun(connection, bytes).await?;
    let answer = timeout(GIVEN_UP, receive.read_to_end(10_000)).await.context("it is still open")??;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.contains("too-slow"), "{answer}");
    drop(send);
    Ok(())
}

async fn unfinished_requests(town: &TestTown) -> anyhow::Result<()> {
    let connection = connected(town, 100_000).await?;
    let post = |path| [&request("POST", path)[..], &[("authorization", town.authority.as_str())]].concat();
    let head = |path| http3_head(&post(path));
    let of_length = |path| http3_head(&[&post(path)[..], &[("content-length", "100")]].concat());
    let line = br#"{"name":"Gate"}"#;
    let list = [head("/v1/venues"), http3_frame(DATA, &[&line[..], b"\n", &line[..9]].concat())].concat();
    let requests = [
        head("/v1/venues")[..9].to_vec(),
        head("/v1/venues"),
        list,
        [of_length("/v1/cases"), http3_frame(DATA, b"{")].concat(),
        [of_length("/v1/check-ins"), vec![DATA, 9]].concat(),
    ];
    let given_up = requests.iter().map(|bytes| unfinished_request(&connection, bytes));
    try_join_all(given_up).await?;
    assert_eq!(connection.close_reason(), None, "the connection goes on");
    Ok(())
}

/// Opens a connection and sends nothing but what keeps it alive.
async fn no_request(town: &TestTown) -> anyhow::Result<()> {
    let connection = connected(town, 100_000).await?;
    let closed = timeout(GIVEN_UP, connection.closed()).await.context("a connection without a request")?;
    assert!(is_orderly(&closed), "{closed}");
    Ok(())
}

/// Begins a handshake whose first flight has two datagrams, and sends the first one.
async fn half_a_hello(town: &TestTown) -> anyhow::Result<UdpSocket> {
    // Names that no server offers make the first flight longer than a datagram.
    let protocols = [b"h3".to_vec()].into_iter().chain((b'a'..b'k').map(|name| vec![name; 200])).collect();
    let first = first_datagram(aws_lc_rs::default_provider(), protocols).await?;
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(town.gateway.listen).await?;
    socket.send(&first).await?;
    Ok(socket)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_silent_over_http3_is_given_up_in_every_state() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let _silent = half_a_hello(&town).await?;
    let given_up = async {
        let failed = async || town.gateway.metric("scangate_quic_handshakes_total", r#"result="failed""#);
        eventually(failed, |failed| *failed >= 1.0).await.map(drop).context("half a hello")
    };
    tokio::try_join!(
        unread_answer(&town, 0),
        unread_answer(&town, 1_000),
        unfinished_requests(&town),
        no_request(&town),
        given_up,
    )?;
    Ok(())
}
