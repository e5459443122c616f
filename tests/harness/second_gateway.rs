//! A town on a cluster with a second gateway.

use crate::cluster::ClusterCity;
use crate::gateway::Gateway;
use crate::late_store::send_until_stored;
use crate::town::{TestReply, TestTown, eventually};
use bytes::Bytes;
use scangate_core::time::Step;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use serde_json::Value;

/// A second gateway, with a connection to it. Its requests are sent again while the store is late.
pub struct SecondGateway {
    /// The gateway.
    pub gateway: Gateway,
    /// The target by which clients connect.
    pub target: LoadTarget,
    /// An open connection.
    pub connection: ClientConnection,
}

impl SecondGateway {
    /// Starts the city's second gateway.
    pub async fn start(city: &ClusterCity) -> anyhow::Result<Self> {
        let gateway = city.start(1)?;
        let target = gateway.target()?;
        let connection = target.connect(Version::Http3).await?;
        Ok(Self { gateway, target, connection })
    }

    /// Sends a request.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        who: &str,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<TestReply> {
        self.send_as(method, path, || who.to_owned(), body).await
    }

    /// Sends a request of a sender whose token expires.
    pub async fn send_as(
        &mut self,
        method: &str,
        path: &str,
        who: impl Fn() -> String,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<TestReply> {
        send_until_stored(&self.target, &mut self.connection, (method, path), who, body).await
    }

    /// Waits until this gateway answers a look-up of the resident with this colour.
    pub async fn sees(&mut self, town: &TestTown, resident: usize, colour: &str) -> anyhow::Result<Value> {
        let terminal = self.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
        let ask = async || {
            let code = town.residents[resident].code(Step::of(now()));
            self.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await?.json()
        };
        eventually(ask, |look| look["colour"] == colour).await
    }
}

/// Founds a town at the first gateway of this city, and starts the second one.
pub async fn found_with_second(
    city: &ClusterCity,
    residents: usize,
) -> anyhow::Result<(TestTown, SecondGateway)> {
    let mut town = TestTown::found_in(city.start(0)?, residents).await?.sending_again();
    let second = SecondGateway::start(city).await?;
    // An idle connection does not survive a slow start.
    town.connection = town.target.connect(Version::Http3).await?;
    Ok((town, second))
}
