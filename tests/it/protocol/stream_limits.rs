//! The request streams that an HTTP/3 connection may have open, by what the gateway has seen of it.

use futures_util::FutureExt as _;
use quinn::{Connection, RecvStream, SendStream};
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_tests::wire::{http3_frame, http3_head, request};
use scangate_tests::{TestTown, send};
use std::time::Duration;
use tokio::time::timeout;

/// The streams of a new connection, of one with several requests under way, and of a busy one.
const FIRST: usize = 4;
const SEVERAL: usize = 16;
const BUSY: usize = 256;
/// The frame type DATA of HTTP/3.
const DATA: u8 = 0;
/// How long a client waits for a stream.
const PATIENCE: Duration = Duration::from_secs(20);

type HeldStream = (SendStream, RecvStream);

/// A client that opens streams by hand.
struct StreamClient {
    connection: ClientConnection,
    quic: Connection,
}

impl StreamClient {
    async fn connect(town: &TestTown) -> anyhow::Result<Self> {
        let connection = town.target.connect(Version::Http3).await?;
        let quic = connection.quic().cloned().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
        Ok(Self { connection, quic })
    }

    /// Opens so many streams as soon as it may. Nothing is sent on them, so the gateway does not see them.
    async fn open(&self, count: usize) -> anyhow::Result<Vec<HeldStream>> {
        let mut held = Vec::new();
        while held.len() < count {
            let opened = timeout(PATIENCE, self.quic.open_bi()).await;
            held.push(opened.map_err(|_| anyhow::anyhow!("{} streams opened of {count}", held.len()))??);
        }
        Ok(held)
    }

    /// Opens the streams that it may open now.
    fn open_now(&self) -> anyhow::Result<Vec<HeldStream>> {
        std::iter::from_fn(|| self.quic.open_bi().now_or_never()).map(|opened| Ok(opened?)).collect()
    }

    /// Sends the head of a check-in. The answer to a look-up shows that it has arrived.
    async fn begin(&mut self) -> anyhow::Result<HeldStream> {
        let mut held = self.open(1).await?.remove(0);
        held.0.write_all(&post()).await?;
        assert_eq!(send(&mut self.connection, "GET", "/v1/colours/none", "", "").await?.status(), 401);
        Ok(held)
    }
}

/// The head of a check-in whose body is to follow.
fn post() -> Vec<u8> {
    http3_head(&request("POST", "/v1/check-ins"))
}

/// Check-ins of two residents that wait for a slow disk. Each is sent once the gateway has acknowledged the
/// packets of the one before.
async fn begin_scans(
    town: &TestTown,
    client: &StreamClient,
    count: usize,
) -> anyhow::Result<Vec<HeldStream>> {
    let mut scans = Vec::new();
    for number in 0..count {
        let scan = town.scan(number % 2, number / 2);
        let mut held = client.open(1).await?.remove(0);
        held.0.write_all(&[post(), http3_frame(DATA, scan.as_bytes())].concat()).await?;
        held.0.finish()?;
        assert_eq!(held.0.stopped().await?, None);
        scans.push(held);
    }
    Ok(scans)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_check_in_after_another_needs_four_streams() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let mut client = StreamClient::connect(&town).await?;
    for venue in 0..3 {
        let taken = send(&mut client.connection, "POST", "/v1/check-ins", "", town.scan(0, venue)).await?;
        assert_eq!(taken.status(), 200);
    }
    let _held = client.open(FIRST).await?;
    assert!(client.open_now()?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_permits_sixteen_streams_and_unfinished_ones_permit_no_more() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let mut client = StreamClient::connect(&town).await?;
    let mut held = vec![client.begin().await?, client.begin().await?];
    held.extend(client.open(10).await?);
    for (stream, _) in &mut held[2..] {
        stream.write_all(&post()).await?;
    }
    held.push(client.begin().await?);
    // quinn-proto gives an eighth of the streams back later.
    held.extend(client.open(SEVERAL - SEVERAL / 8 - held.len()).await?);
    held.extend(client.open_now()?);
    assert!(held.len() <= SEVERAL, "{} streams", held.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn check_ins_that_wait_for_the_disk_are_under_way() -> anyhow::Result<()> {
    let town = TestTown::found_with_slow_disk().await?;
    let client = StreamClient::connect(&town).await?;
    let _scans = begin_scans(&town, &client, 2).await?;
    // With four streams these would not all open, even when the check-ins are answered.
    let _held = client.open(SEVERAL - 2).await?;
    Ok(())
}

/// A connection that has had four check-ins at a time.
async fn busy(town: &TestTown) -> anyhow::Result<StreamClient> {
    let client = StreamClient::connect(town).await?;
    for (_, mut answer) in begin_scans(town, &client, 4).await? {
        let answer = answer.read_to_end(10_000).await?;
        assert!(String::from_utf8_lossy(&answer).contains("green"), "{answer:?}");
    }
    Ok(client)
}

#[tokio::test(flavor = "multi_thread")]
async fn four_finished_of_four_under_way_permit_many_streams() -> anyhow::Result<()> {
    let town = TestTown::found_with_slow_disk().await?;
    let client = busy(&town).await?;
    // quinn-proto gives an eighth of the streams back later.
    let _held = client.open(BUSY - BUSY / 8).await?;
    Ok(())
}

/// Far more than a turn of the gateway's loop has room for.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_on_one_connection_is_answered_whole() -> anyhow::Result<()> {
    let town = TestTown::found_with_slow_disk().await?;
    let mut client = busy(&town).await?;
    let mut burst = client.open(BUSY - BUSY / 8).await?;
    for (stream, _) in &mut burst {
        stream.write_all(&http3_head(&request("GET", "/v1/colours/none"))).await?;
        stream.finish()?;
    }
    for (_, mut answer) in burst {
        let answer = timeout(PATIENCE, answer.read_to_end(10_000)).await??;
        assert!(String::from_utf8_lossy(&answer).contains("token-invalid"), "{answer:?}");
    }
    assert_eq!(send(&mut client.connection, "GET", "/me", "", "").await?.status(), 200);
    Ok(())
}
