//! TLS 1.3 of QUIC connections, for quinn-proto: rustls makes the handshake and the keys. A session gives
//! TLS's memory back after the handshake, and derives the keys of an update when one comes. Its keys take the
//! padding out of the packets that they decrypt.

mod next_keys;
mod session;
#[cfg(test)]
mod tests;
mod unpadded;

use anyhow::Context as _;
use quinn_proto::ConnectionId;
use quinn_proto::crypto::rustls::QuicServerConfig;
use quinn_proto::crypto::{KeyPair, Keys, PacketKey, ServerConfig, Session, UnsupportedVersion};
use quinn_proto::transport_parameters::TransportParameters;
use session::QuicSession;
use std::sync::Arc;
use unpadded::{PaddingPlaces, UnpaddedKey};

/// QUIC version 1 (RFC 9000), the only one that is offered.
pub(in crate::serve) const QUIC_VERSION: u32 = 1;

/// The TLS configuration of a worker's endpoint.
pub(in crate::serve) struct QuicCrypto {
    /// The keys of a connection's first packets and of Retry, which depend on its id alone.
    first_packets: QuicServerConfig,
    tls: Arc<rustls::ServerConfig>,
}

impl QuicCrypto {
    /// The configuration by one of rustls. **Errors**: it lacks the cipher suite of the first packets.
    pub(in crate::serve) fn new(tls: Arc<rustls::ServerConfig>) -> anyhow::Result<Self> {
        let first_packets = QuicServerConfig::try_from(Arc::clone(&tls));
        Ok(Self { first_packets: first_packets.context("no cipher suite for QUIC's first packets")?, tls })
    }
}

impl ServerConfig for QuicCrypto {
    fn initial_keys(&self, version: u32, client_id: &ConnectionId) -> Result<Keys, UnsupportedVersion> {
        let Keys { header, packet } = self.first_packets.initial_keys(version, client_id)?;
        Ok(Keys { header, packet: unpadded(packet, PaddingPlaces::Anywhere) })
    }

    fn retry_tag(&self, version: u32, client_id: &ConnectionId, packet: &[u8]) -> [u8; 16] {
        self.first_packets.retry_tag(version, client_id, packet)
    }

    fn start_session(self: Arc<Self>, _: u32, parameters: &TransportParameters) -> Box<dyn Session> {
        Box::new(QuicSession::start(self, parameters))
    }
}

/// A pair of keys of which the one that decrypts takes the padding out.
fn unpadded(keys: KeyPair<Box<dyn PacketKey>>, paddings: PaddingPlaces) -> KeyPair<Box<dyn PacketKey>> {
    KeyPair { local: keys.local, remote: UnpaddedKey::boxed(keys.remote, paddings) }
}
