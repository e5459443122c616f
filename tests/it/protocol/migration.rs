//! Connection migration: packets from a phone's new address still reach the worker that holds its connection.

use anyhow::Context as _;
use scangate_loadgen::client::Version;
use scangate_tests::{TestTown, send};
use std::net::{SocketAddr, UdpSocket as StdSocket};
use tokio::net::UdpSocket;
use tokio::sync::watch;

/// The length of a scan, with blanks at its end. A new port gets three times what came from it, and an answer
/// from an unproved path is padded to 1,200 bytes (RFC 9000 section 8.2.1). A shorter scan is answered only
/// after the client has sent it several times.
const SCAN_BYTES: usize = 500;

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_survives_its_ports_change() -> anyhow::Result<()> {
    let town = TestTown::found(40).await?;
    let mut connection = town.target.connect(Version::Http3).await?;
    let name = connection.quic().map(quinn::Connection::stable_id);
    for resident in 0..40 {
        // Each port has another kernel hash. Without steering, half of them would reach the wrong worker.
        town.target.endpoint().rebind(StdSocket::bind("127.0.0.1:0")?)?;
        let scan = format!("{:<SCAN_BYTES$}", town.scan(resident, 0));
        let sent = send(&mut connection, "POST", "/v1/check-ins", "", scan).await?;
        assert_eq!(sent.status(), 200, "{}", sent.text());
    }
    assert_eq!(connection.quic().map(quinn::Connection::stable_id), name);
    Ok(())
}

/// The largest datagram of a client.
const DATAGRAM_BYTES_MAX: usize = 2_000;
/// The least length of a datagram that probes a path (RFC 9000 section 8.2.1).
const PROBE_BYTES: usize = 1_200;

/// The way in which a phone comes to a new port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Move {
    /// It stays on its port.
    NotYet,
    /// Its NAT changed the port, and it does not know.
    Unaware,
    /// It sends a probe from the new port first, as Chromium does. The doorway then loses everything but its
    /// next datagram until the gateway has sent something there.
    Probed,
}

/// The bytes through the new port, up to the client's first datagram after an answer.
#[derive(Clone, Copy, Default)]
struct NewPort {
    sent: usize,
    received: usize,
    is_known: bool,
}

/// A relay between a phone and the gateway, with one socket for each port of the phone.
struct Doorway {
    front: UdpSocket,
    old: UdpSocket,
    new: UdpSocket,
    gateway: SocketAddr,
    moves: watch::Receiver<Move>,
    port: watch::Sender<NewPort>,
    probe: Vec<u8>,
}

impl Doorway {
    async fn open(mut self) -> anyhow::Result<()> {
        let [mut client, mut old, mut new] = [[0; DATAGRAM_BYTES_MAX]; 3];
        let mut phone = None;
        loop {
            let answer = tokio::select! {
                received = self.front.recv_from(&mut client) => {
                    let (length, from) = received?;
                    phone = Some(from);
                    self.pass(&client[..length]).await?;
                    continue;
                }
                received = self.old.recv(&mut old) => {
                    let answer = &old[..received?];
                    if *self.moves.borrow() != Move::NotYet {
                        // Nobody is at the old port any more.
                        continue;
                    }
                    answer
                }
                received = self.new.recv(&mut new) => {
                    let answer = &new[..received?];
                    self.port.send_modify(|port| port.received += if port.is_known { 0 } else { answer.len() });
                    answer
                }
            };
            self.front.send_to(answer, phone.context("the phone begins")?).await?;
        }
    }

    /// Passes the phone's datagram on from its present port.
    async fn pass(&mut self, datagram: &[u8]) -> anyhow::Result<()> {
        let moved = *self.moves.borrow();
        if moved == Move::NotYet {
            if datagram.len() >= PROBE_BYTES {
                self.probe = datagram.to_vec();
            }
            self.old.send_to(datagram, self.gateway).await?;
            return Ok(());
        }
        if moved == Move::Probed && self.port.borrow().sent == 0 {
            let probe = std::mem::take(&mut self.probe);
            self.send_new(&probe).await?;
        } else if moved == Move::Probed && self.port.borrow().received == 0 {
            return Ok(());
        }
        self.send_new(datagram).await
    }

    async fn send_new(&self, datagram: &[u8]) -> anyhow::Result<()> {
        self.new.send_to(datagram, self.gateway).await?;
        self.port.send_modify(|port| {
            port.is_known |= port.received > 0;
            port.sent += if port.is_known { 0 } else { datagram.len() };
        });
        Ok(())
    }
}

/// Checks a resident in after the phone's move. Its new port gets at most three times what came from it.
async fn check_in_after(moved: Move) -> anyhow::Result<()> {
    let town = TestTown::found(2).await?;
    let bind = async || UdpSocket::bind("127.0.0.1:0").await;
    let (front, old, new) = (bind().await?, bind().await?, bind().await?);
    let (moves, follow) = watch::channel(Move::NotYet);
    let (port, through) = watch::channel(NewPort::default());
    let target = town.gateway.target_at(front.local_addr()?)?;
    let gateway = town.gateway.listen;
    let doorway = Doorway { front, old, new, gateway, moves: follow, port, probe: Vec::new() };
    let relay = tokio::spawn(doorway.open());
    let mut connection = target.connect(Version::Http3).await?;
    let long = format!("{:<1500}", town.scan(0, 0));
    assert_eq!(send(&mut connection, "POST", "/v1/check-ins", "", long).await?.status(), 200);
    moves.send_replace(moved);
    let sent = send(&mut connection, "POST", "/v1/check-ins", "", town.scan(1, 0)).await?;
    assert_eq!(sent.status(), 200, "{}", sent.text());
    relay.abort();
    let port = *through.borrow();
    assert!(port.received > 0 && port.received <= 3 * port.sent, "{} for {}", port.received, port.sent);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_port_gets_at_most_three_times_what_came_from_it() -> anyhow::Result<()> {
    check_in_after(Move::Unaware).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_probed_its_new_port_is_answered_there_after_one_datagram() -> anyhow::Result<()> {
    check_in_after(Move::Probed).await
}
