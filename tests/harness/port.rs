//! TCP ports that no process has.

use anyhow::Context as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// The next port to offer. The system takes the ports of clients, and of listeners without a port of their
/// own, from 32,768 on.
static NEXT: AtomicU16 = AtomicU16::new(20_000);
const END: u16 = 32_768;

/// A port that no process has, and that none of the tests gets by chance. **Errors**: there is none.
pub fn free_port() -> anyhow::Result<u16> {
    let offered =
        || NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |port| (port < END).then(|| port + 1));
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    std::iter::from_fn(|| offered().ok()).find(is_free).context("no port is free")
}
