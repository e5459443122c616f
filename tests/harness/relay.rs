//! A relay of datagrams between one client and the gateway. It can hold back what the gateway sends, and
//! switch to another gateway.

use std::net::SocketAddr;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The largest datagram.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// A running relay. It ends when it is dropped.
pub struct Relay {
    /// The address to which the client connects.
    pub address: SocketAddr,
    held: watch::Sender<bool>,
    gateway: watch::Sender<SocketAddr>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Starts a relay to this address.
    pub async fn start(to: SocketAddr) -> anyhow::Result<Self> {
        let front = UdpSocket::bind("127.0.0.1:0").await?;
        let back = UdpSocket::bind("127.0.0.1:0").await?;
        let address = front.local_addr()?;
        let (held, is_held) = watch::channel(false);
        let (gateway, turned) = watch::channel(to);
        let task = tokio::spawn(async move {
            // The owner drops the relay and needs no error.
            let _ = relay(&front, &back, is_held, turned).await;
        });
        Ok(Self { address, held, gateway, task })
    }

    /// Switches to another gateway, as a balancer does with a phone whose address changes.
    pub fn turn_to(&self, gateway: SocketAddr) {
        self.gateway.send_replace(gateway);
    }

    /// Holds back all later datagrams of the gateway.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Releases the held datagrams in order.
    pub fn release(&self) {
        self.held.send_replace(false);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(
    front: &UdpSocket,
    back: &UdpSocket,
    mut is_held: watch::Receiver<bool>,
    turned: watch::Receiver<SocketAddr>,
) -> anyhow::Result<()> {
    let (mut there, mut here) = (vec![0; DATAGRAM_BYTES_MAX], vec![0; DATAGRAM_BYTES_MAX]);
    let mut client = None;
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        tokio::select! {
            received = front.recv_from(&mut there) => {
                let (length, from) = received?;
                client = Some(from);
                let gateway = *turned.borrow();
                back.send_to(&there[..length], gateway).await?;
            }
            received = back.recv_from(&mut here) => held.push(here[..received?.0].to_vec()),
            changed = is_held.changed() => changed?,
        }
        if let Some(client) = client.filter(|_| !*is_held.borrow()) {
            for datagram in held.drain(..) {
                front.send_to(&datagram, client).await?;
            }
        }
    }
}
