//! TLS 1.3 for QUIC and TCP: one certificate, one crypto provider, one session store. Small handshakes
//! first: AES-128 before AES-256, X25519 before the hybrid.

use super::sessions::Sessions;
use crate::deployment::Identity;
use arc_swap::{ArcSwap, Guard};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// The two configurations of one identity.
pub struct Tls {
    /// For HTTP/3.
    pub quic: Arc<rustls::ServerConfig>,
    /// For HTTP/2 and HTTP/1.1.
    pub tcp: Arc<rustls::ServerConfig>,
    /// The identity of both.
    pub identity: Arc<CurrentIdentity>,
}

/// The identity that the next handshake shows, over QUIC and TCP. Open connections keep theirs.
#[derive(Debug)]
pub struct CurrentIdentity(ArcSwap<Identity>);

impl CurrentIdentity {
    /// The identity.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<Identity>> {
        self.0.load()
    }

    /// Replaces the identity.
    pub fn swap(&self, identity: Identity) {
        self.0.store(Arc::new(identity));
    }
}

impl ResolvesServerCert for CurrentIdentity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.load().certified())
    }
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
pub fn configure(identity: Identity) -> anyhow::Result<Tls> {
    let sessions = Arc::new(Sessions::default());
    let identity = Arc::new(CurrentIdentity(ArcSwap::from_pointee(identity)));
    let mut quic = server_config(&identity, Arc::clone(&sessions))?;
    quic.alpn_protocols = vec![b"h3".to_vec()];
    // QUIC allows only this value or none (RFC 9001 section 4.6.1). Early data needs stateful tickets.
    quic.max_early_data_size = u32::MAX;
    let mut tcp = server_config(&identity, sessions)?;
    tcp.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Tls { quic: Arc::new(quic), tcp: Arc::new(tcp), identity })
}

fn server_config(
    identity: &Arc<CurrentIdentity>,
    sessions: Arc<Sessions>,
) -> Result<rustls::ServerConfig, rustls::Error> {
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(identity) as _);
    config.session_storage = sessions;
    config.send_tls13_tickets = 1;
    Ok(config)
}
