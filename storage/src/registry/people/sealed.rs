//! Sealing: AES-256-GCM over personal fields, and a keyed index that finds a document or a phone without
//! storing its number.

use crate::registry::{RegistryError, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use scangate_core::keys::Key;
use scangate_core::person::Document;

/// Seals values. **Shape**: nonce (12), ciphertext, tag (16). The row's id is authenticated data, so a value
/// does not decrypt in another row.
pub(in crate::registry) struct Seal(LessSafeKey);

impl Seal {
    pub(in crate::registry) fn new(key: &Key) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &key.0).map_err(|_| RegistryError::Sealed)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    pub(in crate::registry) fn seal(&self, id: u64, mut value: Vec<u8>) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| RegistryError::Random)?;
        let aad = Aad::from(id.to_be_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut value)
            .map_err(|_| RegistryError::Sealed)?;
        Ok([nonce.as_slice(), &value].concat())
    }

    pub(in crate::registry) fn open(&self, id: u64, sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, value) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(RegistryError::Sealed)?;
        let mut value = value.to_vec();
        let opened = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(id.to_be_bytes()), &mut value)
            .map_err(|_| RegistryError::Sealed)?;
        Ok(opened.to_vec())
    }
}

/// The byte before a phone in the index; a document has its type there.
const PHONE: u8 = u8::MAX;

/// The index keys of documents and phones: HMAC-SHA256 of type and number.
pub(in crate::registry) struct DocumentIndex(hmac::Key);

impl DocumentIndex {
    pub(in crate::registry) fn new(key: &Key) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key.0))
    }

    pub(in crate::registry) fn key(&self, document: &Document) -> [u8; 32] {
        self.hash(document.r#type as u8, &document.number)
    }

    pub(in crate::registry) fn phone_key(&self, phone: &str) -> [u8; 32] {
        self.hash(PHONE, phone)
    }

    fn hash(&self, kind: u8, number: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[kind]);
        context.update(number.as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(context.sign().as_ref());
        key
    }
}
