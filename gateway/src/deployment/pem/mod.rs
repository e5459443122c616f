//! The files of a certificate chain and of a private key. An error says in words what a file holds instead,
//! and by which command an operator makes the right one of it.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use scangate_core::text::without_mark;
use std::fs;
use std::path::{Path, PathBuf};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// The first byte of every certificate and key in DER.
const DER_SEQUENCE: u8 = 0x30;

/// Why a file of the certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}: it holds no {wished} in PEM: {found}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wished: &'static str,
        /// What it holds instead, and the remedy.
        found: String,
    },
    /// The key is of a kind that TLS does not use.
    #[error(
        "{}: TLS cannot use this key: make one of EC P-256, EC P-384, Ed25519, or RSA with 2048 bits or more",
        path.display()
    )]
    Unsupported {
        /// The file of the key.
        path: PathBuf,
    },
    /// The key is another certificate's.
    #[error("{} does not belong to {}: {advice}", key.display(), certificate.display())]
    Pair {
        /// The file of the key.
        key: PathBuf,
        /// The file of the chain.
        certificate: PathBuf,
        /// The remedy.
        advice: String,
    },
}

/// Reads a chain, the server's own certificate first.
pub(super) fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let bytes = read(path)?;
    let found = match CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>() {
        Ok(chain) if !chain.is_empty() => return Ok(chain),
        Ok(_) => content(&bytes),
        Err(_) => PemContent::Broken,
    };
    Err(PemError::Other { path: path.to_owned(), wished: "certificate", found: found.instead_of_chain(path) })
}

/// Reads a private key.
pub(super) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    let bytes = read(path)?;
    let found = match (content(&bytes), PrivateKeyDer::from_pem_slice(&bytes)) {
        (PemContent::EncryptedKey, _) => PemContent::EncryptedKey,
        (_, Ok(key)) => return Ok(key),
        (PemContent::Key, Err(_)) => PemContent::Broken,
        (found, Err(_)) => found,
    };
    Err(PemError::Other { path: path.to_owned(), wished: "private key", found: found.instead_of_key(path) })
}

/// Puts the two together. **Errors**: TLS cannot use the key, or it is not the first certificate's.
pub(super) fn pair(
    (certificate, chain): (&Path, Vec<CertificateDer<'static>>),
    (key, key_der): (&Path, PrivateKeyDer<'static>),
) -> Result<CertifiedKey, PemError> {
    let unsupported = |_| PemError::Unsupported { path: key.to_owned() };
    let signing = aws_lc_rs::sign::any_supported_type(&key_der).map_err(unsupported)?;
    let is_of =
        |chain: Vec<CertificateDer<'static>>| CertifiedKey::new(chain, signing.clone()).keys_match().is_ok();
    let own = chain.iter().position(|one| is_of(vec![one.clone()]));
    if own == Some(0) {
        return Ok(CertifiedKey::new(chain, signing));
    }
    let advice = match own {
        Some(at) => format!("it belongs to number {} of the chain: put that certificate first", at + 1),
        None => format!(
            "compare `openssl x509 -in {} -noout -pubkey` with `openssl pkey -in {} -pubout`",
            certificate.display(),
            key.display()
        ),
    };
    Err(PemError::Pair { key: key.to_owned(), certificate: certificate.to_owned(), advice })
}

/// The bytes of a file. The parser does not find a section whose line begins with a byte order mark.
fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    match fs::read(path) {
        Ok(bytes) => Ok(without_mark(&bytes).to_vec()),
        Err(source) => Err(PemError::Unreadable { path: path.to_owned(), source }),
    }
}

/// The content of a file, as far as an operator can mistake it for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PemContent {
    Empty,
    Certificate,
    Request,
    Key,
    EncryptedKey,
    PublicKey,
    SshKey,
    DerCertificate,
    DerKey,
    /// Binary, perhaps PKCS #12.
    DerOther,
    /// A section that does not end, or that is not base64.
    Broken,
    Other,
}

fn content(bytes: &[u8]) -> PemContent {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return PemContent::Empty;
    }
    if bytes.first() == Some(&DER_SEQUENCE) {
        return der_content(bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let has = |label: &str| text.contains(&format!("-----BEGIN {label}-----"));
    if has("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        PemContent::EncryptedKey
    } else if has("OPENSSH PRIVATE KEY") {
        PemContent::SshKey
    } else if text.contains(" PRIVATE KEY-----") || has("PRIVATE KEY") {
        PemContent::Key
    } else if has("CERTIFICATE") {
        PemContent::Certificate
    } else if text.contains("CERTIFICATE REQUEST-----") {
        PemContent::Request
    } else if text.contains("PUBLIC KEY-----") {
        PemContent::PublicKey
    } else {
        PemContent::Other
    }
}

fn der_content(bytes: &[u8]) -> PemContent {
    let is_key = |key: PrivateKeyDer<'_>| aws_lc_rs::sign::any_supported_type(&key).is_ok();
    if X509Certificate::from_der(bytes).is_ok() {
        PemContent::DerCertificate
    } else if is_key(PrivatePkcs8KeyDer::from(bytes).into())
        || PrivateKeyDer::try_from(bytes).is_ok_and(is_key)
    {
        PemContent::DerKey
    } else {
        PemContent::DerOther
    }
}

impl PemContent {
    fn instead_of_chain(self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::Key | Self::EncryptedKey | Self::DerKey => {
                "it is a private key: `certificate` and `key` are swapped".to_owned()
            }
            Self::DerCertificate => format!(
                "it is a certificate in DER: `openssl x509 -inform der -in {path} -out {path}.pem` makes PEM of it"
            ),
            Self::Request => {
                "it is a request for one: the authority answers it with the certificate".to_owned()
            }
            Self::Certificate | Self::Broken => {
                "it is cut off or damaged: copy the whole file again".to_owned()
            }
            Self::Empty | Self::PublicKey | Self::SshKey | Self::DerOther | Self::Other => self.words(path),
        }
    }

    fn instead_of_key(self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::EncryptedKey => format!(
                "the key is encrypted, and a gateway starts without a password: `openssl pkey -in {path} -out \
                 {path}.plain` decrypts it; then `chmod 600 {path}.plain`"
            ),
            Self::DerKey => format!(
                "it is a key in DER: `openssl pkey -inform der -in {path} -out {path}.pem` makes PEM of it"
            ),
            Self::Certificate | Self::DerCertificate => {
                "it is a certificate: `key` needs the private key that was made with it".to_owned()
            }
            Self::Request => {
                "it is a request for a certificate: `key` needs the private key that made it".to_owned()
            }
            Self::Key | Self::Broken => "it is cut off or damaged: copy the whole file again".to_owned(),
            Self::Empty | Self::PublicKey | Self::SshKey | Self::DerOther | Self::Other => self.words(path),
        }
    }

    /// The words for content that neither file may hold.
    fn words(self, path: std::path::Display<'_>) -> String {
        match self {
            Self::Empty => "it is empty".to_owned(),
            Self::PublicKey => "it is a public key".to_owned(),
            Self::SshKey => "it is a key of SSH, which TLS does not use".to_owned(),
            Self::DerOther => format!(
                "it is binary; if it is PKCS #12 (.p12, .pfx), `openssl pkcs12 -in {path} -nodes -out {path}.pem` makes \
                 PEM of it, for `certificate` and `key` alike"
            ),
            Self::Other => "it is no PEM: such a file has lines with -----BEGIN".to_owned(),
            Self::Certificate
            | Self::Request
            | Self::Key
            | Self::EncryptedKey
            | Self::DerCertificate
            | Self::DerKey
            | Self::Broken => String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
