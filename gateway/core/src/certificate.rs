//! Health certificates between cities. One city's deployment signs a statement of a person's colour, and a
//! city that trusts the signing key can record it. A certificate identifies its subject only by a salted hash
//! of the document.
//!
//! **Shape**: base64url(JSON) ‖ `.` ‖ base64url(signature), without padding. The signature is Ed25519 over
//! `"scangate certificate"` ‖ 0 ‖ JSON.

use crate::colour::Colour;
use crate::id::PersonId;
use crate::keys::Key;
use crate::limits;
use crate::person::Document;
use crate::time::Timestamp;
use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Bytes of a public key.
pub const PUBLIC_KEY_BYTES: usize = 32;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// The content of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The issuer: the name of the city's rule pack.
    pub issuer: String,
    /// The subject: see [`subject`], as base64url.
    pub subject: String,
    /// The salt of the subject, as base64url.
    pub salt: String,
    /// The colour.
    pub colour: Colour,
    /// The time at which the person had the colour.
    pub at: Timestamp,
    /// The end of the certificate's validity.
    pub until: Timestamp,
    /// The pack and version that gave the colour.
    pub policy: String,
    /// The area in which it is valid.
    pub scope: Scope,
    /// Its only purpose: entry. It does not serve as an occupational health certificate.
    pub purpose: Purpose,
}

/// The area in which a certificate is valid, or the distance to its issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The city.
    City,
    /// The province.
    Province,
    /// The whole country.
    Country,
}

/// The purpose of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Entry at a door.
    Entry,
}

/// The reason why a certificate is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.detail())]
pub enum CertificateError {
    /// It has the wrong shape, or its signature does not match.
    Forged,
    /// It has expired, or is not valid yet.
    OutOfTime,
    /// It belongs to another person.
    Another,
    /// It is not valid at this distance from its issuer.
    OutOfScope,
    /// The city does not trust its issuer at this time.
    Untrusted,
    /// The city's trust list says that it counts no more.
    Revoked,
}

impl CertificateError {
    /// The reason in words.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Forged => "the certificate is not genuine",
            Self::OutOfTime => "the certificate is not valid at this time",
            Self::Another => "the certificate belongs to another person",
            Self::OutOfScope => "the certificate is not valid here, at this distance from its issuer",
            Self::Untrusted => "the certificate's issuer is not trusted here",
            Self::Revoked => "the certificate was revoked",
        }
    }
}

impl Certificate {
    /// The id under which a city keeps the check-ins of a subject who is not registered there. All
    /// certificates of one subject from one issuer have the same one.
    ///
    /// **Shape**: the first 8 bytes of SHA-256 over a domain, the issuer and the subject, each followed by 0.
    #[must_use]
    pub fn pseudonym(&self) -> PersonId {
        let mut context = Context::new(&SHA256);
        for part in [PSEUDONYM_DOMAIN, &self.issuer, &self.subject] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        let mut id = [0; 8];
        id.copy_from_slice(&context.finish().as_ref()[..8]);
        PersonId(u64::from_be_bytes(id))
    }

    /// Checks that the certificate belongs to the holder of this document.
    pub fn belongs_to(&self, document: &Document) -> Result<(), CertificateError> {
        let salt = URL_SAFE_NO_PAD.decode(&self.salt).map_err(|_| CertificateError::Forged)?;
        if subject(&salt, document) == self.subject { Ok(()) } else { Err(CertificateError::Another) }
    }
}

const PSEUDONYM_DOMAIN: &str = "scangate pseudonym";

/// A deployment's signing key.
pub struct Issuer(Ed25519KeyPair);

impl Issuer {
    /// The issuer of a seed.
    #[must_use]
    pub fn new(seed: &Key) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&seed.0).expect("any 32 bytes are a seed"))
    }

    /// The public key, as other cities write it into their trust lists.
    #[must_use]
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref())
    }

    /// The public key's bytes.
    #[must_use]
    pub fn public_key_bytes(&self) -> [u8; PUBLIC_KEY_BYTES] {
        let mut bytes = [0; PUBLIC_KEY_BYTES];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        bytes
    }

    /// Signs bytes under a domain, as base64url.
    #[must_use]
    pub fn sign(&self, domain: &str, bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.0.sign(&signed(domain, bytes)).as_ref())
    }

    /// Issues a certificate.
    #[must_use]
    pub fn issue(&self, certificate: &Certificate) -> String {
        let json = serde_json::to_vec(certificate).expect("it holds nothing that JSON cannot");
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&json), self.sign(DOMAIN, &json))
    }
}

const DOMAIN: &str = "scangate certificate";

fn signed(domain: &str, bytes: &[u8]) -> Vec<u8> {
    [domain.as_bytes(), &[0], bytes].concat()
}

/// Whether a signature over bytes under a domain was made with this key.
#[must_use]
pub fn is_signed(key: &[u8; PUBLIC_KEY_BYTES], domain: &str, bytes: &[u8], signature: &str) -> bool {
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(&signed(domain, bytes), &signature).is_ok()
}

/// Parses a public key in base64url.
#[must_use]
pub fn public_key(text: &str) -> Option<[u8; PUBLIC_KEY_BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// A certificate that is parsed and not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedCertificate {
    json: Vec<u8>,
    signature: String,
    certificate: Certificate,
}

