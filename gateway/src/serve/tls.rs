//! TLS 1.3 for QUIC and TCP: one certificate, one crypto provider, one session store. Small handshakes
//! first: AES-128 before AES-256, X25519 before the hybrid.

use super::sessions::Sessions;
use crate::deployment::Identity;
use anyhow::Context as _;
use quinn_proto::crypto::rustls::QuicServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// The two configurations of one identity.
pub struct Tls {
    /// For HTTP/3.
    pub quic: Arc<QuicServerConfig>,
    /// For HTTP/2 and HTTP/1.1.
    pub tcp: Arc<rustls::ServerConfig>,
}

/// The one crypto provider. AES-128 with SHA-256 first: rustls puts AES-256 with SHA-384 first, which has
/// no hardware help on most servers.
#[must_use]
pub fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites = vec![
        aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
        aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
        aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    provider.kx_groups = vec![
        aws_lc_rs::kx_group::X25519,
        aws_lc_rs::kx_group::X25519MLKEM768,
        aws_lc_rs::kx_group::SECP256R1,
        aws_lc_rs::kx_group::SECP384R1,
    ];
    provider
}

/// Builds both configurations.
pub fn configure(identity: &Identity) -> anyhow::Result<Tls> {
    let sessions = Arc::new(Sessions::default());
    let mut quic = server_config(identity, Arc::clone(&sessions))?;
    quic.alpn_protocols = vec![b"h3".to_vec()];
    // QUIC allows no other value than this or none (RFC 9001 section 4.6.1). It takes stateful tickets.
    quic.max_early_data_size = u32::MAX;
    let mut tcp = server_config(identity, sessions)?;
    tcp.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let quic = QuicServerConfig::try_from(quic).context("no cipher suite for QUIC's first packets")?;
    Ok(Tls { quic: Arc::new(quic), tcp: Arc::new(tcp) })
}

fn server_config(identity: &Identity, sessions: Arc<Sessions>) -> anyhow::Result<rustls::ServerConfig> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&identity.certificate_pem)
        .collect::<Result<_, _>>()
        .context("the certificate is not PEM")?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key_pem).context("the certificate's key is not PEM")?;
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not belong together")?;
    config.session_storage = sessions;
    config.send_tls13_tickets = 1;
    Ok(config)
}
