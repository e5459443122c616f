//! A peer of HTTP/3 by hand: it opens QUIC streams with any bytes, and compares what the gateway did with a
//! rule.

use futures_util::future::ready;
use futures_util::{StreamExt as _, stream};
use quinn::{
    Connection, ConnectionError, ReadError, ReadToEndError, RecvStream, SendStream, TransportConfig, VarInt,
};
use scangate_loadgen::client::LoadTarget;
use scangate_tests::Gateway;
use scangate_tests::wire::{http3_head, request};
use std::time::Duration;
use tokio::time::timeout;

/// How long the gateway may take for a reaction. Every reaction here is immediate.
const REACTION_MAX: Duration = Duration::from_secs(8);
/// Rules that are tried at the same time. Their connections share a socket, whose buffer has room for the
/// answers of so many. A gateway does not repeat the datagram that closes a connection.
const AT_ONCE: usize = 8;
/// The longest answer to a rule.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Frame types (RFC 9114 section 7.2).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const CANCEL_PUSH: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const GOAWAY: u8 = 7;
pub(super) const MAX_PUSH_ID: u8 = 0xd;
/// A type of frames and streams by which peers see whether unknown ones are skipped (RFC 9114 section 7.2.8).
pub(super) const RESERVED: u8 = 0x21;

/// Error codes (RFC 9114 section 8.1 and RFC 9204 section 6).
pub(super) const STREAM_CREATION_ERROR: u32 = 0x103;
pub(super) const CLOSED_CRITICAL_STREAM: u32 = 0x104;
pub(super) const FRAME_UNEXPECTED: u32 = 0x105;
pub(super) const FRAME_ERROR: u32 = 0x106;
pub(super) const ID_ERROR: u32 = 0x108;
pub(super) const SETTINGS_ERROR: u32 = 0x109;
pub(super) const MISSING_SETTINGS: u32 = 0x10a;
pub(super) const REQUEST_INCOMPLETE: u32 = 0x10d;
pub(super) const MESSAGE_ERROR: u32 = 0x10e;
pub(super) const QPACK_DECOMPRESSION_FAILED: u32 = 0x200;
pub(super) const QPACK_ENCODER_STREAM_ERROR: u32 = 0x201;
pub(super) const QPACK_DECODER_STREAM_ERROR: u32 = 0x202;

/// The first lines of answers: entries of QPACK's static table.
pub(super) const STATUS_200: &[u8] = &[0xc0 | 25];
pub(super) const STATUS_400: &[u8] = &[0xff, 67 - 63];

/// A stream of the client.
pub(super) enum ClientStream {
    /// A request with these bytes and its end.
    Request(Vec<u8>),
    /// A unidirectional stream with these bytes, which stays open.
    Uni(Vec<u8>),
    /// A unidirectional stream with these bytes and its end.
    UniEnded(Vec<u8>),
    /// A unidirectional stream that is reset once these bytes have arrived.
    UniReset(Vec<u8>),
}

