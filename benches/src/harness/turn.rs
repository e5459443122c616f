//! A server's turn at being measured: it has one core, and what loads it the other.

use crate::harness::machine::{self, Core};
use crate::harness::server::{Server, ServerKind};
use crate::harness::town::BenchTown;
use std::rc::Rc;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// Starts a server and loads it with what a town of so many residents sends. The town is registered at a gateway also
/// where the peer is loaded: its codes are sent to that one, too.
pub(crate) fn take<T>(
    which: ServerKind,
    residents: usize,
    load: impl AsyncFnOnce(&Server, &Rc<BenchTown>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let gateway = Server::start(ServerKind::Gateway)?;
    let peer = (which == ServerKind::Peer).then(|| Server::start(which)).transpose()?;
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
