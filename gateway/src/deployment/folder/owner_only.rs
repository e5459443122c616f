//! The data folder is readable by its owner alone: it holds keys, tokens and the movements of a city. Files
//! of the gateway get their mode where they are created. The embedded stores create files of their own, so
//! the process has a umask too, and a start tightens what an earlier version left.

use nix::sys::stat::{Mode, umask};
use nix::unistd::geteuid;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The permission bits of group and others.
const OTHERS: u32 = 0o077;
/// All permission bits of a mode, with set-user-id, set-group-id and sticky.
const PERMISSIONS: u32 = 0o7777;

/// From now on every file and folder that this process creates is accessible to its owner alone.
pub fn create_for_owner_only() {
    umask(Mode::from_bits_truncate(OTHERS));
}

/// The act on an entry that group or others could access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntryAct {
    Count,
    Close,
}

/// The entries of a data folder that group or others could access.
#[derive(Debug)]
struct OpenEntries {
    act: EntryAct,
    /// Those that are closed now, or would be.
    closed: usize,
    /// Those that are still open: another user owns them, they are behind a link, or the system refused.
    open: Vec<PathBuf>,
}

/// Takes all permissions of group and others from a data folder and its content, and logs what it did. It
/// follows no link below the folder, and leaves the files of another user alone: an operator who shares a
/// folder decides on its modes.
pub(crate) fn close_to_others(data: &Path) {
    let mut entries = OpenEntries::new(EntryAct::Close);
    match fs::metadata(data) {
        Ok(folder) => entries.visit(data, &folder),
        Err(error) => {
            tracing::warn!(event = "data-modes-unread", %error, "the modes in the data folder were not read")
        }
    }
    let OpenEntries { closed, open, .. } = entries;
    if closed > 0 {
        tracing::info!(
            event = "data-closed",
            entries = closed,
            "other users could read the data folder, and cannot any more"
        );
    }
    if let Some(first) = open.first() {
        tracing::warn!(event = "data-open",
            entries = open.len(),
            first = %first.display(),
            "other users may read a part of the data folder: the gateway's user does not own it, or it is behind a link"
        );
    }
}

/// Counts the files and folders of a data folder that a start would close to group and others.
#[must_use]
pub fn count_open_to_others(data: &Path) -> usize {
    let mut entries = OpenEntries::new(EntryAct::Count);
    if let Ok(folder) = fs::metadata(data) {
        entries.visit(data, &folder);
    }
    entries.closed
}

impl OpenEntries {
    fn new(act: EntryAct) -> Self {
        Self { act, closed: 0, open: Vec::new() }
    }

    /// Closes or counts an entry, and below it each entry that this user owns.
    fn visit(&mut self, path: &Path, entry: &Metadata) {
        let is_own = entry.uid() == geteuid().as_raw();
        let mode = entry.permissions().mode() & PERMISSIONS;
        let is_link = entry.is_symlink();
        if is_link {
            // The mode of a link itself means nothing.
            if fs::metadata(path).is_ok_and(|target| target.permissions().mode() & OTHERS != 0) {
                self.open.push(path.to_owned());
            }
        } else if mode & OTHERS != 0 {
            let closed = is_own.then(|| match self.act {
                EntryAct::Close => fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS)),
                EntryAct::Count => Ok(()),
            });
            match closed {
                Some(Ok(())) => self.closed += 1,
                Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Some(Err(_)) | None => self.open.push(path.to_owned()),
            }
        }
        if entry.is_dir() && is_own && self.visit_content(path).is_err() {
            self.open.push(path.to_owned());
        }
    }

    fn visit_content(&mut self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // A command beside the gateway may have removed it in the meantime.
            if let Ok(entry) = fs::symlink_metadata(&path) {
                self.visit(&path, &entry);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & PERMISSIONS
    }

    #[test]
    fn folders_and_files_are_closed_and_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let (data, elsewhere) = (root.path().join("data"), root.path().join("elsewhere"));
        let (folder, file, shared) = (data.join("a/b"), data.join("a/b/c"), elsewhere.join("d"));
        for made in [&folder, &elsewhere] {
            fs::create_dir_all(made).unwrap();
        }
        for (path, mode) in [(&file, 0o644), (&shared, 0o640)] {
            fs::write(path, "x").unwrap();
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        for path in [&data, &data.join("a"), &folder, &elsewhere] {
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        symlink(&elsewhere, data.join("link")).unwrap();
        let reached = root.path().join("reached-by-a-link");
        symlink(&data, &reached).unwrap();
        assert_eq!(count_open_to_others(&data), 4);
        let mut entries = OpenEntries::new(EntryAct::Close);
        entries.visit(&reached, &fs::metadata(&reached).unwrap());
        assert_eq!((mode(&data), mode(&folder), mode(&file)), (0o700, 0o700, 0o600));
        assert_eq!((mode(&elsewhere), mode(&shared)), (0o755, 0o640));
        assert_eq!(entries.open, [reached.join("link")]);
        assert_eq!(count_open_to_others(&data), 0);
    }
}
