//! The signed file of a report: its text, an Ed25519 public key, and the signature of the text under that key
//! (RFC 8032). The key derives from the deployment's secret, so operators can read it from the deployment
//! before it ends.
//!
//! **Shape**: JSON of `body`, `key` and `signature`, as they stand in [`SignedFile`]. The signature is over
//! the bytes of `body`, a text that is JSON itself; key and signature are in lower-case hexadecimal. A reader
//! rejects a file that differs in any byte from what this module would write.

use anyhow::{Context as _, ensure};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use scangate_core::keys::{KEY_BYTES, Secret};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};
use std::str::FromStr;

const PURPOSE: &str = "sunset report";
const PUBLIC_KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;

/// The seed of the signing key, derived for this purpose alone: it does not reveal the secret. `Debug` is
/// redacted.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct SigningSeed([u8; KEY_BYTES]);

/// The key that verifies a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_KEY_BYTES]);

/// The error of a text that is not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 64 digits of 0-9 and a-f, as `gateway sunset --key` prints them")]
pub struct PublicKeyError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedFile {
    body: String,
    key: String,
    signature: String,
}

impl SigningSeed {
    /// Derives the seed from a deployment's secret.
    pub(super) fn of(secret: &Secret) -> Self {
        Self(secret.purpose(PURPOSE).0)
    }

    /// The public key of the seed.
    pub(super) fn public_key(&self) -> anyhow::Result<PublicKey> {
        let bytes = self.pair()?.public_key().as_ref().try_into();
        bytes.map(PublicKey).context("a public key has 32 bytes")
    }

    /// Signs a body. Returns the file.
    pub(super) fn sign(&self, body: String) -> anyhow::Result<String> {
        let signature = hex(self.pair()?.sign(body.as_bytes()).as_ref());
        Ok(SignedFile { body, key: self.public_key()?.to_string(), signature }.text())
    }

    fn pair(&self) -> anyhow::Result<Ed25519KeyPair> {
        Ed25519KeyPair::from_seed_unchecked(&self.0).ok().context("the key that signs the report")
    }
}

impl fmt::Debug for SigningSeed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningSeed(…)")
    }
}

impl From<SigningSeed> for String {
    fn from(SigningSeed(bytes): SigningSeed) -> Self {
        hex(&bytes)
    }
}

impl TryFrom<String> for SigningSeed {
    type Error = PublicKeyError;

    fn try_from(text: String) -> Result<Self, PublicKeyError> {
        unhex(&text).map(Self).ok_or(PublicKeyError)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex(&self.0))
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        unhex(text).map(Self).ok_or(PublicKeyError)
    }
}

impl SignedFile {
    fn text(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("three texts are JSON");
        json + "\n"
    }
}

/// Verifies a file. Returns its body and the key that signed it. **Errors**: the file was changed.
pub(super) fn open(text: &str) -> anyhow::Result<(String, PublicKey)> {
    let file: SignedFile =
        serde_json::from_str(text).context("the file is not a report of `gateway sunset`")?;
    let key: PublicKey = file.key.parse()?;
    let signature =
        unhex::<SIGNATURE_BYTES>(&file.signature).context("its signature is not 128 hexadecimal digits")?;
    let signed = UnparsedPublicKey::new(&ED25519, key.0).verify(file.body.as_bytes(), &signature);
    ensure!(
        signed.is_ok(),
        "it was changed after signing: the signature does not match the text and the key"
    );
    ensure!(file.text() == text, "the file was changed after it was written; the signed text was not");
    Ok((file.body, key))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Decodes exactly `N` bytes of lower-case hexadecimal.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok());
    let bytes: [u8; N] = bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
    rest.is_empty().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(byte: u8) -> SigningSeed {
        SigningSeed::of(&Secret::new(&[byte; 32]).unwrap())
    }

    #[test]
    fn what_was_signed_opens_and_a_change_of_any_byte_is_found() {
        let body = "{\n  \"people\": 6,\n  \"note\": \"\\\"né\\\"\"\n}";
        let text = seed(1).sign(body.to_owned()).unwrap();
        assert_eq!(open(&text).unwrap(), (body.to_owned(), seed(1).public_key().unwrap()));
        for at in 0..text.len() {
            for flip in [1, 2, 32] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= flip;
                let changed = String::from_utf8_lossy(&bytes);
                assert!(open(&changed).is_err(), "byte {at}: {changed}");
            }
        }
        assert!(open(&text[..text.len() - 1]).is_err());
        assert!(open(&(text + "\n")).is_err());
    }

    #[test]
    fn another_secret_has_another_key() {
        let (one, other) = (seed(1).public_key().unwrap(), seed(2).public_key().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.to_string().parse(), Ok(one));
        for text in ["", "00", &one.to_string()[1..], &format!("{one}0"), &one.to_string().to_uppercase()] {
            assert_eq!(text.parse::<PublicKey>(), Err(PublicKeyError), "{text}");
        }
    }
}
