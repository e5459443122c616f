//! The gateway waits for no peer for long: every state of a connection has a deadline.

use scangate_tests::TestTown;
use scangate_tests::wire::{
    ACK, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, SETTINGS, block, frame, opened, read_to_end,
    request,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The time within which the gateway ends a connection whose answer is not read. It would end one that is
/// idle later, and one that answers no PING as well.
const REPLYING: Duration = Duration::from_secs(25);
/// SETTINGS_INITIAL_WINDOW_SIZE of 0: the gateway may send no body.
const NO_WINDOW: [u8; 6] = [0, 4, 0, 0, 0, 0];

/// The bytes that a peer sends on a TLS stream before it falls silent.
fn silences() -> Vec<(&'static str, &'static [u8], Vec<u8>)> {
    let http2 = |frames: &[Vec<u8>]| [PREFACE, &frame(SETTINGS, 0, 0, &[]), &frames.concat()].concat();
    let post = block(&[request("POST", "/v1/people"), vec![("content-length", "100")]].concat());
    let get = block(&request("GET", "/openapi.json"));
    let blocked = [PREFACE, &frame(SETTINGS, 0, 0, &NO_WINDOW)].concat();
    vec![
        ("nothing over HTTP/1.1", b"http/1.1", vec![]),
        ("nothing over HTTP/2", b"h2", vec![]),
        ("half a request line", b"http/1.1", b"GET /me HT".to_vec()),
        ("half a head", b"http/1.1", b"GET /me HTTP/1.1\r\nhost: localhost\r\n".to_vec()),
        (
            "an answered request and half a head over HTTP/1.1",
            b"http/1.1",
            b"GET /me HTTP/1.1\r\nhost: localhost\r\n\r\nGET /me HT".to_vec(),
        ),
        (
            "half a body",
            b"http/1.1",
            b"POST /v1/people HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{"
                .to_vec(),
        ),
        (
            "half a list",
            b"http/1.1",
            b"POST /v1/venues HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{"
                .to_vec(),
        ),
        ("half a preface", b"h2", PREFACE[..10].to_vec()),
        ("a preface and no request", b"h2", http2(&[])),
        ("half a frame header", b"h2", http2(&[vec![0, 0, 9]])),
        ("half a field block", b"h2", http2(&[frame(HEADERS, 0, 1, &get[..5])])),
        ("half a HEADERS frame", b"h2", http2(&[frame(HEADERS, END_HEADERS, 1, &get)[..20].to_vec()])),
        (
            "an answered request and half a head",
            b"h2",
            http2(&[
                frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&request("GET", "/me"))),
                frame(HEADERS, 0, 3, &get[..5]),
            ]),
        ),
        (
            "half a body that would be refused",
            b"h2",
            [http2(&[frame(HEADERS, END_HEADERS, 1, &post)]), frame(DATA, 0, 1, b"{"), vec![0]].concat(),
        ),
        (
            "no window for the answer",
            b"h2",
            [blocked, frame(HEADERS, END_HEADERS | END_STREAM, 1, &get)].concat(),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_falls_silent_is_closed_in_every_state() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let listen = town.gateway.listen;
    let over_tls = silences().into_iter().map(|(what, alpn, bytes)| {
        let target = &town.target;
        async move {
            let mut stream = opened(target, alpn, &bytes).await?;
            read_to_end(&mut stream).await.map_err(|_| anyhow::anyhow!("{what}: it is still open"))
        }
    });
    let over_tcp = [b"".as_slice(), b"\x16", b"GET / HTTP/1.1\r\n"].map(async |bytes| {
        let mut stream = TcpStream::connect(listen).await?;
        stream.write_all(bytes).await?;
        read_to_end(&mut stream).await.map_err(|_| anyhow::anyhow!("{bytes:?}: it is still open"))
    });
    let (tls, tcp, replies, reader, bodies, late) = tokio::join!(
        futures_util::future::try_join_all(over_tls),
        futures_util::future::try_join_all(over_tcp),
        replies_without_a_window(&town),
        unread_answers(&town),
        half_bodies(&town),
        half_a_head_after_an_answer(&town),
    );
    tls?;
    tcp?;
    replies?;
    reader?;
    bodies?;
    late
}

/// Begins a head once the request before it has been answered.
async fn half_a_head_after_an_answer(town: &TestTown) -> anyhow::Result<()> {
    let mut stream =
        opened(&town.target, b"http/1.1", b"HEAD /me HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    stream.write_all(b"GET /me HT").await?;
    stream.flush().await?;
    let end = read_to_end(&mut stream).await;
    end.map(drop).map_err(|_| anyhow::anyhow!("half a head after an answer: it is still open"))
}

/// Sends bodies in half, one that a worker gathers and one that streams to the back office.
async fn half_bodies(town: &TestTown) -> anyhow::Result<()> {
    for (path, framing, half) in [
        ("/v1/cases", "content-length: 100", "{"),
        ("/v1/venues", "transfer-encoding: chunked", "1\r\n{\r\n"),
    ] {
        let authorization = if path == "/v1/cases" { &town.tracer } else { &town.authority };
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n");
        let request = format!("{head}{framing}\r\nconnection: close\r\n\r\n{half}");
        let mut stream = opened(&town.target, b"http/1.1", request.as_bytes()).await?;
        let answer = String::from_utf8_lossy(&read_to_end(&mut stream).await?).into_owned();
        // The answer to a list has begun, and its last line says so.
        let status = if path == "/v1/cases" { "408" } else { "200" };
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert!(answer.contains("too-slow"), "{path}: {answer}");
    }
    Ok(())
}

/// Asks for more than the sockets hold, and reads none of it. The gateway ends the connection, which shows
/// when the client writes again.
async fn unread_answers(town: &TestTown) -> anyhow::Result<()> {
    let mut stream = town.target.tls_stream(b"http/1.1").await?;
    let request = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request.repeat(200).as_bytes()).await?;
    scangate_tests::eventually(
        async || Ok(town.gateway.metric("scangate_tcp_connections", "")?),
        |open| *open == 0.0,
    )
    .await?;
    Ok(())
}

/// Asks over HTTP/2 without a window for the answer, and replies to everything that the gateway asks. It is
/// there, but reads nothing.
async fn replies_without_a_window(town: &TestTown) -> anyhow::Result<()> {
    let get = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&request("GET", "/openapi.json")));
    let bytes = [PREFACE, &frame(SETTINGS, 0, 0, &NO_WINDOW), &get].concat();
    let mut stream = opened(&town.target, b"h2", &bytes).await?;
    let mut end = std::pin::pin!(tokio::time::sleep(REPLYING));
    let (mut head, mut payload) = ([0; 9], Vec::new());
    loop {
        tokio::select! {
            read = stream.read_exact(&mut head) => if read.is_err() { return Ok(()) },
            () = &mut end => anyhow::bail!("an answer without a window: the connection is still open"),
        }
        let [high, middle, low, kind, flags, ..] = head;
        payload.resize(u32::from_be_bytes([0, high, middle, low]) as usize, 0);
        stream.read_exact(&mut payload).await?;
        let reply = match (kind, flags & ACK) {
            (SETTINGS, 0) => frame(SETTINGS, ACK, 0, &[]),
            (PING, 0) => frame(PING, ACK, 0, &payload),
            _ => continue,
        };
        stream.write_all(&reply).await?;
        stream.flush().await?;
    }
}
