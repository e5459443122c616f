//! A phone that reaches another gateway of its city. Its ticket is ignored without harm, and a connection
//! that the other gateway does not hold is reset immediately. Both follow from the shared secret and
//! certificate.

use quinn::ConnectionError;
use scangate_loadgen::client::{Handshake, Version};
use scangate_tests::{ExpectedLog, Gateway, Relay, TestTown, send};
use std::fs;
use std::sync::Arc;

/// Two gateways with one secret and certificate, and different numbers of workers.
async fn neighbours() -> anyhow::Result<(TestTown, Gateway)> {
    let town = TestTown::found_in(Gateway::start(&["--workers", "1"])?, 1).await?;
    let folder = tempfile::tempdir()?;
    for name in ["secret", "certificate.pem", "key.pem"] {
        fs::copy(town.gateway.folder().path().join(name), folder.path().join(name))?;
    }
    let other = Gateway::start_in(Arc::new(folder), &["--workers", "3"], ExpectedLog::Quiet)?;
    Ok((town, other))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_one_gateway_leads_to_a_full_handshake_at_another() -> anyhow::Result<()> {
    let (mut town, other) = neighbours().await?;
    // The connection stays open until its ticket has arrived.
    let first = town.target.arrive(Handshake::Early).await?;
    town.target.sessions().ready().await;
    drop(first);
    let mut here = town.target.arrive(Handshake::Early).await?;
    assert!(here.was_early().await);
    town.target.sessions().ready().await;
    town.target.address = other.listen;
    let mut there = town.target.arrive(Handshake::Early).await?;
    assert!(!there.was_early().await);
    let mut returning = town.target.arrive(Handshake::Resumed).await?.connection;
    assert_eq!(send(&mut returning, "GET", "/openapi.json", "", "").await?.status(), 200);
    // Both gateways share the secret, so they accept the same tokens.
    let tracer = town.tracer.clone();
    assert_eq!(
        send(&mut returning, "GET", "/v1/cases/c0000000000001/trail", &tracer, "").await?.status(),
        404
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_comes_to_another_gateway_is_reset_by_it() -> anyhow::Result<()> {
    let (town, other) = neighbours().await?;
    for (from, to) in [(town.gateway.listen, other.listen), (other.listen, town.gateway.listen)] {
        let relay = Relay::start(from).await?;
        let target = town.gateway.target_at(relay.address)?;
        let mut connection = target.connect(Version::Http3).await?;
        assert_eq!(send(&mut connection, "GET", "/openapi.json", "", "").await?.status(), 200);
        let quic = connection.quic().cloned().unwrap_or_else(|| unreachable!("it is HTTP/3"));
        relay.turn_to(to);
        assert!(send(&mut connection, "GET", "/openapi.json", "", "").await.is_err());
        assert_eq!(quic.closed().await, ConnectionError::Reset);
    }
    Ok(())
}
