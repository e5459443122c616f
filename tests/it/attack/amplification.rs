//! An address that has not proved to be the peer's gets at most three times the bytes that came from it
//! (RFC 9000 section 8). The gateway would otherwise flood forged addresses.

use scangate_loadgen::client::{LoadTarget, Version};
use scangate_tests::{TestTown, eventually, send};
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// Bytes behind the first packet of a datagram, which belong to no packet and count as received.
const PADDING: usize = 60;

/// The datagrams of a ClientHello with the hybrid key exchange, which fits no single one.
const FIRST_FLIGHT: usize = 2;

/// Takes the first flight of a client that gets no answer.
async fn first_flight(town: &TestTown) -> anyhow::Result<Vec<Vec<u8>>> {
    let catcher = UdpSocket::bind("127.0.0.1:0").await?;
    let target =
        LoadTarget::new(catcher.local_addr()?, &town.gateway.folder().path().join("certificate.pem"))?;
    let connecting = target.connect(Version::Http3);
    tokio::pin!(connecting);
    let mut flight = Vec::new();
    while flight.len() < FIRST_FLIGHT {
        let mut datagram = vec![0; 2_000];
        let length = tokio::select! {
            received = catcher.recv(&mut datagram) => received?,
            _ = &mut connecting => anyhow::bail!("nobody answers this client"),
        };
        datagram.truncate(length);
        flight.push(datagram);
    }
    Ok(flight)
}

/// Counts what comes to a socket until `is_over` says that nothing more will.
async fn received_until(
    socket: &UdpSocket,
    is_over: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<usize> {
    let (mut bytes, mut datagram) = (0, vec![0; 2_000]);
    tokio::pin!(is_over);
    loop {
        tokio::select! {
            received = socket.recv(&mut datagram) => bytes += received?,
            over = &mut is_over => return over.map(|()| bytes),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_first_flight_gets_at_most_three_times_its_bytes() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let flight = first_flight(&town).await?;
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(town.gateway.listen).await?;
    let mut sent = 0;
    for datagram in flight {
        sent += socket.send(&[datagram, vec![0; PADDING]].concat()).await?;
    }
    // The gateway gives the handshake up, and sends nothing afterwards.
    let given_up = async {
        let failed = async || town.gateway.metric("scangate_quic_handshakes_total", r#"result="failed""#);
        eventually(failed, |failed| *failed >= 1.0).await.map(drop)
    };
    let answered = received_until(&socket, given_up).await?;
    // It is tried again and again, until nothing more may be sent.
    assert!(answered >= sent && answered <= 3 * sent, "{answered} for {sent}");
    Ok(())
}

/// A phone behind a NAT that gives it another address, from which one datagram comes and then no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_gets_at_most_three_times_its_bytes() -> anyhow::Result<()> {
    let town = TestTown::found(2).await?;
    let front = UdpSocket::bind("127.0.0.1:0").await?;
    let target = LoadTarget::new(front.local_addr()?, &town.gateway.folder().path().join("certificate.pem"))?;
    let old = UdpSocket::bind("127.0.0.1:0").await?;
    let mut phone: Option<SocketAddr> = None;
    let (mut there, mut here) = (vec![0; 2_000], vec![0; 2_000]);
    let connecting = target.connect(Version::Http3);
    tokio::pin!(connecting);
    let mut connection = loop {
        tokio::select! {
            connected = &mut connecting => break connected?,
            received = front.recv_from(&mut there) => {
                let (length, from) = received?;
                phone = Some(from);
                old.send_to(&there[..length], town.gateway.listen).await?;
            }
            received = old.recv(&mut here) => {
                let length = received?;
                if let Some(phone) = phone {
                    front.send_to(&here[..length], phone).await?;
                }
            }
        }
    };
    // From here on the phone's datagrams come from another address, and nothing comes back to it.
    let new = UdpSocket::bind("127.0.0.1:0").await?;
    new.connect(town.gateway.listen).await?;
    let scan = town.scan(0, 0);
    let sending = send(&mut connection, "POST", "/v1/check-ins", "", scan);
    tokio::pin!(sending);
    let sent = tokio::select! {
        received = front.recv(&mut there) => new.send(&there[..received?]).await?,
        _ = &mut sending => anyhow::bail!("nothing answers this phone"),
    };
    // The gateway has turned many times before it has answered so many requests of another client.
    let others = async {
        let mut other = town.target.connect(Version::Http3).await?;
        for _ in 0..50 {
            anyhow::ensure!(
                send(&mut other, "POST", "/v1/check-ins", "", town.scan(1, 0)).await?.status() == 200
            );
        }
        Ok(())
    };
    let answered = received_until(&new, others).await?;
    assert!(answered <= 3 * sent, "{answered} for {sent}");
    Ok(())
}
