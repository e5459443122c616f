//! The room on the disk of a data folder.

use anyhow::Context as _;
use nix::sys::statvfs::statvfs;
use std::fs;
use std::path::{Path, PathBuf};

const MIB: u64 = 1024 * 1024;

/// The disk under a data folder. **Units**: MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// Its size.
    pub all_mib: u64,
    /// The free space for the gateway's user.
    pub free_mib: u64,
    /// The size of the journal's files.
    pub journal_mib: u64,
}

impl DiskRoom {
    /// Looks at the disk of a data folder, which need not exist yet. **Errors**: no folder above it exists,
    /// or the system does not tell.
    pub fn of(data: &Path) -> anyhow::Result<Self> {
        let existing = nearest_folder(data)?;
        let disk = statvfs(&existing).with_context(|| existing.display().to_string())?;
        let mib = |blocks: u64| blocks.saturating_mul(disk.fragment_size()) / MIB;
        let own = fs::read_dir(data.join("journal")).into_iter().flatten();
        let own: u64 = own.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum();
        let (all_mib, free_mib) = (mib(disk.blocks()), mib(disk.blocks_available()));
        Ok(Self { all_mib, free_mib, journal_mib: own / MIB })
    }
}

/// A data folder, or the nearest one above it that exists. **Errors**: none exists.
pub fn nearest_folder(data: &Path) -> anyhow::Result<PathBuf> {
    let absolute = std::path::absolute(data).with_context(|| data.display().to_string())?;
    let found = absolute.ancestors().find(|folder| folder.is_dir()).context("no folder above it exists")?;
    Ok(found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_yet_has_the_disk_of_the_one_above() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("a/b");
        assert_eq!(nearest_folder(&data).unwrap(), root.path());
        let before = DiskRoom::of(&data).unwrap();
        assert!(before.free_mib <= before.all_mib && before.journal_mib == 0, "{before:?}");
        fs::create_dir_all(data.join("journal")).unwrap();
        fs::write(data.join("journal/1.segment"), vec![0; 3 << 20]).unwrap();
        assert_eq!(DiskRoom::of(&data).unwrap().journal_mib, 3);
    }
}
