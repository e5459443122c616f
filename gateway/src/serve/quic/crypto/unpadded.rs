//! A packet key that takes the padding out of the packets that it decrypts.

use crate::wire::quic_padding::close_gaps;
use bytes::BytesMut;
use quinn_proto::crypto::{CryptoError, PacketKey};
use std::sync::atomic::{AtomicBool, Ordering};

/// The key.
pub(super) struct UnpaddedKey {
    key: Box<dyn PacketKey>,
    paddings: PaddingPlaces,
    /// Whether the next packet begins a connection. It keeps its padding: from its length quinn-proto
    /// calculates how much it may send before the client's address is proved.
    is_first: AtomicBool,
}

/// The places of padding in the packets of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PaddingPlaces {
    /// Anywhere: browsers put it between the frames of their first packets.
    Anywhere,
    /// At the end, where the rest of a datagram is filled.
    End,
}

impl UnpaddedKey {
    /// The key that decrypts with this one.
    pub(super) fn boxed(key: Box<dyn PacketKey>, paddings: PaddingPlaces) -> Box<dyn PacketKey> {
        let is_first = AtomicBool::new(paddings == PaddingPlaces::Anywhere);
        Box::new(Self { key, paddings, is_first })
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
