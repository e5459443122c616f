//! The end of a gateway: it drains within five seconds whatever its peers do, and a second signal ends it
//! immediately. The status says that it drains.

use super::status::status_once;
use anyhow::Context as _;
use quinn::{Connection, RecvStream, SendStream, TransportConfig, VarInt};
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_loadgen::drive::now;
use scangate_tests::wire::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, block, frame, http3_head, is_orderly, opened,
    request,
};
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually, send};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The longest drain, with a margin for a machine that also runs the other tests.
const DRAIN_MAX: Duration = Duration::from_secs(8);

/// Peers that do not let go.
struct StubbornPeers {
    _tcp: Vec<TlsStream<TcpStream>>,
    _half: (ClientConnection, SendStream, RecvStream),
    unread: (Connection, SendStream, RecvStream),
}

/// An idle peer of HTTP/2 that reads nothing, and one without a window for its answer. Half an HTTP/1.1
/// request, half an HTTP/3 request, and an answer over HTTP/3 that the phone does not read.
async fn stubborn_peers(town: &TestTown) -> anyhow::Result<StubbornPeers> {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0].as_slice();
    // SETTINGS_INITIAL_WINDOW_SIZE of 0, and a GET by literals without indexing.
    let no_window = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0].as_slice();
    let mut fields = Vec::new();
    for (name, value) in
        [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/openapi.json")]
    {
        fields.push(0);
        for text in [name, value] {
            fields.push(u8::try_from(text.len())?);
            fields.extend(text.as_bytes());
        }
    }
    let get = [&[0, 0, u8::try_from(fields.len())?, 1, 5, 0, 0, 0, 1], fields.as_slice()].concat();
    let half = b"POST /v1/people HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{".as_slice();
    let mut tcp = Vec::new();
    for (alpn, bytes) in [
        (b"h2".as_slice(), [preface, settings].concat()),
        (b"h2", [preface, no_window, &get].concat()),
        (b"http/1.1", half.to_vec()),
    ] {
        let mut stream = town.target.tls_stream(alpn).await?;
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        if alpn == b"h2" {
            // Something of the gateway's shows that it has read the preface.
            stream.read_u8().await?;
        }
        tcp.push(stream);
    }
    let connection = town.target.connect(Version::Http3).await?;
    let quic = connection.quic().cloned().context("HTTP/3 is QUIC")?;
    let (mut send, receive) = quic.open_bi().await?;
    send.write_all(&[1, 40, 0, 0]).await?;
    let half = (connection, send, receive);
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(100));
    let connection = town.target.quic_connection(transport).await?;
    let (mut send, mut receive) = connection.open_bi().await?;
    send.write_all(&http3_head(&request("GET", "/openapi.json"))).await?;
    send.finish()?;
    // The answer has begun.
    receive.read_exact(&mut [0]).await?;
    Ok(StubbornPeers { _tcp: tcp, _half: half, unread: (connection, send, receive) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_in_time_whatever_the_peers_do() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let peers = stubborn_peers(&town).await?;
    let TestTown { gateway, .. } = town;
    let began = Instant::now();
    let status = gateway.stop()?;
    assert!(status.success() && began.elapsed() < DRAIN_MAX, "{status} after {:?}", began.elapsed());
    // The gateway closes the phone's connection. Otherwise the phone would wait for its own idle timeout.
    let (phone, ..) = &peers.unread;
    let ended = phone.closed().await;
    assert!(is_orderly(&ended), "{ended}");
    drop(peers);
    Ok(())
}

/// The bytes of HTTP/2 up to and with these words. What follows them stays in the stream.
async fn read_to(stream: &mut TlsStream<TcpStream>, words: &str) -> anyhow::Result<()> {
    let mut seen = Vec::new();
    while !seen.ends_with(words.as_bytes()) {
        seen.push(stream.read_u8().await?);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_without_http3_answers_a_check_in_that_waits_for_the_disk() -> anyhow::Result<()> {
    let town = TestTown::found_with_slow_disk().await?;
    let post = block(&request("POST", "/v1/check-ins"));
    let look_up = block(&request("GET", "/v1/colours/none"));
    let bytes = [
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, &[]),
        frame(HEADERS, END_HEADERS, 1, &post),
        frame(DATA, END_STREAM, 1, town.scan(0, 0).as_bytes()),
        frame(HEADERS, END_HEADERS | END_STREAM, 3, &look_up),
    ];
    let TestTown { mut gateway, target, connection, .. } = town;
    drop(connection);
    let open = async || gateway.metric("scangate_quic_connections", "");
    eventually(open, |open| *open < 1.0).await?;
    let mut phone = opened(&target, b"h2", &bytes.concat()).await?;
    // The look-up's answer shows that the check-in has arrived.
    read_to(&mut phone, "token-invalid").await?;
    gateway.terminate()?;
    read_to(&mut phone, "\"colour\":\"green\"").await?;
    let status = eventually(async || gateway.ended(), Option::is_some).await?;
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_is_shown_and_a_second_signal_ends_it_immediately() -> anyhow::Result<()> {
    let gateway =
        Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Words("a second signal"))?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let taken = town.check_in(0, 0).await?;
    assert_eq!(taken.status(), 200);
    let peers = stubborn_peers(&town).await?;
    let folder = town.gateway.folder();
    town.gateway.terminate()?;
    eventually(
        async || Ok(town.gateway.log().iter().any(|line| line.contains("draining"))),
        |is_draining| *is_draining,
    )
    .await?;
    let seen = status_once(&town.gateway, |seen| seen["state"] == "draining").await?;
    assert_eq!(seen["runbook"], "The gateway drains", "{seen}");
    let TestTown { gateway, residents, .. } = town;
    let status = gateway.stop()?;
    assert_eq!(status.code(), Some(1));
    drop(peers);
    // The acknowledged check-in is there.
    let gateway = Gateway::start_in(folder, &[], ExpectedLog::Quiet)?;
    let mut phone = gateway.target()?.connect(Version::Http3).await?;
    let own = residents[0].authorization(now());
    let mine = async || send(&mut phone, "GET", "/v1/people/me", &own, "").await?.json();
    eventually(mine, |mine| mine["check_ins"].as_array().is_some_and(|visits| visits.len() == 1)).await?;
    Ok(())
}
