//! Checks whether the deployment of a data folder has ended. `gateway sunset` leaves a marker there. The
//! module `sunset` writes and reads it in full; a gateway reads only its stage.

use anyhow::{Context as _, bail};
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The name of the marker's file.
pub const ENDED_MARKER: &str = "sunset";

/// The part of the marker that a gateway reads.
#[derive(Deserialize)]
struct MarkerHead {
    begun: Timestamp,
    stage: MarkerStage,
}

/// The marker's stage, without its contents.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MarkerStage {
    Begun,
    Counted(IgnoredAny),
    Ended(IgnoredAny),
}

/// Reads the marker of a data folder, or the part of it that `T` has; `None` without a marker.
pub(crate) fn read_end_marker<T: DeserializeOwned>(data: &Path) -> anyhow::Result<Option<T>> {
    let path = data.join(ENDED_MARKER);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("{} is damaged or of another version", path.display())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Checks that a gateway may serve the deployment of a data folder. **Errors**: `gateway sunset` is ending
/// it, or has ended it.
pub fn ensure_not_ended(data: &Path) -> anyhow::Result<()> {
    let Some(MarkerHead { begun, stage }) = read_end_marker(data)? else { return Ok(()) };
    let data = data.display();
    match stage {
        MarkerStage::Begun | MarkerStage::Counted(_) => bail!(
            "the deployment of {data} is being ended since {begun}, and some of it may be gone: run `gateway sunset` \
             again until it has ended"
        ),
        MarkerStage::Ended(_) => bail!(
            "the deployment of {data} was ended by `gateway sunset`, begun {begun}: start a new deployment in a new folder"
        ),
    }
}