impl PresentedCertificate {
    /// Parses a certificate's text.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        if text.len() > limits::CERTIFICATE_CHARS_MAX {
            return Err(CertificateError::Forged);
        }
        let (json, signature) = text.trim().split_once('.').ok_or(CertificateError::Forged)?;
        let json = URL_SAFE_NO_PAD.decode(json).map_err(|_| CertificateError::Forged)?;
        let certificate = serde_json::from_slice(&json).map_err(|_| CertificateError::Forged)?;
        Ok(Self { json, signature: signature.to_owned(), certificate })
    }

    /// The claimed issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.certificate.issuer
    }

    /// The pseudonym of the claimed subject.
    #[must_use]
    pub fn pseudonym(&self) -> PersonId {
        self.certificate.pseudonym()
    }

    /// The claimed subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.certificate.subject
    }

    /// The certificate, if one of these keys signed it and it is valid at `now`. Each key has the distance to
    /// its holder, at which the certificate must be valid. **Cost**: a signature a key, some 50 us each.
    pub fn verified(
        self,
        keys: impl IntoIterator<Item = ([u8; PUBLIC_KEY_BYTES], Scope)>,
        now: Timestamp,
    ) -> Result<Certificate, CertificateError> {
        let mut keys = keys.into_iter().peekable();
        if keys.peek().is_none() {
            return Err(CertificateError::Untrusted);
        }
        let is_issuer =
            |(key, _): &([u8; PUBLIC_KEY_BYTES], Scope)| is_signed(key, DOMAIN, &self.json, &self.signature);
        // If several lines name one key, the nearest counts.
        let distances = keys.filter(is_issuer).map(|(_, distance)| distance);
        let distance = distances.min().ok_or(CertificateError::Forged)?;
        let certificate = self.certificate;
        if certificate.scope < distance {
            return Err(CertificateError::OutOfScope);
        }
        if now.plus_ms(limits::AHEAD_MS_MAX) < certificate.at || certificate.until <= now {
            return Err(CertificateError::OutOfTime);
        }
        Ok(certificate)
    }
}

/// The subject of a certificate: SHA-256 over the salt, the document's type and its number, as base64url. A
/// reader with the document can verify it; a reader with only the certificate would have to guess the
/// document.
#[must_use]
pub fn subject(salt: &[u8], document: &Document) -> String {
    let mut context = Context::new(&SHA256);
    context.update(salt);
    context.update(&[document.r#type as u8]);
    context.update(document.number.as_bytes());
    URL_SAFE_NO_PAD.encode(context.finish().as_ref())
}

/// Whether a text has the form of a subject.
#[must_use]
pub fn is_subject(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|hash| hash.len() == SHA256_OUTPUT_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::DocumentType;

    fn document(number: &str) -> Document {
        Document { r#type: DocumentType::Passport, number: number.into() }
    }

    fn certificate() -> Certificate {
        let salt = [7; SALT_BYTES];
        Certificate {
            issuer: "jingzhou".into(),
            subject: subject(&salt, &document("E12345678")),
            salt: URL_SAFE_NO_PAD.encode(salt),
            colour: Colour::Green,
            at: Timestamp(1_000_000),
            until: Timestamp(2_000_000),
            policy: "jingzhou/1".into(),
            scope: Scope::Province,
            purpose: Purpose::Entry,
        }
    }

    #[test]
    fn gz_11_a_certificate_is_taken_by_who_trusts_its_key_and_by_nobody_else() {
        let (issuer, other) = (Issuer::new(&Key([1; 32])), Issuer::new(&Key([2; 32])));
        let from = |issuer: &Issuer, distance| (public_key(&issuer.public_key()).unwrap(), distance);
        let key = |issuer: &Issuer| from(issuer, Scope::Province);
        let text = issuer.issue(&certificate());
        let check = |text: &str, keys: Vec<([u8; 32], Scope)>, number: &str, now: u64| {
            let verified = PresentedCertificate::parse(text)?.verified(keys, Timestamp(now))?;
            verified.belongs_to(&document(number)).map(|()| verified)
        };
        let now = 1_500_000;
        assert_eq!(check(&text, vec![key(&other), key(&issuer)], "E12345678", now), Ok(certificate()));
        // Of several lines with one key the nearest counts, in any order.
        let far_and_near = vec![from(&issuer, Scope::Country), key(&issuer)];
        assert_eq!(check(&text, far_and_near, "E12345678", now), Ok(certificate()));
        for (keys, number, now, error) in [
            (vec![], "E12345678", now, CertificateError::Untrusted),
            (vec![key(&other)], "E12345678", now, CertificateError::Forged),
            (vec![from(&issuer, Scope::Country)], "E12345678", now, CertificateError::OutOfScope),
            (vec![key(&issuer)], "E12345679", now, CertificateError::Another),
            (vec![key(&issuer)], "E12345678", 2_000_000, CertificateError::OutOfTime),
            (vec![key(&issuer)], "E12345678", 900_000, CertificateError::OutOfTime),
        ] {
            assert_eq!(check(&text, keys, number, now), Err(error));
        }
        let (json, signature) = text.split_once('.').unwrap();
        let mut changed = certificate();
        changed.until = Timestamp(3_000_000);
        let changed = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&changed).unwrap());
        for forged in [format!("{changed}.{signature}"), format!("{json}."), json.to_owned(), String::new()] {
            assert_eq!(
                check(&forged, vec![key(&issuer)], "E12345678", now),
                Err(CertificateError::Forged),
                "{forged}"
            );
        }
    }

    #[test]
    fn a_pseudonym_is_of_issuer_and_subject() {
        let one = certificate();
        let later = Certificate {
            at: Timestamp(5),
            until: Timestamp(9),
            policy: "jingzhou/2".into(),
            ..certificate()
        };
        assert_eq!(one.pseudonym(), later.pseudonym());
        let elsewhere = Certificate { issuer: "xuzhou".into(), ..certificate() };
        let another =
            Certificate { subject: subject(&[7; SALT_BYTES], &document("E12345679")), ..certificate() };
        assert_ne!(one.pseudonym(), elsewhere.pseudonym());
        assert_ne!(one.pseudonym(), another.pseudonym());
    }
}
