//! Requests that are sent in half hold no place in the back office, however many there are.

use quinn::{RecvStream, SendStream};
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_tests::wire::{
    END_HEADERS, HEADERS, PREFACE, SETTINGS, block, frame, http3_head, opened, request,
};
use scangate_tests::{TestTown, send};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

/// More than the back office works on at the same time, whatever the kind.
const HELD: usize = 600;
/// Streams that an HTTP/3 connection with two requests may have, and a new one of HTTP/2.
const STREAMS_HTTP3: usize = 16;
const STREAMS_HTTP2: usize = 200;
/// How long an honest client waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// One path of each kind of work that takes a body.
const PATHS: [&str; 4] = ["/v1/people", "/v1/people/me/appeals", "/v1/cases", "/v1/tokens/revoke"];

/// A HEADERS frame of HTTP/3 for a POST to this path, with a body that is to follow.
fn post(path: &str) -> Vec<u8> {
    http3_head(&[request("POST", path), vec![("content-length", "100")]].concat())
}

/// Streams that are held open, with the connection that they belong to.
struct HeldConnection {
    _connection: ClientConnection,
    _streams: Vec<(SendStream, RecvStream)>,
}

async fn hold_http3(town: &TestTown) -> anyhow::Result<Vec<HeldConnection>> {
    let mut held = Vec::new();
    for _ in 0..HELD.div_ceil(STREAMS_HTTP3 - 1) {
        let mut connection = town.target.connect(Version::Http3).await?;
        let quic = connection.quic().cloned().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
        let mut streams = Vec::new();
        for number in 0..STREAMS_HTTP3 - 1 {
            let (mut stream, answer) = quic.open_bi().await?;
            stream.write_all(&post(PATHS[number % PATHS.len()])).await?;
            streams.push((stream, answer));
        }
        // The answer to a whole request shows that the halves before it have arrived.
        assert_eq!(send(&mut connection, "GET", "/me", "", "").await?.status(), 200);
        held.push(HeldConnection { _connection: connection, _streams: streams });
    }
    Ok(held)
}

/// Holds streams of HTTP/2. The answer to a PING would show that they have arrived; a page does so too.
async fn hold_http2(town: &TestTown) -> anyhow::Result<Vec<impl Sized + use<>>> {
    let mut held = Vec::new();
    for _ in 0..HELD.div_ceil(STREAMS_HTTP2) {
        let mut bytes = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
        for number in 0..STREAMS_HTTP2 {
            let mut lines = request("POST", PATHS[number % PATHS.len()]);
            lines.push(("content-length", "100"));
            let stream = u32::try_from(2 * number + 1)?;
            bytes.extend(frame(HEADERS, END_HEADERS, stream, &block(&lines)));
        }
        let last = u32::try_from(2 * STREAMS_HTTP2 + 1)?;
        bytes.extend(frame(HEADERS, END_HEADERS | 1, last, &block(&request("GET", "/me"))));
        let mut stream = opened(&town.target, b"h2", &bytes).await?;
        let (mut seen, mut some) = (Vec::new(), [0; 4_096]);
        while !seen.windows(15).any(|window| window == b"<!doctype html>") {
            let count = stream.read(&mut some).await?;
            anyhow::ensure!(count > 0, "the gateway closed the connection");
            seen.extend(some[..count].to_ascii_lowercase());
        }
        held.push(stream);
    }
    Ok(held)
}

async fn hold_http1(town: &TestTown) -> anyhow::Result<Vec<impl Sized + use<>>> {
    let mut held = Vec::new();
    for number in 0..HELD {
        let path = PATHS[number % PATHS.len()];
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{{");
        held.push(opened(&town.target, b"http/1.1", head.as_bytes()).await?);
    }
    Ok(held)
}

/// Every kind of work is done for honest clients, over every version.
async fn expect_served(town: &mut TestTown) -> anyhow::Result<()> {
    let (authority, tracer) = (town.authority.clone(), town.tracer.clone());
    for version in Version::ALL {
        let mut honest = town.target.connect(version).await?;
        for (path, authorization) in [
            ("/me", ""),
            ("/v1/registration", ""),
            ("/v1/cases", tracer.as_str()),
            ("/v1/venues/v0000000000001", authority.as_str()),
        ] {
            let asked = send(&mut honest, "GET", path, authorization, "");
            let answer = tokio::time::timeout(PATIENCE, asked).await??;
            assert!(matches!(answer.status(), 200 | 404), "{version:?} {path}: {}", answer.text());
        }
        let scan = town.scan(0, 0);
        let taken = send(&mut honest, "POST", "/v1/check-ins", "", scan).await?;
        assert_eq!(taken.status(), 200, "{version:?}");
    }
    let mine = tokio::time::timeout(PATIENCE, town.mine(0)).await??;
    assert_eq!(mine["colour"], "green");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_hold_no_place_of_the_back_office() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let over_http3 = hold_http3(&town).await?;
    expect_served(&mut town).await?;
    drop(over_http3);
    let over_http2 = hold_http2(&town).await?;
    expect_served(&mut town).await?;
    drop(over_http2);
    let over_http1 = hold_http1(&town).await?;
    expect_served(&mut town).await?;
    drop(over_http1);
    Ok(())
}
