//! A doorway with a bad signal: a UDP socket that loses datagrams in both directions, and phones whose
//! address changes while they are connected.

use crate::plan::SplitMix64;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime as _, TokioRuntime, UdpPoller};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

/// The place where a phone scans.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Doorway {
    /// The share of datagrams that are lost, in each direction.
    pub loss: f64,
    /// The share of phones whose address changes between the handshake and the request.
    pub moves: f64,
}

/// A UDP socket that loses datagrams.
#[derive(Debug)]
struct LossySocket {
    inner: Arc<dyn AsyncUdpSocket>,
    loss: f64,
    /// The number of datagrams so far, from which each one's fate is drawn.
    passed: AtomicU64,
    seed: u64,
}

impl LossySocket {
    fn loses_next(&self) -> bool {
        let number = self.passed.fetch_add(1, Ordering::Relaxed);
        SplitMix64(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).share() < self.loss
    }
}

impl AsyncUdpSocket for LossySocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    /// A transmit is one datagram, because the socket offers no segmentation.
    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        if self.loses_next() { Ok(()) } else { self.inner.try_send(transmit) }
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = self.inner.poll_recv(context, bufs, meta);
        if let Poll::Ready(Ok(count)) = received {
            for one in meta.iter_mut().take(count).filter(|_| self.loses_next()) {
                // Quinn skips a datagram without bytes.
                one.len = 0;
            }
        }
        received
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

impl Doorway {
    /// Whether nothing happens there.
    #[must_use]
    pub fn is_calm(self) -> bool {
        self.loss <= 0.0 && self.moves <= 0.0
    }

    /// Whether the phone with this number changes its address.
    #[must_use]
    pub fn moves(self, seed: u64) -> bool {
        SplitMix64(seed).share() < self.moves
    }

    /// An endpoint whose datagrams pass through this doorway. **Errors**: no socket.
    pub(super) fn endpoint(self, local: IpAddr, seed: u64) -> io::Result<quinn::Endpoint> {
        let (config, runtime) = (quinn::EndpointConfig::default(), Arc::new(TokioRuntime));
        quinn::Endpoint::new_with_abstract_socket(config, None, self.socket(local, seed)?, runtime)
    }

    /// Gives an endpoint another port, as when a phone changes its network. **Errors**: no socket.
    pub(super) fn change_address(self, endpoint: &quinn::Endpoint, seed: u64) -> io::Result<()> {
        let local = endpoint.local_addr()?.ip();
        endpoint.rebind_abstract(self.socket(local, seed)?)
    }

    fn socket(self, local: IpAddr, seed: u64) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let inner = TokioRuntime.wrap_udp_socket(UdpSocket::bind(SocketAddr::new(local, 0))?)?;
        Ok(Arc::new(LossySocket { inner, loss: self.loss, passed: AtomicU64::new(0), seed }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[tokio::test]
    async fn a_socket_loses_its_share_and_the_seed_decides() {
        let lost = |seed| {
            let doorway = Doorway { loss: 0.1, moves: 0.0 };
            let inner = doorway.socket(Ipv4Addr::LOCALHOST.into(), 1).unwrap();
            let socket = LossySocket { inner, loss: 0.1, passed: AtomicU64::new(0), seed };
            (0..10_000).map(|_| socket.loses_next()).collect::<Vec<_>>()
        };
        let one = lost(1);
        let count = one.iter().filter(|lost| **lost).count();
        assert!((800..1_200).contains(&count), "{count}");
        assert_eq!(one, lost(1));
        assert_ne!(one, lost(2));
    }
}
