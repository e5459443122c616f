//! The file of a backup, which has another name until it is complete.

use anyhow::{Context as _, ensure};
use scangate_core::time::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The start and the end of a backup's name where the operator names a folder.
const START: &str = "scangate-";
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
    to.join(format!("{START}{time}{ENDING}"))
}

/// The file to read for `from`: itself, or the newest backup in it if it is a folder.
pub(super) fn source(from: &Path) -> anyhow::Result<PathBuf> {
    if !from.is_dir() {
        return Ok(from.to_owned());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let name = entry?.file_name();
        let is_dated = name.to_str().is_some_and(|name| name.starts_with(START) && name.ends_with(ENDING));
        names.extend(is_dated.then_some(name));
    }
    let newest = names.into_iter().max();
    let newest = newest.with_context(|| format!("{} has no file {START}*{ENDING}", from.display()))?;
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
        written.map_err(|error| of_file(&self.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        flushed.map_err(|error| of_file(&self.path, &error))
    }
}

/// An error with the name of the file.
fn of_file(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("writing {}: {error}", path.display()))
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        // A complete file has its own name by now, and there is none to remove.
        let _ = fs::remove_file(&self.unfinished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gets_dated_names_of_which_the_newest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let older = target(folder.path(), Timestamp(1_641_283_200_123));
        assert_eq!(older, folder.path().join("scangate-20220104T080000.123Z.backup"));
        assert!(source(folder.path()).is_err());
        let newer = target(folder.path(), Timestamp(1_641_283_200_124));
        for path in [&newer, &older, &folder.path().join("x.backup")] {
            UnfinishedFile::create(path).unwrap().finish().unwrap();
        }
        drop(UnfinishedFile::create(&target(folder.path(), Timestamp(1_641_283_200_125))).unwrap());
        assert_eq!(source(folder.path()).unwrap(), newer);
        assert_eq!(source(&older).unwrap(), older);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
