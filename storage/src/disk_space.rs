//! A probe for free disk space, made before reopening a store that stopped on a full disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// More than opening a store writes.
const PROBE_BYTES: usize = 1 << 20;

/// Writes a mebibyte to a file beside this folder, where no store lists it, and removes the file. **Errors**:
/// the disk is full or rejects the write for another reason.
pub(crate) fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.with_extension("probe");
    let probed = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![1; PROBE_BYTES])?;
        file.sync_all()
    });
    fs::remove_file(&path)?;
    probed
}
