//! The load generator: every planned scan is in one class, whatever the gateway does; the exit code says how
//! the run went; a target that is no gateway is named, and no row of a register is lost silently.

mod causes;
mod endings;
mod faults;
mod proxy;
mod replay;
mod target;
mod usage;

use scangate_tests::{Gateway, eventually};

/// Waits until the gateway has acknowledged this many scans, so that a fault falls into the middle of a run.
async fn acknowledged(gateway: &Gateway, count: f64) -> anyhow::Result<()> {
    let ask = async || gateway.metric("scangate_check_ins_total", "");
    eventually(ask, |acknowledged| *acknowledged >= count).await.map(drop)
}
