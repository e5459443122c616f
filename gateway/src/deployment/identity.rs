//! The gateway's TLS certificate: the operator's own, or a self-signed one for development, which is created
//! in the data folder. It is checked here; `serve::tls` shows it to clients.

use super::certificate::{self, CertificateFault, Validity};
use super::{pem, write_new};
use crate::config::{Config, Origin};
use anyhow::{Context as _, bail};
use rustls::sign::CertifiedKey;
use scangate_core::time::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A certificate chain with its key.
#[derive(Debug)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    /// The file of the chain.
    file: PathBuf,
    validity: Validity,
    /// The faults that no time mends.
    lasting: Vec<CertificateFault>,
}

impl Identity {
    /// Reads the configured certificate and its key. Without one, reads the development certificate of the
    /// data folder, or creates it: self-signed, for `localhost` and the configured hosts. **Errors**: a file
    /// cannot be read or is not PEM, or the key is not the certificate's.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        let hosts = hosts(config);
        match (&config.certificate, &config.key) {
            (Some(certificate), Some(key)) => Self::read(certificate, key, &hosts),
            (Some(_) | None, _) => {
                let (certificate, key) = development_files(&config.data, &hosts)?;
                Self::read(&certificate, &key, &hosts)
            }
        }
    }

    fn read(certificate: &Path, key: &Path, hosts: &[String]) -> anyhow::Result<Self> {
        let chain = pem::read_chain(certificate)?;
        let (validity, lasting) =
            certificate::examine(&chain, hosts).with_context(|| certificate.display().to_string())?;
        let certified = pem::pair((certificate, chain), (key, pem::read_key(key)?))?;
        Ok(Self { certified: Arc::new(certified), file: certificate.to_owned(), validity, lasting })
    }

    /// The chain and the key, as TLS uses them.
    #[must_use]
    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// The file of the chain.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The end of the leaf certificate's validity.
    #[must_use]
    pub fn leaf_expires(&self) -> Timestamp {
        self.validity.leaf_expires
    }

    /// What is wrong with the chain now, though a gateway can serve with it.
    #[must_use]
    pub fn faults(&self, now: Timestamp) -> Vec<CertificateFault> {
        self.validity.fault(now).into_iter().chain(self.lasting.iter().cloned()).collect()
    }

    /// Logs the end of the validity, and a warning for each fault.
    pub fn log(&self, now: Timestamp) {
        let file = self.file.display();
        tracing::info!(event = "certificate-in-use", %file, expires = %self.leaf_expires(), "this certificate is in use");
        self.warn(now);
    }

    /// Logs a warning for each fault.
    pub fn warn(&self, now: Timestamp) {
        for fault in self.faults(now) {
            tracing::warn!(event = "certificate-fault", file = %self.file.display(), "the certificate: {fault}");
        }
    }
}

/// The hosts by which clients reach the gateway, as far as they are configured.
fn hosts(config: &Config) -> Vec<String> {
    let channels = config.channel.iter().flat_map(|channel| &channel.hosts);
    let channels = channels.map(|host| host.as_str().to_owned());
    config.origin.as_ref().map(Origin::host).map(str::to_owned).into_iter().chain(channels).collect()
}

/// The files of the development certificate, which are made where they are missing. An existing certificate
/// does not cover hosts that were configured later: remove it and `key.pem` to create another.
fn development_files(data: &Path, hosts: &[String]) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (data.join("certificate.pem"), data.join("key.pem"));
    if certificate.exists() != key.exists() {
        bail!("{} and key.pem belong together: remove the one that is left", certificate.display());
    }
    if !certificate.exists() {
        let own = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let names: Vec<String> = own.into_iter().chain(hosts.iter().cloned()).collect();
        let made = rcgen::generate_simple_self_signed(names).context("making a certificate")?;
        write_new(&key, made.signing_key.serialize_pem().as_bytes())?;
        write_new(&certificate, made.cert.pem().as_bytes())?;
    }
    Ok((certificate, key))
}
