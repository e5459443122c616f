//! Fills an empty data folder from a backup.

use super::archive::ArchiveReader;
use super::contents::{ArchiveItem, RowStore, RowsPiece};
use super::files::ensure_known;
use super::manifest::{BackupHead, BackupManifest, fingerprint};
use super::output::source;
use super::request::write_secret;
use super::verify::{self, Comparison};
use crate::deployment::RESTORE_MARKER;
use anyhow::{Context as _, ensure};
use scangate_core::keys::Secret;
use scangate_storage::journal::{JournalRebuild, Sequence, unpack_records};
use scangate_storage::raw_store::RawFill;
use scangate_storage::registry::Registry;
use scangate_storage::trail::EmbeddedTrails;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The folder at the root of a file system, where a data folder may be mounted.
const OF_THE_FILE_SYSTEM: &str = "lost+found";

/// Whether a restore compares the folder with the backup's list at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It reads everything back.
    ReadBack,
    /// It trusts the disk.
    Skip,
}

/// A restore to make.
pub struct RestoreJob {
    /// The backup, or a folder of which the newest is wanted.
    pub from: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The file of the deployment's secret.
    pub secret: Option<PathBuf>,
    /// Whether to read everything back.
    pub verification: Verification,
}

/// A restored data folder.
pub struct RestoredFolder {
    /// The backup's file.
    pub from: PathBuf,
    /// The head of the backup.
    pub head: BackupHead,
    /// The list of its contents.
    pub manifest: BackupManifest,
    /// The comparison, if it was wanted.
    pub comparison: Option<Comparison>,
}

/// Restores a backup. **Errors**: the backup is damaged, the folder is not empty, the secret is another
/// deployment's, or the disk fails; the folder is empty then.
pub fn restore(job: &RestoreJob) -> anyhow::Result<RestoredFolder> {
    let from = source(&job.from)?;
    ensure_empty(&job.data)?;
    let (head, manifest) = check(&from).with_context(|| from.display().to_string())?;
    let secret = job.secret.as_deref().map(|path| own_secret(path, &head)).transpose()?;
    let filled = fill(job, &from, secret.as_deref(), &manifest);
    let comparison = filled.inspect_err(|_| clear(&job.data))?;
    Ok(RestoredFolder { from, head, manifest, comparison })
}

/// Reads a backup to its end.
fn check(from: &Path) -> anyhow::Result<(BackupHead, BackupManifest)> {
    let (head, archive) = open(from)?;
    let manifest = archive.read(|item| match item {
        ArchiveItem::File { name, .. } => ensure_known(name),
        ArchiveItem::Records { first, slots } => {
            unpack_records(*first, slots).map(drop).context("the backup has a damaged record")
        }
        ArchiveItem::Rows(_) | ArchiveItem::Manifest(_) => Ok(()),
    })?;
    Ok((head, manifest))
}

fn open(from: &Path) -> anyhow::Result<(BackupHead, ArchiveReader<BufReader<File>>)> {
    ArchiveReader::begin(BufReader::new(File::open(from)?))
}

/// The bytes of the secret that belongs to a backup.
fn own_secret(path: &Path, head: &BackupHead) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("the secret {}", path.display()))?;
    let is_own = fingerprint(&Secret::new(&bytes)?) == head.secret;
    ensure!(is_own, "{} is the secret of another deployment than the backup's", path.display());
    Ok(bytes)
}

fn ensure_empty(data: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| data.display().to_string())?,
    };
    for entry in entries {
        let name = entry?.file_name();
        ensure!(name == OF_THE_FILE_SYSTEM, "{} is not empty: it has `{}`", data.display(), name.display());
    }
    Ok(())
}

/// Empties the folder, which was empty before.
fn clear(data: &Path) {
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        if entry.file_name() != OF_THE_FILE_SYSTEM {
            let path = entry.path();
            // The marker goes too: the folder was empty before.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

/// Fills the folder. A marker says that it is not whole, until it is.
fn fill(
    job: &RestoreJob,
    from: &Path,
    secret: Option<&[u8]>,
    manifest: &BackupManifest,
) -> anyhow::Result<Option<Comparison>> {
    let data = &job.data;
    DirBuilder::new().recursive(true).mode(0o700).create(data).with_context(|| data.display().to_string())?;
    let marker = data.join(RESTORE_MARKER);
    create(&marker).and_then(|file| file.sync_all()).with_context(|| marker.display().to_string())?;
    let mut folder = FolderFill::new(data)?;
    let (_, archive) = open(from)?;
    archive.read(|item| folder.put(item))?;
    folder.finish(manifest)?;
    if let Some(secret) = secret {
        write_secret(&data.join("secret"), secret)?;
    }
    let comparison = match job.verification {
        Verification::ReadBack => Some(verify::compare(data, manifest)?),
        Verification::Skip => None,
    };
    fs::remove_file(&marker).and_then(|()| File::open(data)?.sync_all())?;
    Ok(comparison)
}

/// A data folder that is being filled.
struct FolderFill {
    data: PathBuf,
    registry: Option<RawFill>,
    trails: Option<RawFill>,
    journal: JournalRebuild,
    /// The file whose pieces arrive.
    file: Option<(String, File)>,
}

impl FolderFill {
    fn new(data: &Path) -> anyhow::Result<Self> {
        let journal = JournalRebuild::create(&data.join("journal"))?;
        Ok(Self { data: data.to_owned(), registry: None, trails: None, journal, file: None })
    }

    fn put(&mut self, item: &ArchiveItem) -> anyhow::Result<()> {
        match item {
            ArchiveItem::File { name, bytes } => self.put_file(name, bytes),
            ArchiveItem::Records { first, slots } => self.put_records(*first, slots),
            ArchiveItem::Rows(rows) => self.put_rows(rows),
            ArchiveItem::Manifest(_) => Ok(()),
        }
    }

    fn put_file(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        if self.file.as_ref().is_none_or(|(open, _)| open != name) {
            self.end_file()?;
            let path = self.data.join(name);
            if let Some(folder) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let file = create(&path).with_context(|| path.display().to_string())?;
            self.file = Some((name.to_owned(), file));
        }
        let (_, file) = self.file.as_mut().context("it was opened if it was not open")?;
        Ok(file.write_all(bytes)?)
    }

    fn end_file(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |(_, file)| file.sync_all())
    }

    fn put_records(&mut self, first: Sequence, slots: &[u8]) -> anyhow::Result<()> {
        let check_ins = unpack_records(first, slots).context("the backup has a damaged record")?;
        Ok(self.journal.push(first, &check_ins)?)
    }

    fn put_rows(&mut self, rows: &RowsPiece) -> anyhow::Result<()> {
        let fill = match rows.store {
            RowStore::Registry => match &mut self.registry {
                Some(fill) => fill,
                none => none.insert(Registry::fill(&self.data.join("registry"))?),
            },
            RowStore::Trails => match &mut self.trails {
                Some(fill) => fill,
                none => none.insert(EmbeddedTrails::fill(&self.data.join("trails"))?),
            },
        };
        rows.each(|key, value| Ok(fill.put(&rows.table, key, value)?))
    }

    /// Makes everything durable.
    fn finish(mut self, manifest: &BackupManifest) -> anyhow::Result<()> {
        self.end_file()?;
        self.journal.finish(manifest.from(), manifest.to())?;
        for store in [self.registry, self.trails].into_iter().flatten() {
            store.finish()?;
        }
        Ok(File::open(&self.data)?.sync_all()?)
    }
}

/// Makes a file that its owner alone can read.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
