//! The keys of the next generation. quinn-proto asks for them at the end of each handshake, but hardly any
//! phone ever updates its keys. They are derived when the first packet needs them.

use bytes::BytesMut;
use quinn_proto::crypto::{CryptoError, KeyPair, PacketKey};
use rustls::quic::Secrets;
use std::sync::{Arc, OnceLock};

type PacketKeys = KeyPair<Box<dyn PacketKey>>;

/// The keys of the next generation.
pub(super) struct NextKeys {
    secrets: Secrets,
    /// The keys, and the secrets of the generation after them.
    derived: OnceLock<Box<(PacketKeys, Secrets)>>,
}

/// The key of one direction.
struct NextKey {
    keys: Arc<NextKeys>,
    of: fn(&PacketKeys) -> &dyn PacketKey,
}

impl NextKeys {
    /// The keys that these secrets give.
    pub(super) fn new(secrets: Secrets) -> Arc<Self> {
        Arc::new(Self { secrets, derived: OnceLock::new() })
    }

    /// The keys of the generation after this one.
    pub(super) fn after(&self) -> Arc<Self> {
        Self::new(self.derived().1.clone())
    }

    /// The keys for both directions.
    pub(super) fn pair(self: &Arc<Self>) -> PacketKeys {
        KeyPair {
            local: Box::new(NextKey { keys: Arc::clone(self), of: |keys| &*keys.local }),
            remote: Box::new(NextKey { keys: Arc::clone(self), of: |keys| &*keys.remote }),
        }
    }

    fn derived(&self) -> &(PacketKeys, Secrets) {
        self.derived.get_or_init(|| {
            let mut secrets = self.secrets.clone();
            let keys = secrets.next_packet_keys();
            Box::new((KeyPair { local: Box::new(keys.local), remote: Box::new(keys.remote) }, secrets))
        })
    }
}

impl NextKey {
    fn key(&self) -> &dyn PacketKey {
        (self.of)(&self.keys.derived().0)
    }
}

impl PacketKey for NextKey {
    fn encrypt(&self, packet: u64, bytes: &mut [u8], header_length: usize) {
        self.key().encrypt(packet, bytes, header_length);
    }

    fn decrypt(&self, packet: u64, header: &[u8], payload: &mut BytesMut) -> Result<(), CryptoError> {
        self.key().decrypt(packet, header, payload)
    }

    fn tag_len(&self) -> usize {
        self.key().tag_len()
    }

    fn confidentiality_limit(&self) -> u64 {
        self.key().confidentiality_limit()
    }

    fn integrity_limit(&self) -> u64 {
        self.key().integrity_limit()
    }
}
