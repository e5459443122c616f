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
    let server = peer.as_ref().unwrap_or(&gateway);
    machine::pin(Core::Client)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let measured = LocalSet::new().block_on(&runtime, async {
        let town = Rc::new(BenchTown::found(&gateway, residents).await?);
        load(server, &town).await
    });
    machine::unpin()?;
    measured
}
