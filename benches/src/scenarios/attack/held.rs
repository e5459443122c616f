//! Attacks that hold connections and streams. A connection or stream that the gateway ends is begun again.

use super::attacker::AttackTally;
use super::half_sent;
use anyhow::Context as _;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinSet;

/// Half-sent requests over HTTP/3: connections, and the streams of each. A connection that has had and
/// finished four requests at a time may have 256 streams.
const BUSY_CONNECTIONS: usize = 2;
const BUSY_STREAMS: usize = 256;
/// The requests that a connection has at a time, and those that it finishes, to get them.
const SHOWN: usize = 8;
/// Half heads over HTTP/3: connections, and the streams of each. A connection with two of them may have 16.
const HEAD_CONNECTIONS: usize = 250;
const HEAD_STREAMS: usize = 15;
/// HTTP/1.1 connections with half a body.
const BODY_CONNECTIONS: usize = 530;
/// HTTP/2 connections with half bodies, and the streams of each.
const STREAM_CONNECTIONS: usize = 3;
const STREAMS_HTTP2: u32 = 200;
/// TCP connections that send nothing.
const SILENT_CONNECTIONS: usize = 2_000;
/// HTTP/2 connections that read no answer, and the requests on each.
const UNREAD_CONNECTIONS: usize = 64;
const UNREAD_STREAMS: u32 = 100;
/// The longest wait for a connection or stream to open.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// The pause before what the gateway has ended is begun again.
const AGAIN: Duration = Duration::from_millis(200);

/// The messages of the attacker on a connection that it holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HeldTalk {
    /// Nothing.
    Silence,
    /// The replies of HTTP/2 that keep a connection open.
    Http2Replies,
}

/// A stream over TCP, with or without TLS.
trait HeldIo: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> HeldIo for T {}
type HeldStream = Box<dyn HeldIo>;

/// Holds 512 half-sent requests on two HTTP/3 connections.
pub(super) async fn half_requests(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    hold_http3(target, tally, BUSY_CONNECTIONS, BUSY_STREAMS, SHOWN, half_sent::http3_head).await
}

/// Holds half heads on 250 HTTP/3 connections.
pub(super) async fn half_heads(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    let half = |number| {
        let mut head = half_sent::http3_head(number);
        head.truncate(head.len() / 2);
        head
    };
    hold_http3(target, tally, HEAD_CONNECTIONS, HEAD_STREAMS, 0, half).await
}

/// Holds HTTP/1.1 connections with half a body.
pub(super) async fn half_bodies(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    hold_tcp(tally, BODY_CONNECTIONS, HeldTalk::Silence, async |number| {
        over_tls(target, b"http/1.1", &half_sent::http1_half_body(number)).await
    })
    .await
}

/// Holds HTTP/2 connections with many half bodies.
pub(super) async fn half_streams(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    let bytes = half_sent::http2_half_bodies(STREAMS_HTTP2);
    hold_tcp(tally, STREAM_CONNECTIONS, HeldTalk::Http2Replies, async |_| {
        over_tls(target, b"h2", &bytes).await
    })
    .await
}

/// Holds HTTP/2 connections whose answers may not be sent.
pub(super) async fn slow_readers(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    let bytes = half_sent::http2_no_window(UNREAD_STREAMS);
    hold_tcp(tally, UNREAD_CONNECTIONS, HeldTalk::Http2Replies, async |_| {
        over_tls(target, b"h2", &bytes).await
    })
    .await
}

/// Holds TCP connections that send nothing.
pub(super) async fn silent(target: &Rc<LoadTarget>, tally: &Rc<AttackTally>) -> anyhow::Result<()> {
    hold_tcp(tally, SILENT_CONNECTIONS, HeldTalk::Silence, async |_| {
        Ok(Box::new(target.tcp_stream().await?) as HeldStream)
    })
    .await
}

async fn over_tls(target: &LoadTarget, alpn: &[u8], bytes: &[u8]) -> anyhow::Result<HeldStream> {
    let mut stream = target.tls_stream(alpn).await?;
    stream.write_all(bytes).await?;
    stream.flush().await?;
    Ok(Box::new(stream))
}

