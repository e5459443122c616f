//! One measurement of a server: the server has one core and its client the other.

use crate::harness::machine::{self, Core};
use crate::harness::server::{Server, ServerKind};
use crate::harness::town::BenchTown;
use std::rc::Rc;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// Starts a server and loads it with the requests of a town with so many residents. The town is always
/// registered at a gateway, so that the peer receives the same requests as the gateway does.
pub(crate) fn take<T>(
    which: ServerKind,
    residents: usize,
    load: impl AsyncFnOnce(&Server, &Rc<BenchTown>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let gateway = Server::start(ServerKind::Gateway)?;
    let peer = (which != ServerKind::Gateway).then(|| Server::start(which)).transpose()?;
    load_from_core(&gateway, peer.as_ref().unwrap_or(&gateway), residents, load)
}

/// Starts a gateway with this configuration and loads it with the requests of a town.
pub(crate) fn take_configured<T>(
    config: &str,
    residents: usize,
    load: impl AsyncFnOnce(&Server, &Rc<BenchTown>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let gateway = Server::start_configured(config)?;
    load_from_core(&gateway, &gateway, residents, load)
}

/// Registers a town at the gateway and loads the server, both from the client's core.
fn load_from_core<T>(
    gateway: &Server,
    server: &Server,
    residents: usize,
    load: impl AsyncFnOnce(&Server, &Rc<BenchTown>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    machine::pin(Core::Client)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let measured = LocalSet::new().block_on(&runtime, async {
        let town = Rc::new(BenchTown::found(gateway, residents).await?);
        load(server, &town).await
    });
    machine::unpin()?;
    measured
}
