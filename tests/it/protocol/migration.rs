//! Connection migration: packets from a phone's new address still reach the worker that holds its connection.

use scangate_loadgen::client::Version;
use scangate_tests::{TestTown, send};
use std::net::UdpSocket;

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
        town.target.endpoint().rebind(UdpSocket::bind("127.0.0.1:0")?)?;
        let scan = format!("{:<SCAN_BYTES$}", town.scan(resident, 0));
        let sent = send(&mut connection, "POST", "/v1/check-ins", "", scan).await?;
        assert_eq!(sent.status(), 200, "{}", sent.text());
    }
    assert_eq!(connection.quic().map(quinn::Connection::stable_id), name);
    Ok(())
}
