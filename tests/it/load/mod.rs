//! The load generator. Every planned scan is in one class, and the exit code says how the run went. Another
//! server is recognised as such, and every row of a register is replayed or counted.

mod causes;
mod endings;
mod faults;
mod known_delay;
mod live;
mod proxy;
mod replay;
mod report;
mod scenarios;
mod target;
mod usage;
mod workers;

use scangate_tests::{Gateway, eventually};

/// Waits until the gateway has acknowledged this many scans, so that a fault falls into the middle of a run.
async fn acknowledged(gateway: &Gateway, count: f64) -> anyhow::Result<()> {
    let ask = async || gateway.metric("scangate_check_ins_total", "");
    eventually(ask, |acknowledged| *acknowledged >= count).await.map(drop)
}
