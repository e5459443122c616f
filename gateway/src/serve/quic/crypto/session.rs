//! The TLS session of a QUIC connection.

use super::next_keys::NextKeys;
use super::unpadded::{PaddingPlaces, UnpaddedKey};
use super::{QUIC_VERSION, QuicCrypto, unpadded};
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::crypto::{
    ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey, ServerConfig as _, Session,
};
use quinn_proto::transport_parameters::TransportParameters;
use quinn_proto::{ConnectionId, Side, TransportError, TransportErrorCode};
use rustls::AlertDescription;
use rustls::quic::{KeyChange, ServerConnection, Version};
use std::any::Any;
use std::io::Cursor;
use std::sync::Arc;

/// The session. **Cost**: some 4 KiB during the handshake, and 400 bytes after it.
pub(super) struct QuicSession {
    config: Arc<QuicCrypto>,
    /// TLS, until the handshake is complete and its last message is written. In QUIC nothing may follow.
    handshake: Option<Box<ServerConnection>>,
    /// Whether quinn-proto knows that the client's first message was read.
    is_announced: bool,
    /// The keys of the generation after the current one.
    next: Option<Arc<NextKeys>>,
    /// Whether quinn-proto has these keys.
    is_next_taken: bool,
}

impl QuicSession {
    /// A session that waits for the client's first message.
    pub(super) fn start(config: Arc<QuicCrypto>, parameters: &TransportParameters) -> Self {
        let mut encoded = Vec::new();
        parameters.write(&mut encoded);
        let handshake = ServerConnection::new(Arc::clone(&config.tls), Version::V1, encoded);
        let handshake = Box::new(handshake.expect("the configuration was accepted at the start"));
        Self { config, handshake: Some(handshake), is_announced: false, next: None, is_next_taken: false }
    }
}

/// The error of a connection whose client sent what TLS refuses.
fn refused(alert: AlertDescription, reason: String) -> TransportError {
    TransportError { code: TransportErrorCode::crypto(alert.into()), frame: None, reason }
}

fn keys(keys: rustls::quic::Keys) -> Keys {
    let packet = KeyPair::<Box<dyn PacketKey>> {
        local: Box::new(keys.local.packet),
        remote: Box::new(keys.remote.packet),
    };
    Keys {
        header: KeyPair { local: Box::new(keys.local.header), remote: Box::new(keys.remote.header) },
        packet: unpadded(packet, PaddingPlaces::End),
    }
}

impl Session for QuicSession {
    fn initial_keys(&self, client_id: &ConnectionId, _: Side) -> Keys {
        let keys = self.config.initial_keys(QUIC_VERSION, client_id);
        keys.unwrap_or_else(|_| unreachable!("a session has this version"))
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        let handshake = self.handshake.as_ref()?;
        Some(Box::new(HandshakeData {
            protocol: handshake.alpn_protocol().map(<[u8]>::to_vec),
            server_name: handshake.server_name().map(str::to_owned),
        }))
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        None
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        let keys = self.handshake.as_ref()?.zero_rtt_keys()?;
        Some((Box::new(keys.header), UnpaddedKey::boxed(Box::new(keys.packet), PaddingPlaces::End)))
    }

    fn early_data_accepted(&self) -> Option<bool> {
        // Only a client has an answer to this.
        None
    }

    fn is_handshaking(&self) -> bool {
        self.handshake.as_ref().is_some_and(|handshake| handshake.is_handshaking())
    }

    fn read_handshake(&mut self, bytes: &[u8]) -> Result<bool, TransportError> {
        let Some(handshake) = &mut self.handshake else {
            return Err(refused(AlertDescription::UnexpectedMessage, "a message after the handshake".into()));
        };
        if let Err(error) = handshake.read_hs(bytes) {
            return Err(match handshake.alert() {
                Some(alert) => refused(alert, error.to_string()),
                None => TransportError {
                    code: TransportErrorCode::PROTOCOL_VIOLATION,
                    frame: None,
                    reason: format!("TLS error: {error}"),
                },
            });
        }
        let is_read = handshake.alpn_protocol().is_some();
        Ok(is_read && !std::mem::replace(&mut self.is_announced, is_read))
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        let handshake = self.handshake.as_ref();
        let encoded = handshake.and_then(|handshake| handshake.quic_transport_parameters());
        let read = |encoded| TransportParameters::read(Side::Server, &mut Cursor::new(encoded));
        encoded.map(read).transpose().map_err(Into::into)
    }

    fn write_handshake(&mut self, bytes: &mut Vec<u8>) -> Option<Keys> {
        let handshake = self.handshake.as_mut()?;
        let before = bytes.len();
        let change = handshake.write_hs(bytes);
        if change.is_none() && bytes.len() == before && !handshake.is_handshaking() {
            self.handshake = None;
        }
        match change? {
            KeyChange::Handshake { keys: of_handshake } => Some(keys(of_handshake)),
            KeyChange::OneRtt { keys: current, next } => {
                self.next = Some(NextKeys::new(next));
                Some(keys(current))
            }
        }
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        let next = self.next.as_mut()?;
        if std::mem::replace(&mut self.is_next_taken, true) {
            *next = next.after();
        }
        Some(unpadded(next.pair(), PaddingPlaces::End))
    }

    fn is_valid_retry(&self, _: &ConnectionId, _: &[u8], _: &[u8]) -> bool {
        // Only a client receives one.
        false
    }

    fn export_keying_material(
        &self,
        _: &mut [u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        // The gateway asks for none.
        Err(ExportKeyingMaterialError)
    }
}
