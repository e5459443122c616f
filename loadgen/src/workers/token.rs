//! The token that a coordinator and its workers share. A certificate is derived from it, the same on both
//! sides, which each presents and trusts alone.

use anyhow::Context as _;
use aws_lc_rs::hmac;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;

/// The fewest characters of a token, so that it cannot be guessed.
const TOKEN_CHARS_MIN: usize = 16;
/// The name in the certificate.
const NAME: &str = "loadgen-worker";
/// The purpose of the derived key.
const PURPOSE: &[u8] = b"scangate loadgen worker key";
/// The beginning of an Ed25519 key in PKCS #8 (RFC 8410, section 7), before its 32 bytes.
const PKCS8_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The token of a coordinator and its workers.
#[derive(Clone)]
pub struct WorkerToken(String);

/// The error for a token that can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a worker's token has at least {TOKEN_CHARS_MIN} characters")]
pub struct TokenError;

impl WorkerToken {
    /// The token in the text of a file. **Errors**: it is too short.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.chars().count() < TOKEN_CHARS_MIN { Err(TokenError) } else { Ok(Self(text.to_owned())) }
    }

    /// The public token of workers on loopback.
    #[must_use]
    pub fn of_loopback() -> Self {
        Self(String::new())
    }

    fn key(&self) -> Vec<u8> {
        let secret = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes()), PURPOSE);
        [&PKCS8_HEAD[..], secret.as_ref()].concat()
    }

    /// The certificate of both sides. Ed25519 signs without chance, so both make the same bytes.
    fn identity(&self) -> anyhow::Result<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
        let key = PrivatePkcs8KeyDer::from(self.key());
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ED25519).context("the token's key")?;
        let mut parameters = CertificateParams::new([NAME.to_owned()])?;
        parameters.serial_number = Some(1_u64.into());
        let certificate = parameters.self_signed(&pair).context("the token's certificate")?;
        Ok((certificate.der().clone(), PrivateKeyDer::from(key)))
    }

    /// The settings of a worker, which accepts a coordinator with the same token.
    pub(super) fn server(&self) -> anyhow::Result<Arc<rustls::ServerConfig>> {
        let (certificate, key) = self.identity()?;
        let provider = Arc::new(default_provider());
        let trusted = roots(&certificate)?;
        let clients = WebPkiClientVerifier::builder_with_provider(trusted, Arc::clone(&provider));
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(clients.build()?)
            .with_single_cert(vec![certificate], key)?;
        Ok(Arc::new(config))
    }

    /// The settings of a coordinator, which accepts a worker with the same token.
    pub(super) fn client(&self) -> anyhow::Result<Arc<rustls::ClientConfig>> {
        let (certificate, key) = self.identity()?;
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots(&certificate)?)
            .with_client_auth_cert(vec![certificate], key)?;
        Ok(Arc::new(config))
    }

    /// The name for which a coordinator asks.
    pub(super) fn server_name() -> ServerName<'static> {
        ServerName::try_from(NAME).expect("the name is a DNS name")
    }
}

fn roots(certificate: &CertificateDer<'static>) -> anyhow::Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    Ok(Arc::new(roots))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_makes_one_certificate_and_another_token_another() {
        let certificate = |token: &WorkerToken| token.identity().unwrap().0;
        let one = WorkerToken::new(" 0123456789abcdef\n").unwrap();
        let same = WorkerToken::new("0123456789abcdef").unwrap();
        let other = WorkerToken::new("0123456789abcdeg").unwrap();
        assert_eq!(certificate(&one), certificate(&same));
        assert_ne!(certificate(&one), certificate(&other));
        assert_ne!(certificate(&one), certificate(&WorkerToken::of_loopback()));
        assert!(WorkerToken::new("0123456789abcde").is_err());
    }
}
