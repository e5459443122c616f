//! Lists and empties a data folder. It deletes only files that gateways make; if the folder holds anything
//! else, the operator must move that away first.

use super::inventory::RemovedFile;
use crate::deployment::{
    COPY_PROGRESS, ENDED_MARKER, FORMAT_FILE, GATEWAY_NUMBER, MINTED_TOKENS, POSTER_SETTINGS, RESTORE_MARKER,
};
use crate::ops::backup::control::CONTROL_SOCKET;
use crate::ops::backup::last::LAST_BACKUP;
use anyhow::{Context as _, ensure};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The parts that gateways and their commands make in a data folder, in the order of their removal. Personal
/// data goes first. The secret goes last: nothing else can be read without it.
const PARTS: [&str; 25] = [
    CONTROL_SOCKET,
    RESTORE_MARKER,
    "trails",
    "registry",
    "journal",
    "snapshot",
    "snapshot.new",
    COPY_PROGRESS,
    "store-copy.json.new",
    POSTER_SETTINGS,
    "poster.json.new",
    "doctor",
    FORMAT_FILE,
    "format.new",
    LAST_BACKUP,
    "last-backup.new",
    GATEWAY_NUMBER,
    MINTED_TOKENS,
    "authority.token",
    "tracer.token",
    "operator.token",
    "certificate.pem",
    "key.pem",
    "sunset.new",
    SECRET,
];
const SECRET: &str = "secret";
/// The parts that are overwritten before they are removed.
const KEYS: [&str; 5] = ["authority.token", "tracer.token", "operator.token", "key.pem", SECRET];
/// The folder at the root of a file system, where a data folder may be mounted.
const OF_THE_FILE_SYSTEM: &str = "lost+found";

/// A data folder.
pub(super) struct DataFolder(PathBuf);

/// The list of a folder's files.
pub(super) struct FolderFiles {
    pub(super) files: Vec<RemovedFile>,
    /// The parts that are links.
    pub(super) links: Vec<String>,
}

impl DataFolder {
    /// Opens the folder at a path. **Errors**: it does not exist.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let whole = path.canonicalize().with_context(|| format!("the data folder {}", path.display()))?;
        ensure!(whole.is_dir(), "{} is not a folder", path.display());
        Ok(Self(whole))
    }

    /// The absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The name without its path.
    pub(super) fn name(&self) -> String {
        self.0.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The path of a part, if it exists.
    pub(super) fn part(&self, name: &str) -> Option<PathBuf> {
        let path = self.0.join(name);
        path.exists().then_some(path)
    }

    /// Checks that a gateway made everything in the folder.
    pub(super) fn ensure_made_by_gateway(&self) -> anyhow::Result<()> {
        let shown = self.0.display();
        ensure!(
            self.0.join("journal").is_dir(),
            "{shown} is not the data folder of a gateway: it has no `journal`"
        );
        let mut strange = self.names()?;
        strange.retain(|name| !PARTS.contains(&name.as_str()));
        ensure!(
            strange.is_empty(),
            "{shown} holds what no gateway makes: {}. Move it away first; nothing was changed",
            strange.join(", ")
        );
        Ok(())
    }

    /// Every file in the folder, except the marker.
    pub(super) fn files(&self) -> anyhow::Result<FolderFiles> {
        let mut found = FolderFiles { files: Vec::new(), links: Vec::new() };
        let mut list = || -> io::Result<()> {
            for name in self.names()? {
                let path = self.0.join(&name);
                if path.is_symlink() {
                    found.links.push(name.clone());
                }
                // An operator may have linked a part to a folder on another disk: its files are the gateway's
                // too.
                if path.is_dir() {
                    list_folder(&path, &name, &mut found.files)?;
                } else {
                    let bytes = path.symlink_metadata()?.len();
                    found.files.push(RemovedFile { name, bytes });
                }
            }
            Ok(())
        };
        list().with_context(|| format!("listing {}", self.0.display()))?;
        found.files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Removes every part that exists. The removal survives a power cut.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        for part in PARTS {
            let path = self.0.join(part);
            let removed = if KEYS.contains(&part) { remove_key(&path) } else { remove_part(&path) };
            ignore_missing(removed).with_context(|| format!("removing {}", path.display()))?;
        }
        let synced = File::open(&self.0).and_then(|folder| folder.sync_all());
        synced.with_context(|| self.0.display().to_string())
    }

    /// The sorted names in the folder, except the marker's.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != ENDED_MARKER && name != OF_THE_FILE_SYSTEM {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn list_folder(path: &Path, name: &str, into: &mut Vec<RemovedFile>) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list_folder(&entry.path(), &name, into)?;
        } else {
            into.push(RemovedFile { name, bytes: entry.metadata()?.len() });
        }
    }
    Ok(())
}

