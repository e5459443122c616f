//! The command's side of a backup: gets it from the running gateway, or takes it from a stopped one.

use super::archive::ArchiveReader;
use super::manifest::{BackupHead, BackupManifest, fingerprint};
use super::output::{UnfinishedFile, target};
use super::take::{BackupSource, take};
use super::{control, frame, last};
use crate::clock;
use crate::config::{Config, StoreLocation};
use crate::deployment;
use crate::deployment::store::{self, Stores};
use anyhow::{Context as _, ensure};
use scangate_core::keys::Secret;
use scangate_storage::journal::RealDisk;
use std::fs::{self, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A backup to take.
pub struct BackupJob {
    /// The configuration: data folder, stores and secret.
    pub config: Config,
    /// The file to write, or the folder for a new one.
    pub to: PathBuf,
    /// The file for the secret, if it is wanted.
    pub secret_to: Option<PathBuf>,
}

/// The process that read the stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupOrigin {
    /// The gateway that runs on the folder.
    Running,
    /// The command itself: no gateway ran.
    Stopped,
}

/// The place of the secret that belongs to a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// It was written to this file.
    Written(PathBuf),
    /// It is in this file.
    At(PathBuf),
    /// The named file, or the one in the data folder, has another secret or none.
    Elsewhere(PathBuf),
}

/// A complete backup.
pub struct TakenBackup {
    /// Its file.
    pub path: PathBuf,
    /// The process that read the stores.
    pub origin: BackupOrigin,
    /// The head.
    pub head: BackupHead,
    /// The list of the contents.
    pub manifest: BackupManifest,
    /// The place of the secret.
    pub secret: SecretPlace,
}

/// Takes a backup. **Errors**: there is none, and no part of one is left.
pub fn backup(job: &BackupJob) -> anyhow::Result<TakenBackup> {
    let BackupJob { config, to, secret_to } = job;
    deployment::ensure_not_ended(&config.data)?;
    deployment::ensure_restored(&config.data)?;
    if let Some(secret_to) = secret_to {
        ensure!(!secret_to.exists(), "{} exists: name another file for the secret", secret_to.display());
    }
    let path = target(to, clock::now());
    let mut out = UnfinishedFile::create(&path)?;
    let (origin, (head, manifest)) = match control::ask(&config.data)? {
        Some(stream) => (BackupOrigin::Running, receive(stream, &mut out)?),
        None => (BackupOrigin::Stopped, take_stopped(config, &mut out)?),
    };
    let secret = find_secret(config, &head);
    if secret_to.is_some() {
        ensure!(
            matches!(secret, SecretPlace::At(_)),
            "the secret of this deployment is not in its data folder: name its file with --secret"
        );
    }
    out.finish()?;
    last::record(&config.data, clock::now());
    let secret = match (secret_to, secret) {
        (Some(to), SecretPlace::At(from)) => copy_secret(&from, to)?,
        (_, secret) => secret,
    };
    Ok(TakenBackup { path, origin, head, manifest, secret })
}

/// Writes what the gateway sends, and checks it on the way.
fn receive(from: impl Read, out: &mut UnfinishedFile) -> anyhow::Result<(BackupHead, BackupManifest)> {
    let mut copy = CopyingReader { from: BufReader::new(from), out };
    let (head, archive) = ArchiveReader::begin(&mut copy)?;
    let manifest = archive.read(|_| Ok(())).context("no backup was made")?;
    Ok((head, manifest))
}

/// A reader that writes everything it has read.
struct CopyingReader<'a, R> {
    from: R,
    out: &'a mut UnfinishedFile,
}

impl<R: Read> Read for CopyingReader<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.out.write_all(&into[..count])?;
        Ok(count)
    }
}

/// Opens the folder of a stopped gateway, and takes its backup.
fn take_stopped(config: &Config, out: &mut UnfinishedFile) -> anyhow::Result<(BackupHead, BackupManifest)> {
    let (data, journal) = (&config.data, config.data.join("journal"));
    ensure!(journal.is_dir(), "{} is not the data folder of a gateway: it has no `journal`", data.display());
    let _locked = RealDisk::open(journal).context("it does not answer at its control socket")?;
    let secret = deployment::existing_secret(data, config.secret.as_deref())?;
    let stores = match &config.store {
        StoreLocation::Embedded => Some(store::embedded(data, &secret)?),
        StoreLocation::Cql(_) => None,
    };
    let (registry, trails) = stores.map(|Stores { registry, trails, .. }| (registry, trails)).unzip();
    let source = BackupSource { data, registry: registry.as_ref(), trails: trails.as_deref(), journal: None };
    let head = BackupHead::new(config.store.to_string(), fingerprint(&secret), clock::now());
    frame::write_magic(out)?;
    let (manifest, _) = take(&source, &head, out)?;
    Ok((head, manifest))
}

/// Finds the secret of a backup.
fn find_secret(config: &Config, head: &BackupHead) -> SecretPlace {
    let path = config.secret.clone().unwrap_or_else(|| config.data.join("secret"));
    let bytes = fs::read(&path).ok();
    let secret = bytes.and_then(|bytes| Secret::new(&bytes).ok());
    match secret.filter(|secret| fingerprint(secret) == head.secret) {
        Some(_) => SecretPlace::At(path),
        None => SecretPlace::Elsewhere(path),
    }
}

fn copy_secret(from: &Path, to: &Path) -> anyhow::Result<SecretPlace> {
    let bytes = fs::read(from).with_context(|| from.display().to_string())?;
    write_secret(to, &bytes)?;
    Ok(SecretPlace::Written(to.to_owned()))
}

/// Writes a secret to a new file, readable by its owner alone.
pub(super) fn write_secret(to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("writing the secret to {}", to.display()))
}
