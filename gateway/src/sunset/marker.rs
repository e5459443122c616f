//! The marker in a data folder whose deployment is being ended, or was: no gateway starts there any more. It says how
//! far the end is, so that a command that was killed is run again and goes on.
//!
//! **Shape**: JSON, readable by its owner alone, replaced by renaming once it is on disk. `begun`: nothing has been
//! deleted. `counted`: some of it may have been; what there was is known, and the report's signing key, since the
//! secret that it comes from may be gone. `ended`: the report is all that is left, and is in here, too.

use super::inventory::Inventory;
use super::signature::SigningSeed;
use crate::deployment::{self, ENDED_MARKER};
use anyhow::Context as _;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// The marker.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SunsetMarker {
    /// The name that confirmed the end.
    pub(super) name: String,
    /// The keyspace that ends with the folder, where there is one.
    pub(super) keyspace: Option<String>,
    /// When it began.
    pub(super) begun: Timestamp,
    /// The stage.
    pub(super) stage: SunsetStage,
}

/// How far it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SunsetStage {
    /// Nothing has been deleted.
    Begun,
    /// All is counted, and may be deleted.
    Counted {
        /// The seed of the key that will sign the report.
        seed: SigningSeed,
        /// The contents before deletion.
        #[serde(rename = "before")]
        inventory: Box<Inventory>,
    },
    /// All is deleted.
    Ended {
        /// The signed report.
        report: String,
    },
}

impl SunsetMarker {
    /// Reads the marker of a data folder; `None` if there is none.
    pub(super) fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(ENDED_MARKER);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .with_context(|| format!("{} is damaged or of another version", path.display())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Writes it. It is on disk when this returns.
    pub(super) fn write(&self, data: &Path) -> anyhow::Result<()> {
        deployment::replace(data, ENDED_MARKER, &serde_json::to_vec(self)?)
    }

    /// Writes it in place of one that holds the signing key, and that key over with zeros.
    pub(super) fn write_over(&self, data: &Path) -> anyhow::Result<()> {
        let path = data.join(ENDED_MARKER);
        let mut old =
            OpenOptions::new().write(true).open(&path).with_context(|| path.display().to_string())?;
        self.write(data)?;
        let mut zero = || -> io::Result<()> {
            let bytes = usize::try_from(old.metadata()?.len()).map_err(io::Error::other)?;
            old.write_all(&vec![0; bytes])?;
            old.sync_all()
        };
        zero().with_context(|| format!("overwriting the old {}", path.display()))
    }

    /// Takes back one that has only begun.
    pub(super) fn take_back(data: &Path) -> anyhow::Result<()> {
        let path = data.join(ENDED_MARKER);
        fs::remove_file(&path).with_context(|| path.display().to_string())
    }
}
