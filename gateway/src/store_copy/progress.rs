//! The progress file of a copy, in the data folder: JSON, replaced by renaming once it is on disk. After an
//! interruption, rows copied since the last write of the file are copied again, which changes nothing.

use crate::deployment::{self, COPY_PROGRESS};
use anyhow::Context as _;
use scangate_storage::registry::{RowCursor, RowsSum};
use scangate_storage::trail::TrailCursor;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The write interval, which bounds the work repeated after an interruption.
const TICK: Duration = Duration::from_secs(1);

/// The progress of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopyProgress {
    /// The address of the target.
    pub(super) to: String,
    /// The copy's number, which the keyspace also holds.
    pub(super) copy: i32,
    /// The source of the copy.
    pub(super) source: CopySource,
    /// The stage and its position.
    pub(super) stage: CopyStage,
}

/// The state of a data folder. It changes when a gateway runs on the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopySource {
    /// The journal's end: the number of records it ever had.
    pub(super) journal_end: u64,
    /// The rows of its registry.
    pub(super) registry: RowsSum,
}

/// The stage of a copy, with the position from which to resume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum CopyStage {
    /// The registry is being copied.
    Rows {
        /// The next row.
        at: RowCursor,
        /// The rows before it.
        done: u64,
    },
    /// The trails are being copied, from this position.
    CheckIns(TrailCursor),
    /// Everything is copied and is compared next.
    Copied,
}

/// The progress file of a data folder.
pub(super) struct ProgressFile {
    folder: PathBuf,
    path: PathBuf,
    written: Option<Instant>,
}

impl ProgressFile {
    /// The file of a data folder.
    pub(super) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), path: folder.join(COPY_PROGRESS), written: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; `None` if there is none.
    pub(super) fn read(&self) -> anyhow::Result<Option<CopyProgress>> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .with_context(|| format!("{} is damaged or of another version", self.path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| self.path.display().to_string()),
        }
    }

    /// Writes the file. It is on disk when this returns.
    pub(super) fn write(&mut self, progress: &CopyProgress) -> anyhow::Result<()> {
        deployment::replace(&self.folder, COPY_PROGRESS, &serde_json::to_vec(progress)?)?;
        self.written = Some(Instant::now());
        Ok(())
    }

    /// Writes the file unless the last write was less than [`TICK`] ago.
    pub(super) fn write_when_due(&mut self, progress: &CopyProgress) -> anyhow::Result<()> {
        match self.written {
            Some(written) if written.elapsed() < TICK => Ok(()),
            Some(_) | None => self.write(progress),
        }
    }
}
