//! Early data of a returning phone (RFC 8470). Check-ins and colour look-ups are idempotent and answered;
//! everything else gets 425 until the handshake is complete.

use scangate_loadgen::client::{Handshake, LoadTarget, NewConnection};
use scangate_loadgen::drive::now;
use scangate_tests::{Relay, TestReply, TestTown, send};
use std::time::{Duration, Instant};

/// Longest time until the gateway counts a request.
const COUNTING_MAX: Duration = Duration::from_secs(180);

/// A town whose gateway is reached through a relay.
struct Street {
    town: TestTown,
    relay: Relay,
    target: LoadTarget,
}

impl Street {
    /// Founds the town, and leaves the target with a session ticket.
    async fn found() -> anyhow::Result<Self> {
        let town = TestTown::found(1).await?;
        let relay = Relay::start(town.gateway.listen).await?;
        let target = town.gateway.target_at(relay.address)?;
        let first = target.arrive(Handshake::Early).await?;
        target.sessions().ready().await;
        drop(first);
        Ok(Self { town, relay, target })
    }

    /// Resumes and sends a request. The relay holds the gateway's packets until the request is counted, so
    /// the handshake cannot be complete by then.
    async fn send_early(
        &self,
        method: &str,
        path: &str,
        authorization: &str,
        body: String,
        counted: (&str, &str),
    ) -> anyhow::Result<(TestReply, NewConnection)> {
        let count = || self.town.gateway.metric(counted.0, counted.1);
        let before = count()?;
        self.relay.hold();
        let mut arrival = self.target.arrive(Handshake::Early).await?;
        let mut connection = arrival.connection.clone();
        let sending = send(&mut connection, method, path, authorization, body);
        let releasing = async {
            let since = Instant::now();
            while count()? <= before {
                anyhow::ensure!(since.elapsed() < COUNTING_MAX, "{} {} does not move", counted.0, counted.1);
                tokio::task::yield_now().await;
            }
            self.relay.release();
            anyhow::Ok(())
        };
        let (sent, ()) = tokio::try_join!(sending, releasing)?;
        assert!(arrival.was_early().await, "the gateway took no early data");
        Ok((sent, arrival))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_in_in_the_first_packets_is_kept_once() -> anyhow::Result<()> {
    let mut street = Street::found().await?;
    let scan = street.town.scan(0, 0);
    let counted = ("scangate_check_ins_total", "");
    let (sent, _arrival) = street.send_early("POST", "/v1/check-ins", "", scan.clone(), counted).await?;
    assert_eq!(sent.status(), 200, "{}", sent.text());
    // A replay of the captured packets creates no second check-in.
    let again = street.town.send("POST", "/v1/check-ins", "", scan).await?;
    assert_eq!(again.json()?, sent.json()?);
    let mine = street.town.mine(0).await?;
    assert_eq!(mine["check_ins"].as_array().map(Vec::len), Some(1), "{mine}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_is_too_early_and_taken_on_the_same_connection_afterwards() -> anyhow::Result<()> {
    let street = Street::found().await?;
    let mine = street.town.residents[0].authorization(now());
    let counted = ("scangate_refusals_total", "too-early");
    for (method, path, body) in [
        ("GET", "/v1/people/me", String::new()),
        ("DELETE", "/v1/people/me", String::new()),
        ("GET", "/", String::new()),
    ] {
        let (sent, mut arrival) = street.send_early(method, path, &mine, body, counted).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (425, "too-early"), "{method} {path}");
        street.target.sessions().ready().await;
        if method == "GET" {
            let again = send(&mut arrival.connection, method, path, &mine, "").await?;
            assert_eq!(again.status(), 200, "{method} {path}: {}", again.text());
        }
    }
    Ok(())
}
