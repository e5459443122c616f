//! A peer's certificate, of the same kind as the gateway's own: one P-256 key, without a chain.

use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use scangate_gateway::serve::tls::provider;
use std::path::Path;
use std::sync::Arc;

/// Makes a certificate for `localhost` and writes it to a folder, where clients find it.
pub(super) fn make(folder: &Path) -> anyhow::Result<CertifiedKey<KeyPair>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    std::fs::write(folder.join("certificate.pem"), made.cert.pem())?;
    Ok(made)
}

/// The same, with the key beside it as `key.pem`.
pub(super) fn write(folder: &Path) -> anyhow::Result<()> {
    let made = make(folder)?;
    Ok(std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?)
}

/// The TLS settings of a peer with this identity: AES-128 first, as in the gateway.
pub(super) fn tls(made: &CertifiedKey<KeyPair>, protocols: &[&[u8]]) -> anyhow::Result<rustls::ServerConfig> {
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(tls)
}
