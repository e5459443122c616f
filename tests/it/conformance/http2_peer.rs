//! A peer of HTTP/2 by hand: it sends any bytes, reads the gateway's frames, and compares what the gateway
//! did with a rule.

use futures_util::future::join_all;
use scangate_loadgen::client::LoadTarget;
use scangate_tests::Gateway;
use scangate_tests::wire::{
    ACK, DATA, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, frame, opened,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// How long the gateway may take for a reaction. Every reaction here is immediate.
const REACTION_MAX: Duration = Duration::from_secs(8);
/// The payload of the PING whose answer shows that everything before it was read.
const MARK: [u8; 8] = *b"the mark";

/// Error codes of HTTP/2 (RFC 9113 section 7).
pub(super) const NO_ERROR: u32 = 0;
pub(super) const PROTOCOL_ERROR: u32 = 1;
pub(super) const FLOW_CONTROL_ERROR: u32 = 3;
pub(super) const STREAM_CLOSED: u32 = 5;
pub(super) const FRAME_SIZE_ERROR: u32 = 6;
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const COMPRESSION_ERROR: u32 = 9;

/// What the gateway has to do.
#[derive(Debug, Clone)]
pub(super) enum Reaction {
    /// Answer this stream with this status.
    Answer(u32, u16),
    /// Answer this stream with this status, then close the connection without an error.
    LastAnswer(u32, u16),
    /// Reset this stream with one of these codes. The connection goes on.
    Reset(u32, &'static [u32]),
    /// Reset this stream, or close the connection after a GOAWAY, with one of these codes.
    ResetOrGoAway(u32, &'static [u32]),
    /// Close the connection after a GOAWAY with one of these codes.
    GoAway(&'static [u32]),
    /// Close the connection. A GOAWAY may be left out.
    Close,
    /// Nothing but to go on.
    Nothing,
}

/// A rule, the bytes that keep or break it, and what it asks of the gateway.
pub(super) struct Http2Rule {
    /// The section and the rule.
    pub(super) name: &'static str,
    /// Whether preface and SETTINGS go before the bytes.
    pub(super) is_opened: bool,
    /// Bytes before which the streams of the second part are answered to their ends.
    pub(super) before: Option<(Vec<u8>, u32)>,
    pub(super) bytes: Vec<u8>,
    pub(super) reaction: Reaction,
}

/// A rule on bytes after the preface and SETTINGS.
pub(super) fn rule(name: &'static str, frames: &[Vec<u8>], reaction: Reaction) -> Http2Rule {
    Http2Rule { name, is_opened: true, before: None, bytes: frames.concat(), reaction }
}

/// A rule on frames that are sent once a stream has been answered.
pub(super) fn rule_after(
    name: &'static str,
    before: &[Vec<u8>],
    stream: u32,
    frames: &[Vec<u8>],
    reaction: Reaction,
) -> Http2Rule {
    Http2Rule { before: Some((before.concat(), stream)), ..rule(name, frames, reaction) }
}

/// A rule on the first bytes of a connection.
pub(super) fn rule_at_start(name: &'static str, bytes: &[Vec<u8>], reaction: Reaction) -> Http2Rule {
    Http2Rule { is_opened: false, ..rule(name, bytes, reaction) }
}

/// A frame of the gateway.
#[derive(Debug)]
pub(super) struct GatewayFrame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl GatewayFrame {
    /// The status of an answer. Only those of HPACK's static table occur in the rules.
    fn status(&self) -> u16 {
        match self.payload.first() {
            Some(0x88) => 200,
            Some(0x8c) => 400,
            Some(0x8d) => 404,
            _ => 0,
        }
    }

    fn number(&self, at: usize) -> u32 {
        self.payload
            .get(at..at + 4)
            .map_or(0, |bytes| bytes.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)))
    }
}

/// What a peer has seen that a rule can ask for.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Answer(u32, u16),
    Reset(u32, u32),
    GoAway(u32),
    Mark,
    Closed,
    NothingInTime,
}

/// A connection of HTTP/2 by hand.
pub(super) struct Http2Peer {
    stream: TlsStream<TcpStream>,
}

impl Http2Peer {
    /// Connects and sends these bytes alone.
    pub(super) async fn connect(target: &LoadTarget, bytes: &[u8]) -> anyhow::Result<Self> {
        Ok(Self { stream: opened(target, b"h2", bytes).await? })
    }

    /// Connects, exchanges SETTINGS with the gateway, and acknowledges its own.
    pub(super) async fn open(target: &LoadTarget, settings: &[u8]) -> anyhow::Result<Self> {
        let opening = [PREFACE, &frame(SETTINGS, 0, 0, settings)].concat();
        let mut peer = Self::connect(target, &opening).await?;
        let mut is_acknowledged = false;
        while !is_acknowledged {
            let frame = peer.next().await?;
            anyhow::ensure!(frame.kind != GOAWAY, "the gateway refused the connection");
            is_acknowledged = frame.kind == SETTINGS && frame.flags & ACK != 0;
        }
        peer.send(&frame(SETTINGS, ACK, 0, &[])).await?;
        Ok(peer)
    }

    /// Sends bytes.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(bytes).await?;
        Ok(self.stream.flush().await?)
    }

    /// The gateway's next frame. **Errors**: the connection is closed, or nothing comes.
    pub(super) async fn next(&mut self) -> anyhow::Result<GatewayFrame> {
        tokio::time::timeout(REACTION_MAX, self.read_frame()).await?
    }

    async fn read_frame(&mut self) -> anyhow::Result<GatewayFrame> {
        let mut header = [0; 9];
        self.stream.read_exact(&mut header).await?;
        let [length @ .., kind, flags, _, _, _, _] = header;
        let length = u32::from_be_bytes([0, length[0], length[1], length[2]]);
        let stream = u32::from_be_bytes([header[5] & 0x7f, header[6], header[7], header[8]]);
        let mut payload = vec![0; usize::try_from(length)?];
        self.stream.read_exact(&mut payload).await?;
        Ok(GatewayFrame { kind, flags, stream, payload })
    }

    /// The next event that a rule can ask for.
    async fn look(&mut self) -> Seen {
        let next = async {
            while let Ok(frame) = self.read_frame().await {
                match frame.kind {
                    HEADERS => return Seen::Answer(frame.stream, frame.status()),
                    RST_STREAM => return Seen::Reset(frame.stream, frame.number(0)),
                    GOAWAY => return Seen::GoAway(frame.number(4)),
                    PING if frame.payload == MARK && frame.flags & ACK != 0 => return Seen::Mark,
                    _ => {}
                }
            }
            Seen::Closed
        };
        tokio::time::timeout(REACTION_MAX, next).await.unwrap_or(Seen::NothingInTime)
    }

    /// Reads to the end of the answer on this stream.
    pub(super) async fn answered(&mut self, stream: u32) -> anyhow::Result<()> {
        loop {
            let frame = self.next().await?;
            anyhow::ensure!(!matches!(frame.kind, GOAWAY | RST_STREAM), "stream {stream}: {frame:?}");
            let is_end = matches!(frame.kind, HEADERS | DATA) && frame.flags & END_STREAM != 0;
            if frame.stream == stream && is_end {
                return Ok(());
            }
        }
    }

    /// Looks for the reaction of a rule. **Errors**: everything that came in its place.
    async fn expect(&mut self, asked: &Reaction) -> Result<(), Vec<Seen>> {
        let mut others = Vec::new();
        loop {
            match (asked, self.look().await) {
                (
                    Reaction::Answer(stream, status) | Reaction::LastAnswer(stream, status),
                    Seen::Answer(seen, with),
                ) if (*stream, *status) == (seen, with) => {
                    return Ok(());
                }
                (_, seen @ Seen::Answer(..)) => others.push(seen),
                (
                    Reaction::Reset(stream, codes) | Reaction::ResetOrGoAway(stream, codes),
                    Seen::Reset(seen, code),
                ) if *stream == seen && codes.contains(&code) => {
                    return Ok(());
                }
                (Reaction::GoAway(codes) | Reaction::ResetOrGoAway(_, codes), Seen::GoAway(code))
                    if codes.contains(&code) =>
                {
                    return self.expect_close().await;
                }
                (Reaction::Close, Seen::GoAway(PROTOCOL_ERROR)) => {}
                (Reaction::Close, Seen::Closed) | (Reaction::Nothing, Seen::Mark) => return Ok(()),
                (_, seen) => {
                    others.push(seen);
                    return Err(others);
                }
            }
        }
    }

    async fn expect_close(&mut self) -> Result<(), Vec<Seen>> {
        let seen = self.look().await;
        if seen == Seen::Closed { Ok(()) } else { Err(vec![seen]) }
    }
}

