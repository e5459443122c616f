//! Whether a disk has room again, asked before a store that a full disk has stopped is opened anew.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// What opening a store writes, and more.
const PROBE_BYTES: usize = 1 << 20;

/// Writes a file of a mebibyte beside this folder, where no store lists it, and removes it. **Errors**: there is no room, or the
/// disk does not take it for another reason.
pub(crate) fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.with_extension("probe");
    let probed = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![1; PROBE_BYTES])?;
        file.sync_all()
    });
    fs::remove_file(&path)?;
    probed
}
