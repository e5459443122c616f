//! Proxies between a city's gateways and its cluster: one scylla-proxy before each node. They forward
//! everything until a test injects a fault.

use crate::cluster::nodes;
use anyhow::Context as _;
use scylla_proxy::example_db_errors::{overloaded, write_timeout};
use scylla_proxy::{
    Condition, Node, Proxy, Reaction as _, RequestOpcode, RequestReaction, RequestRule, RunningProxy,
    ShardAwareness, get_exclusive_local_address,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// The port of CQL.
const PORT: u16 = 9_042;

/// The running proxies, one for each node.
pub struct ClusterProxy {
    running: RunningProxy,
    /// The addresses at which gateways reach the nodes.
    pub nodes: Vec<SocketAddr>,
    /// The proxy's address for each node's real address.
    pub translate: HashMap<SocketAddr, SocketAddr>,
}

/// One of four ways in which a request fails.
fn failure(number: usize) -> RequestReaction {
    match number {
        0 => RequestReaction::forge_with_error(overloaded()),
        1 => RequestReaction::forge_with_error(write_timeout()),
        2 => RequestReaction::drop_connection(),
        _ => RequestReaction::drop_frame(),
    }
}

impl ClusterProxy {
    /// Starts the proxies.
    pub async fn start() -> anyhow::Result<Self> {
        let real = nodes()?;
        let nodes: Vec<SocketAddr> =
            real.iter().map(|_| SocketAddr::new(get_exclusive_local_address(), PORT)).collect();
        let node = |(real, proxy): (&SocketAddr, &SocketAddr)| {
            Node::new(*real, *proxy, ShardAwareness::Unaware, None, None)
        };
        let proxy = Proxy::new(real.iter().zip(&nodes).map(node));
        let translate = real.iter().copied().zip(nodes.iter().copied()).collect();
        let running = proxy.run().await.context("the proxies")?;
        Ok(Self { running, nodes, translate })
    }

    fn rule(&mut self, rules: &[RequestRule]) {
        for node in &mut self.running.running_nodes {
            node.change_request_rules(Some(rules.to_vec()));
        }
    }

    /// Breaks every connection at its next request.
    pub fn cut(&mut self) {
        self.rule(&[RequestRule(Condition::True, RequestReaction::drop_connection())]);
    }

    /// Drops every request without an answer.
    pub fn hang(&mut self) {
        self.rule(&[RequestRule(Condition::True, RequestReaction::drop_frame())]);
    }

    /// Drops at each node this many requests with this text in a value, without an answer.
    pub fn ignore(&mut self, text: &str, times: usize) {
        let reads = Condition::RequestOpcode(RequestOpcode::Execute)
            .and(Condition::BodyContainsCaseSensitive(text.as_bytes().into()))
            .and(Condition::TrueForLimitedTimes(times));
        self.rule(&[RequestRule(reads, RequestReaction::drop_frame())]);
    }

    /// Delays every request.
    pub fn slow(&mut self, by: Duration) {
        self.rule(&[RequestRule(Condition::True, RequestReaction::delay(by))]);
    }

    /// Fails some requests: with one of two errors, a broken connection, or silence.
    pub fn fail(&mut self, probability: f64) {
        let some = || Condition::RandomWithProbability(probability / 4.0);
        let rules: Vec<_> = (0..4).map(|number| RequestRule(some(), failure(number))).collect();
        self.rule(&rules);
    }

    /// Forwards everything again.
    pub fn heal(&mut self) {
        self.running.turn_off_rules();
    }
}
