//! A gateway's life in three phases: [`open`] what is on disk or on the cluster, [`start`] the threads over it, and
//! [`drain`] in the order in which nothing is lost: workers first, then the back office, the batcher, the journal.

mod drain;
mod fill;
mod open;
mod recovery;
mod snapshots;
mod start;

use crate::config::Config;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;

/// The addresses on which a gateway listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// The listener of phones and gates.
    pub listen: SocketAddr,
    /// The listener of operators.
    pub admin: SocketAddr,
}

/// Runs a gateway until SIGTERM or SIGINT, and drains it. Calls `ready` with its addresses once it listens.
/// **Errors**: what it could not start with, or what it cannot go on with.
pub fn run(
    config: &Config,
    metrics: PrometheusHandle,
    ready: impl FnOnce(&Config, Addresses),
) -> anyhow::Result<()> {
    let opened = open::open(config)?;
    let (running, addresses) = start::start(config, opened, metrics)?;
    ready(config, addresses);
    drain::drain_when_stopped(config, running)
}
