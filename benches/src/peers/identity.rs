//! A peer's certificate, of the same kind as the gateway's own: one P-256 key, without a chain.

use rcgen::{CertifiedKey, KeyPair};
use std::path::Path;

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
