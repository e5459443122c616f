//! The time of the last backup. The command that made it leaves a file in the data folder once the backup is
//! on disk. Only the file's time counts, because another user's command may write a file that the gateway
//! cannot read.

use crate::deployment::{self, GATEWAY_NUMBER};
use scangate_core::text::OneLine;
use scangate_core::time::{DAY_MS, Timestamp};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The name of the file.
pub(crate) const LAST_BACKUP: &str = "last-backup";
/// The age from which the last backup is too old: a nightly backup has failed twice. **Units**: milliseconds.
pub const BACKUP_AGE_MS_MAX: u64 = 2 * DAY_MS;

/// Records that a backup was completed now. Without the record the backup is as good, so an error is only a
/// warning.
pub(super) fn record(data: &Path, now: Timestamp) {
    if let Err(error) = deployment::replace(data, LAST_BACKUP, format!("{now}\n").as_bytes()) {
        tracing::warn!(
            event = "backup-unrecorded",
            error = %OneLine(error.as_ref()),
            "the backup is complete, but its time was not recorded in the data folder"
        );
    }
}

/// The time since which changes are in no backup: the last one, or the deployment's first start before it.
/// `None` where no gateway has started.
#[must_use]
pub fn unsaved_since(data: &Path) -> Option<Timestamp> {
    let written = |name| {
        let modified = fs::metadata(data.join(name)).and_then(|file| file.modified()).ok()?;
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        u64::try_from(since.as_millis()).ok().map(Timestamp)
    };
    written(LAST_BACKUP).or_else(|| written(GATEWAY_NUMBER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    #[test]
    fn the_last_backup_counts_and_before_it_the_first_start() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(unsaved_since(data.path()), None);
        let (begun, path) = (Timestamp(3 * DAY_MS), data.path().join(GATEWAY_NUMBER));
        fs::write(&path, "1").unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(begun.0);
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(unsaved_since(data.path()), Some(begun));
        record(data.path(), Timestamp(0));
        assert!(unsaved_since(data.path()).unwrap() > begun, "the file's own time counts");
    }
}