/// Breaks or keeps a rule on a new connection. **Errors**: what the gateway did instead.
async fn hold(target: &LoadTarget, rule: Http2Rule) -> anyhow::Result<()> {
    let mut peer = match rule.is_opened {
        true => Http2Peer::open(target, &[]).await?,
        false => Http2Peer::connect(target, &[]).await?,
    };
    if let Some((before, stream)) = &rule.before {
        peer.send(before).await?;
        peer.answered(*stream).await?;
    }
    let mark = frame(PING, 0, 0, &MARK);
    let is_quiet = matches!(rule.reaction, Reaction::Nothing);
    peer.send(&[&rule.bytes[..], if is_quiet { &mark } else { &[] }].concat()).await?;
    peer.expect(&rule.reaction).await.map_err(|seen| anyhow::anyhow!("{seen:?}"))?;
    let after = match rule.reaction {
        Reaction::Answer(..) | Reaction::Reset(..) => {
            peer.send(&mark).await?;
            Reaction::Nothing
        }
        Reaction::LastAnswer(..) => Reaction::GoAway(&[NO_ERROR]),
        Reaction::ResetOrGoAway(..) | Reaction::GoAway(_) | Reaction::Close | Reaction::Nothing => {
            return Ok(());
        }
    };
    let goes_on = peer.expect(&after).await;
    goes_on.map_err(|seen| anyhow::anyhow!("{after:?} is to follow, but {seen:?}"))
}

/// Tries every rule, each on its own connection to the same gateway.
pub(super) async fn expect_all(rules: Vec<Http2Rule>) -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let target = gateway.target()?;
    let tried =
        join_all(
            rules.into_iter().map(|rule| {
                let (name, reaction) = (rule.name, rule.reaction.clone());
                let target = &target;
                async move {
                    hold(target, rule).await.err().map(|seen| format!("{name}: {reaction:?}, but {seen}"))
                }
            }),
        );
    let broken: Vec<String> = tried.await.into_iter().flatten().collect();
    anyhow::ensure!(broken.is_empty(), "{} rules do not hold:\n{}", broken.len(), broken.join("\n"));
    Ok(())
}
