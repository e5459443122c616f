//! The settings that posters need, in a file of the data folder: a running gateway holds the lock of its
//! registry, so `gateway poster` cannot read them there. The gateway writes the file when it starts and when
//! the kids change.

use super::replace;
use crate::config::Origin;
use crate::tables::keyring::Kids;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The name of the file.
pub const POSTER_SETTINGS: &str = "poster.json";

/// The settings of posters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosterSettings {
    /// The kids; the current one seals posters.
    pub kids: Kids,
    /// The origin that posters point to.
    pub origin: Origin,
}

impl PosterSettings {
    /// Writes the settings into a data folder. They are on disk when this returns.
    pub fn write(&self, data: &Path) -> anyhow::Result<()> {
        replace(data, POSTER_SETTINGS, &serde_json::to_vec(self)?)
    }

    /// Reads the settings of a data folder; none if no gateway has written them yet.
    pub fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(POSTER_SETTINGS);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .with_context(|| format!("{} is damaged or of another version", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}
