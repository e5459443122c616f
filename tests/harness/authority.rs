//! A certificate authority of a test, with the files of the certificate that it signed last.

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use scangate_core::time::DAY_MS;
use scangate_loadgen::drive::now;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A certificate authority.
pub struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl TestAuthority {
    /// An authority with a new key.
    pub fn new() -> anyhow::Result<Self> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters.distinguished_name.push(DnType::CommonName, "authority of a test");
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("authority.pem"), issuer.pem())?;
        Ok(Self { issuer, folder })
    }

    /// The file with the authority's own certificate, by which clients trust it.
    #[must_use]
    pub fn own_file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The file with the chain that was issued last.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// The file with its key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// The lines of a configuration that name these files.
    #[must_use]
    pub fn settings(&self) -> String {
        format!("certificate = \"{}\"\nkey = \"{}\"\n", self.certificate().display(), self.key().display())
    }

    /// Issues a certificate for these names, from 2025 to the first day of a year, and writes its chain and
    /// key.
    pub fn issue(&self, names: &[&str], until_year: i32) -> anyhow::Result<()> {
        self.issue_until(names, (until_year, 1, 1))
    }

    /// Issues a certificate for these names that ends in some days, at midnight in UTC.
    pub fn issue_for_days(&self, names: &[&str], days: u64) -> anyhow::Result<()> {
        let end = now().plus_ms(days * DAY_MS).to_string();
        let mut parts = end.split(['-', 'T']);
        let mut part = || parts.next().context("a time begins with a date");
        self.issue_until(names, (part()?.parse()?, part()?.parse()?, part()?.parse()?))
    }

    fn issue_until(&self, names: &[&str], (year, month, day): (i32, u8, u8)) -> anyhow::Result<()> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names)?;
        parameters.not_before = date_time_ymd(2025, 1, 1);
        parameters.not_after = date_time_ymd(year, month, day);
        let key = KeyPair::generate()?;
        let issued = parameters.signed_by(&key, &self.issuer)?;
        fs::write(self.certificate(), issued.pem() + &self.issuer.pem())?;
        Ok(fs::write(self.key(), key.serialize_pem())?)
    }
}
