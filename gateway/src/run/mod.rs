//! A gateway's life in three phases: `open` reads the data folder and the stores, `start` starts the
//! threads, and `drain` stops them in an order that loses nothing: workers, back office, batcher, journal.

mod backups;
mod certificates;
mod copies;
mod drain;
mod fill;
mod open;
mod recovery;
mod snapshots;
mod start;

use crate::config::Config;
use crate::deployment::{self, StartFolder};
use crate::ops::reload::ConfigReader;
use crate::ops::supervisor;
use crate::ops::telemetry::LogFilter;
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

/// What a gateway's operator controls while it runs.
pub struct OperatorTools {
    /// The metrics.
    pub metrics: PrometheusHandle,
    /// The filter of logs.
    pub logs: LogFilter,
    /// Reads the configuration again.
    pub read_config: ConfigReader,
}

/// Runs a gateway until SIGTERM or SIGINT, and drains it. Calls `ready` with its addresses and the label of
/// the rule pack in force once it listens.
/// **Errors**: the gateway could not start, or could not continue. A start that fails removes the data folder
/// if it made that folder.
pub fn run(
    config: &Config,
    tools: OperatorTools,
    ready: impl FnOnce(&Config, Addresses, &str),
) -> anyhow::Result<()> {
    deployment::ensure_not_ended(&config.data)?;
    let mut folder = StartFolder::make(&config.data)?;
    let opened = open::open(config, &mut folder).map_err(|error| open::advised(config, error))?;
    let (running, addresses) = start::start(config, opened, tools)?;
    folder.keep();
    let policy = running.tables.policies.in_force().policy.label().to_owned();
    ready(config, addresses, &policy);
    supervisor::tell_ready(&format!("serves {} under the rule pack {policy}", addresses.listen));
    drain::drain_when_stopped(config, running)
}
