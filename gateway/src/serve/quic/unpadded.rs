//! TLS for quinn-proto, whose keys take the padding out of the packets that they decrypt.

use crate::wire::quic_padding::close_gaps;
use bytes::BytesMut;
use quinn_proto::crypto::rustls::QuicServerConfig;
use quinn_proto::crypto::{
    CryptoError, ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey, ServerConfig, Session,
    UnsupportedVersion,
};
use quinn_proto::transport_parameters::TransportParameters;
use quinn_proto::{ConnectionId, Side, TransportError};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The configuration of TLS.
pub(in crate::serve) struct UnpaddedConfig(pub(in crate::serve) Arc<QuicServerConfig>);

/// The TLS session of a connection.
struct UnpaddedSession(Box<dyn Session>);

/// A packet key.
struct UnpaddedKey {
    key: Box<dyn PacketKey>,
    paddings: PaddingPlaces,
    /// Whether the next packet begins a connection. It keeps its padding: from its length quinn-proto
    /// calculates how much it may send before the client's address is proved.
    is_first: AtomicBool,
}

/// The places of padding in the packets of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PaddingPlaces {
    /// Anywhere: browsers put it between the frames of their first packets.
    Anywhere,
    /// At the end, where the rest of a datagram is filled.
    End,
}

impl UnpaddedKey {
    fn boxed(key: Box<dyn PacketKey>, paddings: PaddingPlaces) -> Box<dyn PacketKey> {
        let is_first = AtomicBool::new(paddings == PaddingPlaces::Anywhere);
        Box::new(Self { key, paddings, is_first })
    }
}

fn packet_keys(keys: KeyPair<Box<dyn PacketKey>>, paddings: PaddingPlaces) -> KeyPair<Box<dyn PacketKey>> {
    // The gateway's own key decrypts nothing.
    KeyPair { local: keys.local, remote: UnpaddedKey::boxed(keys.remote, paddings) }
}

fn keys(keys: Keys, paddings: PaddingPlaces) -> Keys {
    Keys { header: keys.header, packet: packet_keys(keys.packet, paddings) }
}

impl ServerConfig for UnpaddedConfig {
    fn initial_keys(&self, version: u32, client_id: &ConnectionId) -> Result<Keys, UnsupportedVersion> {
        self.0.initial_keys(version, client_id).map(|initial| keys(initial, PaddingPlaces::Anywhere))
    }

    fn retry_tag(&self, version: u32, client_id: &ConnectionId, packet: &[u8]) -> [u8; 16] {
        self.0.retry_tag(version, client_id, packet)
    }

    fn start_session(self: Arc<Self>, version: u32, parameters: &TransportParameters) -> Box<dyn Session> {
        Box::new(UnpaddedSession(Arc::clone(&self.0).start_session(version, parameters)))
    }
}

impl Session for UnpaddedSession {
    fn initial_keys(&self, client_id: &ConnectionId, side: Side) -> Keys {
        keys(self.0.initial_keys(client_id, side), PaddingPlaces::Anywhere)
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        self.0.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.0.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        let (header, key) = self.0.early_crypto()?;
        Some((header, UnpaddedKey::boxed(key, PaddingPlaces::End)))
    }

    fn early_data_accepted(&self) -> Option<bool> {
        self.0.early_data_accepted()
    }

    fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    fn read_handshake(&mut self, bytes: &[u8]) -> Result<bool, TransportError> {
        self.0.read_handshake(bytes)
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        self.0.transport_parameters()
    }

    fn write_handshake(&mut self, bytes: &mut Vec<u8>) -> Option<Keys> {
        self.0.write_handshake(bytes).map(|next| keys(next, PaddingPlaces::End))
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        self.0.next_1rtt_keys().map(|next| packet_keys(next, PaddingPlaces::End))
    }

    fn is_valid_retry(&self, client_id: &ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        self.0.is_valid_retry(client_id, header, payload)
    }

    fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        self.0.export_keying_material(output, label, context)
    }
}

impl PacketKey for UnpaddedKey {
    fn encrypt(&self, packet: u64, bytes: &mut [u8], header_length: usize) {
        self.key.encrypt(packet, bytes, header_length);
    }

    fn decrypt(&self, packet: u64, header: &[u8], payload: &mut BytesMut) -> Result<(), CryptoError> {
        self.key.decrypt(packet, header, payload)?;
        if self.is_first.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        if self.paddings == PaddingPlaces::Anywhere || payload.last() == Some(&0) {
            let length = close_gaps(payload);
            if length < payload.len() {
                // quinn-proto takes a packet's length for the memory that its frames hold, so the rest of the
                // datagram must not stay with them.
                *payload = BytesMut::from(&payload[..length]);
            }
        }
        Ok(())
    }

    fn tag_len(&self) -> usize {
        self.key.tag_len()
    }

    fn confidentiality_limit(&self) -> u64 {
        self.key.confidentiality_limit()
    }

    fn integrity_limit(&self) -> u64 {
        self.key.integrity_limit()
    }
}
