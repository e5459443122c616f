//! The marker in the data folder of a deployment that is being ended, or has ended. No gateway starts on a
//! folder with a marker. The marker holds the stage of the sunset, so a command that was killed can be run
//! again and resumes.
//!
//! **Shape**: JSON, readable by its owner alone, replaced by renaming once it is on disk. `begun`: nothing
//! has been deleted. `counted`: something may have been deleted. The marker holds the inventory and the
//! report's signing key, because the secret from which the key derives may be gone. `ended`: everything is
//! deleted; the marker holds the report.

use super::inventory::Inventory;
use super::signature::SigningSeed;
use crate::deployment::{self, ENDED_MARKER};
use anyhow::Context as _;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// The content of the marker.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SunsetMarker {
    /// The name that confirmed the end.
    pub(super) name: String,
    /// The keyspace that ends with the folder, if any.
    pub(super) keyspace: Option<String>,
    /// The time at which the sunset began.
    pub(super) begun: Timestamp,
    /// The stage.
    pub(super) stage: SunsetStage,
}

/// The stage of a sunset.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SunsetStage {
    /// Nothing has been deleted.
    Begun,
    /// Everything is counted, and deletion may have begun.
    Counted {
        /// The seed of the key that will sign the report.
        seed: SigningSeed,
        /// The contents before deletion.
        #[serde(rename = "before")]
        inventory: Box<Inventory>,
    },
    /// Everything is deleted.
    Ended {
        /// The signed report.
        report: String,
    },
}

impl SunsetMarker {
    /// Reads the marker of a data folder; `None` if there is none.
    pub(super) fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        deployment::read_end_marker(data)
    }

    /// Writes the marker. It is on disk when this returns.
    pub(super) fn write(&self, data: &Path) -> anyhow::Result<()> {
        deployment::replace(data, ENDED_MARKER, &serde_json::to_vec(self)?)
    }

    /// Replaces a marker that holds the signing key, and overwrites the old file with zeros.
    pub(super) fn replace_erasing(&self, data: &Path) -> anyhow::Result<()> {
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

    /// Removes the marker of a sunset that has deleted nothing.
    pub(super) fn remove(data: &Path) -> anyhow::Result<()> {
        let path = data.join(ENDED_MARKER);
        fs::remove_file(&path).with_context(|| path.display().to_string())
    }
}
