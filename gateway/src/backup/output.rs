//! The file of a backup, which has another name until it is complete.

use anyhow::{Context as _, ensure};
use scangate_core::time::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The end of a backup's name where the operator names a folder.
const ENDING: &str = ".backup";
/// The end of the name of a file that is not complete.
const UNFINISHED: &str = ".unfinished";
/// The size of a write. **Units**: bytes.
const WRITE_BYTES: usize = 1 << 20;

/// The file to write for `to`: itself, or a new file in it if it is a folder.
pub(super) fn target(to: &Path, now: Timestamp) -> PathBuf {
    if !to.is_dir() {
        return to.to_owned();
    }
    // Names sort by time. Some file systems accept no colon.
    let time: String = now.to_string().chars().filter(|part| !matches!(part, ':' | '-')).collect();
    to.join(format!("scangate-{time}{ENDING}"))
}

/// The file to read for `from`: itself, or the newest backup in it if it is a folder.
pub(super) fn source(from: &Path) -> anyhow::Result<PathBuf> {
    if !from.is_dir() {
        return Ok(from.to_owned());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let name = entry?.file_name();
        names.extend(name.to_str().is_some_and(|name| name.ends_with(ENDING)).then_some(name));
    }
    let newest = names.into_iter().max();
    let newest = newest.with_context(|| format!("{} has no file *{ENDING}", from.display()))?;
    Ok(from.join(newest))
}

/// A file that is being written. It is removed if it is dropped before it is complete.
pub(super) struct UnfinishedFile {
    out: BufWriter<File>,
    unfinished: PathBuf,
    path: PathBuf,
}

impl UnfinishedFile {
    /// Makes the file, readable by its owner alone. **Errors**: the path is taken.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        ensure!(!path.exists(), "{} exists: name another file", path.display());
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(UNFINISHED);
        let unfinished = PathBuf::from(unfinished);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished);
        let file = file.with_context(|| unfinished.display().to_string())?;
        let out = BufWriter::with_capacity(WRITE_BYTES, file);
        Ok(Self { out, unfinished, path: path.to_owned() })
    }

    /// Gives the file its name. It survives power loss once this returns.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        let mut name = || -> io::Result<()> {
            self.out.flush()?;
            self.out.get_ref().sync_all()?;
            fs::rename(&self.unfinished, &self.path)?;
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        name().with_context(|| format!("writing {}", self.path.display()))
    }
}

impl Write for UnfinishedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        written.map_err(|error| {
            io::Error::new(error.kind(), format!("writing {}: {error}", self.path.display()))
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        // A complete file has its own name by now, and there is none to remove.
        let _ = fs::remove_file(&self.unfinished);
    }
}