/// Holds so many connections over TCP, side by side.
async fn hold_tcp(
    tally: &AttackTally,
    count: usize,
    talk: HeldTalk,
    open: impl AsyncFn(usize) -> anyhow::Result<HeldStream>,
) -> anyhow::Result<()> {
    let hold = async |number| {
        loop {
            match tokio::time::timeout(OPEN_MAX, open(number)).await {
                Ok(Ok(mut stream)) => {
                    begun(tally, count);
                    // A reset ends it as well as a close.
                    let _ = match talk {
                        HeldTalk::Silence => read_to_end(&mut stream).await,
                        HeldTalk::Http2Replies => reply_to_end(&mut stream).await,
                    };
                    tally.end();
                }
                Ok(Err(_)) | Err(_) => failed(tally, count),
            }
            tokio::time::sleep(AGAIN).await;
        }
    };
    futures_util::future::join_all((0..count).map(hold)).await;
    Ok(())
}

async fn read_to_end(stream: &mut HeldStream) -> io::Result<()> {
    let mut answer = [0; 4_096];
    while stream.read(&mut answer).await? > 0 {}
    Ok(())
}

/// Reads the frames of HTTP/2 and sends the replies that keep the connection open.
async fn reply_to_end(stream: &mut HeldStream) -> io::Result<()> {
    let (mut head, mut payload) = ([0; 9], Vec::new());
    loop {
        stream.read_exact(&mut head).await?;
        let [high, middle, low, kind, flags, ..] = head;
        payload.resize(u32::from_be_bytes([0, high, middle, low]) as usize, 0);
        stream.read_exact(&mut payload).await?;
        if let Some(reply) = half_sent::http2_reply(kind, flags, &payload) {
            stream.write_all(&reply).await?;
            stream.flush().await?;
        }
    }
}

fn begun(tally: &AttackTally, count: usize) {
    tally.begin();
    ready(tally, count);
}

fn failed(tally: &AttackTally, count: usize) {
    tally.fail();
    ready(tally, count);
}

/// The attack is in place when each place has been tried.
fn ready(tally: &AttackTally, count: usize) {
    if tally.tried() >= count as u64 {
        tally.is_ready();
    }
}

/// Holds so many half-sent requests on so many HTTP/3 connections. Each connection first shows some use.
async fn hold_http3(
    target: &Rc<LoadTarget>,
    tally: &Rc<AttackTally>,
    connections: usize,
    streams: usize,
    shown: usize,
    half: impl Fn(usize) -> Vec<u8> + Copy + 'static,
) -> anyhow::Result<()> {
    let mut held = JoinSet::new();
    for _ in 0..connections {
        let (target, tally) = (Rc::clone(target), Rc::clone(tally));
        held.spawn_local(async move {
            loop {
                let opening = open_http3(&target, shown);
                if let Ok(Ok(connection)) = tokio::time::timeout(OPEN_MAX, opening).await {
                    let hold = |number| hold_stream(&connection, half(number), &tally, connections * streams);
                    futures_util::future::join_all((0..streams).map(hold)).await;
                } else {
                    (0..streams).for_each(|_| failed(&tally, connections * streams));
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
    while held.join_next().await.is_some() {}
    Ok(())
}

/// Opens a connection that has so many requests at a time, and finishes as many.
async fn open_http3(target: &LoadTarget, shown: usize) -> anyhow::Result<ClientConnection> {
    let mut connection = target.connect(Version::Http3).await?;
    let mut streams = Vec::with_capacity(shown);
    for number in 0..shown {
        streams.push(begin_stream(&connection, &half_sent::http3_head(number)).await?);
    }
    for _ in 0..shown {
        connection.call("GET", "/me", "", "").await?;
    }
    Ok(connection)
}

/// Holds half a request on a stream of a connection, for as long as the connection is open.
async fn hold_stream(connection: &ClientConnection, half: Vec<u8>, tally: &AttackTally, count: usize) {
    while let Ok(Ok(mut answer)) = tokio::time::timeout(OPEN_MAX, begin_stream(connection, &half)).await {
        begun(tally, count);
        // An answer or a reset is the end. The stream's sending half stays open until then.
        let _ = answer.1.read_to_end(usize::MAX).await;
        tally.end();
        tokio::time::sleep(AGAIN).await;
    }
    failed(tally, count);
}

async fn begin_stream(
    connection: &ClientConnection,
    half: &[u8],
) -> anyhow::Result<(quinn::SendStream, quinn::RecvStream)> {
    let quic = connection.quic().context("HTTP/3 is QUIC")?;
    let (mut stream, answer) = quic.open_bi().await?;
    stream.write_all(half).await?;
    Ok((stream, answer))
}
