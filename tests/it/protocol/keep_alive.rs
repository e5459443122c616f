//! One HTTP/1.1 connection for many requests. Between two of them the gateway keeps only the TLS stream: no
//! byte of a request is lost or taken for another request, and the connection ends in order.

use scangate_tests::TestTown;
use scangate_tests::wire::{opened, read_to_end};
use std::str;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const GET: &str = "GET /me HTTP/1.1\r\nhost: localhost\r\n\r\n";
const HEAD: &str = "HEAD /me HTTP/1.1\r\nhost: localhost\r\n\r\n";
const LAST: &str = "GET /me HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
/// A check-in whose body has no codes.
const LENGTH: &str = "POST /v1/check-ins HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}";
const CHUNKS: &str = "POST /v1/check-ins HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
/// A request whose body the gateway awaits no more when it has answered.
const REFUSED: &str = "POST /v1/check-ins HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
                       content-encoding: gzip\r\ncontent-length: 37\r\n\r\n";

async fn write(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) -> anyhow::Result<()> {
    stream.write_all(bytes).await?;
    Ok(stream.flush().await?)
}

/// Reads an answer to its end, and returns its status.
async fn status(stream: &mut TlsStream<TcpStream>, has_body: bool) -> anyhow::Result<u16> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = str::from_utf8(&head)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.ok_or_else(|| anyhow::anyhow!("no length: {head}"))?.parse()?;
    stream.read_exact(&mut vec![0; if has_body { length } else { 0 }]).await?;
    Ok(head[9..12].parse()?)
}

async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> anyhow::Result<u16> {
    write(stream, request.as_bytes()).await?;
    status(stream, request != HEAD).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_takes_requests_of_all_kinds_until_it_is_told_to_close() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let mut stream = opened(&town.target, b"http/1.1", b"").await?;
    for _ in 0..3 {
        for (request, expected) in [(GET, 200), (LENGTH, 400), (HEAD, 200), (CHUNKS, 400), (GET, 200)] {
            assert_eq!(ask(&mut stream, request).await?, expected, "{request}");
            // Empty lines before a request are ignored (RFC 9112 section 2.2).
            assert_eq!(ask(&mut stream, &format!("\r\n{GET}")).await?, 200, "after {request}");
        }
    }
    assert_eq!(ask(&mut stream, LAST).await?, 200);
    assert_eq!(stream.read(&mut [0]).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_begins_with_the_one_before_is_whole() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let mut stream = opened(&town.target, b"http/1.1", b"").await?;
    for (first, expected) in [(GET, 200), (LENGTH, 400), (CHUNKS, 400)] {
        for at in 0..=LENGTH.len() {
            let (begin, rest) = LENGTH.split_at(at);
            assert_eq!(ask(&mut stream, &format!("{first}{begin}")).await?, expected, "cut at {at}");
            // The gateway has answered, and waits for the rest.
            write(&mut stream, rest.as_bytes()).await?;
            assert_eq!(status(&mut stream, true).await?, 400, "cut at {at}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_after_its_answer_is_no_request() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let mut stream = opened(&town.target, b"http/1.1", b"").await?;
    assert_eq!(GET.len(), 37);
    assert_eq!(ask(&mut stream, REFUSED).await?, 415);
    // The gateway may have closed already.
    let _ = write(&mut stream, GET.as_bytes()).await;
    let _ = stream.shutdown().await;
    assert_eq!(read_to_end(&mut stream).await?, b"");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_says_no_more_is_answered_to_the_end() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let mut stream = opened(&town.target, b"http/1.1", b"").await?;
    assert_eq!(ask(&mut stream, GET).await?, 200);
    stream.shutdown().await?;
    // An end without close_notify would be an error.
    assert_eq!(stream.read(&mut [0]).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_an_idle_connection_in_order_and_before_the_busy_ones() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let mut idle = opened(&town.target, b"http/1.1", b"").await?;
    assert_eq!(ask(&mut idle, GET).await?, 200);
    let fresh = opened(&town.target, b"http/1.1", b"").await?;
    // Half a body keeps the drain open for as long as it may last.
    let busy = opened(&town.target, b"http/1.1", &LENGTH.as_bytes()[..LENGTH.len() - 1]).await?;
    let TestTown { gateway, .. } = town;
    gateway.terminate()?;
    for mut stream in [idle, fresh] {
        // The end of the process would bring no close_notify, and be an error.
        assert_eq!(stream.read(&mut [0]).await?, 0);
    }
    drop(busy);
    Ok(())
}
