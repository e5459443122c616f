//! The gateway's TLS certificate: the operator's own, or a self-signed one for development, which is created
//! in the data folder. `serve::tls` builds the TLS configurations from it.

use super::write_new;
use crate::config::Host;
use anyhow::{Context as _, bail};
use scangate_core::text::without_mark;
use std::fs;
use std::path::Path;

/// A certificate chain with its key, as PEM.
pub struct Identity {
    /// The chain, the server's own first.
    pub certificate_pem: Vec<u8>,
    /// The key.
    pub key_pem: Vec<u8>,
}

/// Reads the certificate and its key from these files.
pub fn identity(certificate: &Path, key: &Path) -> anyhow::Result<Identity> {
    let read = |path: &Path| match fs::read(path) {
        // The parser does not find a section whose line begins with a byte order mark.
        Ok(pem) => Ok(without_mark(&pem).to_vec()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    };
    Ok(Identity { certificate_pem: read(certificate)?, key_pem: read(key)? })
}

/// Reads the development certificate of the data folder, or creates one: self-signed, for `localhost` and
/// these hosts. An existing certificate does not cover hosts that were configured later: remove it and
/// `key.pem` to create another.
pub fn development_identity<'a>(
    data: &Path,
    hosts: impl Iterator<Item = &'a Host>,
) -> anyhow::Result<Identity> {
    let (certificate, key) = (data.join("certificate.pem"), data.join("key.pem"));
    if certificate.exists() != key.exists() {
        bail!("{} and key.pem belong together: remove the one that is left", certificate.display());
    }
    if !certificate.exists() {
        let own = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let names: Vec<String> = own.into_iter().chain(hosts.map(|host| host.as_str().to_owned())).collect();
        let made = rcgen::generate_simple_self_signed(names).context("making a certificate")?;
        write_new(&key, made.signing_key.serialize_pem().as_bytes())?;
        write_new(&certificate, made.cert.pem().as_bytes())?;
    }
    identity(&certificate, &key)
}