/// What the gateway has to do.
#[derive(Debug)]
pub(super) enum Http3Reaction {
    /// Close the connection with this code.
    Close(u32),
    /// Reset the request with this code. The connection goes on.
    Reset(u32),
    /// Answer the request with a head that begins so. The connection goes on.
    Answer(&'static [u8]),
    /// Nothing but to go on.
    Nothing,
}

/// A rule, the streams that keep or break it, and what it asks of the gateway.
pub(super) type Http3Rule = (&'static str, Vec<ClientStream>, Http3Reaction);

/// The streams of a rule. The gateway would notice if they were dropped.
#[derive(Default)]
struct OpenStreams {
    sent: Vec<SendStream>,
    answer: Option<RecvStream>,
}

impl OpenStreams {
    async fn open(&mut self, connection: &Connection, stream: ClientStream) -> anyhow::Result<()> {
        let is_request = matches!(stream, ClientStream::Request(_));
        let mut send = if is_request {
            let (send, answer) = connection.open_bi().await?;
            self.answer = Some(answer);
            send
        } else {
            connection.open_uni().await?
        };
        match stream {
            ClientStream::Uni(bytes) => send.write_all(&bytes).await?,
            ClientStream::Request(bytes) | ClientStream::UniEnded(bytes) => {
                send.write_all(&bytes).await?;
                send.finish()?;
            }
            ClientStream::UniReset(bytes) => {
                send.write_all(&bytes).await?;
                expect_answers(connection).await?;
                send.reset(VarInt::from_u32(0x100))?;
            }
        }
        self.sent.push(send);
        Ok(())
    }

    async fn answer(&mut self) -> anyhow::Result<Result<Vec<u8>, ReadToEndError>> {
        let answer = self.answer.as_mut().ok_or_else(|| anyhow::anyhow!("the rule has no request"))?;
        Ok(timeout(REACTION_MAX, answer.read_to_end(ANSWER_BYTES_MAX)).await?)
    }
}

/// Whether an answer's head begins with these lines: behind type, length and QPACK's prefix.
fn begins_with(answer: &[u8], lines: &[u8]) -> bool {
    let length_bytes = answer.get(1).map_or(1, |first| 1 << (first >> 6));
    answer.first() == Some(&HEADERS)
        && answer.get(1 + length_bytes + 2..).is_some_and(|head| head.starts_with(lines))
}

/// Expects the connection to answer requests. Two, because streams may arrive in another order.
async fn expect_answers(connection: &Connection) -> anyhow::Result<()> {
    for _ in 0..2 {
        let (mut send, mut receive) = connection.open_bi().await?;
        send.write_all(&http3_head(&request("GET", "/me"))).await?;
        send.finish()?;
        let answer = timeout(REACTION_MAX, receive.read_to_end(ANSWER_BYTES_MAX)).await??;
        anyhow::ensure!(begins_with(&answer, STATUS_200), "the connection does not go on: {answer:?}");
    }
    Ok(())
}

async fn expect_close(connection: &Connection, code: u32) -> anyhow::Result<()> {
    let seen = timeout(REACTION_MAX, connection.closed()).await?;
    if let ConnectionError::ApplicationClosed(close) = &seen
        && close.error_code == VarInt::from_u32(code)
    {
        return Ok(());
    }
    anyhow::bail!("{seen:?}")
}

/// Breaks or keeps a rule on a new connection. **Errors**: what the gateway did instead.
async fn hold(
    target: &LoadTarget,
    streams: Vec<ClientStream>,
    reaction: &Http3Reaction,
) -> anyhow::Result<()> {
    let connection = target.quic_connection(TransportConfig::default()).await?;
    let mut open = OpenStreams::default();
    for stream in streams {
        open.open(&connection, stream).await?;
    }
    match reaction {
        Http3Reaction::Close(code) => return expect_close(&connection, *code).await,
        Http3Reaction::Reset(code) => match open.answer().await? {
            Err(ReadToEndError::Read(ReadError::Reset(seen))) if seen == VarInt::from_u32(*code) => {}
            other => anyhow::bail!("{other:?}"),
        },
        Http3Reaction::Answer(lines) => match open.answer().await? {
            Ok(answer) if begins_with(&answer, lines) => {}
            other => anyhow::bail!("{other:?}"),
        },
        Http3Reaction::Nothing => {}
    }
    expect_answers(&connection).await
}

/// Tries every rule, each on its own connection to the same gateway.
pub(super) async fn expect_all(rules: Vec<Http3Rule>) -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let target = gateway.target()?;
    let tried = stream::iter(rules).map(|(name, streams, reaction)| {
        let target = &target;
        async move {
            let seen = hold(target, streams, &reaction).await.err()?;
            Some(format!("{name}: {reaction:?}, but {seen}"))
        }
    });
    let broken: Vec<String> = tried.buffered(AT_ONCE).filter_map(ready).collect().await;
    anyhow::ensure!(broken.is_empty(), "{} rules do not hold:\n{}", broken.len(), broken.join("\n"));
    Ok(())
}
