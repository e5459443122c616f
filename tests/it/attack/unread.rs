//! Answers that are not read are charged to their source, which may hold only so many.

use futures_util::future::{join_all, try_join_all};
use quinn::{Connection, ConnectionError, RecvStream, TransportConfig, TransportErrorCode, VarInt};
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_tests::wire::{
    END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, block, frame, http3_head, opened, request,
};
use scangate_tests::{ExpectedLog, Gateway, TestTown, send};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

/// The gateway looks once a second, and ends an unread answer for its age after ten.
const CHARGED_MAX: Duration = Duration::from_secs(6);
/// Unread answers of 3 KiB and some each: ten connections hold what one source may, of the 8 MiB of a worker.
const HTTP2_CONNECTIONS: usize = 40;
const HTTP2_ANSWERS: u32 = 200;
/// Unread answers of 1 KiB each on as many streams as a new connection has: 350 connections hold as much.
const HTTP3_CONNECTIONS: usize = 600;
const HTTP3_ANSWERS: usize = 16;
/// SETTINGS_INITIAL_WINDOW_SIZE of 0: the gateway may send no body.
const NO_WINDOW: [u8; 6] = [0, 4, 0, 0, 0, 0];
/// H3_EXCESSIVE_LOAD (RFC 9114 section 8.1).
const EXCESSIVE_LOAD: u32 = 0x107;

/// A town whose gateway has the least budget.
async fn small_town() -> anyhow::Result<TestTown> {
    let folder = Arc::new(tempfile::tempdir()?);
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, "unfinished_mib = 1\nworkers = 1\n")?;
    let file = file.display().to_string();
    let gateway = Gateway::start_in(folder, &["--config", &file], ExpectedLog::Quiet)?;
    TestTown::found_in(gateway, 1).await
}

/// Asks for many answers without a window for them. Returns whether the connection ends before their age
/// would end it.
async fn is_charged_http2(target: &LoadTarget) -> anyhow::Result<bool> {
    let mut bytes = [PREFACE, &frame(SETTINGS, 0, 0, &NO_WINDOW)].concat();
    let get = block(&request("GET", "/v1/colour/none"));
    for number in 0..HTTP2_ANSWERS {
        bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &get));
    }
    let mut stream = opened(target, b"h2", &bytes).await?;
    let mut sink = Vec::new();
    Ok(timeout(CHARGED_MAX, stream.read_to_end(&mut sink)).await.is_ok())
}

/// A connection whose answers are not read, or none if the gateway charged it before it was complete. A slow
/// machine opens the last of 600 connections after the gateway has looked.
async fn unread_http3(target: &LoadTarget) -> anyhow::Result<Option<(Connection, Vec<RecvStream>)>> {
    match open_unread_http3(target).await {
        Err(error) if error.chain().any(|cause| cause.downcast_ref().is_some_and(is_charge)) => Ok(None),
        opened => opened.map(Some),
    }
}

/// Whether a connection ended because its source holds too much. Before the handshake is complete, QUIC has
/// one code for every reason of the application (RFC 9000 section 10.2.3).
fn is_charge(error: &ConnectionError) -> bool {
    match error {
        ConnectionError::ApplicationClosed(why) => why.error_code == VarInt::from_u32(EXCESSIVE_LOAD),
        ConnectionError::ConnectionClosed(why) => why.error_code == TransportErrorCode::APPLICATION_ERROR,
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::Reset
        | ConnectionError::TimedOut
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => false,
    }
}

/// Opens a connection with streams whose answers are not read. A stream that is dropped wants none.
async fn open_unread_http3(target: &LoadTarget) -> anyhow::Result<(Connection, Vec<RecvStream>)> {
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(0));
    let connection = target.quic_connection(transport).await?;
    let mut answers = Vec::new();
    for _ in 0..HTTP3_ANSWERS {
        let (mut send, answer) = connection.open_bi().await?;
        answers.push(answer);
        send.write_all(&http3_head(&request("GET", "/v1/colour/none"))).await?;
        send.finish()?;
    }
    Ok((connection, answers))
}

async fn is_charged_http3(connection: &Connection) -> bool {
    timeout(CHARGED_MAX, connection.closed()).await.is_ok_and(|ended| is_charge(&ended))
}

/// A client of another address is answered over every version.
async fn expect_served(town: &TestTown) -> anyhow::Result<()> {
    let honest = town.gateway.target()?.from_source([127, 0, 0, 2].into())?;
    for version in Version::ALL {
        let mut connection = honest.connect(version).await?;
        let taken = send(&mut connection, "POST", "/v1/check-ins", "", town.scan(0, 0)).await?;
        assert_eq!(taken.status(), 200, "{version:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_answers_are_bounded_by_source() -> anyhow::Result<()> {
    let town = small_town().await?;
    let over_http2 = (0..HTTP2_CONNECTIONS).map(|_| is_charged_http2(&town.target));
    let charged = try_join_all(over_http2).await?.into_iter().filter(|is_charged| *is_charged).count();
    assert!((HTTP2_CONNECTIONS / 2..HTTP2_CONNECTIONS).contains(&charged), "HTTP/2: {charged}");
    expect_served(&town).await?;
    let connections = try_join_all((0..HTTP3_CONNECTIONS).map(|_| unread_http3(&town.target))).await?;
    let open: Vec<_> = connections.iter().flatten().collect();
    let charged = join_all(open.iter().map(|(connection, _)| is_charged_http3(connection))).await;
    let charged = charged.into_iter().filter(|is_charged| *is_charged).count();
    let charged = charged + HTTP3_CONNECTIONS - open.len();
    assert!((HTTP3_CONNECTIONS / 6..HTTP3_CONNECTIONS).contains(&charged), "HTTP/3: {charged}");
    expect_served(&town).await
}
