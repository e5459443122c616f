//! Checks whether a data folder is a whole one: a restore leaves a marker there until it has ended.

use anyhow::ensure;
use std::path::Path;

/// The name of the marker's file.
pub(crate) const RESTORE_MARKER: &str = "restore.unfinished";

/// Checks that no restore was interrupted. **Errors**: one was, and the folder lacks some of the backup.
pub fn ensure_restored(data: &Path) -> anyhow::Result<()> {
    ensure!(
        !data.join(RESTORE_MARKER).exists(),
        "a restore into {} did not end: empty the folder and restore again",
        data.display()
    );
    Ok(())
}
