//! The gateway keeps to its peer's windows and frame size (RFC 9113 sections 4.2, 5.2 and 6.9).

use super::http2_peer::Http2Peer;
use super::http2_settings::{settings, window};
use scangate_tests::Gateway;
use scangate_tests::wire::{
    ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, block, frame, request,
};

const INITIAL_WINDOW_SIZE: u16 = 4;
/// The window of a connection, which no setting changes.
const CONNECTION_WINDOW: usize = 65_535;
/// The largest frame that a peer accepts without a setting.
const FRAME_BYTES_MAX: usize = 16_384;

/// A rule, the initial window, and the bytes that may come; then what changes the window, each with the bytes
/// that may come then.
type WindowCase = (&'static str, u32, usize, Vec<(Vec<u8>, usize)>);

fn initial_window(bytes: u32) -> Vec<u8> {
    settings(&[(INITIAL_WINDOW_SIZE, bytes)])
}

/// A request for a file that is larger than any window here.
fn document() -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&request("GET", "/openapi.json")))
}

/// Expects so many bytes of DATA, and no more while the gateway answers two PINGs.
async fn expect_bytes(peer: &mut Http2Peer, bytes: usize) -> anyhow::Result<()> {
    let (mut came, mut pings) = (0, 0);
    while pings < 2 || came < bytes {
        if came == bytes {
            peer.send(&frame(PING, 0, 0, &[pings; 8])).await?;
        }
        let frame = peer.next().await?;
        anyhow::ensure!(!matches!(frame.kind, GOAWAY | RST_STREAM), "{frame:?}");
        anyhow::ensure!(frame.payload.len() <= FRAME_BYTES_MAX, "a frame of {}", frame.payload.len());
        came += if frame.kind == DATA { frame.payload.len() } else { 0 };
        pings += u8::from(frame.kind == PING && frame.flags & ACK != 0);
        anyhow::ensure!(came <= bytes, "{came} bytes in a window of {bytes}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_keep_to_the_windows() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let target = gateway.target()?;
    let grown = |stream, by| window(stream, by);
    let cases: [WindowCase; 6] = [
        ("6.9.1: a byte at a time", 1, 1, vec![(grown(1, 1), 1), (grown(1, 2), 2)]),
        (
            "6.9.2: a setting that comes after the request",
            0,
            0,
            vec![(initial_window(5), 5), (initial_window(9), 4)],
        ),
        (
            "6.9.2: a negative window",
            10,
            10,
            vec![(initial_window(4), 0), (grown(1, 6), 0), (grown(1, 3), 3)],
        ),
        ("6.9.2: a window that a setting closes", 10, 10, vec![(initial_window(0), 0), (grown(1, 11), 1)]),
        (
            "5.2: the connection's window",
            1 << 20,
            CONNECTION_WINDOW,
            vec![(grown(1, 9), 0), (grown(0, 100), 100)],
        ),
        ("5.2: the window of a stream is its own", 7, 7, vec![(grown(0, 100), 0), (grown(1, 100), 100)]),
    ];
    for (name, initial, first, steps) in cases {
        let mut peer = Http2Peer::open(&target, &initial_window(initial)[9..]).await?;
        peer.send(&document()).await?;
        expect_bytes(&mut peer, first).await.map_err(|error| error.context(name))?;
        for (number, (change, bytes)) in steps.into_iter().enumerate() {
            peer.send(&change).await?;
            let came = expect_bytes(&mut peer, bytes).await;
            came.map_err(|error| error.context(format!("{name}, step {number}")))?;
        }
    }
    Ok(())
}
