//! Connection migration: packets from a phone's new address still reach the worker that holds its connection.

use scangate_loadgen::client::Version;
use scangate_tests::{TestTown, send};
use std::net::UdpSocket;

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_survives_its_ports_change() -> anyhow::Result<()> {
    let town = TestTown::found(40).await?;
    let mut connection = town.target.connect(Version::Http3).await?;
    let name = connection.quic().map(quinn::Connection::stable_id);
    for resident in 0..40 {
        // Each port has another kernel hash. Without steering, half of them would reach the wrong worker.
        town.target.endpoint().rebind(UdpSocket::bind("127.0.0.1:0")?)?;
        let sent = send(&mut connection, "POST", "/v1/check-ins", "", town.scan(resident, 0)).await?;
        assert_eq!(sent.status(), 200, "{}", sent.text());
    }
    assert_eq!(connection.quic().map(quinn::Connection::stable_id), name);
    Ok(())
}