/// Removes a part: a file, a folder with all that is in it, or a link to either.
fn remove_part(path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        return fs::remove_file(path);
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        ignore_missing(if is_folder {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        })?;
    }
    if path.is_symlink() {
        return fs::remove_file(path);
    }
    match fs::remove_dir(path) {
        // A disk is mounted there: its root stays, and is empty.
        Err(error) if error.kind() == ErrorKind::ResourceBusy => Ok(()),
        removed => removed,
    }
}

/// Overwrites a key with zeros and removes it. The target of a link is outside the folder and stays.
fn remove_key(path: &Path) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_file() {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(&vec![0; usize::try_from(metadata.len()).map_err(io::Error::other)?])?;
        file.sync_all()?;
    }
    fs::remove_file(path)
}

/// Treats a missing file as removed.
fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A data folder whose journal is linked to another disk.
    fn lived_in() -> (tempfile::TempDir, DataFolder) {
        let root = tempfile::tempdir().unwrap();
        let (data, disk) = (root.path().join("data"), root.path().join("disk"));
        fs::create_dir_all(data.join("registry/keyspaces/1")).unwrap();
        fs::create_dir_all(&disk).unwrap();
        symlink(&disk, data.join("journal")).unwrap();
        fs::write(disk.join("1.segment"), [7; 9]).unwrap();
        fs::write(data.join("registry/keyspaces/1/2"), [7; 5]).unwrap();
        fs::write(data.join("key.pem"), "key").unwrap();
        fs::write(root.path().join("kept"), "secret").unwrap();
        symlink(root.path().join("kept"), data.join("secret")).unwrap();
        let folder = DataFolder::open(&data).unwrap();
        (root, folder)
    }

    #[test]
    fn every_part_is_emptied_through_links_and_nothing_else_is_changed() {
        let (root, folder) = lived_in();
        folder.ensure_made_by_gateway().unwrap();
        let FolderFiles { files, links } = folder.files().unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["journal/1.segment", "key.pem", "registry/keyspaces/1/2", "secret"]);
        assert_eq!((files[0].bytes, links), (9, vec!["journal".to_owned(), "secret".to_owned()]));
        fs::write(folder.path().join(ENDED_MARKER), "{}").unwrap();
        fs::create_dir(folder.path().join(OF_THE_FILE_SYSTEM)).unwrap();
        folder.clear().unwrap();
        folder.clear().unwrap();
        assert!(folder.files().unwrap().files.is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert_eq!(fs::read(root.path().join("kept")).unwrap(), b"secret");
        assert_eq!(fs::read_dir(root.path().join("disk")).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_holds_something_else_is_refused() {
        let (_root, folder) = lived_in();
        fs::write(folder.path().join("holiday.jpg"), "x").unwrap();
        assert!(folder.ensure_made_by_gateway().unwrap_err().to_string().contains("holiday.jpg"));
        let empty = tempfile::tempdir().unwrap();
        assert!(DataFolder::open(empty.path()).unwrap().ensure_made_by_gateway().is_err());
    }
}
